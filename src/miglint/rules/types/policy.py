"""TYP025 to TYP029: a team's policies, by configuration."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.structs import replace
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.reporting import first_text, hit_in
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_NAMES: tuple[str, ...] = ()


def _names(context: Context, option: str) -> tuple[str, ...]:
    given = context.settings.get(option)
    return tuple(map(str, given)) if isinstance(given, tuple) else ()


def _tables(step: Step) -> Iterator[tuple[AppliedOperation, ops.CreateTable]]:
    """Yield the permanent tables that the forward creates: no partitions, copies or temporary tables."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        if not operation.temporary and operation.query is None and operation.partition_of is None:
            yield applied, operation


@hazard(
    "TYP025",
    "required-columns",
    WARNING,
    "A new table lacks a column that the configuration requires",
    on=(ops.CreateTable,),
    aliases=("pgsafe:require-columns",),
    options={"columns": _NAMES},
)
def required_columns(step: Step, context: Context) -> Iterator[Hit]:
    """Report tables without, say, `created_at` after the forward."""
    required = _names(context, "columns")
    if not required:
        return
    for applied, operation in _tables(step):
        names = {column.name.lower() for column in operation.columns}
        key = applied.key(operation.name)
        for schema_key in (key, replace(key, schema=operation.name.schema or key.schema)):
            table = step.after.table(schema_key)
            names |= {name.lower() for name in table.columns} if table is not None else set()
        missing = [name for name in required if name.lower() not in names]
        if missing and not operation.likes and not operation.inherits:
            yield applied.hit(
                f'"{operation.name.name}" lacks {", ".join(missing)}, which the configuration requires of every table',
                f"Add {', '.join(f'`{ident(name)}`' for name in missing)}.",
            )


@hazard(
    "TYP026",
    "required-comment",
    INFO,
    "A new table or column has no comment",
    on=(ops.AddColumn, ops.CreateTable, ops.SetComment),
    dialects=("postgres",),
    default=False,
    aliases=("pgsafe:require-comment",),
    options={"kinds": ("table", "column")},
)
def required_comment(step: Step, context: Context) -> Iterator[Hit]:
    """Report tables or columns without a comment in the same migration; the option says which kinds."""
    kinds = _names(context, "kinds") or ("table", "column")
    commented = {
        (comment.name.name, comment.column)
        for _, comment in effective(step, ops.SetComment, forward_only=True)
        if comment.text and comment.kind in ("table", "column")
    }
    for applied, operation in _tables(step):
        name = operation.name.name
        if "table" in kinds and (name, None) not in commented:
            yield _silent(applied, f'"{name}"', f"COMMENT ON TABLE {qualified(operation.name)}")
        for column in operation.columns if "column" in kinds else ():
            if (name, column.name) not in commented:
                words = f"COMMENT ON COLUMN {qualified(operation.name)}.{ident(column.name)}"
                yield _silent(applied, f'"{name}.{column.name}"', words)
    for applied, added in effective(step, ops.AddColumn, forward_only=True):
        if "column" in kinds and (added.table.name, added.column.name) not in commented:
            words = f"COMMENT ON COLUMN {qualified(added.table)}.{ident(added.column.name)}"
            yield _silent(applied, f'"{added.table.name}.{added.column.name}"', words)


def _silent(applied: AppliedOperation, what: str, words: str) -> Hit:
    return applied.hit(f"{what} has no comment", f"`{words} IS '...';`")


def _not_null_later(step: Step) -> set[tuple[str, str]]:
    return {
        (change.table.name, change.column)
        for _, change in effective(step, ops.SetNullable, forward_only=True)
        if not change.nullable
    }


@hazard(
    "TYP027",
    "nullable-foreign-key",
    INFO,
    "A foreign key is nullable",
    on=(ops.CreateTable,),
    default=False,
    aliases=("pgsafe:forbid-nullable-fk",),
)
def nullable_foreign_key(step: Step) -> Iterator[Hit]:
    """Report new tables with a nullable foreign key."""
    later = _not_null_later(step)
    for applied, operation in _tables(step):
        keys = {name for one in operation.constraints if one.kind == "primary" for name in one.columns}
        foreign = {name for one in operation.constraints if one.kind == "foreign" for name in one.columns} - keys
        for column in operation.columns:
            settled = column.nullable is False or (operation.name.name, column.name) in later
            if column.name in foreign and not settled:
                yield applied.hit(
                    f'nullable foreign key: "{operation.name.name}.{column.name}"',
                    f"Write `{ident(column.name)} ... NOT NULL` if every row has one.",
                    span=column.span,
                )


@hazard(
    "TYP028",
    "nullable-column",
    INFO,
    "A column of a new table is nullable",
    on=(ops.CreateTable,),
    default=False,
    aliases=("pgsafe:require-not-null",),
)
def nullable_column(step: Step) -> Iterator[Hit]:
    """Report columns of new tables that are not NOT NULL."""
    later = _not_null_later(step)
    for applied, operation in _tables(step):
        keys = {name for one in operation.constraints if one.kind == "primary" for name in one.columns}
        for column in operation.columns:
            settled = column.nullable is False or column.name in keys or column.generated is not None
            if not settled and (operation.name.name, column.name) not in later:
                yield applied.hit(
                    f'"{operation.name.name}.{column.name}" is nullable',
                    f"Write `{ident(column.name)} ... NOT NULL`: on a new table it costs nothing.",
                    span=column.span,
                )


@hazard(
    "TYP029",
    "too-many-statements",
    WARNING,
    "A script has more statements than the configuration allows",
    aliases=(),
    options={"largest": 0},
)
def too_many_statements(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, the number of statements; 0 in the option means any number."""
    largest = context.settings.get("largest")
    if not isinstance(largest, int) or largest <= 0:
        return
    for script, statements in (
        (step.migration.forward, step.forward_statements),
        (step.migration.rollback, step.rollback_statements),
    ):
        if script is not None and len(statements) > largest:
            yield hit_in(
                script,
                first_text(script),
                f"{len(statements)} statements: the configuration allows {largest}",
                "Split the migration.",
            )
