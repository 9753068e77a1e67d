"""Queries as they are stored: their stars written out, and ORDER BY and GROUP BY by what is sorted and grouped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.context import Columns
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN
from miglint.sql.postgres.analysis.kinds import is_array
from miglint.sql.postgres.analysis.queries import from_clause, star, with_clause
from miglint.sql.postgres.analysis.scope import QueryLevel
from miglint.sql.postgres.analysis.stored.calls import sorting, window
from miglint.sql.postgres.analysis.stored.forms import Form, Readers, StoredReader, TypedForm
from miglint.sql.postgres.names import Node, qualified, relation_name, strings
from miglint.sql.postgres.outputs import column_name

_JOINS = {"JOIN_INNER": "inner", "JOIN_LEFT": "left", "JOIN_RIGHT": "right", "JOIN_FULL": "full"}


def query(reader: StoredReader, node: Node, outer: QueryLevel | None, *, named: bool = True) -> tuple[Form, Columns]:
    """Return a query, with the names of its results where it is `named`, and its result columns.

    Raises `Invalid` for what the server refuses.
    """
    ((kind, body),) = node.items()
    if kind != "SelectStmt":
        reader.sure = False
        return (kind, reader.plain(body, QueryLevel(outer))), []
    return _select(reader, body, outer, named=named)


def _select(
    reader: StoredReader, body: Node, outer: QueryLevel | None, *, named: bool = True, wanted: Sequence[str] = ()
) -> tuple[Form, Columns]:
    """Return a `SELECT`; `wanted` are the types that constants without one take where they are its results."""
    around = reader.aliases, reader.taken, reader.merged, reader.full
    reader.qualified = True
    try:
        return _level(reader, body, outer, named=named, wanted=wanted)
    finally:
        reader.aliases, reader.taken, reader.merged, reader.full = around


def _level(
    reader: StoredReader, body: Node, outer: QueryLevel | None, *, named: bool, wanted: Sequence[str]
) -> tuple[Form, Columns]:
    scope = QueryLevel(outer)
    with_clause(reader.analysis, body, scope)
    if "larg" in body:
        parts, columns = _set_operation(reader, body, scope, named=named)
    elif "valuesLists" in body:
        parts, columns = _values(reader, body["valuesLists"], scope, wanted)
    else:
        from_clause(reader.analysis, body.get("fromClause", ()), scope)
        _take_aliases(reader, scope)
        parts, columns = _plain(reader, body, scope, named=named, wanted=wanted)
    targets = [item[0] for item in parts[-1][1]] if parts[-1][0] == "results" else _outputs(columns)
    outputs = [name for name, _ in columns]
    parts.append(_order(reader, body, scope, targets, outputs))
    if "larg" not in body and "valuesLists" not in body:
        parts += _groups(reader, body, scope, targets, outputs)
    parts.append(tuple((key, _limit(reader, body[key], scope)) for key in ("limitCount", "limitOffset") if key in body))
    parts.append(_locked(reader, body))
    rest: Node = {key: body[key] for key in ("groupDistinct",) if key in body}
    if body.get("limitOption") == "LIMIT_OPTION_WITH_TIES":
        rest["limitOption"] = body["limitOption"]
    parts += [_with(reader, body, scope), reader.plain(rest, scope)]
    return ("query", *parts), columns


_STRENGTHS = ("LCS_FORKEYSHARE", "LCS_FORSHARE", "LCS_FORNOKEYUPDATE", "LCS_FORUPDATE")
_WAITS = ("LockWaitBlock", "LockWaitSkip", "LockWaitError")


def _locked(reader: StoredReader, body: Node) -> Form:
    """Return what FOR UPDATE and its like lock: without OF, all relations and queries in FROM, one after the other."""
    if "lockingClause" not in body:
        return ()
    sources = list(_lockable(body.get("fromClause", ())))
    found: dict[str, tuple[int, int]] = {}
    for item in body["lockingClause"]:
        clause = item["LockingClause"]
        given = (_STRENGTHS.index(clause["strength"]), _WAITS.index(clause["waitPolicy"]))
        names = [node["RangeVar"]["relname"] for node in clause.get("lockedRels", ())]
        for name in names or sources:
            had = found.get(name, (0, 0))
            found[name] = (max(had[0], given[0]), max(had[1], given[1]))
    return ("locked", *((reader.aliases.get(name, name), *how) for name, how in found.items()))


def _lockable(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        ((kind, body),) = node.items()
        if kind == "JoinExpr":
            yield from _lockable((body["larg"], body["rarg"]))
        elif kind in ("RangeVar", "RangeSubselect"):
            yield body.get("alias", {}).get("aliasname") or body.get("relname", "")


def _outputs(columns: Columns) -> list[Form]:
    return [("output", place) for place in range(len(columns))]


def _take_aliases(reader: StoredReader, scope: QueryLevel) -> None:
    """Give each source the name by which the server prints it: one that no query around it has for its own."""
    aliases: dict[str, str] = {}
    taken = set(reader.taken)
    for source in scope.sources:
        name, number = source.alias, 0
        while name in taken and name:
            number += 1
            name = f"{source.alias}_{number}"
        taken.add(name)
        aliases[source.alias] = name
    reader.aliases, reader.taken = aliases, frozenset(taken)


def _set_operation(reader: StoredReader, body: Node, scope: QueryLevel, *, named: bool) -> tuple[list[Any], Columns]:
    around = scope if scope.ctes else scope.outer
    sides = [_select(reader, body[side], around, named=named) for side in ("larg", "rarg")]
    (_, columns), (_, others) = sides
    if len(columns) != len(others) or "*" in (name for name, _ in columns + others):
        reader.sure = False
        return [("set", body["op"], body.get("all", False)), sides[0][0], sides[1][0]], columns
    kinds = [reader.overloads.common((one[1], two[1]), "UNION") for one, two in zip(columns, others, strict=True)]
    forms = []
    for side, (form, own) in zip(("larg", "rarg"), sides, strict=True):
        if any(kind == LITERAL for _, kind in own):
            # Its constants take the type of the other side.
            forms.append(_select(reader, body[side], around, named=named, wanted=kinds)[0])
        else:
            forms.append(form)
    columns = [(name, kind) for (name, _), kind in zip(columns, kinds, strict=True)]
    return [("set", body["op"], body.get("all", False)), *forms], columns


def _with(reader: StoredReader, body: Node, scope: QueryLevel) -> Form:
    clause = body.get("withClause")
    if clause is None:
        return ()
    found: list[Form] = [("recursive", bool(clause.get("recursive")))]
    for item in clause["ctes"]:
        own = item["CommonTableExpr"]
        rest = {name: value for name, value in own.items() if name not in ("ctequery", "ctematerialized")}
        materialized = own.get("ctematerialized", "CTEMaterializeDefault")
        form, _ = query(reader, own["ctequery"], scope)
        found.append((materialized, reader.plain(rest, scope), form))
    return tuple(found)


def _values(
    reader: StoredReader, lists: Sequence[Node], scope: QueryLevel, wanted: Sequence[str]
) -> tuple[list[Any], Columns]:
    rows = [reader.parts(item["List"]["items"], scope) for item in lists]
    columns: Columns = []
    for place in range(min(map(len, rows), default=0)):
        kind = reader.overloads.common([row[place].type for row in rows], "VALUES")
        columns.append((f"column{place + 1}", kind))
    if wanted:
        reader.sure = False
    # What else is cast to that type is not printed so.
    forms = tuple(
        tuple(reader.result(part, kind) for part, (_, kind) in zip(row, columns, strict=False)) for row in rows
    )
    return [("values", forms)], columns


def _plain(
    reader: StoredReader, body: Node, scope: QueryLevel, *, named: bool, wanted: Sequence[str]
) -> tuple[list[Any], Columns]:
    """Return the sources, the condition and the results of a query without set operations, and its columns."""
    reader.merged, reader.full = _are_left(body.get("fromClause", ())), _is_full(body.get("fromClause", ()))
    parts: list[Any] = [tuple(_from_item(reader, node, scope) for node in body.get("fromClause", ()))]
    if "whereClause" in body:
        parts.append(("where", reader.truth(body["whereClause"], scope)))
    targets: list[Form] = []
    columns: Columns = []
    for item in body.get("targetList", ()):
        target = item["ResTarget"]
        value = target["val"]
        fields = value.get("ColumnRef", {}).get("fields", ())
        if fields and "A_Star" in fields[-1]:
            names = strings(fields[:-1])
            expanded = star(scope, names)
            columns += expanded
            targets += _star(reader, scope, names, [name for name, _ in expanded])
            continue
        part = reader.read(value, scope)
        targets.append(reader.result(part, wanted[len(targets)] if len(wanted) > len(targets) else "text"))
        columns.append((target.get("name") or column_name(value), part.type))
    labels = [name if named else "" for name, _ in columns]
    parts.append(("results", tuple(zip(targets, labels, strict=False))))
    return parts, columns


def _are_left(nodes: Sequence[Node]) -> bool:
    """Return whether each column that `USING` makes of two is printed as that of the left side."""
    for node in nodes:
        join = node.get("JoinExpr")
        if join is None:
            continue
        merges = "usingClause" in join or "isNatural" in join
        if (merges and join["jointype"] not in ("JOIN_INNER", "JOIN_LEFT")) or "alias" in join:
            return False
        if not _are_left((join["larg"], join["rarg"])):
            return False
    return True


def _is_full(nodes: Sequence[Node]) -> bool:
    """Return whether FROM is one full join of two sources, with columns of `USING` that are those of neither."""
    join = nodes[0].get("JoinExpr") if len(nodes) == 1 else None
    if join is None or join["jointype"] != "JOIN_FULL" or "alias" in join:
        return False
    return "JoinExpr" not in join["larg"] and "JoinExpr" not in join["rarg"]


def _groups(
    reader: StoredReader, body: Node, scope: QueryLevel, targets: Sequence[Form], outputs: Sequence[str]
) -> list[Form]:
    parts: list[Form] = []
    if "groupClause" in body:
        nodes = _group_items(body["groupClause"])
        # What is grouped by twice is printed once.
        parts.append(("group", tuple(dict.fromkeys(_grouped(reader, node, scope, targets, outputs) for node in nodes))))
    if "havingClause" in body:
        parts.append(("having", reader.truth(body["havingClause"], scope)))
    if "distinctClause" in body:
        keys = [node for node in body["distinctClause"] if node]
        parts.append(("distinct", tuple(_by_result(reader, node, scope, targets, outputs) for node in keys)))
    for item in body.get("windowClause", ()):
        parts.append(("window", item["WindowDef"].get("name"), window(reader, item["WindowDef"], scope)))
    return parts


def _group_items(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield the items of GROUP BY: those of a list in parentheses one by one."""
    for node in nodes:
        if "RowExpr" in node and node["RowExpr"].get("row_format") == "COERCE_IMPLICIT_CAST":
            yield from _group_items(node["RowExpr"].get("args", ()))
        else:
            yield node


