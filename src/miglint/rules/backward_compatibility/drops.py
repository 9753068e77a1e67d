"""BWC001 to BWC014: drops of what the running application uses."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.backward_compatibility.running_application import dropped, dropped_others, final_table
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.free_names import free_name
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Name

WARNING, INFO = Severity.WARNING, Severity.INFO
_TWO_RELEASES = "Deploy code that does not use it first; drop it in a later migration."


@hazard(
    "BWC001",
    "table-dropped",
    WARNING,
    "A table is dropped that the running application may still use",
    on=(ops.Drop,),
    aliases=(
        "squawk:ban-drop-table",
        "pgls:banDropTable",
        "pg-migration-lint:PGM201",
        "atlas:DS102",
        "strong_migrations:create_table",
        "django-migration-linter:DROP_TABLE",
        "pgfence:drop-table",
        "pgsafe:drop-table",
        "diesel-guard:DropTableCheck",
    ),
)
def table_dropped(step: Step) -> Iterator[Hit]:
    """Report tables that are dropped and not created again."""
    for applied, operation in dropped(step, "table", "foreign table"):
        unused = free_name(operation.name, "_unused", step.migration.dialect, step.before, step.after)
        yield applied.hit(
            f'"{operation.name.name}" is dropped while the running application may still use it',
            "Deploy code that does not use it first. To find remaining users, rename it instead: "
            f"`ALTER TABLE {qualified(operation.name)} RENAME TO {unused};` "
            "Drop it in a later migration.",
        )


@hazard(
    "BWC002",
    "column-dropped",
    WARNING,
    "A column is dropped that the running application may still use",
    on=(ops.DropColumn,),
    aliases=(
        "squawk:ban-drop-column",
        "pgls:banDropColumn",
        "pg-migration-lint:PGM009",
        "atlas:DS103",
        "strong_migrations:remove_column",
        "django-migration-linter:DROP_COLUMN",
        "pgfence:drop-column",
        "pgsafe:drop-column",
        "diesel-guard:DropColumnCheck",
    ),
)
def column_dropped(step: Step) -> Iterator[Hit]:
    """Report columns that are dropped and not added again under their name."""
    for applied, operation in effective(step, ops.DropColumn):
        table = operation.table
        if applied.fresh_column(table, operation.column) or undoes(step, applied):
            continue
        end = final_table(step, applied, table)
        if end is not None and applied.folded(operation.column) in end.columns:
            continue
        if _renamed_to(step, applied, operation):
            continue
        known = applied.column(table, operation.column)
        needed = known is not None and known.nullable is False and known.default is None
        loosen = ""
        if needed and applied.script.dialect == "postgres":
            column = f"{qualified(table)} ALTER COLUMN {ident(operation.column)}"
            loosen = f"So that it can write, write instead: `ALTER TABLE {column} DROP NOT NULL;` "
        yield applied.hit(
            f'"{table.name}.{operation.column}" is dropped while the running application may still use it',
            f"Deploy code that does not use it first. {loosen}Drop it in a later migration.",
        )


def _renamed_to(step: Step, applied: AppliedOperation, operation: ops.DropColumn) -> bool:
    """Return whether the script gave the column that name: no code uses it yet, and BWC021 reports the old name."""
    return any(
        earlier.script is applied.script
        and earlier.number < applied.number
        and applied.folded(rename.new) == applied.folded(operation.column)
        and earlier.key(rename.table) == applied.key(operation.table)
        for earlier, rename in effective(step, ops.RenameColumn)
    )


@hazard(
    "BWC003",
    "view-dropped",
    WARNING,
    "A view is dropped that the running application may still use",
    on=(ops.Drop,),
    aliases=("squawk:ban-drop-view",),
)
def view_dropped(step: Step) -> Iterator[Hit]:
    """Report views that are dropped and not created again."""
    for applied, operation in dropped(step, "view", "materialized view"):
        yield applied.hit(f'{operation.kind} "{operation.name.name}" is dropped', _TWO_RELEASES)


@hazard(
    "BWC004",
    "function-dropped",
    WARNING,
    "A function is dropped that the running application may still call",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-function",),
)
def function_dropped(step: Step) -> Iterator[Hit]:
    """Report functions, procedures and aggregates that are dropped and not created again."""
    for applied, operation in dropped_others(step, ("function", "procedure", "routine", "aggregate"), "routine"):
        yield applied.hit(f'{operation.kind} "{operation.name.name}" is dropped', _TWO_RELEASES)


@hazard(
    "BWC005",
    "type-dropped",
    WARNING,
    "A type is dropped that the running application may still use",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-type",),
)
def type_dropped(step: Step) -> Iterator[Hit]:
    """Report types that are dropped and not created again."""
    for applied, operation in dropped_others(step, ("type",), "type"):
        yield applied.hit(f'type "{operation.name.name}" is dropped', _TWO_RELEASES)


@hazard(
    "BWC006",
    "domain-dropped",
    WARNING,
    "A domain is dropped that the running application may still use",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-domain",),
)
def domain_dropped(step: Step) -> Iterator[Hit]:
    """Report domains that are dropped and not created again."""
    for applied, operation in dropped_others(step, ("domain",), "type"):
        yield applied.hit(f'domain "{operation.name.name}" is dropped', _TWO_RELEASES)


@hazard(
    "BWC007",
    "sequence-dropped",
    WARNING,
    "A sequence is dropped that the running application may still use",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-sequence",),
)
def sequence_dropped(step: Step) -> Iterator[Hit]:
    """Report sequences that are dropped and not created again."""
    for applied, operation in dropped(step, "sequence"):
        yield applied.hit(f'sequence "{operation.name.name}" is dropped', _TWO_RELEASES)


@hazard(
    "BWC008",
    "extension-dropped",
    WARNING,
    "An extension is dropped with all its types and functions",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-extension",),
)
def extension_dropped(step: Step) -> Iterator[Hit]:
    """Report extensions that are dropped."""
    for applied, operation in dropped_others(step, ("extension",), "extension"):
        yield applied.hit(
            f'extension "{operation.name.name}" is dropped with all its types and functions',
            _TWO_RELEASES,
        )


@hazard(
    "BWC009",
    "default-dropped",
    WARNING,
    "The default of a column is dropped that running code relies on",
    on=(ops.SetDefault,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-default",),
)
def default_dropped(step: Step) -> Iterator[Hit]:
    """Report dropped defaults; of a new column only where no INSERT without it is possible."""
    for applied, operation in effective(step, ops.SetDefault):
        table, column = operation.table, operation.column
        if operation.default is not None or operation.kind == "view" or _had_no_default(applied, table, column):
            continue
        if applied.fresh(table) or undoes(step, applied):
            continue
        end = final_table(step, applied, table)
        after = end.columns.get(column) if end is not None else None
        if end is not None and (after is None or _has_default(after)):
            continue
        needed = after is not None and after.nullable is False
        # A default that only filled existing rows: running code does not know the column, and cannot write it.
        if not needed and applied.fresh_column(table, column):
            continue
        yield applied.hit(
            f'"{table.name}.{column}" has no default any more: an INSERT without it '
            + ("fails" if needed else "writes NULL"),
            "Deploy code that always writes the column first; drop the default in a later migration.",
        )


def _has_default(column: Column) -> bool:
    return column.default is not None or column.identity is not None


def _had_no_default(applied: AppliedOperation, table: Name, column: str) -> bool:
    known = applied.column(table, column)
    return known is not None and not known.assumed and known.default is None


@hazard(
    "BWC010",
    "not-null-dropped",
    WARNING,
    "NOT NULL is dropped: running code may read a NULL that it does not expect",
    on=(ops.SetNullable,),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-drop-not-null",
        "pgls:banDropNotNull",
        "pg-migration-lint:PGM507",
        "pgfence:drop-not-null",
        "pgsafe:drop-not-null",
        "diesel-guard:DropNotNullCheck",
    ),
)
def not_null_dropped(step: Step) -> Iterator[Hit]:
    """Report columns that become nullable."""
    for applied, operation in effective(step, ops.SetNullable):
        if not operation.nullable or operation.kind == "view":
            continue
        if undoes(step, applied) or (operation.column and applied.fresh_column(operation.table, operation.column)):
            continue
        known = applied.column(operation.table, operation.column)
        if known is not None and not known.assumed and known.nullable:
            continue
        end = final_table(step, applied, operation.table)
        if end is not None and operation.column and operation.column not in end.columns:
            continue
        name = f"{operation.table.name}.{operation.column}".rstrip(".")
        yield applied.hit(
            f'"{name}" becomes nullable, and running code may not expect NULL',
            "Deploy code that handles NULL first; write no NULL until all of it does.",
        )


@hazard(
    "BWC011",
    "generated-expression-dropped",
    WARNING,
    "A generated column becomes a plain one, which nothing computes",
    on=(ops.SetGenerated,),
    dialects=("postgres",),
    aliases=("squawk:ban-drop-generated-expression",),
)
def generated_expression_dropped(step: Step) -> Iterator[Hit]:
    """Report `DROP EXPRESSION`."""
    for applied, operation in effective(step, ops.SetGenerated):
        if operation.expression is None and not applied.fresh(operation.table) and not undoes(step, applied):
            yield applied.hit(
                f'"{operation.table.name}.{operation.column}" is no longer computed, and running code does not '
                "write it",
                "Deploy code that writes the column first, or have a trigger fill it.",
            )


@hazard(
    "BWC012",
    "identity-changed",
    WARNING,
    "The identity of a column is changed or dropped that running code relies on",
    on=(ops.SetIdentity,),
    dialects=("postgres",),
    aliases=("squawk:ban-alter-identity",),
)
def identity_changed(step: Step) -> Iterator[Hit]:
    """Report `SET GENERATED` and `DROP IDENTITY`."""
    for applied, operation in effective(step, ops.SetIdentity):
        if operation.action == "add" or applied.fresh(operation.table) or undoes(step, applied):
            continue
        column = f'"{operation.table.name}.{operation.column}"'
        if operation.action == "drop":
            message = f"{column} is no longer numbered: an INSERT without it fails or writes NULL"
        elif operation.identity == "always":
            message = f"{column} rejects numbers that the application supplies"
        else:
            message = f"{column} is numbered in another way"
        yield applied.hit(message, "Deploy code that works with both first.")


@hazard(
    "BWC013",
    "schema-of-object-changed",
    WARNING,
    "An object moves to another schema: running code no longer finds it",
    on=(ops.SetSchema,),
    dialects=("postgres",),
    aliases=("squawk:ban-set-schema",),
)
def schema_of_object_changed(step: Step) -> Iterator[Hit]:
    """Report `SET SCHEMA`."""
    for applied, operation in effective(step, ops.SetSchema):
        if applied.fresh(operation.name) or undoes(step, applied):
            continue
        moved = ops.Name(operation.schema, operation.name.name)
        view = operation.kind == "table"
        yield applied.hit(
            f'{operation.kind} "{operation.name.name}" is no longer where the running application looks for it',
            f"Create a view under the old name in the same transaction: `CREATE VIEW {qualified(operation.name)} AS "
            f"SELECT * FROM {qualified(moved)};`"
            if view
            else "Add the new schema to every search_path first.",
        )


@hazard(
    "BWC014",
    "inheritance-detached",
    INFO,
    "A partition or child table is no longer visible through its parent",
    on=(ops.DetachPartition, ops.SetInherit),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-detach-inheritance",),
)
def inheritance_detached(step: Step) -> Iterator[Hit]:
    """Report `DETACH PARTITION` and `NO INHERIT`."""
    found = [
        (applied, one.partition, one.table)
        for applied, one in effective(step, ops.DetachPartition)
        if one.kind == "table"
    ]
    found += [(applied, one.table, one.parent) for applied, one in effective(step, ops.SetInherit) if not one.inherit]
    for applied, child, parent in found:
        if not applied.fresh(child) and not undoes(step, applied):
            yield applied.hit(
                f'queries of "{parent.name}" no longer return the rows of "{child.name}"',
                "Deploy code that does not need them first.",
            )
