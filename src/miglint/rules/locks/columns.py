"""LCK020 to LCK029: changes of columns and tables that rewrite every row."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.locks import Work, effects
from miglint.locks.volatility import volatile_part
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.locks.waiting import severity_of
from miglint.rules.support.applied_operations import AppliedOperation, effective, version_of
from miglint.rules.support.sql_text import ident, literal, qualified, suffixed
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Type
from miglint.writer.words import type_name

WARNING, INFO = Severity.WARNING, Severity.INFO
_BATCHES = "in batches of some thousand rows, each in a transaction of its own"


def _situation(applied: AppliedOperation, context: Context) -> tuple[str, str]:
    """Return the first effect that blocks others for as long as the rows take, and its words; empty when none does."""
    for effect in applied.effects(context):
        if effect.stalls:
            return effect.situation, effect.words
    return "", ""


@hazard(
    "LCK020",
    "volatile-default-rewrites",
    WARNING,
    "A column added with a volatile default rewrites every row, blocking reads and writes",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    aliases=(
        "squawk:adding-field-with-default",
        "pgls:addingFieldWithDefault",
        "pg-migration-lint:PGM006",
        "atlas:PG302",
        "strong_migrations:add_column_default",
        "strong_migrations:add_column_default_callable",
        "pgfence:add-column-non-constant-default",
        "pgfence:add-column-default-pre-pg11",
        "pgsafe:add-column-volatile-default",
        "diesel-guard:AddColumnCheck",
    ),
)
def volatile_default_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report defaults that differ per row, and before PostgreSQL 11 all defaults."""
    for applied, operation in effective(step, ops.AddColumn):
        default = operation.column.default
        situation, words = (
            _situation(applied, context) if default is not None and operation.kind != "type" else ("", "")
        )
        if default is None or situation not in ("add column volatile default", "add column constant default"):
            continue
        if operation.column.generated is not None:
            continue
        on, column = qualified(operation.table), ident(operation.column.name)
        source = volatile_part(default, applied.before)
        kind = f" {type_name(operation.column.type, Dialect.POSTGRES)}" if operation.column.type is not None else ""
        if source is None and situation == "add column volatile default":
            yield applied.hit(
                f"{words}: every row is checked against the domain{kind}",
                "Use the domain's base type, and add its condition as a CHECK that is NOT VALID first and "
                "validated in a "
                "later migration.",
            )
            continue
        why = f"{source}() differs per row" if source else "before PostgreSQL 11 every default rewrites the table"
        yield applied.hit(
            f"{words}: {why}",
            f"`ALTER TABLE {on} ADD COLUMN {column}{kind};`, `ALTER TABLE {on} ALTER COLUMN {column} SET DEFAULT "
            f"{default.text};` for new rows, and fill the old ones in a later migration, {_BATCHES}.",
            severity=severity_of(applied, operation.table),
        )


@hazard(
    "LCK029",
    "default-before-postgres-11",
    INFO,
    "A column is added with a default: PostgreSQL 10 rewrites every row, and the target version is not configured",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    default=False,
    aliases=("pgls:addingFieldWithDefault", "pgfence:add-column-default-pre-pg11", "diesel-guard:AddColumnCheck"),
)
def default_before_postgres_11(step: Step, context: Context) -> Iterator[Hit]:
    """Report constant defaults where no target version is configured."""
    if context.targets.get("postgres"):
        return
    for applied, operation in effective(step, ops.AddColumn):
        situation = next((effect.situation for effect in applied.effects(context)), "")
        if situation == "add column constant default":
            yield applied.hit(
                f'before PostgreSQL 11 this rewrites all rows of "{operation.table.name}", blocking reads and writes',
                'Set the lowest version in the configuration: `targets = ["postgres>=14"]`.',
            )


@hazard(
    "LCK021",
    "stored-generated-rewrites",
    WARNING,
    "A stored generated column rewrites every row, blocking reads and writes",
    on=(ops.AddColumn, ops.SetGenerated),
    dialects=("postgres",),
    aliases=(
        "squawk:adding-field-with-default",
        "pgls:addingFieldWithDefault",
        "pgls:addSerialColumn",
        "eugene:E11",
        "atlas:PG309",
        "strong_migrations:add_column_generated_stored",
        "pgfence:add-column-stored-generated",
        "pgsafe:add-column-generated-stored",
        "diesel-guard:GeneratedColumnCheck",
    ),
)
def stored_generated_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report stored generated columns that are added, or whose expression changes."""
    for applied, added in effective(step, ops.AddColumn):
        situation, words = _situation(applied, context)
        if situation == "add column stored generated":
            help = f"Add a plain column, have a trigger fill it, and fill the old rows {_BATCHES}."
            if version_of(context) >= 18:
                help = f"Use VIRTUAL instead of STORED: it is computed when read. Or: {help}"
            yield applied.hit(words, help, severity=severity_of(applied, added.table))
    for applied, _ in effective(step, ops.SetGenerated):
        situation, words = _situation(applied, context)
        if situation:
            yield applied.hit(words, f"Add a new column for the new expression, and fill it {_BATCHES}.")


@hazard(
    "LCK022",
    "serial-column-rewrites",
    WARNING,
    "A serial column added to a table numbers every row, blocking reads and writes",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    aliases=(
        "squawk:adding-field-with-default",
        "pgls:addSerialColumn",
        "eugene:E11",
        "pg-migration-lint:PGM006",
        "strong_migrations:add_column_auto_incrementing",
        "pgfence:add-column-serial",
        "pgsafe:add-column-serial",
        "diesel-guard:AddSerialColumnCheck",
    ),
)
def serial_column_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report `serial` columns."""
    yield from _numbered(step, context, "add column serial")


