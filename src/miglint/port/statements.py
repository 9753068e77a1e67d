"""What statements are called, and the tables that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.sql.operations import Name, Operation

# Statements that are called by two words.
_TWO_WORDS = frozenset({"LOCK", "REFRESH", "ALTER", "RESET", "DISCARD"})


def tables_of(operations: Iterable[Operation]) -> Iterator[Name]:
    """Yield the tables that operations on rows are about, and those that they read."""
    for item in operations:
        query = getattr(item, "query", None)
        relations = getattr(item, "relations", ()) if query is None else query.relations
        for name in (getattr(item, "table", None), *relations):
            if isinstance(name, Name):
                yield name


def first_words(text: str) -> str:
    """Return what a statement is called: by its first word, and the second one of some."""
    words = text.replace(";", " ").split()
    first = words[0].upper() if words else ""
    if first != "SET":
        return " ".join(words[:2]).upper() if first in _TWO_WORDS else first
    names = [word.partition("=")[0] for word in words[1:] if word.upper() not in ("LOCAL", "SESSION")]
    return f"{first} {names[0] if names else ''}".rstrip()
