"""Constraints and column definitions in tables, domains and `ALTER TABLE`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from sys import intern

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Column, Constraint, Type
from miglint.sql.postgres.canonical import operator
from miglint.sql.postgres.expressions import default_expression, enclosed, expression
from miglint.sql.postgres.lexer import SPACE, trimmed_end
from miglint.sql.postgres.names import SERIALS, Node, options, qualified, relation_name, strings, type_of
from miglint.sql.postgres.place import Place

_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_MATCHES = {"s": "simple", "f": "full", "p": "partial"}
_KINDS = {
    "CONSTR_CHECK": "check",
    "CONSTR_PRIMARY": "primary",
    "CONSTR_UNIQUE": "unique",
    "CONSTR_EXCLUSION": "exclude",
    "CONSTR_FOREIGN": "foreign",
    "CONSTR_NOTNULL": "not_null",
}
_IDENTITIES = {"a": "always", "d": "by default"}
_DEFAULT = pattern(
    r'(?:CONSTRAINT\s+(?:"(?:[^"]|"")*"|\S+)\s+)?DEFAULT\b' + SPACE,
    re.IGNORECASE,
)


def column(place: Place, node: Node, table: str | None) -> tuple[Column, list[Constraint]]:
    """Return a `ColumnDef`'s column, and its inline constraints."""
    # Columns of many tables have the same names.
    name = intern(node.get("colname", ""))
    start, end = place.clause(node["location"]) if "location" in node else (place.start, place.end)
    column_type, serial = _column_type(node)
    collation = str(qualified(node["collClause"]["collname"])) if "collClause" in node else None
    written = node.get("constraints")
    if written is None:
        return Column(
            name, column_type, not serial, None, None, None, collation, serial, False, False, place.span(start, end)
        ), []
    nullable, default, identity, generated, not_null_name = not serial, None, None, None, None
    identity_options: tuple[str, ...] = ()
    is_null = False
    constraints: list[Constraint] = []
    for index, item in enumerate(written):
        part = item["Constraint"]
        kind = part["contype"]
        if kind == "CONSTR_NOTNULL":
            nullable, not_null_name = False, part.get("conname")
        elif kind == "CONSTR_DEFAULT":
            raw = part["raw_expr"]
            default = default_expression(raw, default_text(place, written, index, end), column_type, table)
            is_null = default is None
        elif kind == "CONSTR_IDENTITY":
            identity, nullable = _IDENTITIES[part["generated_when"]], False
            identity_options = options(part.get("options"))
        elif kind == "CONSTR_GENERATED":
            generated = "virtual" if part.get("generated_kind") == "v" else "stored"
            default = expression(part["raw_expr"], enclosed(place, part["raw_expr"]), table)
        elif kind in _KINDS:
            here = place.char(part["location"])
            behind = _behind(place, written, index, end)
            attributes = _attributes(written, index + 1)
            constraints.append(constraint(place, {**part, **attributes}, table, (here, behind), inline=name))
            nullable = nullable and kind != "CONSTR_PRIMARY"
    return (
        Column(
            name,
            column_type,
            nullable,
            default,
            identity,
            generated,
            collation,
            serial,
            False,
            False,
            place.span(start, end),
            not_null_name,
            identity_options,
            None,
            None,
            ("default null",) if is_null else (),
        ),
        constraints,
    )


