"""BWC030 to BWC039: changes that running code meets though nothing is dropped; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import routine_exists
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Absent
from miglint.sql import operations as ops
from miglint.sql.operations import Name

WARNING, INFO = Severity.WARNING, Severity.INFO
_RELEASE = "Deploy code that works with both first."


@hazard(
    "BWC030",
    "default-changed",
    INFO,
    "The default of a column changes what running code writes",
    on=(ops.SetDefault,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-set-default", "strong_migrations:change_column_default"),
)
def default_changed(step: Step) -> Iterator[Hit]:
    """Report changed defaults, which running code writes without knowing it."""
    for applied, operation in effective(step, ops.SetDefault):
        if operation.default is None or undoes(step, applied):
            continue
        if operation.kind != "domain" and applied.fresh_column(operation.table, operation.column):
            continue
        yield applied.hit(
            f'an INSERT without "{operation.table.name}.{operation.column}" writes {operation.default.text}',
            "Deploy code that always writes the column first.",
        )


@hazard(
    "BWC031",
    "view-or-function-replaced",
    INFO,
    "A view or function that running code may use is replaced",
    on=(ops.CreateRoutine, ops.CreateView),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-replace-view-function",),
)
def view_or_function_replaced(step: Step) -> Iterator[Hit]:
    """Report `OR REPLACE` where the object may exist."""
    found: list[tuple[AppliedOperation, str, str]] = []
    for applied, view in effective(step, ops.CreateView):
        gone = isinstance(applied.before.get(applied.key(view.name)), Absent)
        if view.or_replace and not gone and not applied.fresh(view.name):
            found.append((applied, "view", view.name.name))
    made: set[str] = set()
    for applied, routine in effective(step, ops.CreateRoutine):
        known = routine_exists(applied.before, routine.name)
        if routine.or_replace and routine.name.name not in made:
            found.append((applied, routine.kind, routine.name.name))
        if not known:
            made.add(routine.name.name)
    for applied, kind, name in found:
        if not undoes(step, applied):
            yield applied.hit(
                f'{kind} "{name}" is replaced; callers get the new behavior', "Give the new one another name."
            )


@hazard(
    "BWC032",
    "column-added",
    INFO,
    "A new column changes the result of SELECT * and INSERT without a column list",
    on=(ops.AddColumn,),
    default=False,
    aliases=("squawk:ban-add-column",),
)
def column_added(step: Step) -> Iterator[Hit]:
    """Report columns added to existing tables."""
    for applied, operation in effective(step, ops.AddColumn):
        if operation.kind != "type" and not applied.fresh(operation.table) and not undoes(step, applied):
            yield applied.hit(
                f'rows of "{operation.table.name}" have another column, "{operation.column.name}"',
                "Running code must name its columns.",
            )


@hazard(
    "BWC033",
    "enum-value-added",
    INFO,
    "Running code may read an enum value that it does not know",
    on=(ops.AddEnumValue, ops.CreateType),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-add-enum-value", "pgls:avoidAlterEnumAddValue", "pgfence:alter-enum-add-value"),
)
def enum_value_added(step: Step) -> Iterator[Hit]:
    """Report values added to existing enums."""
    made = {operation.name.name for _, operation in effective(step, ops.CreateType, forward_only=True)}
    for applied, operation in effective(step, ops.AddEnumValue):
        if operation.name.name not in made:
            yield applied.hit(f"running code may read the new value '{operation.value}'", _RELEASE)


@hazard(
    "BWC034",
    "composite-attribute-added",
    INFO,
    "A new attribute changes a composite type that running code may use",
    on=(ops.AddColumn, ops.CreateType),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-add-composite-attribute",),
)
def composite_attribute_added(step: Step) -> Iterator[Hit]:
    """Report attributes added to existing composite types."""
    made = {operation.name.name for _, operation in effective(step, ops.CreateType, forward_only=True)}
    for applied, operation in effective(step, ops.AddColumn):
        if operation.kind == "type" and operation.table.name not in made and not undoes(step, applied):
            yield applied.hit(f'type "{operation.table.name}" gets another attribute', _RELEASE)


@hazard(
    "BWC035",
    "write-restriction-added",
    INFO,
    "A new constraint, unique index or NOT NULL can reject what running code writes",
    on=(ops.AddColumn, ops.AddConstraint, ops.CreateIndex, ops.SetNullable),
    default=False,
    aliases=("squawk:ban-new-write-restriction",),
)
def write_restriction_added(step: Step) -> Iterator[Hit]:
    """Report constraints that running code does not know, except on new tables and columns."""
    for applied, table in _restrictions(step):
        if not undoes(step, applied):
            yield applied.hit(
                f'"{table.name}" can reject what running code writes', "Deploy compatible application code first."
            )


def _restrictions(step: Step) -> Iterator[tuple[AppliedOperation, Name]]:
    """Yield what restricts the rows of an existing table, with the table."""
    for applied, adding in effective(step, ops.AddConstraint):
        if adding.constraint.using_index is None and not (adding.kind == "table" and applied.fresh(adding.table)):
            yield applied, adding.table
    for applied, index in effective(step, ops.CreateIndex):
        if index.unique and not applied.fresh(index.table):
            yield applied, index.table
    for applied, change in effective(step, ops.SetNullable):
        if not change.nullable and not (change.column and applied.fresh_column(change.table, change.column)):
            yield applied, change.table
    for applied, added in effective(step, ops.AddColumn):
        if _restricts(added) and not applied.fresh(added.table):
            yield applied, added.table


def _restricts(added: ops.AddColumn) -> bool:
    """Return whether a new column has to be written, or constrains what is."""
    column = added.column
    if column.nullable is False and column.default is None and not column.serial and column.identity is None:
        return True
    return any(one.kind in ("check", "unique", "primary", "foreign", "exclude") for one in added.constraints)


@hazard(
    "BWC036",
    "generated-expression-changed",
    INFO,
    "The expression of a generated column changes: running code reads other values",
    on=(ops.AddColumn, ops.SetGenerated),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-generated-expression",),
)
def generated_expression_changed(step: Step) -> Iterator[Hit]:
    """Report `SET EXPRESSION`, and generated columns that are added."""
    for applied, added in effective(step, ops.AddColumn):
        if added.column.generated is not None and not applied.fresh(added.table) and not undoes(step, applied):
            yield applied.hit(
                f'"{added.table.name}.{added.column.name}" is generated: running code that writes all columns fails',
                "Name the columns in all statements.",
            )
    for applied, operation in effective(step, ops.SetGenerated):
        if operation.expression is not None and not applied.fresh(operation.table) and not undoes(step, applied):
            yield applied.hit(
                f'"{operation.table.name}.{operation.column}" is computed by another expression',
                "Add a column with the new expression beside it.",
            )


@hazard(
    "BWC037",
    "sequence-values-changed",
    INFO,
    "A sequence is restarted or changed: running code may get a number twice",
    on=(ops.AlterSequence, ops.Select),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-sequence-values",),
)
def sequence_values_changed(step: Step) -> Iterator[Hit]:
    """Report `RESTART`, `INCREMENT` and the like, and `setval`."""
    for applied, operation in effective(step, ops.AlterSequence):
        if (operation.restart or operation.options) and not applied.fresh(operation.name) and not undoes(step, applied):
            yield applied.hit(
                f'sequence "{operation.name.name}" returns other numbers',
                f"Check the last number first: `SELECT last_value FROM {qualified(operation.name)};`",
            )
    for applied, query in effective(step, ops.Select):
        if any(name.name == "setval" for name in query.query.functions):
            yield applied.hit("setval: the sequence returns other numbers", "Check the last number first.")


@hazard(
    "BWC038",
    "function-options-changed",
    INFO,
    "Options of a function change how it behaves for running code",
    on=(ops.AlterRoutine,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-function-options",),
)
def function_options_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER FUNCTION ... options`."""
    for applied, operation in effective(step, ops.AlterRoutine):
        if not undoes(step, applied):
            options = " ".join(operation.options)
            yield applied.hit(f'function "{operation.name.name}" changes: {options}', _RELEASE)


@hazard(
    "BWC039",
    "view-options-changed",
    INFO,
    "Options of a view change how it behaves for running code",
    on=(ops.SetTableOption,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-alter-view-options",),
)
def view_options_changed(step: Step) -> Iterator[Hit]:
    """Report `ALTER VIEW ... SET (...)` and defaults of views."""
    for applied, operation in effective(step, ops.SetTableOption):
        if operation.kind not in ("view", "materialized view") or operation.option == "owner":
            continue
        if not applied.fresh(operation.table) and not undoes(step, applied):
            option = operation.option.removeprefix("storage parameter ")
            yield applied.hit(f'{option} of "{ident(operation.table.name)}" changes', _RELEASE)
