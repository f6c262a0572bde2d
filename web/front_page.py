"""GET / (http.md)."""


def front_page() -> str:
    """Tells people what answers here, and health checks that it does."""
    return "This is timelimit-sync. Enter its address as the server in the app TimeLimit.\n"
