"""IDM040 to IDM053: renames and alterations that fail on a second run."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.rules.definition import Hit, rule
from miglint.rules.idempotency.catalog_tests import own_condition
from miglint.rules.idempotency.conditional import conditional, whole_statement
from miglint.rules.idempotency.second_run import Failures, clause, failures, hits
from miglint.rules.idempotency.second_run_failure import ALTER_IF_EXISTS, SecondRunFailure, is_of_a_parent
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.sql import operations as ops

ERROR = Severity.ERROR

_NO_GUARD_SQLITE = "SQLite has no guard for {what}. Have the runner run this script only once."


def _check_first(failure: SecondRunFailure, statement: str) -> str:
    """Return a statement that runs another one only before it has run once."""
    return conditional(failure, own_condition(failure) or "EXISTS (SELECT ...)", statement)


def _rename_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.Rename)
    if failure.script.dialect is Dialect.SQLITE:
        return _NO_GUARD_SQLITE.format(what="RENAME TO")
    words, name, new = operation.kind.upper(), qualified(operation.name), ident(operation.new)
    # Where the new name is taken, the script creates the old name again.
    if operation.kind in ALTER_IF_EXISTS and not failure.error.condition.startswith("duplicate_"):
        return f"Write `ALTER {words} IF EXISTS {name} RENAME TO {new};`"
    arguments = "" if operation.arguments is None else "(" + ", ".join(map(str, operation.arguments)) + ")"
    on = "" if operation.table is None else f" ON {qualified(operation.table)}"
    return "Check first: " + _check_first(failure, f"ALTER {words} {name}{arguments}{on} RENAME TO {new}")


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
    return "PostgreSQL has no RENAME COLUMN IF EXISTS. Check first: " + _check_first(
        failure,
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
    words = "DOMAIN" if operation.kind == "domain" else "TABLE"
    return "PostgreSQL has no RENAME CONSTRAINT IF EXISTS. Check first: " + _check_first(
        failure,
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
    return "PostgreSQL has no RENAME VALUE IF EXISTS. Check first: " + _check_first(
        failure,
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
    statement = f"ALTER {words} {name}{arguments} SET SCHEMA {ident(operation.schema)}"
    return f"Check first: {_check_first(failure, statement)}"


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
    check = _check_first(failure, whole_statement(failure) or "...")
    return f"{what} dropped or renamed later in this script. Split the script in two, or check first: {check}"


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
    assert isinstance(operation, (ops.SetInherit, ops.AttachPartition, ops.DetachPartition))
    if isinstance(operation, ops.DetachPartition) and (operation.concurrently or operation.finalize):
        check = f"`SELECT {own_condition(failure)};`"
        return f"No block can run it. Have the runner run this script only once, or check first: {check}"
    return "Check first: " + _check_first(failure, f"ALTER TABLE {qualified(operation.table)} {clause(failure)}")


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
    if is_of_a_parent(failure):
        what = "EXPRESSION" if isinstance(operation, ops.SetGenerated) else "IDENTITY"
        if isinstance(operation, ops.SetGenerated) or operation.action == "drop":
            return "Check first: " + _check_first(failure, f"{start} {what}")
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