def _star(reader: StoredReader, scope: QueryLevel, names: Sequence[str], columns: Sequence[str]) -> list[Form]:
    """Return the columns that `*` stands for."""
    if "*" in columns or (scope.merged and not names):
        reader.sure = False
        return [("star", *names)]
    found: list[Form] = []
    for place, source in enumerate(scope.sources):
        if not names or source.alias == names[-1]:
            found += [("column", 0, place, name) for name in source.columns or ()]
    return found


def _order(reader: StoredReader, body: Node, scope: QueryLevel, targets: Sequence[Form], names: Sequence[str]) -> Form:
    items = body.get("sortClause", ())
    return tuple(
        sorting(reader, item, scope, _by_result(reader, item["SortBy"]["node"], scope, targets, names))
        for item in items
    )


def _place_of(node: Node, targets: Sequence[Form]) -> int | None:
    """Return the place of the result that a number means."""
    number = node.get("A_Const", {}).get("ival", {}).get("ival")
    return number - 1 if number is not None and 0 < number <= len(targets) else None


def _plain_name(node: Node) -> str | None:
    fields = node.get("ColumnRef", {}).get("fields", ())
    return strings(fields)[0] if len(fields) == 1 and "String" in fields[0] else None


def _by_result(
    reader: StoredReader, node: Node, scope: QueryLevel, targets: Sequence[Form], names: Sequence[str]
) -> Form:
    """Return what an item of ORDER BY means: the name and the number of a result are that."""
    place, name = _place_of(node, targets), _plain_name(node)
    if place is None and name is not None and len(names) == len(targets) and name in names:
        place = names.index(name)
    return targets[place] if place is not None else reader.result(reader.read(node, scope))


