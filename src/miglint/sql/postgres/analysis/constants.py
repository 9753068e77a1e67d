"""The types that the constants of an expression or a definition are read as, as far as they are known.

A stored constant of an enum refers to the label, whatever it is called, while one of a text keeps its words:
`status = 'new'` follows `RENAME VALUE`, `status::text = 'new'` does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miglint.sql.operations import Type
from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.entry import expression_tree
from miglint.sql.postgres.analysis.environment import UNKNOWN, Environment, Invalid, Relation
from miglint.sql.postgres.analysis.kinds import element, is_array
from miglint.sql.postgres.analysis.queries import columns_of
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.names import Node, type_of
from miglint.sql.postgres.statement_trees import tree_of

Constants = Mapping[str, frozenset[str]]
"""The names of the types by the text of the constant; that of a domain is the type under it."""


def constants_of_expression(
    environment: Environment, text: str, own: Relation | None, target: str = UNKNOWN
) -> Constants:
    """Return the constants of an expression about a relation; `target` is the type that its value becomes."""
    node = expression_tree(text)
    scope = QueryLevel()
    if own is not None:
        scope.add(FromItem(own.name.name, own.columns, own.name, own.keys))
    return _read(ExpressionAnalysis(environment), () if node is None else ((node, target),), (), scope)


def constants_of_statement(environment: Environment, text: str, own: Relation | None = None) -> Constants:
    """Return the constants of a query, or of what defines a trigger, a rule, a function or statistics on a relation."""
    tree = tree_of(text)
    if tree is None:
        return {}
    ((kind, body),) = tree.items()
    analysis = ExpressionAnalysis(environment)
    scope = QueryLevel()
    match kind:
        case "CreateTrigStmt" | "RuleStmt":
            for alias in ("old", "new") if own is not None else ():
                scope.add(FromItem(alias, own.columns if own is not None else None))
            condition = body.get("whenClause") or body.get("whereClause")
            conditions = () if condition is None else ((condition, "bool"),)
            return _read(analysis, conditions, body.get("actions", ()), scope)
        case "CreateStatsStmt":
            if own is not None:
                scope.add(FromItem(own.name.name, own.columns, own.name))
            elements = (item["StatsElem"].get("expr") for item in body.get("exprs", ()))
            return _read(analysis, ((item, UNKNOWN) for item in elements if item is not None), (), scope)
        case "CreateFunctionStmt":
            parameters = [item["FunctionParameter"] for item in body.get("parameters", ())]
            typed = [(item["defexpr"], _type_name(environment, item)) for item in parameters if "defexpr" in item]
            named = {item["name"]: _type_name(environment, item) for item in parameters if "name" in item}
            scope.parameters = frozenset(named)
            scope.add(FromItem(body["funcname"][-1]["String"]["sval"], named))
            queries, returned = _of_body(body.get("sql_body", {}))
            if returned is not None:
                typed.append((returned, UNKNOWN))
            return _read(analysis, typed, queries, scope)
    return _read(analysis, (), (tree,), None)


def _of_body(body: Node) -> tuple[list[Node], Node | None]:
    """Return the queries of a `BEGIN ATOMIC` body, or the expression of `RETURN`."""
    if "ReturnStmt" in body:
        return [], body["ReturnStmt"]["returnval"]
    lists = (item["List"]["items"] for item in body.get("List", {}).get("items", ()) if "List" in item)
    return [query for items in lists for query in items], None


def _type_name(environment: Environment, parameter: Node) -> str:
    kind: Type = type_of(parameter["argType"])
    return environment.type_name(kind)


def _read(
    analysis: ExpressionAnalysis,
    expressions: Iterable[tuple[Node, str]],
    queries: Iterable[Node],
    scope: QueryLevel | None,
) -> Constants:
    try:
        for node, target in expressions:
            analysis.assigned(node, QueryLevel() if scope is None else scope, target)
        for tree in queries:
            columns_of(analysis, tree, scope)
    except (Invalid, RecursionError):
        # What was read before it is known.
        pass
    found: dict[str, set[str]] = {}
    for text, kind in analysis.constants:
        found.setdefault(text, set()).add(_base(analysis, kind))
    return {text: frozenset(kinds) for text, kinds in found.items()}


def _base(analysis: ExpressionAnalysis, kind: str) -> str:
    if is_array(kind):
        return f"{analysis.kinds.base(element(kind))}[]"
    return analysis.kinds.base(kind)
