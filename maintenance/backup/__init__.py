"""Backups: made, checked, and put in the place of a database.

There are two kinds of files. A backup of SQLite is a database of SQLite, which any tool can read.
The portable format holds the rows of either engine. Both can be restored into both engines.
"""
