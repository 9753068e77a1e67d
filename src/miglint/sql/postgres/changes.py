"""Statements on objects of any kind: `DROP`, `RENAME`, `SET SCHEMA`, `OWNER TO`, `COMMENT`, `GRANT`."""

from __future__ import annotations

import re
from collections.abc import Callable

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.sql.operations import (
    AlterOther,
    Drop,
    Name,
    Operation,
    Rename,
    RenameColumn,
    RenameConstraint,
    SetComment,
    SetPrivileges,
    SetSchema,
    SetTableOption,
    Type,
)
from miglint.sql.postgres.lexer import clauses
from miglint.sql.postgres.names import (
    Node,
    Target,
    constant_text,
    kind_of,
    relation_name,
    role_name,
    roles,
    strings,
    target,
    type_of,
)
from miglint.sql.postgres.place import Place

_RELATIONS = frozenset({"table", "view", "materialized view", "index", "sequence", "foreign table"})


def drop(place: Place, node: Node) -> list[Operation]:
    """Read `DROP`: one operation per name; PostgreSQL drops an object that is named twice once."""
    object_type = node["removeType"]
    objects = node["objects"]
    kind = kind_of(object_type)
    if_exists = node.get("missing_ok", False)
    cascade = node.get("behavior") == "DROP_CASCADE"
    operations: list[Operation] = []
    named = set()
    spans = _spans(place, kind, len(objects))
    for item, span in zip(objects, spans, strict=True):
        found = target(object_type, item)
        arguments = found.arguments
        if object_type == "OBJECT_PROCEDURE" and arguments is not None:
            arguments = _all_arguments(item["ObjectWithArgs"])
        same = found.name, found.table, arguments
        if same in named:
            continue
        named.add(same)
        operations.append(
            Drop(
                span=span,
                kind=kind,
                name=found.name,
                table=found.table,
                arguments=arguments,
                if_exists=if_exists,
                cascade=cascade,
                concurrently=node.get("concurrent", False),
            )
        )
    return operations


_BEHAVIOR = pattern(r"(?<!\s)\s++(?:CASCADE|RESTRICT)\Z", re.IGNORECASE)


def _spans(place: Place, kind: str, count: int) -> list[Span]:
    """Return the positions of the objects in a `DROP`; for a single one, the whole statement."""
    if count == 1:
        return [place.whole()]
    words = r"\s+".join(("drop", *kind.split()))
    head = re.compile(rf"{words}(?:\s+concurrently)?(?:\s+if\s+exists)?\s", re.IGNORECASE)
    start = head.match(place.text, place.start, place.end)
    bounds = clauses(place.text, start.end(), place.end) if start else []
    if len(bounds) != count:
        return [place.whole()] * count
    first, last = bounds[-1]
    bounds[-1] = (first, first + len(_BEHAVIOR.sub("", place.text[first:last])))
    return [place.span(*each) for each in bounds]


def _all_arguments(node: Node) -> tuple[Type, ...]:
    """Return the types of all arguments: OUT arguments are part of a procedure's identity."""
    parameters = node.get("objfuncargs")
    if parameters is None:
        return tuple(type_of(item["TypeName"]) for item in node.get("objargs", ()))
    return tuple(type_of(item["FunctionParameter"]["argType"]) for item in parameters)


def drop_simple(kind: str, key: str) -> Callable[[Place, Node], list[Operation]]:
    """Return a reader for `DROP` statements with their own node type and one name."""

    def read(place: Place, node: Node) -> list[Operation]:
        return [
            Drop(
                span=place.whole(),
                kind=kind,
                name=Name(None, node[key]),
                if_exists=node.get("missing_ok", False),
                cascade=node.get("behavior") == "DROP_CASCADE",
            )
        ]

    return read


def drop_roles(place: Place, node: Node) -> list[Operation]:
    """Read `DROP ROLE`: one operation per role."""
    return [
        Drop(span=place.whole(), kind="role", name=Name(None, name), if_exists=node.get("missing_ok", False))
        for name in roles(node["roles"])
    ]


def drop_user_mapping(place: Place, node: Node) -> list[Operation]:
    """Read `DROP USER MAPPING`."""
    name = Name(None, f"{role_name(node['user'])} server {node['servername']}")
    return [Drop(span=place.whole(), kind="user mapping", name=name, if_exists=node.get("missing_ok", False))]


