"""From the text of a definition to its stored form."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from miglint.sql.postgres.analysis.entry import expression_tree
from miglint.sql.postgres.analysis.environment import DOMAIN, LITERAL, UNKNOWN, Environment, Invalid, Relation
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.analysis.stored import calls, expressions, queries
from miglint.sql.postgres.analysis.stored.forms import (
    UNREAD,
    Form,
    Readers,
    StoredReader,
    aliases,
    may_be_equal,
)
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.statement_trees import tree_of

_READERS: Readers = {**expressions.READERS, **calls.READERS, **queries.READERS}


class StoredForm(NamedTuple):
    """The stored form of a definition, and whether all in it was known."""

    form: Form
    sure: bool

    def is_same(self, other: StoredForm) -> bool | None:
        """Return whether both are one definition; None where that is not known."""
        if self.form == other.form:
            return True
        if aliases(self.form) != aliases(other.form):
            # These are printed whatever the relations are.
            return False
        return False if self.sure and other.sure and not may_be_equal(self.form, other.form) else None

    def may_be(self, other: StoredForm) -> bool:
        """Return whether both may be one definition, as far as all but some constants is known."""
        return self.sure and other.sure and may_be_equal(self.form, other.form)


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
    scope = _columns_of(own)

    def read(reader: StoredReader) -> Form:
        part = reader.read(node, scope)
        if part.form[0] == "column" and "TypeCast" in node:
            # An index on a column that is cast to its own type without a length is one on an expression.
            reader.qualified = True
            part = reader.read(node, scope)
        if part.type == LITERAL:
            return reader.constant(part.literal, "text" if target == UNKNOWN else target)
        return part.form

    return read


def _columns_of(own: Relation | None) -> QueryLevel:
    """Return a scope with the columns of a relation, if any."""
    scope = QueryLevel()
    if own is not None:
        scope.add(FromItem(own.name.name, own.columns, own.name, own.keys))
    return scope


def stored_default(
    environment: Environment, text: str, own: Relation | None, target: str, modifiers: tuple[str, ...]
) -> StoredForm | None:
    """Return a default, or what a generated column is computed of: what it is cast to at last is not printed."""
    node = expression_tree(text)
    if node is None:
        return None
    scope = _columns_of(own)

    def read(reader: StoredReader) -> Form:
        part = reader.read(node, scope)
        if part.type != LITERAL:
            return part.form
        base = reader.kinds.base(target)
        if base == "interval" and modifiers:
            # Its precision is that of the constant.
            return (UNREAD, base, part.literal, modifiers)
        return reader.constant(part.literal, base)

    return _read(environment, read)


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
    return _condition_on_rows(environment, body["whenClause"], own)


def stored_rule(environment: Environment, rule: str, own: Relation | None) -> StoredForm | None:
    """Return a statement that creates a rule on a relation without actions: its event and condition."""
    tree = tree_of(rule)
    body = None if tree is None else tree.get("RuleStmt")
    if body is None or own is None or "actions" in body:
        return None
    head = (body.get("event"), body.get("instead", False))
    if "whereClause" not in body:
        return StoredForm(head, True)
    found = _condition_on_rows(environment, body["whereClause"], own)
    return found and found._replace(form=(*head, found.form))


def _condition_on_rows(environment: Environment, node: Node, own: Relation) -> StoredForm | None:
    scope = QueryLevel()
    for alias in ("old", "new"):
        scope.add(FromItem(alias, own.columns, own.name))

    def read(reader: StoredReader) -> Form:
        reader.qualified = True
        return reader.truth(node, scope)

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
