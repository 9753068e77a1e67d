"""Constants, columns, casts, operators and conditions as they are stored."""

from __future__ import annotations

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import DOMAIN, LITERAL, UNKNOWN, Invalid
from miglint.sql.postgres.analysis.expressions import constant_type, nullif_type
from miglint.sql.postgres.analysis.kinds import element, is_array
from miglint.sql.postgres.analysis.scope import ColumnReference, QueryLevel
from miglint.sql.postgres.analysis.stored.forms import UNREAD, Form, Readers, StoredReader, TypedForm, cast_form
from miglint.sql.postgres.analysis.stored.values import value_of
from miglint.sql.postgres.names import Node, constant_text, qualified, strings, type_of

_PLAIN = frozenset({"AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"})
_EQUAL = Name(None, "=")


def _constant(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    if body.get("isnull"):
        return TypedForm(("literal", None), LITERAL)
    if "sval" in body:
        text = body["sval"].get("sval", "")
        return TypedForm(("literal", text), LITERAL, text)
    if "boolval" in body:
        return TypedForm(("value", "bool", bool(body["boolval"].get("boolval"))), "bool")
    if "bsval" in body:
        return TypedForm(reader.constant(body["bsval"].get("bsval", ""), "bit"), "bit")
    kind, text = constant_type(body)
    return TypedForm(reader.constant(text, kind), kind)


def _cast(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    written = type_of(body["typeName"])
    return cast_to(reader, body["arg"], reader.type_name(written), written.args, scope)


def cast_to(reader: StoredReader, node: Node, target: str, modifiers: tuple[str, ...], scope: QueryLevel) -> TypedForm:
    """Return an expression that is cast to a type."""
    if "A_ArrayExpr" in node and is_array(target):
        # The server gives the type to each of its elements.
        own = element(target)
        items = [
            cast_to(reader, item, target if "A_ArrayExpr" in item else own, modifiers, scope).form
            for item in node["A_ArrayExpr"].get("elements", ())
        ]
        return TypedForm(("array", own, tuple(items)), target)
    part = reader.read(node, scope)
    if part.type == LITERAL and part.literal is not None and reader.kinds.base(target) == "interval" and modifiers:
        # Such a constant is cut to the precision when it is read; a number alone is one of the smallest field.
        unit = modifiers[0].rpartition(" ")[2] if part.literal.strip().isdecimal() else ""
        value = value_of("interval", f"{part.literal} {unit}") or part.literal
        return TypedForm((UNREAD, "interval", value, modifiers), target)
    if target == UNKNOWN:
        return TypedForm(("cast", part.form, "?", modifiers), UNKNOWN)
    if part.type == UNKNOWN:
        reader.sure = False
    elif part.type == target:
        known = _own_modifiers(reader, part, scope)
        if known == modifiers:
            return part
        if known is None:
            reader.sure = False
        elif not modifiers and part.type in ("varchar", "bpchar", "numeric") and not reader.qualified:
            # Texts that the server printed are compared without it.
            return part
        return TypedForm(cast_form(part.form, target, modifiers), target)
    if not modifiers:
        form = reader.coerced(part, target)
        return TypedForm(cast_form(form, target) if part.type == UNKNOWN else form, target)
    form = reader.constant(part.literal, target) if part.type == LITERAL else part.form
    return TypedForm(cast_form(form, target, modifiers), target)


_MODIFIABLE = frozenset(
    {"varchar", "bpchar", "numeric", "time", "timetz", "timestamp", "timestamptz", "interval", "varbit", "bit"}
)
_UNMODIFIED = frozenset({"value", "constant", UNREAD, "null", "operator", "call"})


def _own_modifiers(reader: StoredReader, part: TypedForm, scope: QueryLevel) -> tuple[str, ...] | None:
    """Return the modifiers of the type that an expression has; None where they are not known."""
    kind, *rest = part.form
    if part.type not in _MODIFIABLE or kind in _UNMODIFIED:
        return ()
    if kind == "cast":
        own: tuple[str, ...] = part.form[3]
        return own
    level: QueryLevel | None = scope
    for _ in range(rest[0] if kind == "column" else 0):
        level = None if level is None else level.outer
    if kind != "column" or level is None or not 0 <= rest[1] < len(level.sources):
        return None
    source = level.sources[rest[1]]
    relation = None if source.relation is None else reader.environment.relation(source.relation)
    return None if relation is None else relation.modifiers(rest[2])


def _column(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    fields = body["fields"]
    names = tuple(constant_text(item) for item in fields)
    if "A_Star" in fields[-1] or len(names) > 3:
        return _whole_row(reader, scope, names[:-1])
    if len(names) == 1:
        found = scope.column(names[0])
    else:
        found = scope.qualified(names[-2], names[-1], names[-3] if len(names) == 3 else None)
    if found is None:
        reader.sure = False
        return TypedForm(("name", names[-1]), UNKNOWN)
    place = found.source
    if place < 0 and _is_source(scope, found):
        return _whole_row(reader, scope, names)
    if place < 0 and reader.full:
        return TypedForm(("merged", found.level, found.column), found.type)
    if place < 0:
        merged = _left_of_merged(scope, found) if reader.merged else None
        # It may be a whole row, or a column that `USING` has made of two with other types.
        reader.sure = reader.sure and merged is not None
        place = place if merged is None else merged
    form = ("column", found.level, place, found.column)
    reader.columns[form] = found.type
    return TypedForm(form, found.type)


def _is_source(scope: QueryLevel, found: ColumnReference) -> bool:
    """Return whether a name is that of a source, and not of a column."""
    level: QueryLevel | None = scope
    for _ in range(found.level):
        level = None if level is None else level.outer
    return level is not None and found.column not in level.merged and bool(level.called(found.column))


def _whole_row(reader: StoredReader, scope: QueryLevel, names: tuple[str, ...]) -> TypedForm:
    """Return a whole row, which `t` and `t.*` mean in an expression; its type is not known here."""
    reader.sure = False
    level: QueryLevel | None = scope
    number = 0
    while level is not None and names:
        for place, source in enumerate(level.sources):
            if source.alias == names[-1]:
                return TypedForm(("row of", number, place), UNKNOWN)
        level, number = level.outer, number + 1
    return TypedForm(("star", *names), UNKNOWN)


def _left_of_merged(scope: QueryLevel, found: ColumnReference) -> int | None:
    """Return the place of the first source of a column that `USING` has made of several; None if types differ."""
    level: QueryLevel | None = scope
    for _ in range(found.level):
        level = None if level is None else level.outer
    if level is None or found.column not in level.merged:
        return None
    having = [
        (place, source.columns[found.column])
        for place, source in enumerate(level.sources)
        if source.columns is not None and found.column in source.columns
    ]
    return having[0][0] if having and {kind for _, kind in having} == {found.type} else None


def _expression(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    kind = body["kind"]
    name = qualified(body["name"])
    left, right = body.get("lexpr"), body["rexpr"]
    if kind == "AEXPR_IN" and left is not None:
        return _in(reader, name, left, right["List"]["items"], scope)
    if "BETWEEN" in kind and left is not None:
        return _between(reader, kind, left, right["List"]["items"], scope)
    if left is not None and "RowExpr" in left and "RowExpr" in right and kind != "AEXPR_NULLIF":
        return _rows(reader, kind, name, left["RowExpr"].get("args", ()), right["RowExpr"].get("args", ()), scope)
    if kind in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT") and left is not None:
        return _distinct(reader, kind, left, right, scope)
    given = reader.parts([node for node in (left, right) if node is not None], scope)
    if kind in _PLAIN:
        return reader.applied(name, given)
    if kind == "AEXPR_NULLIF":
        forms, _ = reader.operator(name, given)
        return TypedForm(("nullif", *forms), nullif_type(reader.analysis, [part.type for part in given]))
    return any_or_all(reader, name, kind[9:].lower(), given[0], given[1])


def any_or_all(reader: StoredReader, name: Name, word: str, left: TypedForm, right: TypedForm) -> TypedForm:
    """Return the comparison of a value with the elements of an array; `word` is `any` or `all`."""
    own = LITERAL if right.type == LITERAL else element(right.type)
    forms, _ = reader.operator(name, (left, TypedForm(("operand",), own)))
    taken = reader.overloads.meant_operator(name.name, (left.type, own)) if name.schema is None else None
    if taken is None or own == UNKNOWN:
        reader.sure = False
        return TypedForm(("element", word, str(name), left.form, right.form), "bool")
    array = reader.coerced(right, f"{taken[1][1]}[]") if right.type != f"{own}[]" or taken[1][1] != own else right.form
    return TypedForm(("element", word, str(name), *reader.narrowed(name.name, [forms[0], array])), "bool")


def joined(word: str, forms: list[Form]) -> Form:
    """Return what AND or OR joins, with all operands at one level."""
    flat: list[Form] = []
    for form in forms:
        flat += form[1] if form[0] == word else (form,)
    return flat[0] if len(flat) == 1 else (word, tuple(flat))


def _in(reader: StoredReader, sign: Name, left: Node, items: list[Node], scope: QueryLevel) -> TypedForm:
    every = sign.name == "<>"
    if "RowExpr" in left:
        found = [_expression(reader, _comparison(sign, left, item), scope).form for item in items]
        return TypedForm(joined("and" if every else "or", found), "bool")
    plain: list[Node] = []
    single: list[Node] = []
    for item in items:
        (single if _names_columns(item, scope) else plain).append(item)
    one = reader.read(left, scope)
    found = []
    values = reader.parts(plain, scope)
    if len(plain) > 1:
        try:
            forms, kind = reader.common([one, *values], "IN")
        except Invalid:
            # The server then compares one by one.
            kind = ""
        # There are no arrays of arrays.
        if kind and not is_array(kind):
            array = TypedForm(("array", kind, tuple(forms[1:])), UNKNOWN if kind == UNKNOWN else f"{kind}[]")
            found.append(any_or_all(reader, sign, "all" if every else "any", one, array).form)
            values = []
    values += reader.parts(single, scope)
    found += [reader.applied(sign, (one, value)).form for value in values]
    return TypedForm(joined("and" if every else "or", found), "bool")


def _names_columns(node: object, scope: QueryLevel) -> bool:
    """Return whether an expression reads a column of the level that it stands in."""
    if isinstance(node, list):
        return any(_names_columns(item, scope) for item in node)
    if not isinstance(node, dict):
        return False
    fields = node.get("ColumnRef", {}).get("fields") if "ColumnRef" in node else None
    # The value of a domain is no column.
    if fields is not None and not (scope.sources and scope.sources[0].alias == DOMAIN):
        return True
    return any(_names_columns(item, scope) for item in node.values())


def _comparison(sign: Name, left: Node, right: Node) -> Node:
    return {"kind": "AEXPR_OP", "name": [{"String": {"sval": sign.name}}], "lexpr": left, "rexpr": right}


def _between(reader: StoredReader, kind: str, left: Node, bounds: list[Node], scope: QueryLevel) -> TypedForm:
    one = reader.read(left, scope)
    low, high = reader.parts(bounds, scope)
    outside = "NOT" in kind

    def within(lower: TypedForm, upper: TypedForm) -> Form:
        signs = ("<", ">") if outside else (">=", "<=")
        forms = [
            reader.applied(Name(None, sign), (one, bound)).form
            for sign, bound in zip(signs, (lower, upper), strict=True)
        ]
        return joined("or" if outside else "and", forms)

    if not kind.endswith("SYM"):
        return TypedForm(within(low, high), "bool")
    return TypedForm(joined("and" if outside else "or", [within(low, high), within(high, low)]), "bool")


def _rows(
    reader: StoredReader, kind: str, sign: Name, left: list[Node], right: list[Node], scope: QueryLevel
) -> TypedForm:
    """Return the comparison of two rows: equality is that of all their fields."""
    if len(left) != len(right) or not left:
        reader.sure = False
        return TypedForm(("rows", kind, str(sign), reader.plain(left, scope), reader.plain(right, scope)), "bool")
    pairs = [tuple(reader.parts(pair, scope)) for pair in zip(left, right, strict=True)]
    if "DISTINCT" in kind:
        forms: list[Form] = [("distinct", *reader.operator(_EQUAL, pair)[0]) for pair in pairs]
        found = joined("or", forms)
        return TypedForm(("not", found) if kind == "AEXPR_NOT_DISTINCT" else found, "bool")
    if sign.name in ("=", "<>") or len(pairs) == 1:
        applied = [reader.applied(sign, pair).form for pair in pairs]
        return TypedForm(joined("or" if sign.name == "<>" else "and", applied), "bool")
    forms = [("fields", *reader.operator(sign, pair)[0]) for pair in pairs]
    return TypedForm(("rows", str(sign), tuple(forms)), "bool")


def _distinct(reader: StoredReader, kind: str, left: Node, right: Node, scope: QueryLevel) -> TypedForm:
    given = [reader.read(left, scope), reader.read(right, scope)]
    nulls = [part.type == LITERAL and part.literal is None for part in given]
    if any(nulls):
        # The server tests for NULL then.
        form: Form = ("is", "IS_NOT_NULL", reader.as_it_is(given[0] if nulls[1] else given[1]))
    else:
        form = ("distinct", *reader.operator(_EQUAL, given)[0])
    return TypedForm(("not", form) if kind == "AEXPR_NOT_DISTINCT" else form, "bool")


def _boolean(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    forms = [reader.truth(node, scope) for node in body["args"]]
    word = body["boolop"][:-5].lower()
    return TypedForm(("not", forms[0]) if word == "not" else joined(word, forms), "bool")


def _null_test(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    return TypedForm(("is", body["nulltesttype"], reader.as_it_is(reader.read(body["arg"], scope))), "bool")


def _boolean_test(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    return TypedForm(("is", body["booltesttype"], reader.truth(body["arg"], scope)), "bool")


def _value_function(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    kind = ExpressionAnalysis(reader.environment).read({"SQLValueFunction": body}, scope).type
    return TypedForm(("current", body["op"], body.get("typmod", -1)), kind)


def _collate(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    name = qualified(body["collname"])
    if "arg" not in body:
        reader.sure = False
        return TypedForm(("collate", None, name.name), UNKNOWN)
    part = reader.read(body["arg"], scope)
    kind = "text" if part.type == LITERAL else part.type
    return TypedForm(("collate", reader.result(part), name.name), kind)


def _indirection(reader: StoredReader, body: Node, scope: QueryLevel) -> TypedForm:
    part = reader.read(body["arg"], scope)
    kind = ExpressionAnalysis(reader.environment).read({"A_Indirection": body}, scope).type
    if kind == UNKNOWN:
        reader.sure = False
    steps: list[Form] = []
    for step in body["indirection"]:
        if "A_Indices" not in step:
            steps.append(("field", *strings([step])) if "String" in step else ("field", "*"))
            continue
        indices = step["A_Indices"]
        wanted = "text" if reader.kinds.base(part.type) == "jsonb" else "int4"
        bounds = []
        for side in ("lidx", "uidx"):
            index = reader.read(indices[side], scope) if side in indices else None
            own = index.type if index is not None and wanted == "text" and index.type == "int4" else wanted
            bounds.append(None if index is None else reader.coerced(index, own))
        steps.append(("index", bool(indices.get("is_slice")), *bounds))
    return TypedForm(("part", part.form, tuple(steps)), kind)


READERS: Readers = {
    "A_Const": _constant,
    "TypeCast": _cast,
    "ColumnRef": _column,
    "A_Expr": _expression,
    "BoolExpr": _boolean,
    "NullTest": _null_test,
    "BooleanTest": _boolean_test,
    "SQLValueFunction": _value_function,
    "CollateClause": _collate,
    "A_Indirection": _indirection,
}
