"""Which defaults give each row a value of its own."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.locks.volatility import volatile_part
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import AddColumn


@pytest.mark.parametrize(
    ("default", "source"),
    [
        ("0", None),
        ("now()", None),
        ("NOW ( )", None),
        ("pg_catalog.now()", None),
        ("now() + interval '1 day'", None),
        ("now(3)", "now"),
        ("statement_timestamp(3)", "statement_timestamp"),
        ("clock_timestamp()", "clock_timestamp"),
        ("nextval('numbers')", "nextval"),
    ],
)
def test_the_function_that_differs_from_row_to_row_is_named(default: str, source: str | None) -> None:
    text = f"ALTER TABLE users ADD COLUMN value text DEFAULT {default};"
    script = Script(SourceFile("", text), Span(0, len(text)), Direction.FORWARD, Dialect.POSTGRES)
    (operation,) = parse(script)[0].operations
    assert isinstance(operation, AddColumn)
    assert operation.column.default is not None
    assert volatile_part(operation.column.default, Schema(Dialect.POSTGRES)) == source
