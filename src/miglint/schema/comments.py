"""What a comment is about, in the key that it is kept under, and whether that is still there."""

from __future__ import annotations

from miglint.schema.objects import Absent, Key
from miglint.schema.value import Schema

# The kinds of relations, as a comment names them.
RELATIONS = frozenset(("table", "view", "index", "sequence", "materialized view", "foreign table"))
_OF_TABLE = frozenset(("constraint", "trigger", "policy", "rule"))


def comment_key(kind: str, place: Key, column: str | None, table: Key | None) -> Key:
    """Return the key of the comment on what is at `place`; on a `column` of it, or on a part of a `table`."""
    part = "" if column is None else f".{column}"
    return Key("comment", place.schema, f"{kind} {place.name}{part}", "" if table is None else str(table))


def outlived(key: Key, schema: Schema) -> bool:
    """Whether a comment is about something that is known not to exist: then it is gone as well."""
    kind, _, name = key.name.rpartition(" ")
    if kind == "column":
        relation, _, column = name.rpartition(".")
        table = schema.table(Key("relation", key.schema, relation))
        if table is not None:
            return column not in table.columns and not table.assumed
        return isinstance(schema.get(Key("relation", key.schema, relation)), Absent)
    if kind in _OF_TABLE:
        home, _, relation = key.owner.rpartition(".")
        table = schema.table(Key("relation", home, relation))
        if table is not None and kind == "constraint":
            return name not in table.constraints and not table.assumed
        return isinstance(schema.get(Key("relation", home, relation)), Absent)
    space = "relation" if kind in RELATIONS else "type" if kind in ("type", "domain") else None
    return space is not None and isinstance(schema.get(Key(space, key.schema, name)), Absent)
