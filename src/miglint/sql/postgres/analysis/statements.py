"""`INSERT`, `UPDATE`, `DELETE` and `MERGE`: their names, and whether what they write fits the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.sql.postgres.analysis.context import STATEMENTS, Columns, ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Invalid, Result
from miglint.sql.postgres.analysis.kinds import ASSIGNMENT, spelled
from miglint.sql.postgres.analysis.queries import (
    columns_of,
    condition,
    from_clause,
    relation_source,
    star,
    with_clause,
)
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.names import Node, relation_name, strings
from miglint.sql.postgres.outputs import column_name


class _WrittenTable:
    """The table that is written: its name, its columns by name, and those that are not to be written."""

    __slots__ = ("_generated", "columns", "name")

    def __init__(self, analysis: ExpressionAnalysis, body: Node) -> None:
        name = relation_name(body)
        found = analysis.environment.relation(name)
        self.name = name if found is None else found.name
        self.columns: Mapping[str, str] | None = None if found is None else found.columns
        self._generated = None if found is None else found.generated

    def type(self, column: str) -> str:
        """Return the type of a column. Raises `Invalid` when there is no such column."""
        if self.columns is None:
            return UNKNOWN
        if column not in self.columns:
            message = f'column "{column}" of relation "{self.name.name}" does not exist'
            raise Invalid("undefined_column", message, self.name, column)
        return self.columns[column]

    def generated(self, column: str) -> str | None:
        """Return how a column is generated, as `Relation` has it."""
        return None if self._generated is None else self._generated(column)


# --- INSERT ----------------------------------------------------------------------------------------------------------


def _insert(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    target = _WrittenTable(analysis, body["relation"])
    columns = [item["ResTarget"] for item in body.get("cols", ())]
    for column in columns:
        target.type(column["name"])
        if analysis.places is not None:
            analysis.places.written(target.name, column)
    # Parts of columns (`a.b`, `a[1]`) are not typed.
    if "selectStmt" in body and not any("indirection" in column for column in columns):
        override = body.get("override", "OVERRIDING_NOT_SET")
        _insert_rows(analysis, scope, target, [column["name"] for column in columns], body["selectStmt"], override)
    own = QueryLevel(scope)
    alias = body["relation"].get("alias", {}).get("aliasname", target.name.name)
    own.add(FromItem(alias, target.columns, target.name))
    _conflict(analysis, body.get("onConflictClause"), target, own)
    return _returning(analysis, body, own)


def _insert_rows(
    analysis: ExpressionAnalysis,
    scope: QueryLevel,
    target: _WrittenTable,
    columns: list[str],
    source: Node,
    override: str,
) -> None:
    listed = bool(columns)
    names = columns if listed else list(target.columns or ())
    known = listed or target.columns is not None
    query = source["SelectStmt"]
    rows = [item["List"]["items"] for item in query.get("valuesLists", ())]
    if rows and "sortClause" not in query and "limitCount" not in query:
        with_clause(analysis, query, scope)
        for row in rows:
            _row(analysis, scope, target, (names, listed, known), row, override)
        return
    found = columns_of(analysis, source, scope)
    if ("*", UNKNOWN) not in found:
        _count(names, listed, known, len(found))
        for name, (_, kind) in zip(names, found, strict=False):
            _writable(target, name, override)
            _fits(analysis, target, name, kind)


def _row(
    analysis: ExpressionAnalysis,
    scope: QueryLevel,
    target: _WrittenTable,
    expected: tuple[Sequence[str], bool, bool],
    row: Sequence[Node],
    override: str,
) -> None:
    """Check a row of VALUES. `expected` are the columns, whether they are listed, and whether they are known."""
    names, listed, known = expected
    _count(names, listed, known, len(row))
    for place, node in enumerate(row):
        name = names[place] if place < len(names) else None
        if "SetToDefault" in node:
            continue
        if name is not None:
            _writable(target, name, override)
        found = analysis.read(node, scope)
        if name is None:
            continue
        if found.type == LITERAL:
            analysis.constant(found, target.type(name))
        else:
            _fits(analysis, target, name, found.type)


def _count(names: Sequence[str], listed: bool, known: bool, given: int) -> None:
    if known and given > len(names):
        raise Invalid("syntax_error", "INSERT has more expressions than target columns")
    if listed and given < len(names):
        raise Invalid("syntax_error", "INSERT has more target columns than expressions")


def _writable(target: _WrittenTable, column: str, override: str) -> None:
    """Raise `Invalid` for a column that only the server writes."""
    kind = target.generated(column)
    if kind in ("stored", "virtual") or (kind == "always" and override == "OVERRIDING_NOT_SET"):
        message = f'cannot insert a non-DEFAULT value into column "{column}"'
        raise Invalid("generated_always", message, target.name, column)


def _fits(analysis: ExpressionAnalysis, target: _WrittenTable, column: str, kind: str) -> None:
    wanted = target.type(column)
    if not analysis.kinds.coerces(kind, wanted, ASSIGNMENT):
        message = f'column "{column}" is of type {spelled(wanted)} but expression is of type {spelled(kind)}'
        raise Invalid("datatype_mismatch", message, target.name, column)


def _conflict(analysis: ExpressionAnalysis, clause: Node | None, target: _WrittenTable, scope: QueryLevel) -> None:
    if clause is None:
        return
    if analysis.places is not None:
        analysis.places.inferred(target.name, clause.get("infer", {}))
    for item in clause.get("infer", {}).get("indexElems", ()):
        element = item["IndexElem"]
        if "name" in element:
            target.type(element["name"])
        else:
            analysis.read(element["expr"], scope)
    infer = clause.get("infer", {})
    if "whereClause" in infer:
        analysis.truth(infer["whereClause"], scope, "WHERE")
    if clause.get("action") != "ONCONFLICT_UPDATE":
        return
    scope.enter(FromItem("excluded", target.columns, target.name))
    _assign(analysis, clause.get("targetList", ()), target, scope)
    if "whereClause" in clause:
        analysis.truth(clause["whereClause"], scope, "WHERE")


# --- UPDATE, DELETE, MERGE -------------------------------------------------------------------------------------------


def _update(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    target = _WrittenTable(analysis, body["relation"])
    scope.add(relation_source(analysis, body["relation"], QueryLevel()))
    from_clause(analysis, body.get("fromClause", ()), scope)
    _assign(analysis, body.get("targetList", ()), target, scope)
    if "whereClause" in body:
        condition(analysis, body["whereClause"], scope, "WHERE")
    return _returning(analysis, body, scope)


def _assign(analysis: ExpressionAnalysis, targets: Sequence[Node], target: _WrittenTable, scope: QueryLevel) -> None:
    """Read the assignments of SET."""
    for item in targets:
        body = item["ResTarget"]
        name, value = body["name"], body["val"]
        wanted = target.type(name)
        if analysis.places is not None:
            analysis.places.written(target.name, body)
        if "SetToDefault" in value:
            continue
        if target.generated(name) in ("stored", "virtual", "always"):
            message = f'column "{name}" can only be updated to DEFAULT'
            raise Invalid("generated_always", message, target.name, name)
        if "MultiAssignRef" in value:
            if value["MultiAssignRef"].get("colno", 1) == 1:
                _several(analysis, value["MultiAssignRef"]["source"], scope)
        elif "indirection" in body:
            analysis.read(value, scope)
        else:
            found = analysis.read(value, scope)
            if found.type == LITERAL:
                analysis.constant(found, wanted)
            else:
                _fits(analysis, target, name, found.type)


def _several(analysis: ExpressionAnalysis, source: Node, scope: QueryLevel) -> None:
    if "SubLink" in source:
        columns_of(analysis, source["SubLink"]["subselect"], scope)
    elif "RowExpr" in source:
        for node in source["RowExpr"].get("args", ()):
            if "SetToDefault" not in node:
                analysis.read(node, scope)


def _delete(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    scope.add(relation_source(analysis, body["relation"], QueryLevel()))
    from_clause(analysis, body.get("usingClause", ()), scope)
    if "whereClause" in body:
        condition(analysis, body["whereClause"], scope, "WHERE")
    return _returning(analysis, body, scope)


def _merge(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    target = _WrittenTable(analysis, body["relation"])
    scope.add(relation_source(analysis, body["relation"], QueryLevel()))
    from_clause(analysis, [body["sourceRelation"]], scope)
    analysis.truth(body["joinCondition"], scope, "JOIN/ON")
    for item in body.get("mergeWhenClauses", ()):
        clause = item["MergeWhenClause"]
        if "condition" in clause:
            analysis.truth(clause["condition"], scope, "WHEN")
        if clause.get("commandType") == "CMD_UPDATE":
            _assign(analysis, clause.get("targetList", ()), target, scope)
        else:
            for value in clause.get("values", ()):
                if "SetToDefault" not in value:
                    analysis.read(value, scope)
    return [("*", UNKNOWN)]


def _returning(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    targets = body.get("returningList", ()) or body.get("returningClause", {}).get("exprs", ())
    columns: Columns = []
    for item in targets:
        value = item["ResTarget"]["val"]
        fields = value.get("ColumnRef", {}).get("fields", ())
        if fields and "A_Star" in fields[-1]:
            columns += star(scope, strings(fields[:-1]))
            if analysis.places is not None:
                analysis.places.star(value["ColumnRef"], scope, strings(fields[:-1]))
        else:
            found: Result = analysis.read(value, scope)
            columns.append((item["ResTarget"].get("name") or column_name(value), found.type))
            if analysis.places is not None:
                analysis.places.target(item["ResTarget"])
    return columns


STATEMENTS.update({"InsertStmt": _insert, "UpdateStmt": _update, "DeleteStmt": _delete, "MergeStmt": _merge})
