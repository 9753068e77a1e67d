"""Names, types and kinds of objects in the parser's nodes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from miglint.base.digits import whole_number
from miglint.base.identifiers import unquoted
from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Name, Type

Node = dict[str, Any]

_KINDS = {
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_TABCONSTRAINT": "constraint",
    "OBJECT_DOMCONSTRAINT": "constraint",
    "OBJECT_FDW": "foreign data wrapper",
    "OBJECT_FOREIGN_SERVER": "server",
    "OBJECT_OPCLASS": "operator class",
    "OBJECT_OPFAMILY": "operator family",
    "OBJECT_TSCONFIGURATION": "text search configuration",
    "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser",
    "OBJECT_TSTEMPLATE": "text search template",
    "OBJECT_LARGEOBJECT": "large object",
    "OBJECT_STATISTIC_EXT": "statistics",
    "OBJECT_ATTRIBUTE": "column",
    "OBJECT_PARAMETER_ACL": "parameter",
}
SERIALS = {
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
    "smallserial": "int2",
    "serial2": "int2",
}
_NAME_PART = pattern(r'"[^"]*(?:""[^"]*)*"|[^".]+')
_INTERVAL_FULL = 0x7FFF
_INTERVAL_FIELDS = {
    1 << 2: "year",
    1 << 1: "month",
    1 << 3: "day",
    1 << 10: "hour",
    1 << 11: "minute",
    1 << 12: "second",
    1 << 2 | 1 << 1: "year to month",
    1 << 3 | 1 << 10: "day to hour",
    1 << 3 | 1 << 10 | 1 << 11: "day to minute",
    1 << 3 | 1 << 10 | 1 << 11 | 1 << 12: "day to second",
    1 << 10 | 1 << 11: "hour to minute",
    1 << 10 | 1 << 11 | 1 << 12: "hour to second",
    1 << 11 | 1 << 12: "minute to second",
}
_ARRAYS = frozenset({"_bool", "_bpchar", "_bytea", "_date", "_float4", "_float8", "_int2", "_int4", "_int8", "_json"})
_ARRAYS |= {"_jsonb", "_numeric", "_text", "_time", "_timestamp", "_timestamptz", "_uuid", "_varchar"}


@cache
def kind_of(object_type: str) -> str:
    """Return PostgreSQL's term for an `OBJECT_...` constant, in lower case."""
    return _KINDS.get(object_type) or object_type[7:].lower().replace("_", " ")


def relation_name(node: Node) -> Name:
    """Return the name of a `RangeVar`. `pg_catalog` is dropped: its names need no schema."""
    schema = node.get("schemaname")
    return Name(None if schema == "pg_catalog" else schema, node.get("relname", ""))


def strings(nodes: list[Node] | None) -> tuple[str, ...]:
    """Return the texts of a list of `String` nodes."""
    return tuple(node["String"].get("sval", "") for node in nodes) if nodes else ()


def qualified(nodes: list[Node]) -> Name:
    """Return the name in a list of `String` nodes."""
    name = nodes[-1]["String"].get("sval", "")
    if len(nodes) == 1:
        return Name(None, name)
    schema = nodes[-2]["String"].get("sval", "")
    return Name(None if schema == "pg_catalog" else schema, name)


def dotted(parts: tuple[str, ...]) -> Name:
    """Return the name made of plain parts."""
    schema = parts[-2] if len(parts) > 1 else None
    return Name(None if schema == "pg_catalog" else schema, parts[-1] if parts else "")


def type_of(node: Node) -> Type:
    """Return the type of a `TypeName`."""
    names = node.get("names", ())
    if not names:
        return Type("unknown")
    name = names[-1]["String"]["sval"]
    schema = None
    if len(names) > 1:
        schema = names[-2]["String"]["sval"]
        if schema == "pg_catalog":
            schema = None
    if node.get("pct_type"):
        return Type(".".join(strings(names)) + "%type", setof=node.get("setof", False))
    dimensions = 1 if "arrayBounds" in node else 0
    if name in _ARRAYS:
        name, dimensions = name[1:], 1
    typmods = node.get("typmods")
    if not typmods and not dimensions and schema is None and "setof" not in node:
        return _plain_type(name)
    return Type(name, _arguments(name, typmods) if typmods else (), dimensions, schema, node.get("setof", False))


@lru_cache(maxsize=1024)
def _plain_type(name: str) -> Type:
    return Type(name)


def _arguments(name: str, typmods: list[Node]) -> tuple[str, ...]:
    values = tuple(constant_text(mod) for mod in typmods)
    if name == "numeric" and len(values) == 1:
        return (values[0], "0")
    if name == "interval":
        fields = whole_number(values[0]) if values[0].isdecimal() else _INTERVAL_FULL
        words = () if fields == _INTERVAL_FULL else (_INTERVAL_FIELDS.get(fields, values[0]),)
        return words + values[1:]
    return values


def constant_text(node: Node) -> str:
    """Return a constant, name or list of them as plain text: `40`, `point`, `a.b`."""
    ((kind, body),) = node.items()
    written = _TEXT_OF.get(kind)
    return kind.lower() if written is None else written(body)