def rename(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ... RENAME`."""
    object_type = node["renameType"]
    span = place.whole()
    new = node["newname"]
    if_exists = node.get("missing_ok", False)
    old = node.get("subname", "")
    relation = relation_name(node["relation"]) if "relation" in node else None
    if relation is not None and object_type in {"OBJECT_COLUMN", "OBJECT_ATTRIBUTE"}:
        kind = kind_of(node.get("relationType", "OBJECT_TABLE"))
        only = not node["relation"].get("inh", False)
        return [
            RenameColumn(
                span=span, table=relation, table_if_exists=if_exists, only=only, kind=kind, column=old, new=new
            )
        ]
    if relation is not None and object_type == "OBJECT_TABCONSTRAINT":
        return [RenameConstraint(span=span, table=relation, table_if_exists=if_exists, constraint=old, new=new)]
    if object_type == "OBJECT_DOMCONSTRAINT":
        domain = target("OBJECT_DOMAIN", node["object"]).name
        return [RenameConstraint(span=span, table=domain, kind="domain", constraint=old, new=new)]
    kind = kind_of(object_type)
    if relation is not None:
        if old:
            return [Rename(span=span, kind=kind, name=Name(None, old), new=new, table=relation, if_exists=if_exists)]
        return [Rename(span=span, kind=kind, name=relation, new=new, if_exists=if_exists)]
    found = target(object_type, node["object"]) if "object" in node else Target(Name(None, old))
    return [Rename(span=span, kind=kind, name=found.name, new=new, arguments=found.arguments, if_exists=if_exists)]


def set_schema(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ... SET SCHEMA`."""
    object_type = node["objectType"]
    found = Target(relation_name(node["relation"])) if "relation" in node else target(object_type, node["object"])
    return [
        SetSchema(
            span=place.whole(),
            kind=kind_of(object_type),
            name=found.name,
            schema=node["newschema"],
            arguments=found.arguments,
            if_exists=node.get("missing_ok", False),
        )
    ]


def set_owner(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ... OWNER TO` for objects other than relations."""
    object_type = node["objectType"]
    kind = kind_of(object_type)
    found = Target(relation_name(node["relation"])) if "relation" in node else target(object_type, node["object"])
    owner = role_name(node["newowner"])
    if kind in _RELATIONS:
        return [SetTableOption(span=place.whole(), table=found.name, kind=kind, option="owner", value=owner)]
    return [
        AlterOther(
            span=place.whole(),
            source=place.source(),
            kind=kind,
            name=found.name,
            definition=f"owner to {owner}",
            table=found.table,
        )
    ]


def set_comment(place: Place, node: Node) -> list[Operation]:
    """Read `COMMENT ON`."""
    object_type = node["objtype"]
    found = target(object_type, node["object"])
    name, table, column_name = found.name, found.table, None
    if object_type == "OBJECT_COLUMN":
        name, table, column_name = table or name, None, name.name
    return [
        SetComment(
            span=place.whole(),
            kind=kind_of(object_type),
            name=name,
            text=node.get("comment"),
            column=column_name,
            table=table,
            arguments=found.arguments,
        )
    ]


def security_label(place: Place, node: Node) -> list[Operation]:
    """Read `SECURITY LABEL`."""
    object_type = node["objtype"]
    found = target(object_type, node["object"])
    definition = f"security label {node.get('provider', '')} is {node.get('label')}"
    return [_altered_other(place, object_type, found.name, definition, found.table)]


def _altered_other(place: Place, object_type: str, name: Name, definition: str, table: Name | None) -> AlterOther:
    return AlterOther(
        span=place.whole(),
        source=place.source(),
        kind=kind_of(object_type),
        name=name,
        definition=definition,
        table=table,
    )


def depends(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ... [NO] DEPENDS ON EXTENSION`."""
    object_type = node["objectType"]
    table = relation_name(node["relation"]) if "relation" in node else None
    found = target(object_type, node["object"]) if "object" in node else Target(table or Name(None, ""))
    word = "no depends" if node.get("remove") else "depends"
    definition = f"{word} on extension {constant_text({'String': node.get('extname', {})})}"
    if "String" in node.get("extname", {}):
        definition = f"{word} on extension {constant_text(node['extname'])}"
    return [_altered_other(place, object_type, found.name, definition, table)]


def grant(place: Place, node: Node) -> list[Operation]:
    """Read `GRANT` and `REVOKE` of privileges."""
    object_type = node["objtype"]
    kind = kind_of(object_type)
    where = node.get("targtype", "ACL_TARGET_OBJECT")
    if where == "ACL_TARGET_ALL_IN_SCHEMA":
        kind = f"all {kind}s in schema"
    elif where == "ACL_TARGET_DEFAULTS":
        kind = "default privileges"
    found = tuple(target(object_type, item) for item in node.get("objects", ()))
    return [
        SetPrivileges(
            span=place.whole(),
            grant=node.get("is_grant", False),
            kind=kind,
            names=tuple(item.name for item in found),
            roles=roles(node.get("grantees")),
            privileges=_privileges(node),
            option=node.get("grant_option", False),
            objects=kind_of(object_type),
            arguments=tuple(item.arguments for item in found),
        )
    ]


def _privileges(node: Node) -> tuple[tuple[str, tuple[str, ...]], ...]:
    privileges = (item["AccessPriv"] for item in node.get("privileges", ()))
    return tuple((str(item.get("priv_name", "all")), strings(item.get("cols"))) for item in privileges)


def grant_role(place: Place, node: Node) -> list[Operation]:
    """Read `GRANT role TO role`."""
    granted = tuple(Name(None, item["AccessPriv"].get("priv_name", "")) for item in node.get("granted_roles", ()))
    members = roles(node.get("grantee_roles"))
    return [
        SetPrivileges(span=place.whole(), grant=node.get("is_grant", False), kind="role", names=granted, roles=members)
    ]


def default_privileges(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER DEFAULT PRIVILEGES`."""
    action = node["action"]
    of_role = ""
    names: tuple[Name, ...] = ()
    for item in node.get("options", ()):
        element = item["DefElem"]
        words = element["arg"]["List"]["items"]
        if element["defname"] == "schemas":
            names = tuple(Name(None, text) for text in strings(words))
        else:
            of_role = ", ".join(sorted(roles(words)))
    return [
        SetPrivileges(
            span=place.whole(),
            grant=action.get("is_grant", False),
            kind="default privileges",
            names=names,
            roles=roles(action.get("grantees")),
            privileges=_privileges(action),
            option=action.get("grant_option", False),
            objects=kind_of(action["objtype"]),
            of_role=of_role,
        )
    ]
