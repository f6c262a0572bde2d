"""Sync: clients push actions and pull status."""
