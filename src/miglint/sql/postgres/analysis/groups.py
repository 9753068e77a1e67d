"""`GROUP BY`: a column of a grouped query stands in it, or in an aggregate, or depends on a key that does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import Invalid
from miglint.sql.postgres.analysis.kinds import refuse_unequal
from miglint.sql.postgres.analysis.scope import ColumnReference, QueryLevel
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.names import Node, strings
from miglint.sql.postgres.scopes import Walk

_COLUMN = pattern(r"\w+(?:\.\w+)*\Z")


def refuse_ungrouped(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel, targets: Sequence[Node]) -> None:
    """Raise `Invalid` for a column that is not the same in all rows of a group."""
    clauses = body.get("groupClause", ())
    if not clauses and not analysis.aggregated and "havingClause" not in body:
        return
    plain = list(analysis.plain)
    expressions = list(_expressions(body, clauses, targets, scope))
    grouped: set[tuple[int, str]] = set()
    for node in expressions:
        before = len(analysis.plain)
        refuse_unequal((analysis.read(node, scope).type,))
        found = analysis.plain[before:]
        if "ColumnRef" in node:
            grouped.update((item.source, item.column) for item in found)
            if not found:
                # Which relation it is of is not known: it may be any column of that name.
                places = range(-1, len(scope.sources))
                grouped.update((place, name) for name in _last_name(node) for place in places)
    if any("ColumnRef" not in node for node in expressions):
        # An expression may stand for itself anywhere.
        return
    for item in plain:
        if item.level == 0 and item.source >= 0 and not _is_grouped(analysis, scope, item, grouped):
            source = scope.sources[item.source]
            message = (
                f'column "{source.alias}.{item.column}" must appear in the GROUP BY clause or be used in an aggregate '
                "function"
            )
            raise Invalid("grouping_error", message, source.relation, item.column)


def _last_name(column: Node) -> tuple[str, ...]:
    last = column["ColumnRef"]["fields"][-1:]
    return strings(last) if "String" in last[0] else ()


def _named_targets(body: Node) -> dict[str, Node]:
    targets = (item["ResTarget"] for item in body.get("targetList", ()))
    return {target["name"]: target["val"] for target in targets if "name" in target}


def refuse_other_order(body: Node, targets: Sequence[Node]) -> None:
    """Raise `Invalid` for an ORDER BY that `DISTINCT`, or `DISTINCT ON`, does not allow."""
    distinct = body.get("distinctClause", ())
    order = [item["SortBy"]["node"] for item in body.get("sortClause", ())]
    if not distinct or not order or any("A_Star" in str(target) for target in targets):
        return
    names = _named_targets(body)
    sorted_by = [_meant(node, names, targets) for node in order]
    if any(not node for node in distinct):
        _refuse_hidden_order(sorted_by, targets)
        return
    _refuse_order_first([_meant(node, names, targets) for node in distinct], sorted_by)


def _refuse_order_first(wanted: Sequence[str | None], sorted_by: Sequence[str | None]) -> None:
    if None in wanted or None in sorted_by:
        return
    plain = {_unqualified(text or "") for text in wanted}
    if any(_unqualified(text or "") not in plain for text in sorted_by[: len(wanted)]):
        message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions"
        raise Invalid("invalid_column_reference", message)


def _refuse_hidden_order(sorted_by: Sequence[str | None], targets: Sequence[Node]) -> None:
    shown = {_unqualified(walk(Walk(), target)) for target in targets}
    if any(text is not None and _unqualified(text) not in shown for text in sorted_by):
        message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
        raise Invalid("invalid_column_reference", message)


def _meant(node: Node, names: dict[str, Node], targets: Sequence[Node]) -> str | None:
    """Return the canonical text of what an item of ORDER BY stands for: a number, the name of a result, or itself."""
    number = node.get("A_Const", {}).get("ival", {}).get("ival")
    if number is not None:
        return walk(Walk(), targets[number - 1]) if 0 < number <= len(targets) else None
    fields = node.get("ColumnRef", {}).get("fields", ())
    name = strings(fields)[0] if len(fields) == 1 and "String" in fields[0] else None
    return walk(Walk(), names[name] if name is not None and name in names else node)


def _unqualified(text: str) -> str:
    """Return a column without its qualifier, so that both ways to write it are equal."""
    return text.rpartition(".")[2] if _COLUMN.match(text) is not None else text


def _is_grouped(
    analysis: ExpressionAnalysis, scope: QueryLevel, item: ColumnReference, grouped: set[tuple[int, str]]
) -> bool:
    if (item.source, item.column) in grouped or (-1, item.column) in grouped:
        return True
    source = scope.sources[item.source]
    if source.columns is None or source.relation is None:
        return True
    if not source.keys or any((item.source, name) not in grouped for name in source.keys):
        return False
    analysis.keyed[source.relation] = None
    return True


def _expressions(body: Node, clauses: Sequence[Node], targets: Sequence[Node], scope: QueryLevel) -> Iterator[Node]:
    """Yield the expressions of GROUP BY, those of grouping sets among them; numbers and aliases as what they mean."""
    aliased = {
        item["ResTarget"]["name"]: item["ResTarget"]["val"]
        for item in body.get("targetList", ())
        if "name" in item["ResTarget"]
    }
    for node in _flat(clauses):
        fields = node.get("ColumnRef", {}).get("fields", ())
        name = strings(fields)[0] if len(fields) == 1 and "String" in fields[0] else None
        number = node.get("A_Const", {}).get("ival", {}).get("ival")
        if number is not None and 0 < number <= len(targets):
            yield targets[number - 1]
        elif name is not None and name in aliased and not _is_column(scope, name):
            yield aliased[name]
        else:
            yield node


def _is_column(scope: QueryLevel, name: str) -> bool:
    return any(source.columns is None or name in source.columns for source in scope.sources)


def _flat(nodes: Sequence[Any]) -> Iterator[Node]:
    for node in nodes:
        if "GroupingSet" in node:
            yield from _flat(node["GroupingSet"].get("content", ()))
        elif "RowExpr" in node:
            yield from _flat(node["RowExpr"].get("args", ()))
        else:
            yield node
