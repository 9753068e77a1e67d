"""The dry run on SQLite: libraries, catalogs, rows."""
