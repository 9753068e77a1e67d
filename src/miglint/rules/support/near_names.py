"""Names that may have been meant where one is not there."""

from __future__ import annotations

from functools import lru_cache

from miglint.schema.value import Schema

# Comparing names is slow, and thousands of suggestions help no reader.
_MOST_COMPARED = 100_000


class NearNames:
    """Looks for names that were meant; after so many comparisons as one script is worth it finds none."""

    def __init__(self) -> None:
        self._left = _MOST_COMPARED

    def find(self, schema: Schema, name: str, part: str | None, cutoff: float) -> str | None:
        """Return the name in a schema that is nearest to that of an object, or to that of a part of a table `name`.

        `cutoff` says how near it must be, from 0 to 1.
        """
        if self._left <= 0:
            return None
        names = _all_names(schema) if part is None else parts_of(schema, name)
        self._left -= len(names)
        if self._left < 0:
            return None
        from difflib import get_close_matches  # few scripts need it

        return next(iter(get_close_matches(part or name, names, 1, cutoff)), None)


@lru_cache(maxsize=2)
def _all_names(schema: Schema) -> list[str]:
    return sorted({key.name.split("(", 1)[0] for key, _ in schema.items()})


def parts_of(schema: Schema, name: str) -> list[str]:
    """Return the names of the columns and constraints of what is called `name`, sorted."""
    found: set[str] = set()
    for key, value in schema.named(name):
        if key.name.lower() == name.lower():
            for parts in (getattr(value, "columns", None), getattr(value, "constraints", None)):
                found.update(parts or ())
    return sorted(found)
