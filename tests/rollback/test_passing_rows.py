"""A table that is rebuilt under its name has its own rows afterwards; one that is filled with some of them has not."""

from __future__ import annotations

import pytest

from .conftest import Command, Plant

_TABLE = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL);\n"


@pytest.mark.parametrize(
    ("forward", "restores"),
    [
        (
            "CREATE TABLE c AS SELECT a, b FROM t; UPDATE t SET b = 'x'; DROP TABLE t;\n"
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t SELECT a, b FROM c; DROP TABLE c;\n",
            "exact",
        ),
        (
            "CREATE TABLE c AS SELECT a, b FROM t; DROP TABLE t;\n"
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);\n"
            "INSERT INTO t SELECT a, b FROM c WHERE a > 1; DROP TABLE c;\n",
            "partial",
        ),
        (
            "CREATE TABLE c AS SELECT a, b FROM t WHERE a > 1; DROP TABLE t;\n"
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t SELECT a, b FROM c; DROP TABLE c;\n",
            "partial",
        ),
        ("CREATE TABLE c AS SELECT a, b FROM t; UPDATE t SET b = 'x'; DROP TABLE c;\n", "schema_only"),
    ],
)
def test_what_a_rebuild_does_to_rows(plant: Plant, rollback: Command, forward: str, restores: str) -> None:
    plant({"sqlite/001_t.up.sql": _TABLE, "sqlite/002_t.up.sql": forward})
    done = rollback("write", "sqlite", "--at", "002", "--stdout", "--format", "json")
    (written,) = done.json["rollbacks"]
    assert written["restores"] == restores, written["missing"]
