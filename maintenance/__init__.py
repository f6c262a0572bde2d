"""Work outside of requests: retention, and moving in from another server."""
