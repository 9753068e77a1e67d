"""The tables in which scripts set data aside for a rollback, or for the next forward.

They are no part of a project's schema: two schemas that differ in them only are the same.
"""

from __future__ import annotations

from miglint.schema.objects import Key

SET_ASIDE_SCHEMA = "miglint_set_aside"
SET_ASIDE_PREFIX = "miglint_set_aside_"


def is_set_aside(key: Key) -> bool:
    """Return whether a key is that of a table with data set aside, of its parts, or of the schema of these tables."""
    if SET_ASIDE_SCHEMA in (key.schema, key.name):
        return True
    return key.name.startswith(SET_ASIDE_PREFIX) or key.owner.startswith(SET_ASIDE_PREFIX)
