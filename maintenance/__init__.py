"""Work that runs beside requests."""
