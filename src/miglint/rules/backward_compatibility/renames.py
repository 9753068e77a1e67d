"""BWC020 to BWC024: objects that the running application uses are renamed or get another type."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.structs import replace
from miglint.locks.columns import type_change
from miglint.locks.look import ServerState
from miglint.locks.types import TypeChangeCost
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import end_of, start_of
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes, version_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import View
from miglint.sql import operations as ops
from miglint.writer.words import type_name

WARNING, INFO = Severity.WARNING, Severity.INFO
_TABLES = ("table", "foreign table")
# Objects that no application names.
_NAMELESS = frozenset({"index", "constraint", "trigger", "policy", "rule", "role", "database"})
# What these cost depends on the column's indexes and constraints, not on its values.
_MERELY_WIDER = (TypeChangeCost.NOTHING, TypeChangeCost.CHECK, TypeChangeCost.REINDEX)
# A client that reads the first type reads the second as well.
_WIDER = frozenset(
    {
        ("int2", "int4"),
        ("int2", "int8"),
        ("int4", "int8"),
        ("float4", "float8"),
        ("bpchar", "text"),
        ("varchar", "text"),
    }
)


@hazard(
    "BWC020",
    "table-renamed",
    WARNING,
    "A table is renamed; running code still uses the old name",
    on=(ops.Rename,),
    aliases=(
        "squawk:renaming-table",
        "pgls:renamingTable",
        "pg-migration-lint:PGM504",
        "atlas:BC101",
        "strong_migrations:rename_table",
        "django-migration-linter:RENAME_TABLE",
        "pgfence:rename-table",
        "pgsafe:rename",
        "diesel-guard:RenameTableCheck",
    ),
)
def table_renamed(step: Step) -> Iterator[Hit]:
    """Report tables that are renamed and leave nothing under their old name."""
    for applied, operation in effective(step, ops.Rename):
        if operation.kind not in _TABLES or applied.fresh(operation.name) or undoes(step, applied):
            continue
        if isinstance(applied.before.find(applied.key(operation.name)), View):
            continue
        # A view, or a new table, under the old name serves running code.
        if end_of(step, applied).find(applied.key(operation.name)) is not None:
            continue
        if _dropped_after(step, applied, operation):
            yield applied.hit(
                f'"{operation.name.name}" is renamed and dropped; {_RUNNING} still uses it', _FIRST, severity=WARNING
            )
            continue
        new = replace(operation.name, name=operation.new)
        yield applied.hit(
            f'"{operation.name.name}" is renamed to "{operation.new}"; {_RUNNING} still uses the old name',
            f"Create a view in the same transaction, `CREATE VIEW {qualified(operation.name)} AS SELECT * FROM "
            f"{qualified(new)};`, and drop it when nothing uses the old name.",
        )


def _dropped_after(step: Step, applied: AppliedOperation, operation: ops.Rename) -> bool:
    """Return whether the script drops the table under its new name."""
    renamed = replace(applied.key(operation.name), name=applied.folded(operation.new))
    return any(
        later.script is applied.script and later.number > applied.number and later.key(drop.name) == renamed
        for later, drop in effective(step, ops.Drop)
        if drop.kind == operation.kind
    )


_RUNNING = "running code"
_FIRST = "Deploy code that does not use the table first; drop it in a later migration."


@hazard(
    "BWC021",
    "column-renamed",
    WARNING,
    "A column is renamed; running code still uses the old name",
    on=(ops.RenameColumn,),
    aliases=(
        "squawk:renaming-column",
        "pgls:renamingColumn",
        "pg-migration-lint:PGM505",
        "atlas:BC102",
        "strong_migrations:rename_column",
        "django-migration-linter:RENAME_COLUMN",
        "pgfence:rename-column",
        "pgsafe:rename",
        "diesel-guard:RenameColumnCheck",
    ),
)
def column_renamed(step: Step) -> Iterator[Hit]:
    """Report renamed columns; also where another column takes the old name, which running code then uses."""
    for applied, operation in effective(step, ops.RenameColumn):
        if applied.fresh_column(operation.table, operation.column) or undoes(step, applied):
            continue
        on, old, new = qualified(operation.table), ident(operation.column), ident(operation.new)
        known = applied.column(operation.table, operation.column)
        kind = f" {type_name(known.type, applied.script.dialect)}" if known is not None and known.type else " ..."
        yield applied.hit(
            f'"{operation.table.name}.{operation.column}" is renamed to "{operation.new}"; {_RUNNING} still '
            "uses the old name",
            f"`ALTER TABLE {on} ADD COLUMN {new}{kind.rstrip()};`, write both, copy the old rows in batches, deploy "
            f"code that reads {new}, and drop {old} in a later migration.",
        )


@hazard(
    "BWC022",
    "object-renamed",
    WARNING,
    "A view, function, type, schema, sequence or enum value is renamed; running code still uses the old name",
    on=(ops.CreateType, ops.Rename, ops.RenameEnumValue),
    dialects=("postgres",),
    aliases=(
        "squawk:renaming-object",
        "strong_migrations:rename_enum_value",
        "strong_migrations:rename_schema",
        "pgfence:rename-schema",
        "pgsafe:rename",
        "diesel-guard:RenameSchemaCheck",
    ),
)
def object_renamed(step: Step) -> Iterator[Hit]:
    """Report other objects that are renamed, except those that no application names."""
    renamed_away = {made.name.name for _, made in effective(step, ops.CreateType)}
    for applied, operation in effective(step, ops.Rename):
        if operation.kind in _TABLES and not isinstance(applied.before.find(applied.key(operation.name)), View):
            continue
        if operation.kind in _NAMELESS or applied.fresh(operation.name) or undoes(step, applied):
            continue
        # Renaming a type in order to create it again is how labels are removed from an enum.
        if operation.kind == "type" and operation.name.name in renamed_away:
            continue
        if end_of(step, applied).find(applied.key(operation.name)) is not None and operation.kind not in (
            "type",
            "schema",
        ):
            continue
        yield applied.hit(
            f'{operation.kind} "{operation.name.name}" is renamed to "{operation.new}"; {_RUNNING} still uses '
            "the old name",
            f"Create {ident(operation.new)} beside {ident(operation.name.name)}, deploy code that uses it, and "
            "drop the "
            "old one in a later migration.",
        )
    for applied, value in effective(step, ops.RenameEnumValue):
        if not undoes(step, applied):
            yield applied.hit(
                f"'{value.value}' of {value.name.name} is renamed to '{value.new}'; {_RUNNING} still writes the "
                "old value",
                f"`ALTER TYPE {qualified(value.name)} ADD VALUE '{value.new}';`, deploy code that knows both, and "
                "change the rows.",
            )


@hazard(
    "BWC023",
    "column-type-changed",
    WARNING,
    "A column gets an incompatible type, which running code does not expect",
    on=(ops.AlterColumnType,),
    dialects=("postgres",),
    aliases=("squawk:changing-column-type", "pgls:changingColumnType", "django-migration-linter:ALTER_COLUMN"),
)
def column_type_changed(step: Step, context: Context) -> Iterator[Hit]:
    """Report type changes where the old type is known and the new one is not merely wider."""
    for applied, operation in effective(step, ops.AlterColumnType):
        known = applied.column(operation.table, operation.column)
        if known is None or known.type is None or applied.fresh_column(operation.table, operation.column):
            continue
        if undoes(step, applied) or (known.type.name, operation.type.name) in _WIDER:
            continue
        if not operation.type.args and operation.type.name in (known.type.name, _first_type(step, applied, operation)):
            continue
        if type_change(ServerState(applied.before, version_of(context), applied.timezone), operation) in _MERELY_WIDER:
            continue
        yield applied.hit(
            f'"{operation.table.name}.{operation.column}" changes from {known.type} to {operation.type}',
            "Add a column of the new type beside it, write both, and drop the old one in a later migration.",
        )


def _first_type(step: Step, applied: AppliedOperation, operation: ops.AlterColumnType) -> str | None:
    """Return the name that the column's type had before the script: another type may have taken it since."""
    table = start_of(step, applied).table(applied.key(operation.table))
    column = table.columns.get(operation.column) if table is not None else None
    return None if column is None or column.type is None else column.type.name


@hazard(
    "BWC024",
    "inner-object-renamed",
    INFO,
    "An index, constraint, trigger, policy or rule is renamed that code or scripts may name",
    on=(ops.Rename, ops.RenameConstraint),
    default=False,
    aliases=("squawk:renaming-object", "pgsafe:rename"),
)
def inner_object_renamed(step: Step) -> Iterator[Hit]:
    """Report renames that few applications notice."""
    for applied, operation in effective(step, ops.Rename):
        if operation.kind in _NAMELESS and not undoes(step, applied):
            yield _inner(applied, operation.kind, operation.name.name, operation.new)
    for applied, renaming in effective(step, ops.RenameConstraint):
        if not undoes(step, applied) and not applied.fresh(renaming.table):
            yield _inner(applied, "constraint", renaming.constraint, renaming.new)


def _inner(applied: AppliedOperation, kind: str, old: str, new: str) -> Hit:
    return applied.hit(
        f'{kind} "{old}" is renamed to "{new}"',
        f"Check first that nothing names {ident(old)}: ON CONFLICT, error handling, scripts.",
    )
