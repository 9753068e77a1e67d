"""Less common objects: each becomes a `CreateOther` or `AlterOther` with a canonical text of its node.

`CREATED` and `ALTERED` map the kind of object to the field of its name, and flags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from miglint.sql.operations import AlterOther, CreateOther, CreateType, Mentions, Name, Operation
from miglint.sql.postgres.canonical import field, walk
from miglint.sql.postgres.names import (
    Node,
    constant_text,
    dotted,
    kind_of,
    options,
    qualified,
    relation_name,
    role_name,
    strings,
    target,
    type_of,
)
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.routines import create_aggregate
from miglint.sql.postgres.scopes import Walk, mentions_of

Reader = Callable[[Place, Node], list[Operation]]
_FLAGS = frozenset({"location", "replace", "if_not_exists", "missing_ok", "behavior"})


def _definition(node: Node, state: Walk, *left_out: str) -> str:
    """Write the fields of a node except its name and guards. Connection strings and credentials are omitted."""
    parts = []
    for key, value in node.items():
        if key in _FLAGS or key in left_out:
            continue
        if key == "conninfo":
            continue
        if key == "options":
            texts = [text for text in options(value) if not text.startswith("password")]
            parts.append(f"options ({', '.join(texts)})")
        else:
            parts.append(f"{key} {field(state, key, value)}")
    return " ".join(parts)


def _name(value: Any) -> Name:
    if isinstance(value, str):
        return Name(None, value)
    if isinstance(value, dict):
        if "objname" in value:
            return qualified(value["objname"])
        return relation_name(value) if "relname" in value else Name(None, role_name(value))
    return dotted(strings(value))


def create(kind: str, key: str) -> Reader:
    """Return a reader of `CREATE kind`, whose node has the name in the field `key`."""

    def read(place: Place, node: Node) -> list[Operation]:
        state = Walk()
        definition = _definition(node, state, key)
        return [
            CreateOther(
                span=place.whole(),
                source=place.source(),
                kind=kind,
                name=_name(node.get(key, "")),
                definition=definition,
                if_not_exists=node.get("if_not_exists", False),
                or_replace=node.get("replace", False),
                mentions=mentions_of(state),
            )
        ]

    return read


def alter(kind: str, key: str) -> Reader:
    """Return a reader of `ALTER kind`, whose node has the name in the field `key`."""

    def read(place: Place, node: Node) -> list[Operation]:
        definition = _definition(node, Walk(), key)
        return [
            AlterOther(
                span=place.whole(),
                source=place.source(),
                kind=kind,
                name=_name(node.get(key, "")),
                definition=definition,
                if_exists=node.get("missing_ok", False),
            )
        ]

    return read


def create_event_trigger(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE EVENT TRIGGER`."""
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="event trigger",
            name=Name(None, node["trigname"]),
            definition=_definition(node, Walk(), "trigname"),
            mentions=Mentions(functions=(qualified(node["funcname"]),)),
        )
    ]


_FUNCTION = 2
_TYPE_PARTS = frozenset({"leftarg", "rightarg", "subtype", "like"})
_FUNCTION_PARTS = frozenset(
    {
        "function", "procedure", "restrict", "join", "subtype_diff", "canonical", "input", "output", "receive", "send",
        "typmod_in", "typmod_out", "analyze",
    }
)  # fmt: skip


def made_of(elements: Sequence[Node]) -> Mentions:
    """Return the types and functions that the definition of a type or an operator names."""
    types: list[Name] = []
    functions: list[Name] = []
    for item in elements:
        element = item["DefElem"]
        spelled = element.get("arg", {}).get("TypeName")
        if spelled is not None and element["defname"] in _TYPE_PARTS:
            kind = type_of(spelled)
            types.append(Name(kind.schema, kind.name))
        elif spelled is not None and element["defname"] in _FUNCTION_PARTS:
            functions.append(qualified(spelled["names"]))
    return Mentions(types=tuple(types), functions=tuple(functions))


