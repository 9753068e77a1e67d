"""IDM040 to IDM053: renames and alterations that fail on a second run."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.rules.definition import Hit, rule
from miglint.rules.idempotency.catalog_tests import first_run_condition
from miglint.rules.idempotency.conditional import conditional, unless, when, whole_statement
from miglint.rules.idempotency.second_run import Failures, clause, failures, hits
from miglint.rules.idempotency.second_run_failure import ALTER_IF_EXISTS, SecondRunFailure
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.sql import operations as ops

ERROR = Severity.ERROR

_NO_GUARD_SQLITE = "SQLite has no guard for {what}. Have the runner run this script only once."


def _row_of(kind: str, name: ops.Name, table: ops.Name | None, arguments: tuple[ops.Type, ...] | None) -> str:
    """Return a query that finds an object in PostgreSQL's catalog."""
    text = literal(name.name)
    on = literal(qualified(table)) if table is not None else "NULL"
    match kind:
        case "type" | "domain":
            return f"SELECT FROM pg_type WHERE oid = to_regtype({literal(qualified(name))})"
        case "schema":
            return f"SELECT FROM pg_namespace WHERE nspname = {text}"
        case "role" | "user" | "group":
            return f"SELECT FROM pg_roles WHERE rolname = {text}"
        case "trigger":
            return f"SELECT FROM pg_trigger WHERE tgrelid = {on}::regclass AND tgname = {text}"
        case "policy":
            return f"SELECT FROM pg_policy WHERE polrelid = {on}::regclass AND polname = {text}"
        case "rule":
            return f"SELECT FROM pg_rewrite WHERE ev_class = {on}::regclass AND rulename = {text}"
        case "extension":
            return f"SELECT FROM pg_extension WHERE extname = {text}"
        case "function" | "procedure" | "routine" | "aggregate":
            if arguments is not None:
                signature = f"{qualified(name)}({', '.join(map(str, arguments))})"
                return f"SELECT FROM pg_proc WHERE oid = to_regprocedure({literal(signature)})"
            return f"SELECT FROM pg_proc WHERE oid = to_regproc({literal(qualified(name))})"
        case "database":
            return f"SELECT FROM pg_database WHERE datname = {text}"
        case "collation":
            return f"SELECT FROM pg_collation WHERE oid = to_regcollation({literal(qualified(name))})"
        case _:
            return "SELECT ..."


def _rename_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.Rename)
    if failure.script.dialect is Dialect.SQLITE:
        return _NO_GUARD_SQLITE.format(what="RENAME TO")
    words, name, new = operation.kind.upper(), qualified(operation.name), ident(operation.new)
    if operation.kind in ALTER_IF_EXISTS and failure.error.condition.startswith("duplicate_"):
        # The script creates the old name again.
        then = literal(qualified(operation.name._replace(name=operation.new)))
        check = conditional(failure, f"to_regclass({then}) IS NULL", f"ALTER {words} {name} RENAME TO {new}")
        return f"Check first: {check}"
    if operation.kind in ALTER_IF_EXISTS:
        return f"Write `ALTER {words} IF EXISTS {name} RENAME TO {new};`"
    arguments = "" if operation.arguments is None else "(" + ", ".join(map(str, operation.arguments)) + ")"
    on = "" if operation.table is None else f" ON {qualified(operation.table)}"
    statement = f"ALTER {words} {name}{arguments}{on} RENAME TO {new}"
    if operation.kind in ("type", "domain"):
        # A script may create the old name again.
        then = literal(qualified(operation.name._replace(name=operation.new)))
        condition = f"to_regtype({literal(name)}) IS NOT NULL AND to_regtype({then}) IS NULL"
        return f"Check first: {conditional(failure, condition, statement)}"
    test = _row_of(operation.kind, operation.name, operation.table, operation.arguments)
    return f"Check first: {_when_old(failure, test, statement)}"


def _when_old(failure: SecondRunFailure, test: str, statement: str) -> str:
    """Return a rename that runs only if the old name is there; if the script makes it again, only if the new is not."""
    condition = first_run_condition(failure) if failure.error.condition.startswith("duplicate_") else None
    return when(failure, test, statement) if condition is None else conditional(failure, condition, statement)


