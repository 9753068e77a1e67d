"""Objects attached to tables, and standalone ones: triggers, policies, rules, extensions, schemas and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from miglint.sql.operations import (
    AlterOther,
    AlterPolicy,
    CreateExtension,
    CreatePolicy,
    CreateRole,
    CreateRule,
    CreateSchema,
    CreateTrigger,
    Name,
    Opaque,
    Operation,
    SetVariable,
)
from miglint.sql.postgres.canonical import quote, walk
from miglint.sql.postgres.expressions import enclosed
from miglint.sql.postgres.names import (
    Node,
    constant_text,
    option_text,
    options,
    qualified,
    relation_name,
    role_name,
    roles,
    strings,
)
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.scopes import Walk, mentions_of

_TIMINGS = {2: "before", 64: "instead of"}
_ROWS = ("new", "old")
_EVENTS = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}


def create_trigger(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE TRIGGER`."""
    table = relation_name(node["relation"])
    state = Walk(rows=_ROWS)
    columns = strings(node.get("columns"))
    mask = node.get("events", 0)
    events = " or ".join(
        word + (f" of {', '.join(columns)}" if word == "update" and columns else "")
        for bit, word in _EVENTS.items()
        if mask & bit
    )
    parts = [_TIMINGS.get(node.get("timing", 0), "after"), events]
    relations: tuple[Name, ...] = ()
    if "constrrel" in node:
        relations = (relation_name(node["constrrel"]),)
        parts.append(f"from {relations[0]}")
    if node.get("isconstraint"):
        parts.insert(0, "constraint")
        if node.get("initdeferred"):
            parts.append("initially deferred")
        elif node.get("deferrable"):
            parts.append("deferrable")
    transitions = [item["TriggerTransition"] for item in node.get("transitionRels", ())]
    for transition in sorted(transitions, key=lambda item: bool(item.get("isNew"))):
        parts.append(f"{'new' if transition.get('isNew') else 'old'} table as {transition['name']}")
    parts.append("for each " + ("row" if node.get("row") else "statement"))
    if "whenClause" in node:
        parts.append(f"when {walk(state, node['whenClause'])}")
    function = qualified(node["funcname"])
    arguments = ", ".join(quote(text) for text in strings(node.get("args")))
    parts.append(f"execute {function}({arguments})")
    return [
        CreateTrigger(
            span=place.whole(),
            name=node["trigname"],
            table=table,
            function=function,
            definition=" ".join(parts),
            columns=columns,
            relations=relations,
            or_replace=node.get("replace", False),
            constraint=node.get("isconstraint", False),
            mentions=mentions_of(state),
            source=place.source(),
        )
    ]


