"""The database: handle, transactions, compiled queries, migrations."""
