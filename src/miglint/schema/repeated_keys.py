"""Keys that a table has twice: `CREATE TABLE` makes one of them, while `ALTER TABLE` adds a second one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from miglint.schema.objects import Table
from miglint.sql.operations import Constraint


def repeated_key(earlier: Iterable[Constraint], constraint: Constraint) -> Constraint | None:
    """Return the key among earlier constraints that a `UNIQUE` constraint repeats; None where it repeats none."""
    if constraint.kind != "unique":
        return None
    return next((one for one in earlier if _is_same(one, constraint)), None)


def is_repeated(table: Table, constraint: Constraint) -> bool:
    """Return whether a constraint of a table repeats its primary key, or a key that was added before it."""
    if constraint.kind != "unique":
        return False
    ordered = sorted(table.constraints.values(), key=lambda one: one.kind != "primary")
    return repeated_key(takewhile(lambda one: one.name != constraint.name, ordered), constraint) is not None


def _is_same(one: Constraint, two: Constraint) -> bool:
    if one.kind not in ("primary", "unique") or not two.columns or one.using_index or two.using_index:
        return False
    return (one.columns, one.include, one.nulls_not_distinct, one.deferrable, one.deferred, one.on_conflict) == (
        two.columns, two.include, two.nulls_not_distinct, two.deferrable, two.deferred, two.on_conflict,
    ) and one.orders == two.orders  # fmt: skip
