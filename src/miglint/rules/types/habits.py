"""TYP030 to TYP036: design habits; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import applied_operations, effective
from miglint.rules.support.rows_written import filled_here, was_read_before
from miglint.rules.support.sql_text import ident
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Index, Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Name

INFO = Severity.INFO
_LARGEST = 3


@hazard(
    "TYP030",
    "wide-unique-index",
    INFO,
    "A unique index has many columns: a NULL in any of them allows duplicates",
    on=(ops.CreateIndex,),
    default=False,
    aliases=("diesel-guard:WideIndexCheck",),
    options={"columns": _LARGEST},
)
def wide_unique_index(step: Step, context: Context) -> Iterator[Hit]:
    """Report unique indexes with more columns than the option allows."""
    largest = context.settings.get("columns", _LARGEST)
    for applied, operation in effective(step, ops.CreateIndex, forward_only=True):
        if not operation.unique or not isinstance(largest, int) or len(operation.elements) <= largest:
            continue
        columns = [element.column for element in operation.elements if element.column is not None]
        known = {name: applied.column(operation.table, name) for name in columns}
        nullable = [name for name, column in known.items() if column is None or column.nullable is not False]
        by = f": a NULL in {', '.join(map(ident, nullable))} allows duplicates" if nullable else ""
        yield applied.hit(
            f"unique index over {len(operation.elements)} columns{by}",
            "Keep the columns that identify a row, and make them NOT NULL.",
        )


@hazard(
    "TYP031",
    "partition-without-primary-key",
    INFO,
    "A partition has no primary key, because its parent has none",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM502",),
)
def partition_without_primary_key(step: Step) -> Iterator[Hit]:
    """Report partitions of tables that are known to have no primary key."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        if operation.partition_of is None:
            continue
        parent = applied.table(operation.partition_of)
        if parent is None or parent.assumed or any(one.kind == "primary" for one in parent.constraints.values()):
            continue
        if not any(one.kind in ("primary", "unique") for one in operation.constraints):
            yield applied.hit(
                f'partition "{operation.name.name}" has no primary key, because "{parent.name.name}" has none',
                f"Give {ident(parent.name.name)} a primary key with the columns of its PARTITION BY: partitions "
                "inherit "
                "it.",
            )


