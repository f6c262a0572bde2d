"""What a client needs before it can sync: families, and devices that join them (accounts.md)."""