@rule(
    "IDM040",
    "rename-table-unguarded",
    ERROR,
    "RENAME of a table fails on a second run",
    on=failures,
    fixable=True,
    about_reruns=True,
)
def rename_table(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of a table that fails on a second run."""
    return hits(cases, _rename_help)


@rule(
    "IDM041",
    "rename-column-unguarded",
    ERROR,
    "RENAME of a column fails on a second run",
    on=failures,
    fixable=True,
    about_reruns=True,
)
def rename_column(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of a column that fails on a second run."""
    return hits(cases, _rename_column_help)


def _rename_column_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.RenameColumn)
    if failure.script.dialect is Dialect.SQLITE:
        return _NO_GUARD_SQLITE.format(what="RENAME COLUMN")
    table, old, new = qualified(operation.table), ident(operation.column), ident(operation.new)
    words = "TYPE" if operation.kind == "type" else "TABLE"
    part = "ATTRIBUTE" if operation.kind == "type" else "COLUMN"
    return "PostgreSQL has no RENAME COLUMN IF EXISTS. Check first: " + _when_old(
        failure,
        f"SELECT FROM pg_attribute WHERE attrelid = {literal(table)}::regclass "
        f"AND attname = {literal(operation.column)}",
        f"ALTER {words} {table} RENAME {part} {old} TO {new}",
    )


@rule(
    "IDM042",
    "rename-constraint-unguarded",
    ERROR,
    "RENAME of a constraint fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def rename_constraint(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of a constraint that fails on a second run."""
    return hits(cases, _rename_constraint_help)


def _rename_constraint_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.RenameConstraint)
    table = qualified(operation.table)
    words, column, cast = (
        ("DOMAIN", "contypid", "regtype") if operation.kind == "domain" else ("TABLE", "conrelid", "regclass")
    )
    return "PostgreSQL has no RENAME CONSTRAINT IF EXISTS. Check first: " + _when_old(
        failure,
        f"SELECT FROM pg_constraint WHERE {column} = {literal(table)}::{cast} "
        f"AND conname = {literal(operation.constraint)}",
        f"ALTER {words} {table} RENAME CONSTRAINT {ident(operation.constraint)} TO {ident(operation.new)}",
    )


