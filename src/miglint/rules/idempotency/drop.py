"""IDM020 to IDM033: DROP of objects that the first run dropped."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.rules.definition import Hit, rule
from miglint.rules.idempotency.conditional import without_guard_in_sqlite
from miglint.rules.idempotency.create import ROBUST
from miglint.rules.idempotency.second_run import Failures, failures, hits
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops

ERROR = Severity.ERROR


def _drop_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.Drop)
    words = operation.kind.upper() + (" CONCURRENTLY" if operation.concurrently else "")
    name = qualified(operation.name)
    if operation.arguments is not None:
        name += "(" + ", ".join(str(argument) for argument in operation.arguments) + ")"
    if operation.table is not None and failure.script.dialect is Dialect.POSTGRES:
        name += f" ON {qualified(operation.table)}"
    return f"Write `DROP {words} IF EXISTS {name}{' CASCADE' if operation.cascade else ''};`"


@rule(
    "IDM020",
    "drop-table-unguarded",
    ERROR,
    "DROP TABLE fails on a second run",
    on=failures,
    fixable=True,
    aliases=(
        *ROBUST,
        "pg-migration-lint:PGM401",
        "pgsafe:require-if-exists",
        "pgfence:prefer-robust-drop-table",
        "diesel-guard:IdempotencyDropCheck",
    ),
    about_reruns=True,
)
def drop_table(cases: Failures) -> Iterable[Hit]:
    """Report DROP TABLE that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM021",
    "drop-column-unguarded",
    ERROR,
    "DROP COLUMN fails on a second run",
    on=failures,
    fixable=True,
    aliases=(*ROBUST, "diesel-guard:IdempotencyAlterCheck"),
    about_reruns=True,
)
def drop_column(cases: Failures) -> Iterable[Hit]:
    """Report DROP COLUMN that fails on a second run."""
    return hits(cases, _drop_column_help)


def _drop_column_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.DropColumn)
    if failure.script.dialect is Dialect.SQLITE:
        return without_guard_in_sqlite("DROP COLUMN IF EXISTS", operation.table, operation.column)
    cascade = " CASCADE" if operation.cascade else ""
    if operation.kind == "type":
        words, part = "TYPE", "ATTRIBUTE"
    else:
        words, part = "TABLE", "COLUMN"
    table, column = qualified(operation.table), ident(operation.column)
    return f"Write `ALTER {words} {table} DROP {part} IF EXISTS {column}{cascade};`"


@rule(
    "IDM022",
    "drop-constraint-unguarded",
    ERROR,
    "DROP CONSTRAINT fails on a second run",
    on=failures,
    fixable=True,
    aliases=ROBUST,
    about_reruns=True,
)
def drop_constraint(cases: Failures) -> Iterable[Hit]:
    """Report DROP CONSTRAINT that fails on a second run."""
    return hits(cases, _drop_constraint_help)


def _drop_constraint_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.DropConstraint)
    if failure.script.dialect is Dialect.SQLITE:
        return "SQLite has no DROP CONSTRAINT IF EXISTS. Have the runner run this script only once."
    words = "DOMAIN" if operation.kind == "domain" else "TABLE"
    return (
        f"Write `ALTER {words} {qualified(operation.table)} DROP CONSTRAINT IF EXISTS "
        f"{ident(operation.constraint)}{' CASCADE' if operation.cascade else ''};`"
    )


@rule(
    "IDM023",
    "drop-index-unguarded",
    ERROR,
    "DROP INDEX fails on a second run",
    on=failures,
    fixable=True,
    aliases=(
        *ROBUST,
        "pg-migration-lint:PGM401",
        "pgsafe:require-if-exists",
        "pgfence:prefer-robust-drop-index",
        "diesel-guard:IdempotencyDropCheck",
    ),
    about_reruns=True,
)
def drop_index(cases: Failures) -> Iterable[Hit]:
    """Report DROP INDEX that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM024",
    "drop-type-unguarded",
    ERROR,
    "DROP TYPE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=(*ROBUST, "pgsafe:require-if-exists", "diesel-guard:IdempotencyDropCheck"),
    about_reruns=True,
)
def drop_type(cases: Failures) -> Iterable[Hit]:
    """Report DROP TYPE that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM025",
    "drop-view-unguarded",
    ERROR,
    "DROP VIEW fails on a second run",
    on=failures,
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def drop_view(cases: Failures) -> Iterable[Hit]:
    """Report DROP VIEW that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM026",
    "drop-sequence-unguarded",
    ERROR,
    "DROP SEQUENCE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists", "diesel-guard:IdempotencyDropCheck"),
    about_reruns=True,
)
def drop_sequence(cases: Failures) -> Iterable[Hit]:
    """Report DROP SEQUENCE that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM027",
    "drop-function-unguarded",
    ERROR,
    "DROP FUNCTION fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def drop_function(cases: Failures) -> Iterable[Hit]:
    """Report DROP FUNCTION that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM028",
    "drop-trigger-unguarded",
    ERROR,
    "DROP TRIGGER fails on a second run",
    on=failures,
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def drop_trigger(cases: Failures) -> Iterable[Hit]:
    """Report DROP TRIGGER that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM029",
    "drop-policy-unguarded",
    ERROR,
    "DROP POLICY fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def drop_policy(cases: Failures) -> Iterable[Hit]:
    """Report DROP POLICY that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM030",
    "drop-extension-unguarded",
    ERROR,
    "DROP EXTENSION fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def drop_extension(cases: Failures) -> Iterable[Hit]:
    """Report DROP EXTENSION that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM031",
    "drop-schema-unguarded",
    ERROR,
    "DROP SCHEMA fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists", "diesel-guard:IdempotencyDropCheck"),
    about_reruns=True,
)
def drop_schema(cases: Failures) -> Iterable[Hit]:
    """Report DROP SCHEMA that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM032",
    "drop-role-unguarded",
    ERROR,
    "DROP ROLE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def drop_role(cases: Failures) -> Iterable[Hit]:
    """Report DROP ROLE that fails on a second run."""
    return hits(cases, _drop_help)


@rule(
    "IDM033",
    "drop-object-unguarded",
    ERROR,
    "A DROP of another kind of object fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def drop_object(cases: Failures) -> Iterable[Hit]:
    """Report a DROP of another kind of object that fails on a second run."""
    return hits(cases, _drop_help)
