"""Difference of two schemas read from the same engine."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.journal import differing
from miglint.schema.objects import View
from miglint.schema.value import Schema
from miglint.sql.postgres.select_lists import differ_in_order


def compare(before: Schema, after: Schema) -> tuple[Change, ...]:
    """Return the differences, seen from `before`. Readers reuse unchanged objects, so identity is compared first."""
    keys = differing(before, after)
    changes = diff(before, after, keys, printed=True) if keys else ()
    return tuple(_only_order(change, before, after) for change in changes)


def _only_order(change: Change, before: Schema, after: Schema) -> Change:
    """Normalize a view whose columns differ only in order, as after `SELECT *` over a table with reordered columns."""
    one, two = before.find(change.key), after.find(change.key)
    if not isinstance(one, View) or not isinstance(two, View) or not change.counts or one.query is None:
        return change
    if two.query is None or set(one.columns or ()) != set(two.columns or ()):
        return change
    if replace(one, query=None, columns=None) != replace(two, query=None, columns=None):
        return change
    if before.dialect is not Dialect.POSTGRES or not differ_in_order(one.query.text, two.query.text):
        return change
    return replace(change, aspect="column order", counts=False)


def counting(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the differences that make a rollback asymmetric."""
    return tuple(change for change in changes if change.counts)
