"""Anti-joins: whether the query of an `INSERT` excludes the rows that its table already has."""

from __future__ import annotations

from typing import Any

from miglint.sql.operations import Name
from miglint.sql.postgres.expressions import literal_of
from miglint.sql.postgres.names import Node, strings
from miglint.sql.postgres.relations import nodes_of
from miglint.sql.postgres.selects import alias_of


def _reads(tree: Any, table: Name) -> bool:
    return any(
        body.get("relname") == table.name and table.schema in {None, body.get("schemaname")}
        for kind, body in nodes_of(tree)
        if kind == "RangeVar"
    )


def written(node: Node, body: Node) -> dict[str, str]:
    """Return the constants that a query gives to listed columns."""
    names = [item["ResTarget"]["name"] for item in node.get("cols", ())]
    values = [literal_of(item["ResTarget"]["val"]) for item in body.get("targetList", ())]
    return {name: value for name, value in zip(names, values, strict=False) if value is not None}


def _tests_another_row(test: Node, constants: dict[str, str]) -> bool:
    """Return whether `EXISTS (SELECT ... WHERE column = constant)` tests another row than that of the constants."""
    where = test["SubLink"]["subselect"].get("SelectStmt", {}).get("whereClause")
    if where is None or test["SubLink"]["subLinkType"] != "EXISTS_SUBLINK":
        return False
    terms = where["BoolExpr"]["args"] if where.get("BoolExpr", {}).get("boolop") == "AND_EXPR" else [where]
    for term in terms:
        body = term.get("A_Expr", {})
        if body.get("kind") != "AEXPR_OP" or strings(body.get("name")) != ("=",) or "lexpr" not in body:
            continue
        fields = strings(body["lexpr"].get("ColumnRef", {}).get("fields"))
        value = literal_of(body["rexpr"])
        if fields and value is not None and constants.get(fields[-1], value) != value:
            return True
    return False


def leaves_out(body: Node, table: Name, constants: dict[str, str]) -> bool:
    """Return whether a source query excludes rows that the target already contains.

    `constants` are those that the query gives to columns of the target, as `written` returns them.
    """
    if body.get("op") == "SETOP_EXCEPT":
        return _reads(body["rarg"], table)
    where = body.get("whereClause")
    if where is None:
        return False
    for kind, inner in nodes_of([where]):
        if kind == "BoolExpr" and inner["boolop"] == "NOT_EXPR" and "SubLink" in inner["args"][0]:
            if _reads(inner["args"], table) and not _tests_another_row(inner["args"][0], constants):
                return True
        elif (
            kind == "SubLink"
            and inner["subLinkType"] == "ALL_SUBLINK"
            and strings(inner.get("operName")) == ("<>",)
            and _reads(inner["subselect"], table)
        ):
            return True
    return _left_join_is_null(body.get("fromClause", []), where, table)


def _left_join_is_null(tables: list[Node], where: Node, table: Name) -> bool:
    aliases = set()
    for kind, join in nodes_of(tables):
        if kind == "JoinExpr" and join["jointype"] == "JOIN_LEFT" and "RangeVar" in join["rarg"]:
            right = join["rarg"]["RangeVar"]
            if right["relname"] == table.name:
                aliases.add(alias_of(right) or right["relname"])
    if not aliases:
        return False
    for kind, test in nodes_of([where]):
        if kind == "NullTest" and test["nulltesttype"] == "IS_NULL":
            fields = test["arg"].get("ColumnRef", {}).get("fields", ())
            if len(fields) > 1 and fields[0].get("String", {}).get("sval") in aliases:
                return True
    return False
