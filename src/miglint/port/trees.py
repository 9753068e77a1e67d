"""What the translation of expressions and the words of both engines share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# A node of a tree of sqlglot, whose base class has had several names.
Node = Any


class TranslationError(Exception):
    """An expression has no form in the other engine; the message says why."""


def inserted_values(insert: Node, tables: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, Node]]:
    """Yield the columns that an INSERT fills, each with a value of it.

    `tables` has the columns of tables in order, for a statement that lists none; all names are in lower case.
    """
    from sqlglot import exp

    target, source = insert.this, insert.expression
    if isinstance(target, exp.Schema):
        columns = [item.name.lower() for item in target.expressions]
    else:
        columns = [*tables.get(target.name.lower(), ())]
    rows: list[list[Node]] = []
    if isinstance(source, exp.Values):
        rows = [row.expressions for row in source.expressions if isinstance(row, exp.Tuple)]
    elif isinstance(source, exp.Select):
        rows = [[item.unalias() for item in source.expressions]]
    for row in rows:
        yield from zip(columns, row, strict=False)
