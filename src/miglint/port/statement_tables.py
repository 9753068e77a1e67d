"""The tables that statements on rows are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.sql.operations import Name, Operation


def tables_of(operations: Iterable[Operation]) -> Iterator[Name]:
    """Yield the tables that operations on rows are about, and those that they read."""
    for item in operations:
        query = getattr(item, "query", None)
        relations = getattr(item, "relations", ()) if query is None else query.relations
        for name in (getattr(item, "table", None), *relations):
            if isinstance(name, Name):
                yield name