def _constant(body: Node) -> str:
    for field, kind in _FIELDS:
        if field in body:
            return _TEXT_OF[kind](body[field])
    return "null" if body.get("isnull") else _TEXT_OF["BitString"](body.get("bsval", {}))


def option_text(element: Node) -> str:
    """Return a `DefElem` as `name=value`, or the name alone."""
    name = element.get("defname", "")
    if "defnamespace" in element:
        name = f"{element['defnamespace']}.{name}"
    argument = element.get("arg")
    return name if argument is None else f"{name}={constant_text(argument)}"


def uncast(node: Node) -> Node:
    """Return an expression without the casts around it."""
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return node


def options(nodes: list[Node] | None) -> tuple[str, ...]:
    """Return a list of `DefElem` nodes as sorted `name=value` texts."""
    return tuple(sorted(option_text(node["DefElem"]) for node in nodes)) if nodes else ()


def role_name(node: Node) -> str:
    """Return the name of a role, or the keyword for one (`public`, `current_user`)."""
    kind = node.get("roletype", "ROLESPEC_CSTRING")
    return str(node.get("rolename", "")) if kind == "ROLESPEC_CSTRING" else kind[9:].lower()


_FIELDS = (("ival", "Integer"), ("sval", "String"), ("fval", "Float"), ("boolval", "Boolean"))
_TEXT_OF: dict[str, Callable[[Node], str]] = {
    "A_Const": _constant,
    "String": lambda body: str(body.get("sval", "")),
    "Integer": lambda body: str(body.get("ival", 0)),
    "Float": lambda body: str(body.get("fval", "0")),
    "Boolean": lambda body: "true" if body.get("boolval") else "false",
    "BitString": lambda body: str(body.get("bsval", "")),
    "ColumnRef": lambda body: ".".join(map(constant_text, body["fields"])),
    "TypeName": lambda body: str(type_of(body)),
    "List": lambda body: ", ".join(map(constant_text, body.get("items", ()))),
    "A_Star": lambda body: "*",
    "RoleSpec": role_name,
    "TypeCast": lambda body: constant_text(body["arg"]),
    "RangeVar": lambda body: str(relation_name(body)),
    "DefElem": option_text,
}


def roles(nodes: list[Node] | None) -> tuple[str, ...]:
    """Return the names of a list of roles."""
    return tuple(role_name(node["RoleSpec"]) for node in nodes) if nodes else ()


def argument_types(node: Node) -> tuple[Type, ...] | None:
    """Return the argument types of an `ObjectWithArgs`, None if they are not specified."""
    if node.get("args_unspecified"):
        return None
    return tuple(type_of(item["TypeName"]) if item else Type("none") for item in node.get("objargs", ()))


class Target:
    """An object named in a statement: its name, its table, and its argument types."""

    __slots__ = ("arguments", "name", "table")

    def __init__(self, name: Name, table: Name | None = None, arguments: tuple[Type, ...] | None = None) -> None:
        self.name = name
        self.table = table
        self.arguments = arguments


_OWNED = frozenset({"OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY", "OBJECT_TABCONSTRAINT", "OBJECT_COLUMN"})
_ACCESS_METHOD_FIRST = frozenset({"OBJECT_OPCLASS", "OBJECT_OPFAMILY"})


def target(object_type: str, node: Node) -> Target:
    """Return the object named in a `DROP`, `COMMENT`, `ALTER ... OWNER` and the like."""
    ((kind, body),) = node.items()
    if kind == "String":
        return Target(Name(None, body.get("sval", "")))
    if kind == "List":
        return _list_target(object_type, body.get("items", []))
    if kind == "TypeName":
        spelled = type_of(body)
        return Target(Name(spelled.schema, spelled.name))
    if kind == "ObjectWithArgs":
        return Target(qualified(body["objname"]), None, argument_types(body))
    if kind == "RangeVar":
        return Target(relation_name(body))
    return Target(Name(None, constant_text(node)))


def _list_target(object_type: str, items: list[Node]) -> Target:
    first = items[0]
    if "TypeName" in first:
        spelled = type_of(first["TypeName"])
        if object_type == "OBJECT_DOMCONSTRAINT":
            return Target(Name(None, constant_text(items[1])), Name(spelled.schema, spelled.name))
        word = " as " if object_type == "OBJECT_CAST" else " for "
        return Target(Name(None, word.join(constant_text(item) for item in items)))
    if object_type in _OWNED and len(items) > 1:
        return Target(Name(None, constant_text(items[-1])), qualified(items[:-1]))
    if object_type in _ACCESS_METHOD_FIRST and len(items) > 1:
        name = qualified(items[1:])
        return Target(Name(name.schema, f"{name.name} using {constant_text(first)}"))
    return Target(qualified(items))


def sequence_name(text: str) -> Name | None:
    """Read the name in a string as `regclass` does: folded unless quoted."""
    parts = [*map(unquoted, _NAME_PART.findall(text))]
    if not parts:
        return None
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])
