"""Names that help texts offer for new relations, and that no relation of the same schema has."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.rules.support.sql_text import suffixed
from miglint.schema.depends import relation_key
from miglint.schema.value import Schema
from miglint.sql.operations import Name

_NUMBERS = ("", *(f"_{number}" for number in range(2, 10)))


def free_name(relation: Name, suffix: str, dialect: Dialect, *schemas: Schema) -> str:
    """Return the name of a relation with a suffix as SQL, and with a number behind it if that name is taken."""
    for number in _NUMBERS:
        key = relation_key(replace(relation, name=f"{relation.name}{suffix}{number}"), dialect)
        if all(schema.find(key) is None for schema in schemas):
            return suffixed(relation.name, suffix + number)
    return suffixed(relation.name, suffix)
