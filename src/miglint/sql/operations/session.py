"""The session: transactions, settings, and maintenance that does not change the schema."""

from __future__ import annotations

from miglint.sql.operations.parts import Name, Operation


class Transaction(Operation, frozen=True, gc=False, kw_only=True):
    """`action`: `begin`, `commit`, `rollback`, `savepoint`, `release`, `rollback to`; `name` the savepoint."""

    action: str
    name: str | None = None


class SetVariable(Operation, frozen=True, gc=False, kw_only=True):
    """`SET [LOCAL] name = values`, `RESET` and `set_config` with constants. `values` None for `DEFAULT` and `RESET`."""

    name: str
    values: tuple[str, ...] | None
    local: bool = False


class Pragma(Operation, frozen=True, gc=False, kw_only=True):
    """SQLite's `PRAGMA name = value` or `PRAGMA name(value)`; value None if it only reads."""

    name: str
    value: str | None = None
    schema: str | None = None


class Maintenance(Operation, frozen=True, gc=False, kw_only=True):
    """`VACUUM`, `ANALYZE`, `REINDEX`, `CLUSTER`, `REFRESH MATERIALIZED VIEW`, `LOCK TABLE`, `CHECKPOINT`, `NOTIFY`,
    `ALTER SYSTEM`, `ATTACH`, ...: no change of schema. `kind` in lower-case words; `options` the words in between.
    """

    kind: str
    target: Name | None = None
    concurrently: bool = False
    options: tuple[str, ...] = ()
