"""The database: engines, transactions, compiled queries, migrations."""