def column_settings(node: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the column, setting and value of what a `ColumnDef` says of how its values are kept."""
    for field, setting in (("storage_name", "storage"), ("compression", "compression")):
        if field in node:
            yield intern(node["colname"]), setting, node[field]


def _column_type(node: Node) -> tuple[Type | None, bool]:
    """Return a column's type, that of its sequence for `serial` and its like, and whether it is one of these."""
    type_node = node.get("typeName")
    if type_node is None:
        return None, False
    found = type_of(type_node)
    if found.name in SERIALS and found.schema is None:
        return Type(SERIALS[found.name], (), found.dimensions), True
    return found, False


def _behind(place: Place, written: list[Node], index: int, end: int) -> int:
    """Return the end of the constraint at `index`: before the next one that is not one of its attributes."""
    for item in written[index + 1 :]:
        part = item["Constraint"]
        if not part["contype"].startswith("CONSTR_ATTR") and "location" in part:
            start = place.char(written[index]["Constraint"]["location"])
            return trimmed_end(place.text, start, place.char(part["location"]))
    return end


def _attributes(written: list[Node], index: int) -> Node:
    """Return the attributes that `DEFERRABLE` and the like add to an inline constraint."""
    found: Node = {}
    for item in written[index:]:
        kind = item["Constraint"]["contype"]
        if kind == "CONSTR_ATTR_DEFERRABLE":
            found["deferrable"] = True
        elif kind == "CONSTR_ATTR_DEFERRED":
            found["deferrable"] = found["initdeferred"] = True
        elif kind == "CONSTR_ATTR_NOT_ENFORCED":
            found["is_enforced"] = False
        elif not kind.startswith("CONSTR_ATTR"):
            break
    return found


def default_text(place: Place, written: list[Node], index: int, end: int) -> str:
    """Return the text of the `DEFAULT` at `index` of the constraints of a column or domain."""
    start = place.char(written[index]["Constraint"]["location"])
    behind = _behind(place, written, index, end)
    word = _DEFAULT.match(place.text, start, behind)
    return place.text[word.end() if word else start : behind]


def constraint(
    place: Place,
    node: Node,
    table: str | None,
    bounds: tuple[int, int] | None = None,
    inline: str | None = None,
) -> Constraint:
    """Return a `Constraint` node's constraint; `inline` is the column to which it is attached."""
    start, end = bounds or place.clause(node["location"])
    kind = _KINDS[node["contype"]]
    raw = node.get("raw_expr")
    found = expression(raw, enclosed(place, raw), table) if raw is not None else None
    if found is not None:
        columns = found.columns
    elif inline is not None:
        columns = (inline,) if kind != "check" else ()
    else:
        columns = _key_columns(node, kind)
    if kind == "check":
        return Constraint(
            kind,
            node.get("conname"),
            columns,
            found,
            validated=not node.get("skip_validation", False),
            no_inherit=node.get("is_no_inherit", False),
            enforced=node.get("is_enforced", False),
            inline=inline is not None,
            span=place.span(start, end),
        )
    where = node.get("where_clause")
    return Constraint(
        kind,
        node.get("conname"),
        columns,
        None,
        relation_name(node["pktable"]) if "pktable" in node else None,
        strings(node.get("pk_attrs")),
        _delete_action(node),
        _ACTIONS.get(node.get("fk_upd_action", "a"), "no action"),
        _MATCHES.get(node.get("fk_matchtype", "s"), "simple"),
        deferrable=node.get("deferrable", False) or node.get("initdeferred", False),
        deferred=node.get("initdeferred", False),
        validated=not node.get("skip_validation", False),
        no_inherit=node.get("is_no_inherit", False),
        nulls_not_distinct=node.get("nulls_not_distinct", False),
        include=strings(node.get("including")),
        elements=_exclusions(node["exclusions"], table) if "exclusions" in node else None,
        where=expression(where, enclosed(place, where), table) if where is not None else None,
        method=node.get("access_method"),
        using_index=node.get("indexname"),
        without_overlaps=node.get("without_overlaps", False) or node.get("fk_with_period", False),
        enforced=node.get("is_enforced", False) if kind == "foreign" else True,
        inline=inline is not None,
        span=place.span(start, end),
        options=options(node.get("options")),
    )


def _key_columns(node: Node, kind: str) -> tuple[str, ...]:
    if kind == "exclude":
        elements = [item["List"]["items"][0]["IndexElem"] for item in node["exclusions"]]
        return tuple(element["name"] for element in elements if "name" in element)
    return strings(node.get("fk_attrs" if kind == "foreign" else "keys"))


def _delete_action(node: Node) -> str:
    action = _ACTIONS.get(node.get("fk_del_action", "a"), "no action")
    columns = strings(node.get("fk_del_set_cols"))
    return f"{action} ({', '.join(columns)})" if columns else action


def _exclusions(nodes: list[Node], table: str | None) -> str:
    texts = []
    for node in nodes:
        element, sign = node["List"]["items"]
        body = element["IndexElem"]
        text = body["name"] if "name" in body else expression(body["expr"], "", table).key
        for key in ("collation", "opclass"):
            if key in body:
                text += f" {qualified(body[key])}"
        descending = body.get("ordering") == "SORTBY_DESC"
        nulls = body.get("nulls_ordering")
        if descending:
            text += " desc"
        if nulls == ("SORTBY_NULLS_LAST" if descending else "SORTBY_NULLS_FIRST"):
            text += f" nulls {'last' if descending else 'first'}"
        texts.append(f"{text} with {operator(sign['List']['items'])}")
    return ", ".join(texts)
