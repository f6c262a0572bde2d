"""Pull: everything that differs from what a client knows."""
