"""The edge: all that knows Flask and gunicorn."""
