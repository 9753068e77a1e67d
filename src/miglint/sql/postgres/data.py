"""Statements that read and write rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, replace
from miglint.sql.operations import (
    Condition,
    Delete,
    Expression,
    Insert,
    Name,
    Operation,
    OtherData,
    Query,
    RowCopy,
    Select,
    Truncate,
    Update,
)
from miglint.sql.postgres.anti_joins import leaves_out, written
from miglint.sql.postgres.calls import call_of, calls_of
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.catalog_rows import KnownVariables
from miglint.sql.postgres.conditions import condition
from miglint.sql.postgres.expressions import expression, literal_of, query, trailing
from miglint.sql.postgres.lexer import find_word
from miglint.sql.postgres.names import Node, relation_name, strings
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.relations import nodes_of, relations_in
from miglint.sql.postgres.row_copies import lookups, row_copy
from miglint.sql.postgres.scopes import Walk
from miglint.sql.postgres.selects import alias_of
from miglint.sql.postgres.set_config import settings_of
from miglint.sql.postgres.tables import select_into

_MOST_VALUES = 50_000
_LONGEST = 50_000
_RETURNING = pattern(r"\bRETURNING\b", re.IGNORECASE)
_SOURCE = pattern(r"\b(?:SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE)
_SUFFIX = pattern(r"\bON\s+CONFLICT\b|\bRETURNING\b", re.IGNORECASE)
_CONFLICTS = {"ONCONFLICT_NOTHING": "nothing", "ONCONFLICT_UPDATE": "update"}
_NO_VARIABLES = KnownVariables({}, {})
_Rows = tuple[tuple[Expression | None, ...], ...]
_MODIFIES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def _common(place: Place, node: Node) -> list[Operation]:
    """Return the operations of the data-modifying statements in a WITH list."""
    clause = node.get("withClause")
    operations: list[Operation] = []
    for item in clause["ctes"] if clause is not None else ():
        ((kind, body),) = item["CommonTableExpr"]["ctequery"].items()
        if kind in _MODIFIES:
            operations += _READERS[kind](place, body)
        elif kind == "SelectStmt":
            operations += _common(place, body)
    return [_hidden(operation, _ctes(node)) for operation in operations]


def _hidden(operation: Operation, names: set[str]) -> Operation:
    """Return a statement of a WITH list without the names of that list among the relations that it reads."""
    if isinstance(operation, (Insert, Update, Delete, OtherData)):
        operation = replace(operation, text="")
    if isinstance(operation, Insert):
        query = operation.query
        if query is None or not any(name.name in names for name in query.relations):
            return operation
        uses = tuple(use for use in query.uses if use.relation is None or _real(use.relation, names))
        relations = tuple(name for name in query.relations if _real(name, names))
        return replace(operation, query=replace(query, relations=relations, uses=uses))
    if isinstance(operation, (Update, Delete, OtherData)):
        return replace(operation, relations=tuple(name for name in operation.relations if _real(name, names)))
    return operation


def _real(name: Name, names: set[str]) -> bool:
    return name.schema is not None or name.name not in names


def _text(place: Place) -> str:
    """Return the text of a statement, unless it is so long that nothing but rows can be in it."""
    return place.text[place.start : place.end] if place.end - place.start <= _LONGEST else ""


def _where(place: Place, node: Node, own: str) -> Expression | None:
    raw = node.get("whereClause")
    if raw is None:
        return None
    text = trailing(place, raw)
    if "returningClause" in node:
        found = find_word(text, _RETURNING, 0, len(text))
        text = text[: found.start()].rstrip() if found else text
    return expression(raw, text, own)


def _rows(values: Sequence[Node]) -> tuple[tuple[Expression | None, ...], ...] | None:
    """Return the rows of `VALUES`, or None if they are too many."""
    if len(values) * len(values[0]["List"]["items"]) > _MOST_VALUES:
        return None
    return tuple(tuple(_value(item) for item in row["List"]["items"]) for row in values)


class _InsertSource(Struct, frozen=True):
    """What an `INSERT` inserts: known rows, or the result of a query; the other fields are those of `Insert`."""

    rows: _Rows | None
    query: Query | None = None
    anti_join: bool = False
    guard: Condition | None = None
    offered: _Rows = ()
    copied: RowCopy | None = None
    lookups: tuple[tuple[int, int, RowCopy], ...] = ()


def _insert_source(place: Place, node: Node, table: Name) -> _InsertSource:
    source = node.get("selectStmt")
    if source is None:
        return _InsertSource(((),))
    body = source["SelectStmt"]
    values = body.get("valuesLists")
    if values is not None:
        rows = _rows(values)
        return _InsertSource(rows, lookups=lookups(values, _value) if rows is not None else ())
    found = query(source, _source_text(place, node["relation"]), _ctes(node))
    selected = _selected(body)
    guard: Condition | None = None
    offered: _Rows = ()
    if selected is not None and "whereClause" in body:
        guard, offered = condition(body["whereClause"], _NO_VARIABLES), selected
    if leaves_out(body, table, written(node, body)):
        return _InsertSource(None, found, True, guard, offered)
    return _InsertSource(selected, found, False, guard, offered, row_copy(body, _value))


def insert(place: Place, node: Node) -> list[Operation]:
    """Read `INSERT`."""
    operations = _common(place, node)
    table = relation_name(node["relation"])
    source = _insert_source(place, node, table)
    if source.query is not None:
        operations += _common(place, node["selectStmt"]["SelectStmt"])
    rows = source.rows
    if rows is not None and node.get("override") == "OVERRIDING_USER_VALUE":
        # Identity columns take none of these values.
        rows = tuple((None,) * len(row) for row in rows)
    conflict = node.get("onConflictClause", {})
    infer = conflict.get("infer", {})
    operations.append(
        Insert(
            span=place.whole(),
            table=table,
            columns=tuple(item["ResTarget"]["name"] for item in node.get("cols", ())),
            rows=rows,
            query=source.query,
            conflict=_CONFLICTS.get(conflict.get("action", "")),
            conflict_columns=tuple(_inferred(item["IndexElem"]) for item in infer.get("indexElems", ())),
            conflict_constraint=infer.get("conname"),
            conflict_where=expression(infer["whereClause"], "", table.name) if "whereClause" in infer else None,
            anti_join=source.anti_join,
            guarded=rows is not None and source.query is not None and _asks_others(node["selectStmt"], table),
            guard=source.guard,
            offered=source.offered,
            copied=source.copied,
            lookups=source.lookups,
            twice=_twice(node.get("cols", ())) or _twice(conflict.get("targetList", ())),
            text=_text(place),
        )
    )
    return operations


def _twice(targets: Sequence[Node]) -> str | None:
    """Return a column that is assigned twice; parts of one (`a.x`, `a[1]`) are allowed."""
    whole: set[str] = set()
    parts: set[str] = set()
    for item in targets:
        target = item["ResTarget"]
        name = target["name"]
        if name in whole or (name in parts and "indirection" not in target):
            return str(name)
        (parts if "indirection" in target else whole).add(name)
    return None


def _inferred(node: Node) -> str:
    return str(node["name"]) if "name" in node else expression(node["expr"], "").key


def _value(node: Node) -> Expression | None:
    if "A_Const" in node or "TypeCast" in node:
        literal = literal_of(node)
        key = walk(Walk(), node)
        if literal is not None or key == "null":
            return Expression(key, key, literal=literal)
    return None


def _source_text(place: Place, target: Node) -> str:
    found = find_word(place.text, _SOURCE, place.char(target.get("location", 0)), place.end)
    if found is None:
        return ""
    end = find_word(place.text, _SUFFIX, found.start(), place.end)
    return place.text[found.start() : end.start() if end else place.end].rstrip()


def _selected(body: Node) -> tuple[tuple[Expression | None, ...], ...] | None:
    """Return the row of constants that a query without a table selects; None for other queries."""
    if any(clause in body for clause in ("fromClause", "limitCount", "limitOffset", "larg", "withClause")):
        return None
    row = tuple(_value(item["ResTarget"]["val"]) for item in body.get("targetList", ()))
    return None if None in row else (row,)


def _asks_others(body: Node, table: Name) -> bool:
    """Whether what decides over the row of a query without a table is anything but rows of `table`."""
    where = body["SelectStmt"].get("whereClause")
    if where is None:
        return False
    reads = [relation_name(inner) for kind, inner in nodes_of([where]) if kind == "RangeVar"]
    return not reads or any(name.name != table.name for name in reads)


def update(place: Place, node: Node) -> list[Operation]:
    """Read `UPDATE`."""
    operations = _common(place, node)
    relation = node["relation"]
    own = alias_of(relation) or relation["relname"]
    relations = dict.fromkeys(relations_in(node["fromClause"])) if "fromClause" in node else {}
    assignments: list[tuple[str, Expression | None]] = []
    for item in node.get("targetList", ()):
        target = item["ResTarget"]
        value = target["val"]
        if "SetToDefault" in value:
            assignments.append((target["name"], Expression("default", "DEFAULT")))
        elif "MultiAssignRef" in value or "indirection" in target or "SubLink" in value:
            assignments.append((target["name"], None))
            if value.get("MultiAssignRef", {}).get("colno", 1) == 1:
                relations.update(dict.fromkeys(relations_in(value)))
        else:
            found = expression(value, _assigned_text(place, target), own)
            assignments.append((target["name"], found))
            relations.update(dict.fromkeys(found.relations))
    where = _where(place, node, own)
    if where is not None:
        relations.update(dict.fromkeys(where.relations))
    operations.append(
        Update(
            span=place.whole(),
            table=relation_name(relation),
            assignments=tuple(assignments),
            where=where,
            relations=_without_ctes(relations, node),
            joined="fromClause" in node,
            twice=_twice(node.get("targetList", ())),
            text=_text(place),
        )
    )
    return operations


def _ctes(node: Node) -> set[str]:
    return {item["CommonTableExpr"]["ctename"] for item in node.get("withClause", {}).get("ctes", ())}


def _without_ctes(relations: dict[Name, None], node: Node) -> tuple[Name, ...]:
    hidden = _ctes(node)
    return tuple(name for name in relations if _real(name, hidden))


_AFTER_SET = pattern(r"\b(?:WHERE|FROM|RETURNING)\b", re.IGNORECASE)


def _assigned_text(place: Place, target: Node) -> str:
    """Return the text after the `=` of one assignment."""
    if "location" not in target:
        return ""
    start, end = place.clause(target["location"])
    equals = place.text.find("=", start, end)
    if equals < 0:
        return ""
    stop = find_word(place.text, _AFTER_SET, equals, end)
    return place.text[equals + 1 : stop.start() if stop else end].strip()


def delete(place: Place, node: Node) -> list[Operation]:
    """Read `DELETE`."""
    operations = _common(place, node)
    relation = node["relation"]
    where = _where(place, node, alias_of(relation) or relation["relname"])
    relations = dict.fromkeys(relations_in(node["usingClause"])) if "usingClause" in node else {}
    if where is not None:
        relations.update(dict.fromkeys(where.relations))
    operations.append(
        Delete(
            span=place.whole(),
            table=relation_name(relation),
            where=where,
            relations=_without_ctes(relations, node),
            joined="usingClause" in node,
            text=_text(place),
        )
    )
    return operations


def merge(place: Place, node: Node) -> list[Operation]:
    """Read `MERGE`."""
    table = relation_name(node["relation"])
    relations = relations_in(node.get("sourceRelation"), node.get("joinCondition"))
    actions = [item["MergeWhenClause"].get("targetList", ()) for item in node.get("mergeWhenClauses", ())]
    twice = next((name for name in map(_twice, actions) if name is not None), None)
    own = OtherData(span=place.whole(), kind="merge", table=table, relations=relations, twice=twice, text=_text(place))
    return [*_common(place, node), own]


def truncate(place: Place, node: Node) -> list[Operation]:
    """Read `TRUNCATE`: one operation per table."""
    return [
        Truncate(
            span=place.whole(),
            table=relation_name(item["RangeVar"]),
            cascade=node.get("behavior") == "DROP_CASCADE",
            restart_identity=node.get("restart_seqs", False),
            only=not item["RangeVar"].get("inh", False),
        )
        for item in node["relations"]
    ]


def select(place: Place, node: Node) -> list[Operation]:
    """Read `SELECT` and `VALUES`; `SELECT ... INTO` creates a table."""
    operations = _common(place, node)
    if "intoClause" in node:
        return operations + select_into(place, node)
    text = place.text[place.start : place.end]
    found = query({"SelectStmt": node}, text)
    operations.append(Select(span=place.whole(), query=found, called=calls_of(node) if found.functions else ()))
    if Name(None, "set_config") in found.functions:
        operations += settings_of(place, node, node)
    return operations


def copy(place: Place, node: Node) -> list[Operation]:
    """Read `COPY`: `FROM` writes rows of a table, `TO` reads them."""
    relation = node.get("relation")
    if node.get("is_from") and relation is not None:
        return [OtherData(span=place.whole(), kind="copy", table=relation_name(relation))]
    relations = (relation_name(relation),) if relation is not None else relations_in(node.get("query"))
    return [OtherData(span=place.whole(), kind="copy to", relations=relations)]


def call(place: Place, node: Node) -> list[Operation]:
    """Read `CALL`."""
    name = ".".join(strings(node["funccall"]["funcname"]))
    return [OtherData(span=place.whole(), kind=f"call {name}", called=call_of(node["funccall"]))]


_READERS = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete, "MergeStmt": merge}
