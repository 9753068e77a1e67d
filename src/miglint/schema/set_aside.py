"""The tables in which scripts set data aside for a rollback, or for the next forward.

They are no part of a project's schema: two schemas that differ in them only are the same. Anything else of their names
is: what acts on other tables (views, triggers, functions, foreign keys, children), and what was not copied there.
"""

from __future__ import annotations

from miglint.schema.objects import Absent, Key, Namespace, Privileges, SchemaObject, Table

SET_ASIDE_SCHEMA = "miglint_set_aside"
SET_ASIDE_PREFIX = "miglint_set_aside_"


def is_set_aside(key: Key) -> bool:
    """Return whether a key is that of a table with data set aside, of its parts, or of the schema of these tables."""
    if SET_ASIDE_SCHEMA in (key.schema, key.name):
        return True
    return key.name.startswith(SET_ASIDE_PREFIX) or key.owner.startswith(SET_ASIDE_PREFIX)


def only_keeps_data(key: Key, value: SchemaObject | Absent | None) -> bool:
    """Return whether the object of a key that is set aside only holds rows, as a copy of a query's result does."""
    if isinstance(value, Table):
        alone = not value.constraints and not value.inherits and value.partition_of is None
        return alone and value.kind == "table" and all(one.default is None for one in value.columns.values())
    if isinstance(value, Privileges):
        return not value.defaults
    return value is None or isinstance(value, (Absent, Namespace)) or key.space == "comment"
