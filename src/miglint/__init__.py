"""miglint: a linter for SQL migrations and their paired rollbacks."""

__version__ = "0.1.0"
