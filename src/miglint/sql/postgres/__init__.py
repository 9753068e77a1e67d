"""The PostgreSQL front end: SQL text to statements and their operations, with the server's own grammar."""

from __future__ import annotations

from miglint.sql.postgres.script import parse

__all__ = ["parse"]
