"""Accounts: sign-in, families, parents and the devices that join them (accounts.md)."""
