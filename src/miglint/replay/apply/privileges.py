"""`GRANT`, `REVOKE` and default privileges: privileges beyond the default ones, and default ones that were revoked."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import need_relations
from miglint.replay.apply.remarks import RELATIONS, ROUTINES, SERVER_WIDE, key_of
from miglint.schema.describe import kind_of
from miglint.schema.objects import Key, Part, Privileges, Routine, Sequence, Table, View
from miglint.schema.remarks import privilege_key
from miglint.sql.operations import Name, SetPrivileges

# Since PostgreSQL 17 `maintain` is one of them.
_TABLE = ("delete", "insert", "maintain", "references", "select", "trigger", "truncate", "update")
_ALL: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("table", "view", "materialized view", "foreign table"), _TABLE),
    "sequence": ("select", "update", "usage"),
    "schema": ("create", "usage"),
    **dict.fromkeys(ROUTINES, ("execute",)),
}
_OF_COLUMN = ("insert", "references", "select", "update")
# The default privileges of PUBLIC on a new object.
_OF_PUBLIC = {**dict.fromkeys(ROUTINES, "execute"), **dict.fromkeys(("type", "domain", "language"), "usage")}
_OPTION = " with grant option"


def set_privileges(machine: Machine, operation: SetPrivileges) -> None:
    """`GRANT` and `REVOKE` of privileges; roles as members of roles are no part of a database."""
    kind = operation.kind
    if kind in SERVER_WIDE:
        return
    if kind == "default privileges":
        _set_defaults(machine, operation)
    elif kind.startswith("all "):
        for about in _all_in_schema(machine, operation):
            _set_on(machine, operation, about, operation.objects)
    else:
        if kind in RELATIONS:
            need_relations(machine, operation.names)
        for place, name in enumerate(operation.names):
            arguments = operation.arguments[place] if place < len(operation.arguments) else None
            _set_on(machine, operation, key_of(machine, kind, name, None, arguments), kind)


def _all_in_schema(machine: Machine, operation: SetPrivileges) -> list[Key]:
    """Return what there is of a kind in schemas, at the moment of the statement."""
    schemas = {name.name for name in operation.names}
    kinds: dict[str, tuple[type, ...]] = {"table": (Table, View), "sequence": (Sequence,)}
    wanted = kinds.get(operation.objects, (Routine,))
    return sorted(key for key, value in machine.schema.items() if key.schema in schemas and isinstance(value, wanted))


def _kind_of_object(machine: Machine, about: Key, kind: str) -> str:
    """Return the kind of an object, which a statement may have given as `TABLE` only."""
    if about.space == "type":
        return "type"
    value = machine.schema.find(about) if about.space == "relation" else None
    return kind if value is None else kind_of(value)


def _set_on(machine: Machine, operation: SetPrivileges, about: Key, kind: str) -> None:
    words = _kind_of_object(machine, about, kind)
    public = _OF_PUBLIC.get(kind)
    of_public = frozenset(() if public is None else (public,))
    for privilege, columns in operation.privileges or (("all", ()),):
        parts: Iterable[Part | None] = [Part("column", name) for name in columns] or (None,)
        for part in parts:
            every = _OF_COLUMN if columns else _ALL.get(words, _ALL.get(kind, ("usage",)))
            named = every if privilege == "all" else (privilege,)
            for role in operation.roles:
                key = privilege_key(about, part, role, None if part else words)
                found = machine.schema.find(key)
                before = found if isinstance(found, Privileges) else Privileges(role, about=about, part=part)
                anyway = of_public if role == "public" and part is None else frozenset[str]()
                _store(machine, key, found is not None, _changed(before, operation, named, anyway))


def _changed(before: Privileges, operation: SetPrivileges, named: Iterable[str], anyway: frozenset[str]) -> Privileges:
    """Return privileges after a statement about those `named`; the role has some of them `anyway`."""
    granted, revoked = set(before.granted), set(before.revoked)
    for privilege in named:
        option = privilege + _OPTION
        if operation.grant:
            revoked.discard(privilege)
            if privilege not in anyway:
                granted.add(privilege)
            if operation.option:
                granted.add(option)
            continue
        granted.discard(option)
        if operation.option:
            continue
        granted.discard(privilege)
        if privilege in anyway:
            revoked.add(privilege)
    return replace(before, granted=tuple(sorted(granted)), revoked=tuple(sorted(revoked)))


def _store(machine: Machine, key: Key, there: bool, value: Privileges) -> None:
    if value.granted or value.revoked:
        machine.create(key, value)
    elif there:
        machine.drop(key)


def _set_defaults(machine: Machine, operation: SetPrivileges) -> None:
    """`ALTER DEFAULT PRIVILEGES`."""
    kind = operation.objects
    every = _ALL.get(kind, ("usage",))
    named = [part for name, _ in operation.privileges for part in ((name,) if name != "all" else every)] or every
    for name in operation.names or (Name(None, ""),):
        schema = name.name
        for role in operation.roles:
            usual = _OF_PUBLIC.get(kind)
            # Those of one schema come on top of the others.
            anyway = frozenset({usual} if usual is not None and role == "public" and not schema else ())
            owner = f"{operation.of_role} {role}".strip()
            key = Key("privilege", schema, f"default privileges on {kind}s", owner)
            found = machine.schema.find(key)
            about = Key("schema", "", schema) if schema else None
            before = found if isinstance(found, Privileges) else Privileges(role, about=about, defaults=kind)
            _store(machine, key, found is not None, _changed(before, operation, named, anyway))