def create_policy(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE POLICY`."""
    table = relation_name(node["table"])
    state = Walk(table.name)
    return [
        CreatePolicy(
            span=place.whole(),
            name=node["policy_name"],
            table=table,
            head=f"{'permissive' if node.get('permissive') else 'restrictive'} for {node.get('cmd_name', 'all')}",
            roles=", ".join(sorted(roles(node.get("roles")))),
            using=walk(state, node["qual"]) if "qual" in node else None,
            check=walk(state, node["with_check"]) if "with_check" in node else None,
            mentions=mentions_of(state),
            using_text=enclosed(place, node["qual"]) if "qual" in node else None,
            check_text=enclosed(place, node["with_check"]) if "with_check" in node else None,
        )
    ]


def alter_policy(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER POLICY`."""
    table = relation_name(node["table"])
    state = Walk(table.name)
    return [
        AlterPolicy(
            span=place.whole(),
            name=node["policy_name"],
            table=table,
            roles=", ".join(sorted(roles(node["roles"]))) if "roles" in node else None,
            using=walk(state, node["qual"]) if "qual" in node else None,
            check=walk(state, node["with_check"]) if "with_check" in node else None,
            mentions=mentions_of(state),
            using_text=enclosed(place, node["qual"]) if "qual" in node else None,
            check_text=enclosed(place, node["with_check"]) if "with_check" in node else None,
        )
    ]


def create_rule(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE RULE`."""
    state = Walk(rows=_ROWS)
    parts = [f"on {node['event'][4:].lower()}"]
    if "whereClause" in node:
        parts.append(f"where {walk(state, node['whereClause'])}")
    parts.append("do instead" if node.get("instead") else "do also")
    parts.append("; ".join(walk(state, action) for action in node.get("actions", ())) or "nothing")
    return [
        CreateRule(
            span=place.whole(),
            name=node["rulename"],
            table=relation_name(node["relation"]),
            definition=" ".join(parts),
            or_replace=node.get("replace", False),
            mentions=mentions_of(state),
            source=place.source(),
        )
    ]


def create_extension(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE EXTENSION`."""
    given = {item["DefElem"]["defname"]: item["DefElem"].get("arg") for item in node.get("options", ())}
    schema, version, cascade = given.get("schema"), given.get("new_version"), given.get("cascade")
    return [
        CreateExtension(
            span=place.whole(),
            name=node["extname"],
            if_not_exists=node.get("if_not_exists", False),
            schema=constant_text(schema) if schema else None,
            version=constant_text(version) if version else None,
            cascade=cascade is not None,
        )
    ]


def create_schema(place: Place, node: Node, read: Callable[[Place, Node], list[Operation]]) -> list[Operation]:
    """Read `CREATE SCHEMA`; contained objects follow, in that schema unless they specify another."""
    owner = role_name(node["authrole"]) if "authrole" in node else None
    schema = node.get("schemaname") or owner or ""
    operations: list[Operation] = [
        CreateSchema(span=place.whole(), name=schema, if_not_exists=node.get("if_not_exists", False), owner=owner)
    ]
    for element in node.get("schemaElts", ()):
        ((kind, body),) = element.items()
        operations += read(place, {kind: _inside(body, schema)})
    return operations


def _inside(body: Node, schema: str) -> Node:
    for key in ("relation", "view", "sequence"):
        target = body.get(key)
        if target is not None and "schemaname" not in target:
            return {**body, key: {**target, "schemaname": schema}}
    return body


def create_role(place: Place, node: Node) -> list[Operation]:
    """Read `CREATE ROLE`, `USER` and `GROUP`."""
    texts = [node["stmt_type"][9:].lower(), *_role_options(node)]
    return [CreateRole(span=place.whole(), name=node["role"], definition=" ".join(texts))]


def _role_options(node: Node) -> list[str]:
    """Return a role's options; passwords are masked."""
    texts = []
    for item in node.get("options", ()):
        element = item["DefElem"]
        texts.append("password" if element["defname"] == "password" else option_text(element))
    return sorted(texts)


def alter_role(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ROLE` with options."""
    action = "" if node.get("action", 1) == 1 else "drop "
    definition = action + " ".join(_role_options(node))
    return [
        AlterOther(
            span=place.whole(),
            source=place.source(),
            kind="role",
            name=Name(None, role_name(node["role"])),
            definition=definition,
        )
    ]


def alter_role_set(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER ROLE ... SET`."""
    name = role_name(node["role"]) if "role" in node else "all"
    database = f"in database {node['database']} " if "database" in node else ""
    definition = database + setting_text(node["setstmt"])
    return [
        AlterOther(span=place.whole(), source=place.source(), kind="role", name=Name(None, name), definition=definition)
    ]


def setting_text(node: Node) -> str:
    """Return the canonical text of a `SET` or `RESET`."""
    kind = node.get("kind", "")
    name = node.get("name", "")
    if kind == "VAR_RESET_ALL":
        return "reset all"
    if kind == "VAR_RESET":
        return f"reset {name}"
    if kind == "VAR_SET_DEFAULT":
        return f"set {name} to default"
    if kind == "VAR_SET_CURRENT":
        return f"set {name} from current"
    return f"set {name} to {', '.join(constant_text(item) for item in node.get('args', ()))}"


def set_variable(place: Place, node: Node) -> list[Operation]:
    """Read `SET` and `RESET`."""
    kind = node.get("kind", "")
    values: tuple[str, ...] | None = None
    if kind in {"VAR_SET_VALUE", "VAR_SET_MULTI"}:
        values = tuple(constant_text(item) for item in node.get("args", ()))
    name = "all" if kind == "VAR_RESET_ALL" else node.get("name", "")
    found = SetVariable(span=place.whole(), name=name.lower(), values=values, local=node.get("is_local", False))
    return [found, *read_only(place, node.get("args", ())), *read_only_by_name(place, found)]


_READ_ONLY = frozenset({"transaction_read_only", "default_transaction_read_only"})
_OFF = frozenset({"off", "false", "no", "0", "f", "n"})


def read_only_by_name(place: Place, setting: SetVariable) -> list[Operation]:
    """Return the unknown effect of a setting under which the server refuses changes."""
    if setting.name not in _READ_ONLY or setting.values is None or setting.values[0].lower() in _OFF:
        return []
    return [Opaque(span=place.whole(), reason="the server refuses changes in a read-only transaction")]


def read_only(place: Place, options: Iterable[Node]) -> list[Operation]:
    """Return the same of `READ ONLY` among the options of a transaction."""
    elements = (item["DefElem"] for item in options if "DefElem" in item)
    given = (item for item in elements if item["defname"] == "transaction_read_only")
    settings = (SetVariable(span=place.whole(), name=item["defname"], values=(_mode(item),)) for item in given)
    return [operation for setting in settings for operation in read_only_by_name(place, setting)]


def _mode(element: Node) -> str:
    return "on" if element["arg"].get("A_Const", {}).get("ival", {}).get("ival") else "off"


def alter_extension(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER EXTENSION ... UPDATE`."""
    definition = "update " + " ".join(options(node.get("options")))
    name = Name(None, node["extname"])
    return [
        AlterOther(
            span=place.whole(), source=place.source(), kind="extension", name=name, definition=definition.strip()
        )
    ]