def _grouped(
    reader: StoredReader, node: Node, scope: QueryLevel, targets: Sequence[Form], names: Sequence[str]
) -> Form:
    """Return what an item of GROUP BY means: a name is first that of a column, and then that of a result."""
    if "GroupingSet" in node:
        body = node["GroupingSet"]
        own = [_grouped(reader, item, scope, targets, names) for item in body.get("content", ())]
        return ("sets", body.get("kind"), tuple(own))
    name = _plain_name(node)
    if name is not None and any(source.columns is None or name in source.columns for source in scope.sources):
        return reader.result(reader.read(node, scope))
    return _by_result(reader, node, scope, targets, names)


def _limit(reader: StoredReader, node: Node, scope: QueryLevel) -> Form:
    part = reader.read(node, scope)
    return reader.constant(part.literal, "int8") if part.type == LITERAL else part.form


# --- FROM


def _from_item(reader: StoredReader, node: Node, scope: QueryLevel) -> Form:
    ((kind, body),) = node.items()
    alias = body.get("alias", {})
    own = alias.get("aliasname")
    names = (reader.aliases.get(own, own), strings(alias.get("colnames")))
    if kind == "RangeVar":
        return ("relation", *_relation(reader, body, scope, names), body.get("inh", False))
    if kind == "JoinExpr":
        sides = (_from_item(reader, body["larg"], scope), _from_item(reader, body["rarg"], scope))
        on = reader.truth(body["quals"], scope) if "quals" in body else None
        using = strings(body.get("usingClause"))
        if body.get("isNatural"):
            # The server names the columns.
            using = tuple(scope.merged)
            reader.sure = reader.sure and "JoinExpr" not in body["larg"] and "JoinExpr" not in body["rarg"]
        return ("join", _JOINS.get(body["jointype"], body["jointype"]), *sides, on, using, names)
    if kind == "RangeSubselect":
        form, _ = query(reader, body["subquery"], _around(scope, lateral=body.get("lateral", False)))
        return ("subquery", bool(body.get("lateral")), form, names)
    if kind == "RangeFunction":
        return _from_function(reader, body, scope, names)
    reader.sure = False
    return (kind, reader.plain(body, scope))


