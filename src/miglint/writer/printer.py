"""One object of a schema as the statements that create it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Expression, Name
from miglint.writer import remarks, sources, sqlite_tables, tables
from miglint.writer.indexes import create_index
from miglint.writer.routines import create_routine
from miglint.writer.sequences import create_sequence
from miglint.writer.words import UnprintableError, identifier, identifiers, literal, name, type_name

_TRIGGER_STATES = {"enabled": "ENABLE", "disabled": "DISABLE", "replica": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def create(schema: Schema, key: Key, value: SchemaObject) -> list[str]:
    """Return the statements that create an object: none for what is created with another one.

    Foreign keys of PostgreSQL, the columns that own sequences, and the settings of tables are written apart, with
    `finish`, since they may need what is created later. Raises `UnprintableError` for what is not known in full.
    """
    if value.assumed:
        raise UnprintableError("the files use it without creating it")
    match value:
        case Table():
            return [create_table(schema, key, value)]
        case View():
            return [create_view(schema, value)]
        case Index():
            return [text] if (text := create_index(schema, value)) else []
        case Sequence():
            return [] if tables.is_implied(schema, value) else [create_sequence(value)]
        case Enum():
            return [f"CREATE TYPE {name(value.name)} AS ENUM ({', '.join(map(literal, value.labels))});"]
        case Domain():
            return [create_domain(value)]
        case Composite():
            return [create_composite(value)]
        case OtherType():
            return [create_other_type(value)]
        case Routine():
            return list(create_routine(value))
        case Extension() | Namespace():
            return _create_container(value)
        case _:
            return _create_attached(schema, key, value)


def create_table(schema: Schema, key: Key, table: Table) -> str:
    """Return the statement that creates a table, on PostgreSQL without its foreign keys. Raises `UnprintableError`."""
    if schema.dialect is Dialect.SQLITE and table.kind == "table":
        return sqlite_tables.create_table(table)
    return tables.create_table(schema, key, table)


def column(schema: Schema, key: Key, table: Table, item: Column) -> str:
    """Return the definition of a column, on SQLite with its constraints. Raises `UnprintableError`."""
    if schema.dialect is Dialect.SQLITE:
        return sqlite_tables.column(table, item)
    return tables.column(schema, key, table, item)


def _create_attached(schema: Schema, key: Key, value: SchemaObject) -> list[str]:
    """Return the statements that create what belongs to another object, or what the files alone describe."""
    match value:
        case Trigger():
            return list(create_trigger(schema, value))
        case Policy():
            return [create_policy(value)]
        case RewriteRule():
            return list(create_rule(value))
        case Comment():
            return [remarks.comment_on(schema, value, value.text)]
        case Privileges():
            return list(remarks.privileges(schema, key, None, value))
        case Other():
            return list(create_other(value))
        case _:
            return []


def finish(schema: Schema, key: Key, value: SchemaObject) -> list[str]:
    """Return the statements that complete an object when all objects are there."""
    if value.assumed:
        return []
    if isinstance(value, Table):
        return [*tables.separate_constraints(schema, value), *tables.settings_of(value)]
    if isinstance(value, View):
        return [view_default(value.name, column, default) for column, default in value.defaults]
    if isinstance(value, Sequence) and value.owned_by is not None and not tables.is_implied(schema, value):
        from miglint.writer.sequences import owned_by

        return [owned_by(value)]
    return []


def _create_container(value: Extension | Namespace) -> list[str]:
    if isinstance(value, Namespace):
        return [] if value.name == "public" else [f"CREATE SCHEMA {identifier(value.name)};"]
    schema = f" SCHEMA {identifier(value.schema)}" if value.schema not in (None, "public") else ""
    version = f" VERSION {literal(value.version)}" if value.version is not None else ""
    options = f"{schema}{version}" if version or not schema else f" WITH{schema}"
    return [f"CREATE EXTENSION IF NOT EXISTS {identifier(value.name)}{options};"]


def create_view(schema: Schema, view: View, *, replacing: bool = False) -> str:
    """Return the statement that creates a view."""
    if view.query is None or not view.query.text:
        raise UnprintableError("the query of the view is not known")
    if schema.dialect is Dialect.SQLITE:
        return _sqlite_view(view)
    kind = "MATERIALIZED VIEW" if view.materialized else "VIEW"
    listed = view.columns if view.columns and "*" not in view.columns else None
    columns = f" ({identifiers(listed)})" if listed and not _names_columns(view, listed) else ""
    options, behind = _view_options(view)
    head = f"CREATE {'OR REPLACE ' if replacing and not view.materialized else ''}{kind} {name(view.name)}"
    return f"{head}{columns}{options} AS\n{view.query.text.rstrip().rstrip(';')}{behind};"


def _view_options(view: View) -> tuple[str, str]:
    """Return the options of a view: those before its query, and those behind it."""
    check = next((item.partition("=")[2] for item in view.options if item.startswith("check_option=")), None)
    given = [
        item for item in view.options if not item.startswith(("check_option=", "owner=", "tablespace=", "cluster="))
    ]
    options = f" WITH ({', '.join(item.removeprefix('storage parameter ') for item in given)})" if given else ""
    behind = f"\nWITH {check.upper()} CHECK OPTION" if check else ""
    return options, behind + ("\nWITH NO DATA" if view.materialized and not view.populated else "")


def view_default(view: Name, column: str, default: Expression | None) -> str:
    """Return the statement that sets or drops the default of a view's column."""
    action = "DROP DEFAULT" if default is None else f"SET DEFAULT {default.text}"
    return f"ALTER VIEW {name(view)} ALTER COLUMN {identifier(column)} {action};"


