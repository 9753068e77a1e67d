"""Detection of renames among the differences of two schemas: one object missing and an equal one extra."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.change import Change
from miglint.schema.describe import CONSTRAINT_WORDS
from miglint.schema.objects import Absent, Index, Policy, RewriteRule, SchemaObject, Sequence, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql.operations import Query


def with_renames(changes: list[Change], before: Schema, after: Schema) -> list[Change]:
    """Return the changes with pairs of a missing and an extra object of the same definition merged to renames."""
    counts = Counter((change.kind, change.what, change.key) for change in changes)
    extra: dict[Hashable, list[Change]] = {}
    for change in changes:
        if change.kind == "extra":
            extra.setdefault(_alike(change, change.after, after), []).append(change)
    renamed: dict[int, Change] = {}
    gone_too: set[int] = set()
    for gone in changes if extra else ():
        candidates = extra.get(_alike(gone, gone.before, before), ()) if gone.kind == "missing" else ()
        for place, new in enumerate(candidates):
            if gone.part is not None:
                same = counts["missing", gone.what, gone.key] == 1 == counts["extra", new.what, new.key]
            else:
                one, two = before.find(gone.key), after.find(new.key)
                same = one is not None and two is not None and _nameless(one) == _nameless(two)
            if same:
                renamed[id(gone)] = replace(
                    gone,
                    kind="renamed",
                    after=new.name,
                    before=gone.name,
                    certain=gone.certain and new.certain,
                    counts=not _both_generated(before, gone, after, new),
                )
                gone_too.add(id(new))
                extra[_alike(new, new.after, after)].pop(place)
                counts["missing", gone.what, gone.key] -= 1
                counts["extra", new.what, new.key] -= 1
                break
    return [renamed.get(id(change), change) for change in changes if id(change) not in gone_too]


def _alike(change: Change, definition: str | None, schema: Schema) -> Hashable:
    """Return a property common to both ends of a rename, so that not every pair of changes is compared."""
    if change.part is not None:
        return change.what, change.key, definition
    match schema.find(change.key):
        case Index() as index:
            return change.what, index.table, tuple(element.column for element in index.elements), index.unique
        case Table() as table:
            return change.what, frozenset(table.columns)
        case View(query=Query() as query):
            return change.what, query.key
        case Sequence() as sequence:
            return change.what, sequence.owned_by
        case Trigger() | Policy() | RewriteRule() as attached:
            return change.what, attached.table
        case _:
            return change.what


def _both_generated(before: Schema, gone: Change, after: Schema, new: Change) -> bool:
    one, two = before.find(gone.key), after.find(new.key)
    if gone.part is not None:
        # The names of unnamed constraints of SQLite are just their labels here.
        unnamed = gone.part.startswith("#") and (new.part or "").startswith("#")
        # No statement can name a constraint of SQLite.
        unnamed = unnamed or (before.dialect is Dialect.SQLITE and gone.what in CONSTRAINT_WORDS.values())
        # A conflict clause is no part of the description that the two have in common.
        return unnamed and _conflict_of(one, gone.part) == _conflict_of(two, new.part)
    if isinstance(one, Index) and isinstance(two, Index):
        return one.generated and two.generated
    return isinstance(one, Sequence) and isinstance(two, Sequence) and one.implicit and two.implicit


def _conflict_of(table: SchemaObject | Absent | None, label: str | None) -> str | None:
    constraint = table.constraints.get(label or "") if isinstance(table, Table) else None
    return None if constraint is None else constraint.on_conflict


def _nameless(value: SchemaObject) -> object:
    if isinstance(value, Index):
        return replace(value, name=replace(value.name, name=""), constraint=None, generated=False)
    if isinstance(value, (Table, View, Sequence)):
        return replace(value, name=replace(value.name, name=""))
    if isinstance(value, (Trigger, Policy, RewriteRule)):
        return replace(value, name="")
    return value
