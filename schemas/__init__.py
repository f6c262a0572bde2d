"""Schemas of everything that clients send: requests, actions and their values."""