@hazard(
    "LCK027",
    "identity-column-rewrites",
    WARNING,
    "An identity column added to a table numbers every row, blocking reads and writes",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    aliases=(
        "squawk:adding-field-with-default",
        "pgls:addSerialColumn",
        "atlas:PG310",
        "strong_migrations:add_column_auto_incrementing",
        "pgfence:add-column-serial",
        "pgsafe:add-column-identity",
        "diesel-guard:AddIdentityColumnCheck",
    ),
)
def identity_column_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report `GENERATED ... AS IDENTITY` columns."""
    yield from _numbered(step, context, "add column identity")


def _numbered(step: Step, context: Context, wanted: str) -> Iterator[Hit]:
    """Report columns whose values come from a sequence."""
    for applied, operation in effective(step, ops.AddColumn):
        situation, words = _situation(applied, context)
        if situation == wanted:
            on, column = qualified(operation.table), ident(operation.column.name)
            sequence = qualified(
                Name(operation.table.schema, f"{operation.table.name}_{operation.column.name}_seq"[:63])
            )
            yield applied.hit(
                words,
                f"`CREATE SEQUENCE {sequence};`, `ALTER TABLE {on} ADD COLUMN {column} bigint;`, "
                f"`ALTER TABLE {on} ALTER COLUMN {column} SET DEFAULT nextval({literal(sequence)});`, "
                f"then fill the old rows {_BATCHES}.",
                severity=severity_of(applied, operation.table),
            )


@hazard(
    "LCK023",
    "type-change-rewrites",
    WARNING,
    "A change of type rewrites every row, blocking reads and writes",
    on=(ops.AlterColumnType,),
    dialects=("postgres",),
    aliases=(
        "squawk:changing-column-type",
        "pgls:changingColumnType",
        "eugene:E5",
        "pg-migration-lint:PGM007",
        "atlas:PG301",
        "strong_migrations:change_column",
        "strong_migrations:change_column_constraint",
        "django-migration-linter:ALTER_COLUMN",
        "pgfence:alter-column-type",
        "pgsafe:alter-column-type",
        "diesel-guard:AlterColumnTypeCheck",
    ),
)
def type_change_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report type changes that are not binary-compatible; milder where only checks or indexes are redone."""
    for applied, operation in effective(step, ops.AlterColumnType):
        situation, words = _situation(applied, context)
        if not situation or _depends(applied, operation):
            continue
        known = applied.column(operation.table, operation.column)
        old = f"{known.type} to " if known is not None and known.type is not None else "to "
        help = _new_column_help(operation.table, operation.column, operation.type)
        zone, severity = "", severity_of(applied, operation.table)
        if situation != "alter type rewriting":
            severity = INFO
        elif _is_free_in_utc(applied, context):
            zone, severity = ", unless the session's time zone is UTC", INFO
            help = f"If the values are in UTC: `SET LOCAL timezone = 'UTC';` before it. Otherwise: {help}"
        yield applied.hit(f"{words} ({ident(operation.column)}: {old}{operation.type}){zone}", help, severity=severity)


def _is_free_in_utc(applied: AppliedOperation, context: Context) -> bool:
    """Return whether rows are rewritten only in another time zone than UTC, and the script sets none."""
    if applied.timezone is not None:
        return False
    version = context.targets.get("postgres", ())
    found = effects(applied.operation, applied.before, version, timezone="UTC", notes=applied.moment.notes)
    return not any(Work.REWRITE in effect.work for effect in found)


# Types that a column can get without a rewrite: text from varchar, unbounded numeric from a bounded one.
_WIDEST = frozenset({"text", "varchar", "numeric"})


def _depends(applied: AppliedOperation, operation: ops.AlterColumnType) -> bool:
    """Return whether the rows are rewritten only if the unknown former type is not compatible."""
    known = applied.column(operation.table, operation.column)
    if operation.using is not None or (known is not None and known.type is not None):
        return False
    return operation.type.name in _WIDEST and not operation.type.args and not operation.type.dimensions


