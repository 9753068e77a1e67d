"""Texts after the rename of a column: queries, expressions about a table, rules, triggers and bodies of functions.

Each is returned as source text, and in the canonical form that its parser produces. None means that it cannot be read,
or not with certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from miglint.sql.operations import CreateRule, CreateTrigger, Expression, Name, Query
from miglint.sql.postgres import attached
from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.entry import around_body, expression_tree, level_of, stored_statements, trees_of
from miglint.sql.postgres.analysis.environment import Environment, Invalid, Relation
from miglint.sql.postgres.analysis.places import ColumnPlaces
from miglint.sql.postgres.analysis.queries import columns_of
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.expressions import expression, query
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.scopes import Walk


class Restated(NamedTuple):
    """A definition with the new name: as it is written, and its canonical form."""

    source: str
    canonical: str


class ColumnRename:
    """The rename of a column of a relation, in the schema before it."""

    def __init__(self, environment: Environment, relation: Name, old: str, new: str) -> None:
        self._environment = environment
        self._change = (relation, old, new)

    def query(self, text: str) -> Query | None:
        """Return a query with the new name."""
        found = self._read(text, lambda analysis, tree: columns_of(analysis, tree, None))
        trees = trees_of(found or "")
        return query(trees[0], found) if found is not None and len(trees) == 1 else None

    def expression(self, text: str, own: Relation) -> Expression | None:
        """Return an expression about a relation with the new name."""
        head = "SELECT ("

        def read(analysis: ExpressionAnalysis, tree: Node) -> None:
            (target,) = tree["SelectStmt"]["targetList"]
            analysis.read(target["ResTarget"]["val"], level_of(own, own.name.name))

        found = self._read(f"{head}{text}\n)", read)
        if found is None:
            return None
        inner = found.removeprefix(head)[:-2]
        tree = expression_tree(inner)
        return None if tree is None else expression(tree, inner, own.name.name)

    def rule(self, text: str, own: Relation) -> Restated | None:
        """Return a `CREATE RULE` on a relation with the new name."""

        def read(analysis: ExpressionAnalysis, tree: Node) -> None:
            rows = level_of(own, "old", "new")
            body = tree["RuleStmt"]
            if "whereClause" in body:
                analysis.read(body["whereClause"], rows)
            for action in body.get("actions", ()):
                columns_of(analysis, action, rows)

        found = self._read(text, read)
        if found is None:
            return None
        (tree,) = trees_of(found)
        (made,) = attached.create_rule(Place(found, 0, 0, len(found)), tree["RuleStmt"])
        return Restated(found, made.definition) if isinstance(made, CreateRule) else None

    def trigger(self, text: str, own: Relation) -> Restated | None:
        """Return a `CREATE TRIGGER` on a relation with the new name."""

        def read(analysis: ExpressionAnalysis, tree: Node) -> None:
            body = tree["CreateTrigStmt"]
            if "whenClause" in body:
                analysis.read(body["whenClause"], level_of(own, "old", "new"))
            if "columns" in body and analysis.places is not None:
                analysis.places.updated(own.name)

        found = self._read(text, read)
        if found is None:
            return None
        (tree,) = trees_of(found)
        (made,) = attached.create_trigger(Place(found, 0, 0, len(found)), tree["CreateTrigStmt"])
        return Restated(found, made.definition) if isinstance(made, CreateTrigger) else None

    def body(self, source: str, function: str, parameters: Sequence[str]) -> Restated | None:
        """Return a `CREATE FUNCTION` with the new name in its body, which is no string."""
        inner = stored_statements(source)
        around = around_body(function, parameters)
        found = self._read(inner, lambda analysis, tree: columns_of(analysis, tree, around), several=True)
        if found is None:
            return None
        if inner not in source:
            # That of RETURN is read as a query.
            inner, found = inner.removeprefix("SELECT "), found.removeprefix("SELECT ")
        head, place, tail = source.rpartition(inner)
        text = f"{head}{found}{tail}"
        trees = trees_of(text) if place else ()
        body = trees[0].get("CreateFunctionStmt", {}).get("sql_body") if len(trees) == 1 else None
        return None if body is None else Restated(text, walk(Walk(), body))

    def _read(
        self, text: str, read: Callable[[ExpressionAnalysis, Node], object], *, several: bool = False
    ) -> str | None:
        trees = trees_of(text)
        if not trees or (len(trees) > 1 and not several):
            return None
        places = ColumnPlaces(*self._change)
        try:
            for tree in trees:
                read(ExpressionAnalysis(self._environment, places=places), tree)
        except (Invalid, RecursionError):
            return None
        return places.applied(text)
