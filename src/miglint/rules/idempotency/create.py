"""IDM001 to IDM015: CREATE of objects that the first run created."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.idempotency.conditional import conditional, guarded, in_block, sqlite
from miglint.rules.idempotency.guard_words import guard_of
from miglint.rules.idempotency.second_run import Failures, clause, failures, hits
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.sql_text import block, ident, qualified
from miglint.rules.symmetry.invalid_indexes import clear_invalid, must_be_alone
from miglint.rules.symmetry.severity import end_of
from miglint.sql import operations as ops
from miglint.writer.postgres.catalog_conditions import negated, role_exists

ERROR = Severity.ERROR
ROBUST = ("squawk:prefer-robust-stmts", "pgls:preferRobustStmts")
# The first version in which `CREATE OR REPLACE TRIGGER` exists.
_REPLACES_TRIGGERS = (14,)


def _name(failure: SecondRunFailure) -> str:
    name = getattr(failure.operation, "name", None)
    return qualified(name) if isinstance(name, ops.Name) else ident(str(name or ""))


def _write(form: str) -> Callable[[SecondRunFailure], str]:
    return lambda failure: f"Write {guarded(failure, form.format(name=_name(failure)))}."


@rule(
    "IDM001",
    "create-table-unguarded",
    ERROR,
    "CREATE TABLE fails on a second run",
    on=failures,
    fixable=True,
    aliases=(
        *ROBUST,
        "pg-migration-lint:PGM402",
        "pgsafe:require-if-exists",
        "pgfence:prefer-robust-create-table",
        "diesel-guard:IdempotencyCreateCheck",
    ),
    about_reruns=True,
)
def create_table(cases: Failures) -> Iterable[Hit]:
    """Report CREATE TABLE that fails on a second run."""
    return hits(cases, _write("CREATE TABLE IF NOT EXISTS {name}"))


@rule(
    "IDM004",
    "create-index-unguarded",
    ERROR,
    "CREATE INDEX fails on a second run",
    on=failures,
    fixable=True,
    aliases=(
        *ROBUST,
        "pg-migration-lint:PGM402",
        "pgsafe:require-if-exists",
        "pgfence:prefer-robust-create-index",
        "diesel-guard:IdempotencyIndexCheck",
    ),
    about_reruns=True,
)
def create_index(step: Step, cases: Failures) -> Iterable[Hit]:
    """Report CREATE INDEX that fails on a second run."""
    return hits(cases, partial(_create_index_help, step))


def _create_index_help(step: Step, failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateIndex)
    words = "CREATE UNIQUE INDEX" if operation.unique else "CREATE INDEX"
    if not operation.concurrently:
        short = f"{words} IF NOT EXISTS {_name(failure)} ON {qualified(operation.table)}"
        return f"Write {guarded(failure, short)}."
    cleared = clear_invalid(step, failure.script, operation)
    if must_be_alone(step, failure.script):
        written = guarded(
            failure, f"{words} CONCURRENTLY IF NOT EXISTS {_name(failure)} ON {qualified(operation.table)}"
        )
        return f"Write {written}. A retry keeps the invalid index that an interrupted build leaves. {cleared}"
    return f"{cleared} IF NOT EXISTS alone would keep the invalid index that an interrupted build leaves."


@rule(
    "IDM005",
    "create-type-unguarded",
    ERROR,
    "CREATE TYPE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_type(cases: Failures) -> Iterable[Hit]:
    """Report CREATE TYPE that fails on a second run."""
    return hits(cases, _create_type_help)


def _create_type_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateType)
    words = "CREATE DOMAIN" if operation.kind == "domain" else "CREATE TYPE"
    text = clause(failure)
    caught = f"{text if text != '...' else f'{words} {_name(failure)} ...'}; EXCEPTION WHEN duplicate_object THEN NULL;"
    written = f"BEGIN {caught} END;" if in_block(failure) else block(caught)
    return f"PostgreSQL has no {words} IF NOT EXISTS. Catch the error: `{written}`"


@rule(
    "IDM007",
    "create-view-unguarded",
    ERROR,
    "CREATE VIEW fails on a second run",
    on=failures,
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def create_view(cases: Failures) -> Iterable[Hit]:
    """Report CREATE VIEW that fails on a second run."""
    return hits(cases, _create_view_help)


def _create_view_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateView)
    if operation.materialized:
        return f"Write {guarded(failure, f'CREATE MATERIALIZED VIEW IF NOT EXISTS {_name(failure)} AS')}."
    if sqlite(failure):
        return f"Write {guarded(failure, f'CREATE VIEW IF NOT EXISTS {_name(failure)} AS')}."
    return f"Write {guarded(failure, f'CREATE OR REPLACE VIEW {_name(failure)} AS')}."


@rule(
    "IDM008",
    "create-sequence-unguarded",
    ERROR,
    "CREATE SEQUENCE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def create_sequence(cases: Failures) -> Iterable[Hit]:
    """Report CREATE SEQUENCE that fails on a second run."""
    return hits(cases, _write("CREATE SEQUENCE IF NOT EXISTS {name}"))


@rule(
    "IDM009",
    "create-function-unguarded",
    ERROR,
    "CREATE FUNCTION fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_function(cases: Failures) -> Iterable[Hit]:
    """Report CREATE FUNCTION that fails on a second run."""
    return hits(cases, _create_function_help)


def _create_function_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateRoutine)
    return f"Write {guarded(failure, f'CREATE OR REPLACE {operation.kind.upper()} {_name(failure)}')}."


@rule(
    "IDM010",
    "create-trigger-unguarded",
    ERROR,
    "CREATE TRIGGER fails on a second run",
    on=failures,
    fixable=True,
    about_reruns=True,
)
def create_trigger(cases: Failures, context: Context) -> Iterable[Hit]:
    """Report CREATE TRIGGER that fails on a second run."""
    replaces = context.targets.get("postgres", ()) >= _REPLACES_TRIGGERS
    return hits(cases, _replace_trigger_help if replaces else _create_trigger_help)


def _replace_trigger_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateTrigger)
    if sqlite(failure) or operation.constraint:
        return _create_trigger_help(failure)
    return f"Write `CREATE OR REPLACE TRIGGER {_name(failure)} ...` (PostgreSQL 14 and later)."


def _create_trigger_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateTrigger)
    if sqlite(failure):
        return f"Write {guarded(failure, f'CREATE TRIGGER IF NOT EXISTS {_name(failure)}')}."
    return f"Put before it: `DROP TRIGGER IF EXISTS {_name(failure)} ON {qualified(operation.table)};`"


@rule(
    "IDM011",
    "create-policy-unguarded",
    ERROR,
    "CREATE POLICY fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_policy(cases: Failures) -> Iterable[Hit]:
    """Report CREATE POLICY that fails on a second run."""
    return hits(cases, _create_policy_help)


def _create_policy_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreatePolicy)
    return (
        "PostgreSQL has no CREATE POLICY IF NOT EXISTS. "
        f"Put before it: `DROP POLICY IF EXISTS {_name(failure)} ON {qualified(operation.table)};`"
    )


@rule(
    "IDM012",
    "create-extension-unguarded",
    ERROR,
    "CREATE EXTENSION fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_extension(cases: Failures) -> Iterable[Hit]:
    """Report CREATE EXTENSION that fails on a second run."""
    return hits(cases, _write("CREATE EXTENSION IF NOT EXISTS {name}"))


@rule(
    "IDM013",
    "create-schema-unguarded",
    ERROR,
    "CREATE SCHEMA fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    aliases=("pgsafe:require-if-exists",),
    about_reruns=True,
)
def create_schema(cases: Failures) -> Iterable[Hit]:
    """Report CREATE SCHEMA that fails on a second run."""
    return hits(cases, _write("CREATE SCHEMA IF NOT EXISTS {name}"))


@rule(
    "IDM014",
    "create-role-unguarded",
    ERROR,
    "CREATE ROLE fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_role(cases: Failures) -> Iterable[Hit]:
    """Report CREATE ROLE that fails on a second run."""
    return hits(cases, _create_role_help)


def _create_role_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    assert isinstance(operation, ops.CreateRole)
    text = clause(failure)
    statement = text if text != "..." else f"CREATE ROLE {_name(failure)} ..."
    check = conditional(failure, negated(role_exists(operation.name)), statement)
    return f"PostgreSQL has no CREATE ROLE IF NOT EXISTS. Check first: {check}"


@rule(
    "IDM015",
    "create-object-unguarded",
    ERROR,
    "A CREATE of another kind of object fails on a second run",
    on=failures,
    dialects=("postgres",),
    fixable=True,
    about_reruns=True,
)
def create_object(cases: Failures) -> Iterable[Hit]:
    """Report a CREATE of another kind of object that fails on a second run."""
    return hits(cases, _create_object_help)


def _create_object_help(failure: SecondRunFailure) -> str:
    operation = failure.operation
    if isinstance(operation, ops.CreateRule):
        return f"Write `CREATE OR REPLACE RULE {_name(failure)} AS ...`."
    kind = operation.kind if isinstance(operation, ops.CreateOther) else "object"
    if guard_of(failure) is not None:
        return f"Write {guarded(failure, f'CREATE {kind.upper()} IF NOT EXISTS {_name(failure)}')}."
    return f"Put before it: `{_dropped(failure, kind)}`"


def _dropped(failure: SecondRunFailure, kind: str) -> str:
    # Few runs need what prints SQL.
    from miglint.writer.drops import drop
    from miglint.writer.words import UnprintableError

    step, key = failure.step, failure.error.key
    schema = step.after if failure.script is step.migration.forward else end_of(step)
    try:
        if key is not None:
            return drop(schema, key)
    except UnprintableError:
        pass
    return f"DROP {kind.upper()} IF EXISTS {_name(failure)};"