@hazard(
    "LCK028",
    "type-change-may-rewrite",
    WARNING,
    "A change of type rewrites every row unless the former type, which no file gives, is compatible",
    on=(ops.AlterColumnType,),
    dialects=("postgres",),
    aliases=(
        "squawk:changing-column-type",
        "eugene:E5",
        "pg-migration-lint:PGM007",
        "atlas:PG301",
        "strong_migrations:change_column",
        "django-migration-linter:ALTER_COLUMN",
        "pgfence:alter-column-type",
        "pgsafe:alter-column-type",
        "diesel-guard:AlterColumnTypeCheck",
    ),
)
def type_change_may_rewrite(step: Step, context: Context) -> Iterator[Hit]:
    """Report columns that become `text`, `varchar` or unbounded `numeric` and whose former type is not known."""
    for applied, operation in effective(step, ops.AlterColumnType):
        situation, words = _situation(applied, context)
        if situation and _depends(applied, operation):
            like = "numeric(p, s)" if operation.type.name == "numeric" else "varchar(n)"
            yield applied.hit(
                f"{words}, unless {ident(operation.column)} is a {like}",
                f"Check the column's type. If it is another: "
                f"{_new_column_help(operation.table, operation.column, operation.type)}",
            )


def _new_column_help(table: Name, column: str, type_: Type) -> str:
    on, new = qualified(table), suffixed(column, "_new")
    kind = type_name(type_, Dialect.POSTGRES)
    return (
        f"`ALTER TABLE {on} ADD COLUMN {new} {kind};`, have a trigger copy new writes, copy the old rows "
        f"{_BATCHES}; then, in a later migration, rename {ident(column)} away and {new} to {ident(column)}."
    )


@hazard(
    "LCK024",
    "persistence-change-rewrites",
    WARNING,
    "SET LOGGED and SET UNLOGGED rewrite the table, blocking reads and writes",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    aliases=("atlas:PG307", "pgfence:set-logged-unlogged", "pgsafe:set-logged-unlogged"),
)
def persistence_change_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report tables that become logged or unlogged."""
    for applied, operation in effective(step, ops.SetTableOption):
        if operation.option == "logged":
            situation, words = _situation(applied, context)
            if situation:
                loss = "" if operation.value == "on" else "; an unlogged table is empty after a crash"
                yield applied.hit(words + loss, _copy_help(operation.table))


def _copy_help(table: Name) -> str:
    return f"Create a new table as {ident(table.name)} should be, copy the rows {_BATCHES}, and swap the names."


@hazard(
    "LCK025",
    "access-method-rewrites",
    WARNING,
    "SET ACCESS METHOD and SET TABLESPACE rewrite the table, blocking reads and writes",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    aliases=("atlas:PG311", "pgsafe:set-access-method"),
)
def access_method_rewrites(step: Step, context: Context) -> Iterator[Hit]:
    """Report tables that get another access method or tablespace."""
    for applied, operation in effective(step, ops.SetTableOption):
        if operation.option in ("access method", "tablespace"):
            situation, words = _situation(applied, context)
            if situation:
                yield applied.hit(words, _copy_help(operation.table))


@hazard(
    "LCK026",
    "trigger-lock",
    INFO,
    "CREATE, DROP or ENABLE TRIGGER waits for all writes, and all later writes wait for it",
    on=(ops.CreateTrigger, ops.Drop, ops.EnableTrigger),
    dialects=("postgres",),
    default=False,
    aliases=(
        "pgls:avoidCreateTrigger",
        "pgls:banDropTrigger",
        "pgls:avoidEnableDisableTrigger",
        "atlas:PG308",
        "pgfence:create-trigger",
        "pgfence:drop-trigger",
        "pgfence:enable-disable-trigger",
        "pgsafe:add-trigger",
    ),
)
def trigger_lock(step: Step) -> Iterator[Hit]:
    """Report trigger changes that lock tables in use."""
    found: list[tuple[AppliedOperation, Name]] = [
        (applied, one.table) for applied, one in effective(step, ops.CreateTrigger)
    ]
    found += [(applied, one.table) for applied, one in effective(step, ops.EnableTrigger) if not one.rule]
    found += [
        (applied, one.table)
        for applied, one in effective(step, ops.Drop)
        if one.kind == "trigger" and one.table is not None
    ]
    for applied, table in found:
        if applied.fresh(table):
            continue
        lock = "ACCESS EXCLUSIVE" if isinstance(applied.operation, ops.Drop) else "SHARE ROW EXCLUSIVE"
        blocks = "reads and writes" if isinstance(applied.operation, ops.Drop) else "writes"
        yield applied.hit(
            f"{lock} on {table.name}: blocks {blocks} until the transaction ends",
            "`SET lock_timeout = '2s';` before it, and no slow statement after it in the same transaction.",
        )
