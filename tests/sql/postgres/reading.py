"""Helpers for the tests of the PostgreSQL front end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from miglint.base.model import Span
from miglint.sql.operations import Expression, Operation, Query
from miglint.sql.postgres import parse


def operations(sql: str) -> list[Operation]:
    """Return all operations of a script that has no problem."""
    found = []
    for statement in parse(sql):
        assert statement.problem is None, (sql, statement.problem)
        found += statement.operations
    return found


def one(sql: str) -> Any:
    """Return the only operation of a script."""
    (found,) = operations(sql)
    return found


def cut(sql: str, span: Span) -> str:
    """Return what a span covers."""
    return sql[span.start : span.end]


def key(text: str) -> str:
    """Return the key of an expression as a check constraint has it."""
    found = one(f"ALTER TABLE t ADD CONSTRAINT k CHECK ({text})").constraint.expression
    assert isinstance(found, Expression)
    return found.key


def query(sql: str) -> Query:
    """Return the query of a SELECT."""
    found = one(sql).query
    assert isinstance(found, Query)
    return found


def count_calls(read: Callable[[str], object], text: str) -> int:
    """Return how many calls of functions it takes to read a text."""
    count = 0

    def count_call(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(count_call)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count
