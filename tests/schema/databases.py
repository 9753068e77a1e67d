"""Databases of the server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def database(server: str, name: str) -> Iterator[psycopg.Connection]:
    """Create a database, and connect to it until it is dropped."""
    quoted = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(quoted))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        with psycopg.connect(server, dbname=name, autocommit=True) as connection:
            yield connection
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))
