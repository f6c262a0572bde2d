"""Plays recorded conversations against a running server and reports answers that differ.

It knows the server by its wire only and imports nothing of it, so it can play against any server.
"""
