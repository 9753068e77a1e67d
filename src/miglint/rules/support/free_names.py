"""Names that help texts offer for new relations, and that no relation has."""

from __future__ import annotations

from miglint.rules.support.sql_text import suffixed
from miglint.schema.value import Schema

_NUMBERS = ("", *(f"_{number}" for number in range(2, 10)))


def free_name(name: str, suffix: str, *schemas: Schema) -> str:
    """Return a name with a suffix as SQL, and with a number behind it if a relation of the schemas has that name."""
    for number in _NUMBERS:
        found = (key for schema in schemas for key, _ in schema.named(f"{name}{suffix}{number}"))
        if all(key.space != "relation" for key in found):
            return suffixed(name, suffix + number)
    return suffixed(name, suffix)
