"""From the text of a definition to its stored form."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from miglint.sql.postgres.analysis.entry import expression_tree
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment, Invalid, Relation
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.analysis.stored import calls, expressions, queries
from miglint.sql.postgres.analysis.stored.expressions import DOMAIN
from miglint.sql.postgres.analysis.stored.forms import Form, Readers, StoredReader
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.statement_trees import tree_of

_READERS: Readers = {**expressions.READERS, **calls.READERS, **queries.READERS}


class StoredForm(NamedTuple):
    """The stored form of a definition, and whether all in it was known."""

    form: Form
    sure: bool


def stored_expression(
    environment: Environment, text: str, own: Relation | None, target: str = UNKNOWN
) -> StoredForm | None:
    """Return an expression about a relation; None where it cannot be read.

    `target` is the type that its value becomes, unknown where any type will do.
    """
    node = expression_tree(text)
    return None if node is None else _read(environment, _reader_of_expression(node, own, target))


def printable_expression(
    environment: Environment, text: str, own: Relation | None, target: str = UNKNOWN
) -> StoredForm | None:
    """Return an expression as `stored_expression` does, but with the texts of its constants, so that it is printed."""
    node = expression_tree(text)
    if node is None:
        return None
    read = _reader_of_expression(node, own, target)

    def verbatim(reader: StoredReader) -> Form:
        reader.verbatim = True
        return read(reader)

    return _read(environment, verbatim)


def _reader_of_expression(node: Node, own: Relation | None, target: str) -> Callable[[StoredReader], Form]:
    scope = QueryLevel()
    if own is not None:
        scope.add(FromItem(own.name.name, own.columns, own.name, own.keys))

    def read(reader: StoredReader) -> Form:
        part = reader.read(node, scope)
        if part.type == LITERAL:
            return reader.constant(part.literal, "text" if target == UNKNOWN else target)
        return part.form

    return read


def stored_check_of_domain(environment: Environment, text: str, base: str) -> StoredForm | None:
    """Return the condition of a domain over a type."""
    node = expression_tree(text)
    if node is None:
        return None
    scope = QueryLevel()
    scope.add(FromItem(DOMAIN, {"value": base}))
    return _read(environment, lambda reader: reader.truth(node, scope))


def stored_condition(environment: Environment, trigger: str, own: Relation | None) -> StoredForm | None:
    """Return the condition of a statement that creates a trigger on a relation; an empty form where it has none."""
    tree = tree_of(trigger)
    body = None if tree is None else tree.get("CreateTrigStmt")
    if body is None or own is None:
        return None
    if "whenClause" not in body:
        return StoredForm((), True)
    scope = QueryLevel()
    for alias in ("old", "new"):
        scope.add(FromItem(alias, own.columns, own.name))

    def read(reader: StoredReader) -> Form:
        reader.qualified = True
        return reader.truth(body["whenClause"], scope)

    return _read(environment, read)


def stored_query(environment: Environment, text: str) -> StoredForm | None:
    """Return a query, without the names of its own results; None where it cannot be read."""
    tree = tree_of(text)
    if tree is None or "SelectStmt" not in tree:
        return None
    return _read(environment, lambda reader: queries.query(reader, tree, None, named=False)[0])


def _read(environment: Environment, read: Callable[[StoredReader], Form]) -> StoredForm | None:
    reader = StoredReader(environment, _READERS)
    try:
        form = read(reader)
    except (Invalid, RecursionError):
        return None
    return StoredForm(form, reader.sure)
