"""From SQL text to what is wrong with it: expressions of tables and indexes, queries, and statements on rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec.json import decode

from miglint.base.edits import with_edits
from miglint.base.lazy_regex import pattern
from miglint.sql.operations import ColumnUse, Name, Query
from miglint.sql.postgres import native
from miglint.sql.postgres.analysis import calls, catalogs, expressions, statements  # noqa: F401 - they enter their readers
from miglint.sql.postgres.analysis.context import Columns, ExpressionAnalysis, Rules
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment, Invalid, Relation, Result
from miglint.sql.postgres.analysis.kinds import ASSIGNMENT, spelled
from miglint.sql.postgres.analysis.places import star_edit
from miglint.sql.postgres.analysis.queries import columns_of
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.embedded import byte_map
from miglint.sql.postgres.expressions import query
from miglint.sql.postgres.lexer import find_word
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.statement_trees import tree_of

_STORED = pattern(r"\bBEGIN\s+ATOMIC\b|\b(?P<expression>RETURN)\b", re.IGNORECASE)

IN_DEFAULT = Rules("DEFAULT expression", columns=False, queries=False, aggregates=False)
IN_CHECK = Rules("check constraint", queries=False, aggregates=False)
IN_INDEX = Rules("index expression", queries=False, aggregates=False)
IN_PREDICATE = Rules("index predicate", queries=False, aggregates=False)
IN_GENERATED = Rules("column generation expression", queries=False, aggregates=False)
IN_POLICY = Rules("policy expression", aggregates=False)
IN_PARTITION_KEY = Rules("partition key expression", queries=False, aggregates=False)
IN_TRANSFORM = Rules("transform expression", queries=False, aggregates=False)


class Expressed(NamedTuple):
    """The type of an expression, the worst volatility of what it calls, and the columns that it reads."""

    type: str
    volatility: str
    columns: tuple[str, ...]
    literal: str | None = None


@lru_cache(maxsize=256)
def trees_of(text: str) -> tuple[Node, ...]:
    """Return the trees of the statements of a text, none where it cannot be read."""
    found = native.parse_text(text.encode("utf-8", "replace"))
    if isinstance(found, native.NativeError):
        return ()
    try:
        return tuple(item["stmt"] for item in decode(found).get("stmts", ()))
    except RecursionError:
        return ()


def stored_statements(source: str) -> str:
    """Return the statements of a body that is no string: those of BEGIN ATOMIC, or of RETURN."""
    found = find_word(source, _STORED, 0, len(source))
    if found is None:
        return ""
    text = source[found.end() :]
    return f"SELECT {text}" if found["expression"] else text.rstrip().removesuffix(";").rstrip()[: -len("END")]


def around_body(function: str, parameters: Sequence[str]) -> QueryLevel:
    """Return the level around the statements of a body: the parameters, of types that are not known."""
    level = QueryLevel()
    level.parameters = frozenset(parameters)
    level.add(FromItem(function, dict.fromkeys(parameters, UNKNOWN)))
    return level


def level_of(own: Relation, *names: str) -> QueryLevel:
    """Return a level with the columns of a relation, under each of some names."""
    level = QueryLevel()
    for name in names:
        level.add(FromItem(name, own.columns, own.name, own.keys))
    return level


class Results(NamedTuple):
    """The types of the columns that the last statement of a function has to return, if they are known.

    `row` is the name of the type that has these columns, empty if the function lists them itself.
    """

    types: tuple[str, ...] | None
    row: str = ""


def check_body(
    environment: Environment,
    text: str,
    function: str,
    parameters: tuple[str, ...],
    results: Results,
) -> None:
    """Raise `Invalid` for what is wrong with the body of a function; parameters are of types that are not known."""
    columns: Columns | None = None
    trees = trees_of(text)
    for tree in trees:
        columns = columns_of(ExpressionAnalysis(environment), tree, around_body(function, parameters))
    if results.types is not None and trees:
        _refuse_results(environment, trees[-1], columns, results)


def _refuse_results(environment: Environment, last: Node, columns: Columns | None, wanted: Results) -> None:
    results = wanted.types or ()
    declared = wanted.row or ("record" if len(results) > 1 else spelled(results[0]))
    message = f"return type mismatch in function declared to return {declared}"
    ((kind, body),) = last.items()
    rows = kind == "SelectStmt" or "returningClause" in body or "returningList" in body
    if not rows:
        raise Invalid("invalid_function_definition", message)
    if kind != "SelectStmt" or columns is None or any(name == "*" for name, _ in columns):
        return
    if len(columns) == 1 and (wanted.row or len(results) > 1) and catalogs.type_info(columns[0][1]) is None:
        # One column may be a row of all of them.
        return
    if len(columns) != len(results):
        raise Invalid("invalid_function_definition", message)
    if not _are_assignable(environment, [type_ for _, type_ in columns], results):
        raise Invalid("invalid_function_definition", message)


def _are_assignable(environment: Environment, given: Sequence[str], wanted: Sequence[str]) -> bool:
    kinds = ExpressionAnalysis(environment).kinds
    # The results of a query are no longer constants without a type.
    types = ("text" if one == LITERAL else one for one in given)
    return all(
        UNKNOWN in (one, two) or kinds.coerces(one, two, ASSIGNMENT) for one, two in zip(types, wanted, strict=True)
    )


def expression_tree(text: str) -> Node | None:
    """Return the tree of an expression; None where it cannot be read."""
    tree = tree_of(f"SELECT ({text}\n)")
    targets = None if tree is None else tree.get("SelectStmt", {}).get("targetList", ())
    if not targets or len(targets) != 1:
        return None
    node: Node = targets[0]["ResTarget"]["val"]
    return node


def expressed(environment: Environment, text: str, rules: Rules, own: Relation | None = None) -> Expressed | None:
    """Return what an expression about a table is; None where it cannot be read. Raises `Invalid` for what is wrong."""
    node = expression_tree(text)
    if node is None:
        return None
    analysis = ExpressionAnalysis(environment, rules)
    found = analysis.read(node, QueryLevel() if own is None else level_of(own, own.name.name))
    return Expressed(found.type, analysis.volatility, tuple(item.column for item in analysis.used), found.literal)


def refuse_unassignable(environment: Environment, found: Expressed, target: str, column: str, what: str) -> str:
    """Return the volatility of making a value the type of a column. Raises `Invalid` when it cannot be."""
    analysis = ExpressionAnalysis(environment)
    if found.type == LITERAL:
        analysis.constant(Result(LITERAL, found.literal), target)
        return "i"
    if not analysis.kinds.coerces(found.type, target, ASSIGNMENT):
        message = (
            f'column "{column}" is of type {spelled(target)} but {what} expression is of type {spelled(found.type)}'
        )
        raise Invalid("datatype_mismatch", message, part=column)
    return analysis.kinds.cast_volatility(found.type, target)


def is_assignable(environment: Environment, found: Expressed, target: str) -> bool:
    """Whether a column of a type takes the value of an expression."""
    return ExpressionAnalysis(environment).kinds.coerces(found.type, target, ASSIGNMENT)


def refuse_untrue(environment: Environment, found: Expressed, where: str) -> None:
    """Raise `Invalid` for a condition that is not of type boolean."""
    analysis = ExpressionAnalysis(environment)
    if found.type == LITERAL:
        analysis.constant(Result(LITERAL, found.literal), "bool")
    elif found.type != UNKNOWN and not analysis.kinds.coerces(found.type, "bool", ASSIGNMENT):
        message = f"argument of {where} must be type boolean, not type {spelled(found.type)}"
        raise Invalid("datatype_mismatch", message)


def described(environment: Environment, text: str, *, variables: bool = False) -> Columns | None:
    """Return the result columns of a statement, None where it cannot be read. Raises `Invalid` for what is wrong.

    `variables` means that names may be those of variables.
    """
    tree = tree_of(text)
    if tree is None:
        return None
    outer = QueryLevel(variables=True) if variables else None
    return columns_of(ExpressionAnalysis(environment), tree, outer)


class DescribedView(NamedTuple):
    """The query of a view as it is stored: its result columns, the columns that it reads, and its text without stars.

    The server writes out what each `*` stands for; `written` is None where there is no `*`, or one that is not known.
    `keyed` are the relations that it groups by their primary key.
    """

    columns: Columns | None
    reads: tuple[ColumnUse, ...] = ()
    written: Query | None = None
    keyed: tuple[Name, ...] = ()


def described_view(environment: Environment, text: str) -> DescribedView:
    """Return what the query of a view is. Raises `Invalid` for what is wrong with it."""
    # The places in a tree that was parsed with its script are places in the script.
    expands = "*" in text or "table" in text.lower()
    trees = trees_of(text) if expands else tuple(filter(None, (tree_of(text),)))
    if len(trees) != 1:
        return DescribedView(None)
    analysis = ExpressionAnalysis(environment)
    columns = columns_of(analysis, trees[0], None)
    written = _without_stars(text, analysis.stars)
    again = () if written is None else trees_of(written)
    return DescribedView(
        columns,
        tuple(analysis.reads),
        query(again[0], written) if written is not None and len(again) == 1 else None,
        tuple(analysis.keyed),
    )


def _without_stars(text: str, stars: Mapping[int, str | None]) -> str | None:
    """Return a query with what its stars stand for; None without stars, or where one is not known."""
    read = Place(text, 0, 0, len(text), byte_map(text))
    edits = [star_edit(read, place, columns) for place, columns in stars.items() if columns is not None]
    return with_edits(text, edits) if edits and len(edits) == len(stars) else None