def _from_function(
    reader: StoredReader, body: Node, scope: QueryLevel, names: tuple[str | None, tuple[str, ...]]
) -> Form:
    """Return a function in FROM, which the server prints with the names of its columns."""
    source = next((item for item in scope.called(body.get("alias", {}).get("aliasname", "")) if item.columns), None)
    if source is None or source.columns is None:
        reader.sure = False
    else:
        names = (names[0], tuple(source.columns))
    # It may always refer to what stands before it.
    rest = {name: value for name, value in body.items() if name not in ("alias", "lateral")}
    return ("function", names, reader.plain(rest, scope))


def _around(scope: QueryLevel, *, lateral: bool) -> QueryLevel:
    if lateral:
        return scope
    level = QueryLevel(scope.outer, variables=scope.variables)
    level.ctes = scope.ctes
    return level


def _relation(reader: StoredReader, body: Node, scope: QueryLevel, names: tuple[str | None, tuple[str, ...]]) -> Form:
    name = relation_name(body)
    shown, listed = names
    if shown is None and (printed := reader.aliases.get(name.name, name.name)) != name.name:
        shown = printed
    if name.schema is None and scope.cte(name.name)[0]:
        # No relation has such a name.
        return f"with {name}", name.name if shown is None else shown, listed
    found = reader.environment.relation(name)
    if found is None or found.columns is None:
        reader.sure = False
    full = name if found is None else found.name
    return str(full).removeprefix("public."), shown, listed


# --- queries in expressions


def _sublink(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    kind = body["subLinkType"]
    form, columns = query(reader, body["subselect"], scope)
    first = columns[0][1] if len(columns) == 1 and columns[0][0] != "*" else UNKNOWN
    first = "text" if first == LITERAL else first
    if kind == "EXISTS_SUBLINK":
        return TypedForm((kind, form), "bool")
    if kind == "EXPR_SUBLINK":
        return TypedForm((kind, form), first)
    if kind == "ARRAY_SUBLINK":
        return TypedForm((kind, form), first if first == UNKNOWN or is_array(first) else f"{first}[]")
    if "testexpr" not in body or "RowExpr" in body["testexpr"] or first == UNKNOWN:
        reader.sure = False
        return TypedForm((kind, reader.plain(body.get("testexpr", ()), scope), form), "bool")
    sign = qualified(body["operName"]) if "operName" in body else Name(None, "=")
    left = reader.read(body["testexpr"], scope)
    forms, _ = reader.operator(sign, (left, TypedForm(("operand",), first)))
    return TypedForm((kind, str(sign), forms[0], form), "bool")


READERS: Readers = {"SubLink": _sublink}
