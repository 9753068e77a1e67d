"""Calls of functions, and what makes one value of several, as they are stored."""

from __future__ import annotations

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.calls import is_call_of_type
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN
from miglint.sql.postgres.analysis.kinds import element, is_array
from miglint.sql.postgres.analysis.scope import QueryLevel
from miglint.sql.postgres.analysis.stored.forms import Form, Readers, StoredReader, TypedForm
from miglint.sql.postgres.names import Node, qualified, strings


def _call(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    name = qualified(body["funcname"])
    nodes = body.get("args", [])
    rest = _rest_of_call(reader, body, scope)
    if body.get("agg_within_group"):
        # Their last arguments are what is sorted.
        nodes = [*nodes, *(item["SortBy"]["node"] for item in body["agg_order"])]
    if any("NamedArgExpr" in node for node in nodes):
        reader.sure = False
        return TypedForm(("call", str(name), tuple(reader.plain(node, scope) for node in nodes), rest), UNKNOWN)
    given = reader.parts(nodes, scope)
    own = reader.environment.functions(name)
    if is_call_of_type(reader.analysis, name, [part.type for part in given]):
        return TypedForm(reader.coerced(given[0], name.name), name.name)
    types = [part.type for part in given]
    spread = bool(body.get("func_variadic")) and bool(types)
    if spread:
        # As if one element were given.
        types[-1] = LITERAL if types[-1] == LITERAL else element(types[-1])
    found = reader.overloads.function(name, types, star=body.get("agg_star", False))
    if found is None:
        reader.sure = False
        return TypedForm(("call", _shown(name), tuple(part.form for part in given), rest), UNKNOWN)
    arguments = reader.overloads.arguments(found, types)
    if own:
        # Which schema it is of depends on the search path.
        reader.sure = reader.sure and len(own) == 1
    forms = [reader.coerced(part, kind) for part, kind in zip(given, arguments, strict=False)]
    direct = len(found.arguments) - 1
    if spread:
        array = f"{arguments[-1]}[]"
        last = given[-1].form if given[-1].type == array else reader.coerced(given[-1], array)
        forms = [*forms[:-1], ("variadic", last)]
    elif found.variadic and found.arguments[-1] != "any" and len(forms) > direct:
        kind = arguments[-1]
        forms = [*forms[:direct], ("variadic", ("array", kind, tuple(forms[direct:])))]
    return TypedForm(("call", _shown(name), tuple(forms), rest), reader.overloads.result(found, types))


def _shown(name: Name) -> str:
    """Return the name of a function, without the schema `public` where that is the one it is found in."""
    return name.name if name.schema == "public" and not catalogs.functions(name.name) else str(name)


_OF_CALL = ("agg_star", "agg_distinct")


def _rest_of_call(reader: StoredReader, body: Node, scope: QueryLevel) -> Form:
    """Return what a call has beside its arguments; how it is written is printed again."""
    rest: list[Form] = [(name, body[name]) for name in _OF_CALL if body.get(name)]
    if body.get("funcformat") == "COERCE_SQL_SYNTAX" and not _is_printed_as_call(reader, body, scope):
        rest.append(("syntax",))
    if body.get("agg_within_group"):
        rest.append(("within group",))
    if "agg_order" in body:
        # What is sorted within a group are arguments.
        sorted_form = () if body.get("agg_within_group") else None
        rest.append(("order", tuple(sorting(reader, item, scope, sorted_form) for item in body["agg_order"])))
    if "agg_filter" in body:
        rest.append(("filter", reader.truth(body["agg_filter"], scope)))
    if "over" in body:
        rest.append(("over", window(reader, body["over"], scope)))
    return tuple(rest)


def _is_printed_as_call(reader: StoredReader, body: Node, scope: QueryLevel) -> bool:
    """Return whether a call in words is printed with commas: `substring(a FROM 'pattern')` is."""
    nodes = body.get("args", ())
    if qualified(body["funcname"]).name != "substring" or len(nodes) != _WITH_PATTERN:
        return False
    return reader.read(nodes[1], scope).type in (LITERAL, "text", "varchar")


_WITH_PATTERN = 2


def window(reader: StoredReader, body: Node, scope: QueryLevel) -> Form:
    """Return the definition of a window."""
    kept = {name: value for name, value in body.items() if name not in ("orderClause", "partitionClause", "location")}
    return (
        tuple(reader.result(part) for part in reader.parts(body.get("partitionClause", ()), scope)),
        tuple(sorting(reader, item, scope) for item in body.get("orderClause", ())),
        reader.plain(kept, scope),
    )


def sorting(reader: StoredReader, node: Node, scope: QueryLevel, form: Form | None = None) -> Form:
    """Return an item of ORDER BY; `form` is what it means, where that is not what is written."""
    body = node["SortBy"]
    found = reader.result(reader.read(body["node"], scope)) if form is None else form
    direction = body.get("sortby_dir", "SORTBY_DEFAULT").replace("DEFAULT", "ASC")
    sign = strings(body.get("useOp"))
    if direction == "SORTBY_USING" and sign in _DIRECTIONS:
        direction, sign = _DIRECTIONS[sign], ()
    nulls = body.get("sortby_nulls", "SORTBY_NULLS_DEFAULT")
    if nulls == "SORTBY_NULLS_DEFAULT":
        nulls = "SORTBY_NULLS_FIRST" if direction == "SORTBY_DESC" else "SORTBY_NULLS_LAST"
    return found, direction, nulls, sign


_DIRECTIONS = {("<",): "SORTBY_ASC", (">",): "SORTBY_DESC"}


def _coalesce(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    forms, kind = reader.common(reader.parts(body.get("args", ()), scope), "COALESCE")
    return TypedForm(("coalesce", *forms), kind)


def _extreme(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    forms, kind = reader.common(reader.parts(body.get("args", ()), scope), body["op"][3:])
    return TypedForm((body["op"], *forms), kind)


def _case(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    subject = reader.read(body["arg"], scope) if "arg" in body else None
    if subject is not None and subject.type == LITERAL:
        subject = TypedForm(reader.result(subject), "text")
    conditions: list[Form] = []
    results = [reader.read(body["defresult"], scope) if "defresult" in body else TypedForm(("literal", None), LITERAL)]
    for item in body["args"]:
        branch = item["CaseWhen"]
        if subject is None:
            conditions.append(reader.truth(branch["expr"], scope))
        else:
            tested = reader.read(branch["expr"], scope)
            conditions.append(reader.applied(Name(None, "="), (subject._replace(form=("subject",)), tested)).form)
        results.append(reader.read(branch["result"], scope))
    forms, kind = reader.common(results, "CASE")
    return TypedForm(("case", None if subject is None else subject.form, tuple(conditions), tuple(forms)), kind)


def _array(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    forms, kind = reader.common(reader.parts(body.get("elements", ()), scope), "ARRAY")
    if kind == UNKNOWN:
        return TypedForm(("array", kind, tuple(forms)), UNKNOWN)
    own = kind.removesuffix("[]")
    return TypedForm(("array", own, tuple(forms)), kind if is_array(kind) else f"{kind}[]")


def _row(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    return TypedForm(("row", tuple(part.form for part in reader.parts(body.get("args", ()), scope))), "record")


READERS: Readers = {
    "FuncCall": _call,
    "CoalesceExpr": _coalesce,
    "MinMaxExpr": _extreme,
    "CaseExpr": _case,
    "A_ArrayExpr": _array,
    "RowExpr": _row,
}
