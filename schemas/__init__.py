"""What may come in over the wire."""
