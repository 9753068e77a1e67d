"""Indexes, sequences, types, domains and enums."""

from __future__ import annotations

from miglint.sql.operations import (
    AddConstraint,
    AddEnumValue,
    AlterOther,
    AlterSequence,
    Column,
    Constraint,
    CreateIndex,
    CreateSequence,
    CreateType,
    DropConstraint,
    IndexElement,
    Name,
    Operation,
    RenameEnumValue,
    SetDefault,
    SetNullable,
    ValidateConstraint,
)
from miglint.sql.postgres.constraints import column, constraint, default_text
from miglint.sql.postgres.expressions import (
    default_expression,
    enclosed,
    expression,
    trailing,
)
from miglint.sql.postgres.lexer import bracket_end, skip_name
from miglint.sql.postgres.names import (
    Node,
    dotted,
    option_text,
    options,
    qualified,
    relation_name,
    strings,
    type_of,
)
from miglint.sql.postgres.others import made_of
from miglint.sql.postgres.outputs import label_of
from miglint.sql.postgres.place import Place


def create_index(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE INDEX`."""
    relation = node["relation"]
    table = relation["relname"]
    where = node.get("whereClause")
    # Behind the parenthesis that opens the list of keys.
    named = place.char(relation["location"]) if "location" in relation else place.start
    first = place.text.find("(", skip_name(place.text, named, place.end)) + 1
    return [
        CreateIndex(
            span=place.whole(),
            name=node.get("idxname"),
            table=relation_name(relation),
            elements=tuple(_element(place, item["IndexElem"], table, first) for item in node.get("indexParams", ())),
            unique=node.get("unique", False),
            method=node.get("accessMethod", "btree"),
            where=expression(where, trailing(place, where), table) if where is not None else None,
            include=tuple(item["IndexElem"].get("name", "") for item in node.get("indexIncludingParams", ())),
            nulls_not_distinct=node.get("nulls_not_distinct", False),
            concurrently=node.get("concurrent", False),
            if_not_exists=node.get("if_not_exists", False),
            only=not relation.get("inh", False),
            options=options(node.get("options")),
            tablespace=None if node.get("tableSpace") == "pg_default" else node.get("tableSpace"),
        )
    ]


def _element(place: Place, node: Node, table: str, first: int) -> IndexElement:
    raw = node.get("expr")
    name = node.get("name")
    fields: list[Node] = raw.get("ColumnRef", {}).get("fields", []) if raw is not None else []
    if len(fields) == 1 and "String" in fields[0]:
        # A column in parentheses of its own is that column.
        name, raw = fields[0]["String"]["sval"], None
    ordering = node.get("ordering", "SORTBY_DEFAULT")
    nulls = node.get("nulls_ordering", "SORTBY_NULLS_DEFAULT")
    opclass = str(qualified(node["opclass"])) if "opclass" in node else None
    if opclass is not None and "opclassopts" in node:
        opclass += f"({', '.join(options(node['opclassopts']))})"
    descending = ordering == "SORTBY_DESC"
    # By default, NULLs come first in descending and last in ascending order.
    usual = "SORTBY_NULLS_FIRST" if descending else "SORTBY_NULLS_LAST"
    return IndexElement(
        name,
        expression(raw, element_text(place, raw, first), table) if raw is not None else None,
        qualified(node["collation"]).name if "collation" in node else None,
        opclass,
        descending,
        None if nulls in ("SORTBY_NULLS_DEFAULT", usual) else nulls == "SORTBY_NULLS_FIRST",
        label_of(raw) if raw is not None else None,
    )


_CALLS = frozenset({"FuncCall", "CoalesceExpr", "MinMaxExpr", "XmlExpr"})


def element_text(place: Place, node: Node, first: int) -> str:
    """Return the text of an expression of an index: in parentheses, or the call of a function without them."""
    text = enclosed(place, node, first)
    opening = text.find("(")
    called = text[: max(opening, 0)].rstrip()
    is_call = not _CALLS.isdisjoint(node) or ("TypeCast" in node and called.lower() == "cast")
    if opening < 0 or not is_call:
        return text
    return text[: bracket_end(text, opening, len(text))] if skip_name(called, 0, len(called)) == len(called) else text


def _sequence_options(node: Node) -> tuple[tuple[str, ...], tuple[Name, str] | None, bool, bool]:
    """Return the option texts, the owning column, whether ownership is removed, and whether it restarts."""
    texts: list[str] = []
    owner: tuple[Name, str] | None = None
    disown = restart = False
    for item in node.get("options", ()):
        element = item["DefElem"]
        name = element["defname"]
        if name == "owned_by":
            parts = strings(element["arg"]["List"]["items"])
            if len(parts) == 1:
                disown = True
            else:
                owner = (dotted(parts[:-1]), parts[-1])
        elif name == "restart":
            restart = True
        elif "arg" not in element and name in {"maxvalue", "minvalue"}:
            texts.append(f"{name}=")  # NO MAXVALUE: the engine's own limit
        else:
            texts.append(option_text(element))
    return tuple(sorted(texts)), owner, disown, restart


def create_sequence(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE SEQUENCE`."""
    texts, owner, _, _ = _sequence_options(node)
    relation = node["sequence"]
    return [
        CreateSequence(
            span=place.whole(),
            name=relation_name(relation),
            if_not_exists=node.get("if_not_exists", False),
            temporary=relation.get("relpersistence") == "t",
            owned_by=owner,
            options=texts,
        )
    ]


def alter_sequence(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER SEQUENCE`."""
    texts, owner, disown, restart = _sequence_options(node)
    return [
        AlterSequence(
            span=place.whole(),
            name=relation_name(node["sequence"]),
            if_exists=node.get("missing_ok", False),
            owned_by=owner,
            disown=disown,
            restart=restart,
            options=texts,
        )
    ]


def create_enum(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TYPE ... AS ENUM`."""
    name = qualified(node["typeName"])
    return [CreateType(span=place.whole(), name=name, kind="enum", labels=strings(node.get("vals")))]


def create_composite(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TYPE ... AS (...)`."""
    columns: tuple[Column, ...] = tuple(
        column(place, item["ColumnDef"], None)[0] for item in node.get("coldeflist", ())
    )
    name = relation_name(node["typevar"])
    return [CreateType(span=place.whole(), name=name, kind="composite", columns=columns)]


def create_range(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TYPE ... AS RANGE`."""
    definition = ", ".join(options(node.get("params")))
    mentions = made_of(node.get("params", ()))
    name = qualified(node["typeName"])
    return [
        CreateType(
            span=place.whole(), name=name, kind="range", definition=definition, mentions=mentions, source=place.source()
        )
    ]


def create_domain(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE DOMAIN`."""
    base = type_of(node["typeName"])
    nullable, default = True, None
    constraints: list[Constraint] = []
    written = node.get("constraints", [])
    for index, item in enumerate(written):
        part = item["Constraint"]
        kind = part["contype"]
        if kind == "CONSTR_NOTNULL":
            nullable = False
        elif kind == "CONSTR_DEFAULT":
            default = default_expression(part["raw_expr"], default_text(place, written, index, place.end), base)
        elif kind == "CONSTR_CHECK":
            start = place.char(part["location"])
            following = written[index + 1 : index + 2]
            end = place.char(following[0]["Constraint"]["location"]) if following else place.end
            end = start + len(place.text[start:end].rstrip())
            constraints.append(constraint(place, part, None, (start, end)))
    return [
        CreateType(
            span=place.whole(),
            name=qualified(node["domainname"]),
            kind="domain",
            base=base,
            default=default,
            nullable=nullable,
            collation=qualified(node["collClause"]["collname"]).name if "collClause" in node else None,
            constraints=tuple(constraints),
        )
    ]


def alter_domain(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER DOMAIN` as `ALTER TABLE` on a table of kind `domain`."""
    span = place.whole()
    name = qualified(node["typeName"])
    kind = node["subtype"]
    if kind == "T":
        raw = node.get("def")
        default = default_expression(raw, enclosed(place, raw), None) if raw is not None else None
        return [SetDefault(span=span, table=name, kind="domain", column="", default=default)]
    if kind in {"N", "O"}:
        return [SetNullable(span=span, table=name, kind="domain", column="", nullable=kind == "N")]
    if kind == "C":
        body = node["def"]["Constraint"]
        if body["contype"] == "CONSTR_NOTNULL":
            return [SetNullable(span=span, table=name, kind="domain", column="", nullable=False)]
        bounds = (place.char(body["location"]), place.end)
        return [AddConstraint(span=span, table=name, kind="domain", constraint=constraint(place, body, None, bounds))]
    if kind == "V":
        return [ValidateConstraint(span=span, table=name, kind="domain", constraint=node.get("name", ""))]
    return [
        DropConstraint(
            span=span,
            table=name,
            kind="domain",
            constraint=node.get("name", ""),
            if_exists=node.get("missing_ok", False),
            cascade=node.get("behavior") == "DROP_CASCADE",
        )
    ]


def alter_enum(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER TYPE ... ADD VALUE` and `RENAME VALUE`."""
    name = qualified(node["typeName"])
    # Empty texts are left out of the tree: only ADD VALUE says where, at the end if nothing is said.
    if "oldVal" in node or not ("newValIsAfter" in node or "newValNeighbor" in node):
        return [
            RenameEnumValue(span=place.whole(), name=name, value=node.get("oldVal", ""), new=node.get("newVal", ""))
        ]
    return [
        AddEnumValue(
            span=place.whole(),
            name=name,
            value=node.get("newVal", ""),
            if_not_exists=node.get("skipIfNewValExists", False),
            neighbour=node.get("newValNeighbor"),
            after=node.get("newValIsAfter", False) or "newValNeighbor" not in node,
        )
    ]


def alter_type(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER TYPE ... SET (...)`."""
    definition = "set " + ", ".join(options(node.get("options")))
    return [AlterOther(span=place.whole(), kind="type", name=qualified(node["typeName"]), definition=definition)]