def _names_columns(view: View, listed: tuple[str, ...]) -> bool:
    """Return whether the query itself gives its result columns their names."""
    if view.query is None or view.query.outputs != listed:
        return False
    # A column that was renamed since has its old name in the text.
    return bool(listed) and all(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", view.query.text) for column in listed)


def _sqlite_view(view: View) -> str:
    assert view.query is not None
    text = view.query.text.rstrip().rstrip(";")
    if text[:6].upper() == "CREATE":
        return f"{text};"
    columns = f" ({identifiers(view.listed)})" if view.listed else ""
    return f"CREATE VIEW {name(view.name)}{columns} AS {text};"


def create_domain(domain: Domain) -> str:
    """Return the statement that creates a domain."""
    if domain.base is None:
        raise UnprintableError("the type of the domain is not known")
    text = f"CREATE DOMAIN {name(domain.name)} AS {type_name(domain.base, Dialect.POSTGRES)}"
    text += f" COLLATE {tables.collation(domain.collation)}" if domain.collation else ""
    text += f" DEFAULT {domain.default.text}" if domain.default is not None else ""
    text += "" if domain.nullable else " NOT NULL"
    checks = [item for item in domain.constraints.values() if item.validated]
    return text + "".join(f" {tables.constraint(item)}" for item in checks) + ";"


def create_composite(value: Composite) -> str:
    """Return the statement that creates a composite type."""
    parts = []
    for item in value.columns.values():
        if item.type is None:
            raise UnprintableError(f'the type of attribute "{item.name}" is not known')
        collation = f" COLLATE {tables.collation(item.collation)}" if item.collation else ""
        parts.append(f"{identifier(item.name)} {type_name(item.type, Dialect.POSTGRES)}{collation}")
    return f"CREATE TYPE {name(value.name)} AS ({', '.join(parts)});"


def create_other_type(value: OtherType) -> str:
    """Return the statement that creates a range or base type."""
    if value.source:
        return sources.user_type(value.source, value.name) + ";"
    if value.kind == "range" and value.definition:
        return f"CREATE TYPE {name(value.name)} AS RANGE ({value.definition});"
    raise UnprintableError("how the type is defined is not known")


def create_trigger(schema: Schema, value: Trigger) -> Iterator[str]:
    """Yield the statements that create a trigger and set when it fires."""
    if not value.source:
        raise UnprintableError("how the trigger was created is not known")
    if schema.dialect is Dialect.SQLITE:
        yield sources.sqlite_trigger(value.source, value.name).rstrip().rstrip(";") + ";"
        return
    yield sources.trigger(value.source, value.name, value.table, value.function) + ";"
    if value.state != "enabled":
        yield trigger_state(value)


def trigger_state(value: Trigger | RewriteRule) -> str:
    """Return the statement that sets when a trigger or a rule fires."""
    kind = "TRIGGER" if isinstance(value, Trigger) else "RULE"
    return f"ALTER TABLE {name(value.table)} {_TRIGGER_STATES[value.state]} {kind} {identifier(value.name)};"


def create_policy(value: Policy) -> str:
    """Return the statement that creates a policy."""
    kind, _, command = value.head.partition(" for ")
    if not kind:
        raise UnprintableError("how the policy is defined is not known")
    roles = policy_roles(value)
    text = f"CREATE POLICY {identifier(value.name)} ON {name(value.table)} AS {kind.upper()} FOR {command.upper()}"
    text += f" TO {roles}" if roles else ""
    return text + policy_conditions(value) + ";"


def policy_roles(value: Policy) -> str:
    """Return the roles that a policy is for."""
    return ", ".join(_policy_role(role) for part in value.roles.split(",") if (role := part.strip()))


def _policy_role(role: str) -> str:
    return role.upper() if role in ("public", "current_user", "session_user", "current_role") else identifier(role)


def policy_conditions(value: Policy) -> str:
    """Return the conditions of a policy."""
    text = ""
    for word, canonical, written in (
        ("USING", value.using, value.using_text),
        ("WITH CHECK", value.check, value.check_text),
    ):
        if canonical is not None:
            if not written:
                raise UnprintableError("a condition of the policy is not known")
            text += f" {word} ({written})"
    return text


def create_rule(value: RewriteRule) -> Iterator[str]:
    """Yield the statements that create a rule and set when it fires."""
    if not value.source:
        raise UnprintableError("how the rule was created is not known")
    yield sources.rule(value.source, value.name, value.table).rstrip().rstrip(";") + ";"
    if value.state != "enabled":
        yield trigger_state(value)


def create_other(value: Other) -> Iterator[str]:
    """Yield the statements of the files that created an object of another kind, and changed it."""
    if value.kind == "role":
        return
    if not value.sources or not all(value.sources):
        raise UnprintableError(f"how the {value.kind} was created is not known")
    for text in value.sources:
        moved = sources.statistics(text, value.table) if value.kind == "statistics" and value.table else text
        yield moved.rstrip().rstrip(";") + ";"