def define(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE AGGREGATE`, `OPERATOR`, `TYPE`, `COLLATION` and `TEXT SEARCH ...`."""
    kind = kind_of(node["kind"])
    if kind == "aggregate":
        return create_aggregate(place, node)
    name = qualified(node["defnames"])
    definition = ", ".join(options(node.get("definition")))
    mentions = made_of(node.get("definition", ()))
    if kind == "type":
        shape = "base" if "definition" in node else "shell"
        return [
            CreateType(
                span=place.whole(),
                name=name,
                kind=shape,
                definition=definition,
                mentions=mentions,
                source=place.source(),
            )
        ]
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind=kind,
            name=name,
            definition=definition,
            if_not_exists=node.get("if_not_exists", False),
            mentions=mentions,
        )
    ]


def create_cast(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE CAST`."""
    name = Name(None, f"{type_of(node['sourcetype'])} as {type_of(node['targettype'])}")
    definition = _definition(node, Walk(), "sourcetype", "targettype")
    kinds = (type_of(node["sourcetype"]), type_of(node["targettype"]))
    types = tuple(Name(kind.schema, kind.name) for kind in kinds)
    functions = (qualified(node["func"]["objname"]),) if "func" in node else ()
    mentions = Mentions(types=types, functions=functions)
    return [
        CreateOther(
            span=place.whole(), source=place.source(), kind="cast", name=name, definition=definition, mentions=mentions
        )
    ]


def create_transform(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TRANSFORM`."""
    name = Name(None, f"{type_of(node['type_name'])} for {node['lang']}")
    definition = _definition(node, Walk(), "type_name", "lang")
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="transform",
            name=name,
            definition=definition,
            or_replace=node.get("replace", False),
        )
    ]


def create_operator_class(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE OPERATOR CLASS`."""
    name = qualified(node["opclassname"])
    definition = _definition(node, Walk(), "opclassname")
    spelled = type_of(node["datatype"])
    named = (item["CreateOpClassItem"] for item in node.get("items", ()))
    functions = tuple(qualified(item["name"]["objname"]) for item in named if item.get("itemtype") == _FUNCTION)
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="operator class",
            name=Name(name.schema, f"{name.name} using {node['amname']}"),
            definition=definition,
            mentions=Mentions(types=(Name(spelled.schema, spelled.name),), functions=functions),
        )
    ]


def create_operator_family(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE OPERATOR FAMILY`."""
    name = qualified(node["opfamilyname"])
    named = Name(name.schema, f"{name.name} using {node['amname']}")
    return [CreateOther(span=place.whole(), source=place.source(), kind="operator family", name=named, definition="")]


def alter_operator_family(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER OPERATOR FAMILY`."""
    name = qualified(node["opfamilyname"])
    named = Name(name.schema, f"{name.name} using {node['amname']}")
    definition = _definition(node, Walk(), "opfamilyname", "amname")
    return [
        AlterOther(span=place.whole(), source=place.source(), kind="operator family", name=named, definition=definition)
    ]


def create_user_mapping(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE USER MAPPING`."""
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="user mapping",
            name=Name(None, f"{role_name(node['user'])} server {node['servername']}"),
            definition=_definition(node, Walk(), "user", "servername"),
            if_not_exists=node.get("if_not_exists", False),
        )
    ]


def alter_user_mapping(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER USER MAPPING`."""
    name = Name(None, f"{role_name(node['user'])} server {node['servername']}")
    definition = _definition(node, Walk(), "user", "servername")
    return [
        AlterOther(span=place.whole(), source=place.source(), kind="user mapping", name=name, definition=definition)
    ]


def create_statistics(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE STATISTICS`."""
    state = Walk()
    definition = _definition(node, state, "defnames")
    for item in node.get("exprs", ()):
        element = item["StatsElem"]
        if "name" in element:
            state.columns[element["name"]] = None
        else:
            walk(state, element["expr"])
    tables = tuple(relation_name(item["RangeVar"]) for item in node.get("relations", ()) if "RangeVar" in item)
    return [
        CreateOther(
            span=place.whole(),
            source=place.source(),
            kind="statistics",
            name=_name(node.get("defnames", [])),
            definition=definition,
            if_not_exists=node.get("if_not_exists", False),
            mentions=mentions_of(state),
            table=tables[0] if tables else None,
        )
    ]


def extension_contents(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER EXTENSION ... ADD` and `DROP` of a member."""
    member = target(node["objtype"], node["object"])
    word = "add" if node.get("action", 1) == 1 else "drop"
    definition = f"{word} {kind_of(node['objtype'])} {member.name}"
    return [
        AlterOther(
            span=place.whole(),
            source=place.source(),
            kind="extension",
            name=Name(None, node["extname"]),
            definition=definition,
        )
    ]


def move_all(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER TABLE ALL IN TABLESPACE`."""
    name = Name(None, node["orig_tablespacename"])
    definition = f"move all {kind_of(node['objtype'])}s to {node['new_tablespacename']}"
    return [AlterOther(span=place.whole(), source=place.source(), kind="tablespace", name=name, definition=definition)]


def import_schema(place: Place, node: Node) -> list[Operation]:
    """Read `IMPORT FOREIGN SCHEMA`: the created tables are not in the text, unless it lists them."""
    names = [constant_text(item) for item in node.get("table_list", ())]
    definition = f"from server {node['server_name']} into {node['local_schema']} {' '.join(names)}".rstrip()
    name = Name(None, node["remote_schema"])
    return [
        CreateOther(
            span=place.whole(), source=place.source(), kind="foreign schema import", name=name, definition=definition
        )
    ]
