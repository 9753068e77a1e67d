"""Statements that change rows only on their way through a copy: those of a table that is rebuilt under its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from miglint.base.lazy_regex import pattern
from miglint.rollback.tracking import key_of
from miglint.schema.objects import Key
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import CreateTable, Delete, Drop, Insert, Query, Update

_QUOTED = pattern(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'")
_PARTLY = pattern(r"\b(?:WHERE|LIMIT|DISTINCT|GROUP|HAVING|EXCEPT|INTERSECT|OFFSET)\b", re.IGNORECASE)


def passing_changes(moments: Sequence[OperationTrace]) -> frozenset[int]:
    """Return the places of the operations whose effect on rows is none in the end.

    These are the insertion of the rows of a copy into the table that it was made of, which was dropped and created anew
    in between, and what happens to the rows of that table between the copy and the drop.
    """
    copies: dict[Key, Key] = {}
    changed: dict[Key, list[int]] = {}
    dropped: set[Key] = set()
    found: set[int] = set()
    for place, moment in enumerate(moments):
        operation = moment.operation
        match operation:
            case CreateTable(query=Query() as query):
                source = _only(moment.before, query)
                if source is not None:
                    copies[key_of(moment.after, operation.name)] = source
            case Insert(query=Query() as query):
                target, source = key_of(moment.before, operation.table), _only(moment.before, query)
                if source is not None and copies.get(source) == target and target in dropped:
                    found.add(place)
            case Update() | Delete():
                target = key_of(moment.before, operation.table)
                if target in copies.values():
                    changed.setdefault(target, []).append(place)
            case Drop(kind="table"):
                key = key_of(moment.before, operation.name)
                if key in copies.values():
                    dropped.add(key)
                    found.update(changed.pop(key, ()))
                copies.pop(key, None)
    return frozenset(found)


def _only(schema: Schema, query: Query) -> Key | None:
    """Return the table whose rows a query reads, all of them; None if it leaves some out, or reads several tables."""
    if _PARTLY.search(_QUOTED.sub("", query.text)):
        return None
    keys = dict.fromkeys(key_of(schema, name) for name in query.relations)
    there = [key for key in keys if schema.table(key) is not None]
    return there[0] if len(there) == 1 else None
