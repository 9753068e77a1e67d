"""Queries: their sources, conditions, groups and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.base.identifiers import quote_name
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.context import READERS, STATEMENTS, Columns, ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Invalid, Result
from miglint.sql.postgres.analysis.functions_in_from import is_scalar, outputs_of
from miglint.sql.postgres.analysis.groups import refuse_other_order, refuse_ungrouped
from miglint.sql.postgres.analysis.kinds import is_array, refuse_unequal
from miglint.sql.postgres.analysis.places import star_place
from miglint.sql.postgres.analysis.scope import FromItem, QueryLevel
from miglint.sql.postgres.names import Node, qualified, relation_name, strings, type_of
from miglint.sql.postgres.outputs import column_name

_STAR = ("*", UNKNOWN)


def columns_of(analysis: ExpressionAnalysis, node: Node, outer: QueryLevel | None) -> Columns:
    """Return the result columns of a query; other statements have those of their RETURNING."""
    ((kind, body),) = node.items()
    if kind == "SelectStmt":
        return select(analysis, body, outer)
    reader = STATEMENTS.get(kind)
    if reader is None:
        return [_STAR]
    scope = QueryLevel(outer)
    with_clause(analysis, body, scope)
    return reader(analysis, body, scope)


def select(analysis: ExpressionAnalysis, body: Node, outer: QueryLevel | None) -> Columns:
    """Return the result columns of a `SELECT`."""
    kept = (analysis.aggregated, analysis.inside, analysis.plain, analysis.refusal)
    analysis.aggregated, analysis.inside, analysis.plain, analysis.refusal = 0, 0, [], ""
    try:
        scope = QueryLevel(outer)
        with_clause(analysis, body, scope)
        if "larg" in body:
            return _set_operation(analysis, body, scope)
        if "valuesLists" in body:
            return _values(analysis, body["valuesLists"], scope)
        return _plain(analysis, body, scope)
    finally:
        analysis.aggregated, analysis.inside, analysis.plain, analysis.refusal = kept


def with_clause(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> None:
    """Enter the queries of WITH in a scope."""
    clause = body.get("withClause")
    for item in clause["ctes"] if clause is not None else ():
        element = item["CommonTableExpr"]
        name, query = element["ctename"], element["ctequery"]
        names = strings(element.get("aliascolnames"))
        if clause is not None and clause.get("recursive"):
            # The columns of the recursive reference are those of its first part, which are not passed on here.
            scope.ctes[name] = None
        found = columns_of(analysis, query, scope)
        scope.ctes[name] = (
            _named(found, names) if "search_clause" not in element and "cycle_clause" not in element else None
        )


def _named(columns: Columns, names: Sequence[str]) -> Mapping[str, str] | None:
    """Return columns by name, under other names where there are such; None where they are not all known."""
    if _STAR in columns:
        return None
    labels = [names[place] if place < len(names) else name for place, (name, _) in enumerate(columns)]
    if len(set(labels)) != len(labels):
        return None
    return {name: "text" if kind == LITERAL else kind for name, (_, kind) in zip(labels, columns, strict=True)}


def _set_operation(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    # A level without names of its own would be searched for each name in a chain of queries.
    around = scope if scope.ctes else scope.outer
    left, right = (select(analysis, body[side], around) for side in ("larg", "rarg"))
    if _STAR in left or _STAR in right:
        return [_STAR]
    word = body["op"][6:]
    if len(left) != len(right):
        raise Invalid("syntax_error", f"each {word} query must have the same number of columns")
    columns = [
        (name, analysis.overloads.common((one, two), word)) for (name, one), (_, two) in zip(left, right, strict=True)
    ]
    if not body.get("all"):
        refuse_unequal(kind for _, kind in columns)
    return columns


def _values(analysis: ExpressionAnalysis, lists: Sequence[Node], scope: QueryLevel) -> Columns:
    rows = [item["List"]["items"] for item in lists]
    if len({len(row) for row in rows}) > 1:
        raise Invalid("syntax_error", "VALUES lists must all be the same length")
    columns: Columns = []
    for place in range(len(rows[0])):
        kinds = [analysis.read(row[place], scope).type for row in rows]
        columns.append((f"column{place + 1}", analysis.overloads.common(kinds, "VALUES")))
    return columns


def _plain(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Columns:
    from_clause(analysis, body.get("fromClause", ()), scope)
    if "whereClause" in body:
        condition(analysis, body["whereClause"], scope, "WHERE")
    # What is read so far is read for each row, before there are groups.
    analysis.plain = []
    columns: Columns = []
    targets: list[Node] = []
    for item in body.get("targetList", ()):
        target = item["ResTarget"]
        value = target["val"]
        fields = value.get("ColumnRef", {}).get("fields", ())
        if fields and "A_Star" in fields[-1]:
            columns += star(scope, strings(fields[:-1]))
            place = star_place(value["ColumnRef"], body.get("fromClause", ()))
            analysis.stars[place] = star_text(scope, strings(fields[:-1]))
            if analysis.places is not None:
                analysis.places.star(place, scope, strings(fields[:-1]))
            targets += [value] * (len(columns) - len(targets))
        else:
            found = analysis.read(value, scope)
            columns.append((target.get("name") or column_name(value), found.type))
            targets.append(value)
            if analysis.places is not None:
                analysis.places.target(target)
    if any(not node for node in body.get("distinctClause", ())):
        refuse_unequal(kind for _, kind in columns)
    if "havingClause" in body:
        analysis.truth(body["havingClause"], scope, "HAVING")
    _order(analysis, body, scope, dict(columns))
    refuse_other_order(body, targets)
    refuse_ungrouped(analysis, body, scope, targets)
    if analysis.places is not None:
        _read_windows(analysis, body, scope)
    for key in ("limitCount", "limitOffset"):
        if key in body:
            analysis.read(body[key], scope)
    return columns


def _read_windows(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> None:
    for item in body.get("windowClause", ()):
        window = item["WindowDef"]
        for node in window.get("partitionClause", ()):
            analysis.read(node, scope)
        for node in window.get("orderClause", ()):
            analysis.read(node["SortBy"]["node"], scope)


def condition(analysis: ExpressionAnalysis, node: Node, scope: QueryLevel, where: str) -> None:
    """Read a condition on single rows: there are no groups yet."""
    words = "JOIN conditions" if where == "JOIN/ON" else where
    analysis.inside, analysis.refusal = analysis.inside + 1, f"aggregate functions are not allowed in {words}"
    analysis.truth(node, scope, where)
    analysis.inside, analysis.refusal = analysis.inside - 1, ""


def _order(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel, named: Mapping[str, str]) -> None:
    """Read ORDER BY and DISTINCT ON: a plain name may be that of a result, a number the place of one."""
    nodes = [item["SortBy"]["node"] for item in body.get("sortClause", ())]
    nodes += [node for node in body.get("distinctClause", ()) if node]
    for node in nodes:
        fields = node.get("ColumnRef", {}).get("fields", ())
        plain = strings(fields)[0] if len(fields) == 1 and "String" in fields[0] else None
        if plain is not None and plain in named:
            refuse_unequal((named[plain],), "ordering")
        elif "A_Const" not in node:
            refuse_unequal((analysis.read(node, scope).type,), "ordering")


def star(scope: QueryLevel, names: Sequence[str]) -> Columns:
    """Return the columns that `*` or `name.*` stands for."""
    columns: Columns = []
    wanted = names[-1] if names else None
    merged = list(scope.merged.items()) if wanted is None else []
    for source in scope.sources if wanted is None else scope.called(wanted):
        if source.columns is None:
            return [_STAR]
        columns += [item for item in source.columns.items() if wanted is not None or item[0] not in scope.merged]
    return [*merged, *columns] if columns or merged else [_STAR]


def star_text(scope: QueryLevel, names: Sequence[str]) -> str | None:
    """Return as SQL what `*` or `name.*` stands for; None where it is not known."""
    wanted = names[-1] if names else None
    parts = [] if wanted is not None else [quote_name(name) for name in scope.merged]
    for source in scope.sources if wanted is None else scope.called(wanted):
        if source.columns is None:
            return None
        prefix = f"{quote_name(source.alias)}." if source.alias else ""
        own = (name for name in source.columns if wanted is not None or name not in scope.merged)
        parts += [f"{prefix}{quote_name(name)}" for name in own]
    return ", ".join(parts) or None


# --- FROM ------------------------------------------------------------------------------------------------------------


def from_clause(analysis: ExpressionAnalysis, nodes: Sequence[Node], scope: QueryLevel) -> None:
    """Enter the items of FROM in a scope."""
    for node in nodes:
        _item(analysis, node, scope)


def _item(analysis: ExpressionAnalysis, node: Node, scope: QueryLevel) -> None:
    ((kind, body),) = node.items()
    if kind == "RangeVar":
        source = relation_source(analysis, body, scope)
        scope.add(source)
        if analysis.places is not None:
            analysis.places.table(source, body)
    elif kind == "JoinExpr":
        _join(analysis, body, scope)
    elif kind == "RangeSubselect":
        # Only with LATERAL it can refer to items beside it.
        around = scope if body.get("lateral") else _sibling_level(scope)
        found = columns_of(analysis, body["subquery"], around)
        scope.add(_aliased(body, _named(found, _alias_columns(body))))
    elif kind == "RangeFunction":
        _function(analysis, body, scope)
    elif kind == "RangeTableSample":
        _item(analysis, body["relation"], scope)
    else:
        scope.add(_aliased(body, None))


def _sibling_level(scope: QueryLevel) -> QueryLevel:
    """Return a level with the queries of WITH, and nothing of the FROM that is being read."""
    level = QueryLevel(scope.outer, variables=scope.variables)
    level.ctes = scope.ctes
    return level


def _alias_columns(body: Node) -> tuple[str, ...]:
    return strings(body.get("alias", {}).get("colnames"))


def _aliased(body: Node, columns: Mapping[str, str] | None) -> FromItem:
    return FromItem(body.get("alias", {}).get("aliasname", ""), columns)


def relation_source(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> FromItem:
    """Return what a name in FROM refers to: a query of WITH, or a relation."""
    name = relation_name(body)
    alias = body.get("alias", {}).get("aliasname", name.name)
    columns: Mapping[str, str] | None
    if name.schema is None:
        is_cte, columns = scope.cte(name.name)
        if is_cte:
            return FromItem(alias, _renamed(columns, _alias_columns(body)))
    found = analysis.environment.relation(name)
    if found is None:
        return FromItem(alias, None, name)
    listed = _alias_columns(body)
    return FromItem(alias, _renamed(found.columns, listed), found.name, found.keys, listed=listed)


def _renamed(columns: Mapping[str, str] | None, names: Sequence[str]) -> Mapping[str, str] | None:
    return _named(list(columns.items()), names) if columns is not None and names else columns


def _function(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> None:
    """Enter a function in FROM: a source of one column with its name, unless its columns are listed."""
    functions = body.get("functions", ())
    alias = body.get("alias", {}).get("aliasname", "")
    names = _alias_columns(body)
    kinds: list[str] = []
    for item in functions:
        call = item["List"]["items"][0]
        kinds.append(analysis.read(call, scope).type)
        if not alias and "FuncCall" in call:
            alias = qualified(call["FuncCall"]["funcname"]).name
    columns: Mapping[str, str] | None = None
    listed = body.get("coldeflist", [])
    if listed:
        columns = {
            item["ColumnDef"]["colname"]: analysis.environment.type_name(type_of(item["ColumnDef"]["typeName"]))
            for item in listed
        }
    elif len(kinds) == 1 and (outputs := outputs_of(functions[0]["List"]["items"][0])) is not None:
        columns = _with_ordinality(body, {**outputs}, names)
    elif len(kinds) == 1 and is_scalar(analysis, functions[0]["List"]["items"][0], kinds[0]):
        columns = _with_ordinality(body, {alias: kinds[0]}, names)
    scope.add(FromItem(alias, columns))


def _with_ordinality(body: Node, columns: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str] | None:
    """Return the columns of a function in FROM, by the names that are listed for them."""
    if body.get("ordinality"):
        columns = {**columns, "ordinality": "int8"}
    return _renamed(columns, names)


def _join(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> None:
    first = len(scope.sources)
    _item(analysis, body["larg"], scope)
    second = len(scope.sources)
    _item(analysis, body["rarg"], scope)
    last = len(scope.sources)
    if body.get("isNatural"):
        one, two = _all(scope.sources[first:second]), _all(scope.sources[second:])
        if one is None or two is None:
            scope.add(FromItem("", None))
        else:
            scope.merged.update({name: kind for name, kind in one.items() if name in two})
            if analysis.places is not None:
                analysis.places.natural(one, two, scope.sources[first:last])
    if analysis.places is not None:
        analysis.places.joined(scope.sources[first:last], strings(body.get("usingClause")))
    for name in strings(body.get("usingClause")):
        kinds = [_of_side(scope, side, name) for side in (range(first, second), range(second, last))]
        analysis.apply("=", [Result(kind) for kind in kinds])
        scope.merged[name] = analysis.overloads.common(kinds, "JOIN/USING")
    if "quals" in body:
        condition(analysis, body["quals"], scope, "JOIN/ON")
    if "alias" in body:
        scope.add(FromItem(body["alias"]["aliasname"], None, hidden=True))


def _all(sources: Sequence[FromItem]) -> dict[str, str] | None:
    columns: dict[str, str] = {}
    for source in sources:
        if source.columns is None:
            return None
        columns.update(source.columns)
    return columns


def _of_side(scope: QueryLevel, places: range, name: str) -> str:
    """Return the type of a column of `USING` on one side. Raises `Invalid` when no source there has it."""
    place = scope.first_with(name, places)
    columns = None if place is None else scope.sources[place].columns
    if columns is not None:
        return columns[name]
    if any(scope.sources[place].columns is None for place in places):
        return UNKNOWN
    message = f'column "{name}" specified in USING clause does not exist in left table'
    relation = scope.sources[places.start].relation if places else None
    raise Invalid("undefined_column", message, relation, name)


def _sublink(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel) -> Result:
    if not analysis.rules.queries:
        raise Invalid("feature_not_supported", f"cannot use subquery in {analysis.rules.name}")
    kind = body["subLinkType"]
    columns = columns_of(analysis, body["subselect"], scope)
    if kind == "EXISTS_SUBLINK":
        return Result("bool")
    open_ = _STAR in columns
    single = open_ or len(columns) == 1
    first = UNKNOWN if open_ or not columns else columns[0][1]
    value = Result("text" if first == LITERAL else first)
    if kind in ("EXPR_SUBLINK", "ARRAY_SUBLINK"):
        if not single:
            raise Invalid("syntax_error", "subquery must return only one column")
        if kind == "EXPR_SUBLINK":
            return value
        return Result(UNKNOWN if first == UNKNOWN or is_array(first) else f"{first}[]")
    if "testexpr" in body:
        _compare_with_rows(analysis, body, scope, value if single else None)
    return Result("bool")


def _compare_with_rows(analysis: ExpressionAnalysis, body: Node, scope: QueryLevel, value: Result | None) -> None:
    """Check `x IN (SELECT ...)` and `x = ANY (SELECT ...)`; `value` is the single column of the rows."""
    left = analysis.read(body["testexpr"], scope)
    if "RowExpr" in body["testexpr"]:
        return
    if value is None:
        raise Invalid("syntax_error", "subquery has too many columns")
    sign = qualified(body["operName"]) if "operName" in body else Name(None, "=")
    analysis.apply(sign.name, (left, value), sign.schema)


READERS["SubLink"] = _sublink
