"""The HTTP edge: everything that knows Flask or gunicorn."""
