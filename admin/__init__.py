"""The admin API, its counters and its access check."""
