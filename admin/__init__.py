"""The admin API, and who may use it."""