@hazard(
    "TYP032",
    "key-gone-with-column",
    INFO,
    "A migration drops a column of a key that it declares, and the key with it",
    on=(ops.DropColumn,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM010", "pg-migration-lint:PGM011", "pg-migration-lint:PGM012"),
)
def key_gone_with_column(step: Step) -> Iterator[Hit]:
    """Report keys of new tables that are dropped again; DAT028 reports those of existing tables."""
    for applied, operation in effective(step, ops.DropColumn, forward_only=True):
        table = applied.table(operation.table)
        if table is None or not applied.fresh(operation.table) or operation.kind != "table":
            continue
        gone = [
            f'the {_WORDS[one.kind]} "{one.name}"'
            for one in table.constraints.values()
            if one.kind in _WORDS and operation.column in one.columns
        ]
        for key in sorted(applied.before.on(applied.key(operation.table))):
            index = applied.before.find(key)
            if not isinstance(index, Index) or not index.unique or index.constraint is not None:
                continue
            if any(element.column == operation.column for element in index.elements):
                gone.append(f'the unique index "{index.name.name}"')
        if gone:
            yield applied.hit(
                f'dropping "{operation.table.name}.{operation.column}" also drops {", ".join(gone)}, which this '
                "migration created",
                "Leave the column out of CREATE TABLE, and declare the key over the others.",
            )


_WORDS = {"primary": "primary key", "unique": "unique constraint", "foreign": "foreign key", "exclude": "exclusion"}


@hazard(
    "TYP033",
    "exclusion-constraint",
    INFO,
    "A new table has an EXCLUDE constraint, which cannot be added or changed concurrently",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:create-table-exclude-constraint",),
)
def exclusion_constraint(step: Step) -> Iterator[Hit]:
    """Report new tables with an EXCLUDE constraint."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        for constraint in operation.constraints:
            if constraint.kind == "exclude":
                yield applied.hit(
                    f'each write to "{operation.name.name}" searches for conflicting rows, '
                    "and the index cannot be rebuilt concurrently",
                    "Make sure that its operators and columns are final, and that ON CONFLICT DO UPDATE is not needed: "
                    "it does not support exclusion constraints.",
                    span=constraint.span,
                )


@hazard(
    "TYP034",
    "triggers-left-off",
    INFO,
    "Triggers of a new table stay disabled",
    on=(ops.EnableTrigger,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM020",),
)
def triggers_left_off(step: Step) -> Iterator[Hit]:
    """Report new tables whose triggers stay disabled; BWC043 reports those of existing tables."""
    for applied, operation in effective(step, ops.EnableTrigger, forward_only=True):
        if operation.state != "disable" or not applied.fresh(operation.table):
            continue
        key = applied.key(operation.table)
        enabled = (_enabled(step).get((key, operation.table, trigger), -1) for trigger in (operation.trigger, "*all*"))
        if max(enabled) > applied.number or not isinstance(step.after.find(key), Table):
            continue
        everything = operation.trigger == "*all*"
        name = {"*all*": "all triggers", "*user*": "the triggers"}.get(operation.trigger, f'"{operation.trigger}"')
        also = ", those of foreign keys too" if everything else ""
        yield applied.hit(
            f'{name} of "{operation.table.name}" stay disabled{also}',
            "Enable them at the end of the script.",
        )


@cached_by_step
def _enabled(step: Step) -> dict[tuple[Key, Name, str], int]:
    """Return the numbers of the last operations that enable triggers, by table and trigger. Cached by identity of the
    step.
    """
    return {
        (applied.key(operation.table), operation.table, operation.trigger): applied.number
        for applied in applied_operations(step).all
        if applied.forward and isinstance(operation := applied.operation, ops.EnableTrigger)
        if operation.state.startswith("enable")
    }


@hazard(
    "TYP035",
    "table-made-in-pieces",
    INFO,
    "A column is added to a table that the same script creates",
    on=(ops.AddColumn,),
    default=False,
    aliases=("pgls:multipleAlterTable",),
)
def table_made_in_pieces(step: Step) -> Iterator[Hit]:
    """Report columns that could be in `CREATE TABLE`; not where either has a guard, since the table may be older."""
    made = {
        applied.key(table.name): table
        for applied, table in effective(step, ops.CreateTable, forward_only=True)
        if not table.if_not_exists and table.query is None and table.partition_of is None and not table.likes
    }
    for applied, operation in effective(step, ops.AddColumn, forward_only=True) if made else ():
        key = applied.key(operation.table)
        if operation.kind != "table" or operation.if_not_exists or operation.table_if_exists or operation.constraints:
            continue
        if key in made and applied.fresh(operation.table) and not filled_here(step, applied, operation.table):
            yield applied.hit(
                f'"{operation.column.name}" could be in the CREATE TABLE of "{operation.table.name}"',
                "Declare it there.",
            )


@hazard(
    "TYP036",
    "filled-for-nothing",
    INFO,
    "A script fills a table that it creates, and empties or drops it before anything reads the rows",
    on=(ops.Drop, ops.Truncate),
    default=False,
    aliases=("pgsafe:drop-table", "pgsafe:truncate"),
)
def filled_for_nothing(step: Step) -> Iterator[Hit]:
    """Report rows that are written and removed unread."""
    dropped = [
        (applied, one.name) for applied, one in effective(step, ops.Drop, forward_only=True) if one.kind == "table"
    ]
    emptied = [(applied, one.table) for applied, one in effective(step, ops.Truncate, forward_only=True)]
    for applied, name in dropped + emptied:
        if applied.fresh(name) and filled_here(step, applied, name) and not was_read_before(step, applied, name):
            yield applied.hit(
                f'the rows inserted into "{name.name}" above are removed, and nothing has read them',
                "Leave out the statements that are not needed.",
            )