@rule(
    "IDM043",
    "rename-index-unguarded",
    ERROR,
    "RENAME of an index fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def rename_index(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of an index that fails on a second run."""
    return hits(cases, _rename_help)


@rule(
    "IDM044",
    "rename-type-unguarded",
    ERROR,
    "RENAME of a type fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def rename_type(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of a type that fails on a second run."""
    return hits(cases, _rename_help)


@rule(
    "IDM045",
    "rename-enum-value-unguarded",
    ERROR,
    "RENAME of an enum value fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def rename_enum_value(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of an enum value that fails on a second run."""
    return hits(cases, _rename_value_help)


def _rename_value_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.RenameEnumValue)
    name = qualified(operation.name)
    return "PostgreSQL has no RENAME VALUE IF EXISTS. Check first: " + _when_old(
        failure,
        f"SELECT FROM pg_enum WHERE enumtypid = {literal(name)}::regtype AND enumlabel = {literal(operation.value)}",
        f"ALTER TYPE {name} RENAME VALUE {literal(operation.value)} TO {literal(operation.new)}",
    )


@rule(
    "IDM046",
    "rename-object-unguarded",
    ERROR,
    "RENAME of another kind of object fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def rename_object(cases: Failures) -> Iterable[Hit]:
    """Report RENAME of another kind of object that fails on a second run."""
    return hits(cases, _rename_help)


@rule(
    "IDM047",
    "set-schema-unguarded",
    ERROR,
    "SET SCHEMA fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def set_schema(cases: Failures) -> Iterable[Hit]:
    """Report SET SCHEMA that fails on a second run."""
    return hits(cases, _set_schema_help)


def _set_schema_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.SetSchema)
    words, name = operation.kind.upper(), qualified(operation.name)
    arguments = "" if operation.arguments is None else "(" + ", ".join(map(str, operation.arguments)) + ")"
    if operation.kind in ALTER_IF_EXISTS:
        return f"Write `ALTER {words} IF EXISTS {name} SET SCHEMA {ident(operation.schema)};`"
    return "Check first: " + when(
        failure,
        _row_of(operation.kind, operation.name, None, operation.arguments),
        f"ALTER {words} {name}{arguments} SET SCHEMA {ident(operation.schema)}",
    )


@rule(
    "IDM050",
    "uses-what-it-removes",
    ERROR,
    "A statement uses an object that the same script drops or renames later",
    on=failures,
    fixable=True,
    about_reruns=True,
)
def uses_what_it_removes(cases: Failures) -> Iterable[Hit]:
    """Report statements that use an object that the script drops or renames later, so that a second run fails."""
    return hits(cases, _removed_help)


def _removed_help(failure: SecondRunFailure) -> str:
    error = failure.error
    what = f"{error.part or error.key.name} is" if error.key is not None else "An object that it needs is"
    if failure.script.dialect is Dialect.SQLITE:
        return f"{what} dropped or renamed later in this script. Split the script in two, or have it run only once."
    check = conditional(failure, _is_there(failure), whole_statement(failure) or "...")
    return f"{what} dropped or renamed later in this script. Split the script in two, or check first: {check}"


def _is_there(failure: SecondRunFailure) -> str:
    """Return the condition that what a statement needs is there."""
    error = failure.error
    if error.key is None or error.key.space != "relation":
        return "EXISTS (...)"
    place = None if error.key.schema == "public" else error.key.schema
    relation = literal(qualified(ops.Name(place, error.key.name)))
    if error.part is None:
        return f"to_regclass({relation}) IS NOT NULL"
    if error.condition != "undefined_column":
        return "EXISTS (...)"
    # An unknown relation has no columns either.
    test = f"SELECT FROM pg_attribute WHERE attrelid = to_regclass({relation}) AND attname = {literal(error.part)}"
    return f"EXISTS ({test})"


@rule(
    "IDM051",
    "partition-unguarded",
    ERROR,
    "ATTACH or DETACH PARTITION fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def partition(cases: Failures) -> Iterable[Hit]:
    """Report ATTACH or DETACH PARTITION that fails on a second run."""
    return hits(cases, _partition_help)


def _partition_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    if isinstance(operation, ops.SetInherit):
        child, parent, adds = qualified(operation.table), qualified(operation.parent), operation.inherit
    else:
        assert isinstance(operation, (ops.AttachPartition, ops.DetachPartition))
        child, parent = qualified(operation.partition), qualified(operation.table)
        adds = isinstance(operation, ops.AttachPartition)
    test = (
        f"SELECT FROM pg_inherits WHERE inhrelid = to_regclass({literal(child)}) "
        f"AND inhparent = to_regclass({literal(parent)})"
    )
    if isinstance(operation, ops.DetachPartition) and (operation.concurrently or operation.finalize):
        return f"No block can run it. Have the runner run this script only once, or check first: `{test};`"
    statement = f"ALTER TABLE {qualified(operation.table)} {clause(failure)}"
    return "Check first: " + (unless if adds else when)(failure, test, statement)


@rule(
    "IDM052",
    "alter-column-unguarded",
    ERROR,
    "ADD or DROP of an identity or generation expression fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def alter_column(cases: Failures) -> Iterable[Hit]:
    """Report ADD or DROP of an identity or generation expression that fails on a second run."""
    return hits(cases, _alter_column_help)


def _alter_column_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, (ops.SetIdentity, ops.SetGenerated))
    start = f"ALTER TABLE {qualified(operation.table)} ALTER COLUMN {ident(operation.column)} DROP"
    if isinstance(operation, ops.SetGenerated):
        return f"Write `{start} EXPRESSION IF EXISTS;`"
    if operation.action == "add":
        return f"Put before it: `{start} IDENTITY IF EXISTS;`"
    return f"Write `{start} IDENTITY IF EXISTS;`"


@rule(
    "IDM053",
    "second-run-fails",
    ERROR,
    "The statement fails on a second run",
    on=failures,
    fixable=True,
    about_reruns=True,
)
def second_run_fails(cases: Failures) -> Iterable[Hit]:
    """Report all other statements that fail on a second run."""
    return hits(cases, _other_help)


def _other_help(failure: SecondRunFailure) -> str:
    if failure.error.condition == "dependent_objects_still_exist":
        return "First drop what depends on it, which the first run created later in this script."
    return "Check before the statement whether it is needed, or undo what the first run left before it."
