"""Convert PostgreSQL catalog rows to the schema type of the replay.

Expressions and definitions are the catalog's texts, which are comparable within one server.
"""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.dryrun.postgres.catalog_parts import (
    Found,
    Row,
    column_of,
    column_privileges,
    constraint_of,
    expression_of,
    items,
    remarks,
    type_of,
)
from miglint.dryrun.postgres.catalog_relations import relation_of
from miglint.schema.objects import (
    Composite,
    Domain,
    Enum,
    Extension,
    Key,
    Namespace,
    Other,
    OtherType,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    Sequence,
    Trigger,
)
from miglint.schema.sequences import chosen, unusual
from miglint.sql.operations import Name
from miglint.sql.postgres.statements import read_call

_PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
_STATES = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}
_ROUTINES = {"f": "function", "p": "procedure", "a": "aggregate", "w": "function"}
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


def _namespace(row: Row) -> Found:
    name, acl, comment = row
    yield Key("schema", "", name), Namespace(name)
    # `initdb` comments on this one, and grants everybody its use.
    comment = None if name == "public" and comment == "standard public schema" else comment
    yield from remarks(Key("schema", "", name), acl, comment, used_by_all=name == "public")


_SEQUENCE_TYPES = {"smallint": "int2", "integer": "int4", "bigint": "int8"}


def _sequence(row: Row) -> Found:
    schema, name, persistence, kind = row[:4]
    cycle, home, table, column, dependency, acl, comment, columns = row[9:]
    numbers = zip(("start", "increment", "maxvalue", "minvalue", "cache"), row[4:9], strict=True)
    options = [*(f"{option}={value}" for option, value in numbers), f"as={_SEQUENCE_TYPES[kind]}"]
    options += ["cycle=true"] if cycle else []
    owner = (Name(home, table), column or "") if table is not None else None
    # Without a column that draws from it, a sequence stays when its name is one that `serial` gives.
    implicit = dependency == "i" or (dependency == "a" and chosen(name, table, column or ""))
    yield (
        Key("relation", schema, name),
        Sequence(Name(schema, name), unusual(options), owner, implicit=implicit, persistence=_PERSISTENCE[persistence]),
    )
    yield from remarks(Key("relation", schema, name), acl, comment, words="sequence")
    yield from column_privileges(Key("relation", schema, name), columns)


def _user_type(row: Row) -> Found:
    schema, name, kind, labels, home, base, element, element_home, shown, not_null, default, collation = row[:12]
    columns, subtype, acl, comment, constraints = row[12:]
    full = Name(schema, name)
    key = Key("type", schema, name)
    if kind == "e":
        yield key, Enum(full, tuple(items(labels)))
    elif kind == "d":
        checks = {constraint[0]: constraint_of(constraint, {}) for constraint in items(constraints)}
        its_base = type_of(home, base, element, element_home, shown)
        if default is not None and default.startswith("NULL::") and its_base is not None and its_base.schema is None:
            # The server keeps it for a type with a length only.
            default = None
        yield key, Domain(full, its_base, expression_of(default), not not_null, collation, checks)
    elif kind == "c":
        yield key, Composite(full, {column.name: column for column in map(column_of, items(columns))})
    else:
        yield key, OtherType(full, {"r": "range", "b": "base", "p": "shell"}.get(kind, ""), subtype or "")
    yield from remarks(key, acl, comment)
    for column in items(columns):
        yield from remarks(key, None, column[12], part=Part("column", column[0]))
    for constraint in items(constraints):
        yield from remarks(key, None, constraint[14], part=Part("constraint", constraint[0]))


def _routine(row: Row) -> Found:
    schema, name, derived_kind, derived_arguments, home, result_name, element, element_home, is_set, language = row[:10]
    definition, body, names, defaults, acl, comment = row[10:]
    kind = _ROUTINES[derived_kind]
    arguments = tuple(type_of(*part) for part in items(derived_arguments))
    result = replace(type_of(home, result_name, element, element_home, None), setof=bool(is_set))
    full = f"{name}({','.join(str(argument) for argument in arguments)})"
    yield (
        Key("routine", schema, full),
        Routine(
            Name(schema, name),
            kind,
            arguments,
            None if kind == "procedure" else result,
            language,
            definition or "",
            body,
            input_names=tuple(part for part in items(names) if part),
            defaults=defaults,
            source=(definition or "") if kind != "aggregate" else "",
            read_call=read_call,
        ),
    )
    yield from remarks(Key("routine", schema, full), acl, comment, words=kind)


def _trigger(row: Row) -> Found:
    schema, table, name, definition, state, home, function, columns, comment = row
    on = Name(schema, table)
    value = Trigger(
        name, on, Name(home, function), definition, _STATES[state], tuple(items(columns)), source=definition
    )
    yield Key("trigger", schema, name, table), value
    yield from remarks(Key("trigger", schema, name, table), None, comment)


def _policy(row: Row) -> Found:
    schema, table, name, command, permissive, roles, using, check, comment = row
    head = f"{'permissive' if permissive else 'restrictive'} for {_COMMANDS[command]}"
    value = Policy(name, Name(schema, table), head, roles or "", using, check, using_text=using, check_text=check)
    yield Key("policy", schema, name, table), value
    yield from remarks(Key("policy", schema, name, table), None, comment)


def _rule(row: Row) -> Found:
    schema, table, name, definition, state, comment = row
    yield (
        Key("rule", schema, name, table),
        RewriteRule(name, Name(schema, table), definition, _STATES[state], source=definition),
    )
    yield from remarks(Key("rule", schema, name, table), None, comment)


def _extension(row: Row) -> Found:
    name, schema, version = row
    yield Key("extension", "", name), Extension(name, schema, version)


def _other(row: Row) -> Found:
    kind, schema, name, definition, comment, acl = row
    if kind == "default privileges":
        granted = tuple(sorted((definition or "").strip("{}").split(",")))
        yield Key("privilege", schema, f"default privileges of {name}"), Privileges("", granted, defaults=name)
        return
    key = Key(f"other {kind}", schema, name)
    sources = (definition or "",) if kind == "statistics" else ()
    yield key, Other(kind, Name(schema or None, name), definition or "", sources=sources)
    yield from remarks(key, acl, comment)


def _huge(row: Row) -> Found:
    beginning, digest = row
    yield Key("other oversized object", "", beginning), Other("oversized object", Name(None, beginning), digest)


BUILDERS: dict[str, Callable[[Row], Found]] = {
    "huge": _huge,
    "namespace": _namespace,
    "relation": relation_of,
    "sequence": _sequence,
    "type": _user_type,
    "routine": _routine,
    "trigger": _trigger,
    "policy": _policy,
    "rule": _rule,
    "extension": _extension,
    "other": _other,
}
