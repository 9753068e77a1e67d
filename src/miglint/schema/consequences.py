"""Changes that follow from others: what is created and dropped with another object is not said again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.structs import replace
from miglint.schema.change import Change
from miglint.schema.depends import relation_key
from miglint.schema.describe import CONSTRAINT_WORDS
from miglint.schema.inherited import comes_with_parent
from miglint.schema.objects import Comment, Index, Key, Policy, Privileges, RewriteRule, SchemaObject, Sequence, Trigger
from miglint.schema.value import Schema
from miglint.sql.operations import Name

_CONSTRAINT_KINDS = frozenset(CONSTRAINT_WORDS.values())
_HOLDERS = frozenset({"relation", "type", "routine", "schema", "extension"})


def _is_implied(value: Sequence | Index, change: Change, before: Schema, after: Schema) -> bool:
    """Return whether a change of a sequence or index is one of its column or constraint."""
    if isinstance(value, Index):
        return value.constraint is not None and not _is_of_its_own(before.find(change.key), after.find(change.key))
    return value.implicit and change.kind != "changed"


def _is_of_its_own(one: SchemaObject | None, two: SchemaObject | None) -> bool:
    """Return whether two indexes of a constraint differ in nothing but what the constraint does not say."""
    if not (isinstance(one, Index) and isinstance(two, Index)):
        return False
    return replace(one, options=two.options, tablespace=two.tablespace) == two


def _created_or_dropped(changes: Iterable[Change]) -> set[tuple[Key | None, str | None]]:
    parts = (change for change in changes if change.part is not None)
    return {(change.key, change.part) for change in parts if change.kind != "changed"}


def without_consequences(changes: list[Change], before: Schema, after: Schema) -> Iterator[Change]:
    """Filter out what is created and dropped with another object: indexes with their table or constraint, and so on."""
    whole = {change.key for change in changes if _is_whole(change)}
    parts = _created_or_dropped(changes)
    for change in changes:
        if change.part is not None and _comes_with_parent(change, before, after):
            continue
        schema = before if change.kind in ("missing", "renamed") else after
        value = schema.find(change.key) if change.part is None else None
        table = _table_of(value)
        if isinstance(value, (Sequence, Index)) and _is_implied(value, change, before, after):
            continue
        if table is not None and relation_key(table, schema.dialect) in whole:
            continue
        if isinstance(value, (Comment, Privileges)) and _is_about(value, whole, parts):
            continue
        yield change


def _comes_with_parent(change: Change, before: Schema, after: Schema) -> bool:
    """Return whether a constraint of a partition is there, or is another one, as that of its table is."""
    if change.what not in _CONSTRAINT_KINDS or change.part is None:
        return False
    one, two = before.table(change.key), after.table(change.key)
    if one is None or two is None or (one.partition_of is None and not one.inherits):
        return False
    had, has = one.constraints.get(change.part), two.constraints.get(change.part)
    schemas = [before] if had is None else [after] if has is None else [before, after]
    return any(
        all(comes_with_parent(schema, change.key, item) for schema in schemas)
        for item in (had, has)
        if item is not None
    )


def _is_whole(change: Change) -> bool:
    """Return whether a change creates, drops or renames an object that holds others."""
    return change.part is None and change.kind != "changed" and change.key.space in _HOLDERS


def _is_about(value: Comment | Privileges, whole: set[Key], parts: set[tuple[Key | None, str | None]]) -> bool:
    return value.about in whole or (value.about, value.part and value.part.name) in parts


def _table_of(value: object) -> Name | None:
    """Return the table that an object belongs to."""
    if isinstance(value, (Index, Trigger, Policy, RewriteRule)):
        return value.table
    if isinstance(value, Sequence) and value.owned_by is not None:
        return value.owned_by[0]
    return None
