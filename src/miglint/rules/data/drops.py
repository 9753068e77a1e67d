"""DAT020 to DAT027: drops and truncations that remove more than they name, and statements that fail on rows."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, undoes
from miglint.rules.support.nulls import added_before, becoming_not_null, fill
from miglint.rules.support.rows_written import rows_before
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Index, Key, View
from miglint.schema.parts import keys_about
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Name

WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO
_BATCHES = "in batches of some thousand rows"


@hazard(
    "DAT020",
    "required-column-added",
    ERROR,
    "A NOT NULL column without a default is added: it fails on rows, and running code cannot insert any",
    on=(ops.AddColumn,),
    aliases=(
        "squawk:adding-required-field",
        "pgls:addingRequiredField",
        "pg-migration-lint:PGM008",
        "atlas:MF103",
        "django-migration-linter:NOT_NULL",
        "pgfence:add-column-not-null-no-default",
        "pgsafe:add-column-not-null-no-default",
    ),
)
def required_column_added(step: Step) -> Iterator[Hit]:
    """Report columns for which existing rows have no value, also when they become NOT NULL after they are added."""
    yield from _required_later(step)
    for applied, operation in effective(step, ops.AddColumn, forward_only=True):
        column = operation.column
        filled = applied.fresh(operation.table)
        if operation.kind == "type" or not _needs_value(column):
            continue
        if filled and not rows_before(step, applied, operation.table):
            continue
        on, name = qualified(operation.table), ident(column.name)
        kind = f" {column.type}" if column.type is not None else ""
        if applied.script.dialect is Dialect.SQLITE:
            help = f"`ALTER TABLE {on} ADD COLUMN {name}{kind} NOT NULL DEFAULT ...;`"
        else:
            help = (
                f"`ALTER TABLE {on} ADD COLUMN {name}{kind};`, fill it {_BATCHES}, then in a later migration make it "
                f"NOT NULL. Or give it a constant: `ADD COLUMN {name}{kind} NOT NULL DEFAULT ...`."
            )
        if not filled and rows_before(step, applied, operation.table) is False:
            lost = f'code that does not know "{column.name}" can no longer insert into "{operation.table.name}"'
            yield applied.hit(lost, help, severity=WARNING)
            continue
        fails = "this fails:" if filled else "this fails if"
        yield applied.hit(f'{fails} "{operation.table.name}" has rows, which have no value for "{column.name}"', help)


def _required_later(step: Step) -> Iterator[Hit]:
    """Report columns that become NOT NULL after they are added without a value."""
    for applied, table, name in becoming_not_null(step):
        added = added_before(step, applied, table, name)
        if added is None or applied.empty(table) or rows_before(step, applied, table) is False:
            continue
        if isinstance(added.operation, ops.AddColumn) and not _has_value(added.operation.column):
            yield applied.hit(
                f'this fails if "{table.name}" has rows, which have no value for "{name}"',
                f"Give them one first: `{fill(applied, table, name, table, name)}`",
            )


def _needs_value(column: Column) -> bool:
    """Return whether a column is NOT NULL, and the engine has no value for it."""
    return column.nullable is False and not _has_value(column)


def _has_value(column: Column) -> bool:
    if column.serial or column.identity is not None or column.generated is not None:
        return True
    return column.default is not None and column.default.key != "null"


@hazard(
    "DAT021",
    "unique-may-fail",
    INFO,
    "A unique index or constraint fails if existing values are not unique",
    on=(ops.AddConstraint, ops.CreateIndex),
    aliases=("atlas:MF101", "atlas:MF102"),
)
def unique_may_fail(step: Step) -> Iterator[Hit]:
    """Report unique indexes and constraints on columns that had values before this migration."""
    for applied, index in effective(step, ops.CreateIndex):
        columns = tuple(element.column for element in index.elements if element.column is not None)
        view = applied.before.find(applied.key(index.table))
        if isinstance(view, View) and not view.populated:
            # It has no rows before REFRESH.
            continue
        if index.unique and not _known_unique(step, applied, index.table, columns, index.where is None):
            stays = index.concurrently and index.if_not_exists and not _is_dropped_before(step, applied, index)
            yield _duplicates(applied, index.table, columns, stays=stays)
    for applied, adding in effective(step, ops.AddConstraint):
        added = adding.constraint
        if added.kind not in ("unique", "primary") or added.using_index is not None:
            continue
        if not _known_unique(step, applied, adding.table, added.columns, True):
            yield _duplicates(applied, adding.table, added.columns)


def _known_unique(step: Step, applied: AppliedOperation, name: Name, columns: tuple[str, ...], whole: bool) -> bool:
    """Return whether the columns certainly hold no value twice."""
    if applied.fresh(name) or not columns or any(applied.fresh_column(name, column) for column in columns):
        return True
    if not applied.forward and undoes(step, applied):
        return True
    key, wanted = applied.key(name), {applied.folded(column) for column in columns}

    def makes_unique(index: Index) -> bool:
        if not index.unique or (index.where is not None and whole):
            return False
        return {applied.folded(one.column) for one in index.elements if one.column is not None} <= wanted

    # What was unique before this migration still is: the index is recreated.
    for schema in (applied.before, step.before):
        table = schema.table(key)
        for constraint in keys_about(table.constraints, wanted) if table is not None else ():
            if set(map(applied.folded, constraint.columns)) <= wanted:
                return True
        if any(schema.any_index(key, column, makes_unique) for column in (*wanted, "")):
            return True
    return False


def _is_dropped_before(step: Step, applied: AppliedOperation, index: ops.CreateIndex) -> bool:
    """Whether the script drops the index before, so that a retry builds it again."""
    return index.name is not None and any(
        isinstance(operation, ops.Drop) and operation.name.name == index.name
        for statement in (step.forward_statements if applied.forward else step.rollback_statements)
        if statement.span.start < index.span.start
        for operation in statement.operations
    )


def _duplicates(applied: AppliedOperation, table: Name, columns: tuple[str, ...], *, stays: bool = False) -> Hit:
    """Return the hit; where the index `stays` when the build fails, a retry keeps it and says nothing."""
    listed = ", ".join(map(ident, columns))
    return applied.hit(
        f'this fails if two rows of "{table.name}" have the same {listed}'
        + (", and a retry keeps the invalid index" if stays else ""),
        f"Check first: `SELECT {listed}, count(*) FROM {qualified(table)} GROUP BY {listed} HAVING count(*) > 1;`",
        severity=WARNING if stays else INFO,
    )


@hazard(
    "DAT022",
    "not-null-without-default",
    WARNING,
    "A SQLite table rebuild makes a nullable column NOT NULL without a default",
    on=(ops.Rename,),
    dialects=("sqlite",),
    aliases=("atlas:LT101", "django-migration-linter:NOT_NULL"),
)
def not_null_without_default(step: Step) -> Iterator[Hit]:
    """Report columns whose NULLs make the copy of a rebuilt table fail."""
    for applied, operation in effective(step, ops.Rename, forward_only=True):
        if operation.kind != "table" or not applied.fresh(operation.name):
            continue
        key = replace(applied.key(operation.name), name=operation.new.lower())
        before, after = step.before.table(key), applied.table(operation.name)
        if before is None or after is None or before.assumed:
            continue
        for name, column in after.columns.items():
            old = before.columns.get(name)
            if old is not None and old.nullable and column.nullable is False and column.default is None:
                yield applied.hit(
                    f'"{operation.new}.{column.name}" was nullable: the copy fails on a row with NULL',
                    f"Replace NULL in the copy: `coalesce({ident(column.name)}, ...)`.",
                )


@hazard(
    "DAT023",
    "schema-dropped",
    ERROR,
    "A schema is dropped with everything in it",
    on=(ops.CreateSchema, ops.Drop),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-drop-schema",
        "pgls:banDropSchema",
        "pg-migration-lint:PGM205",
        "atlas:DS101",
        "pgfence:drop-schema",
        "pgfence:drop-schema-cascade",
    ),
)
def schema_dropped(step: Step) -> Iterator[Hit]:
    """Report dropped schemas, except those that the forward created, in the rollback."""
    made = {operation.name for _, operation in effective(step, ops.CreateSchema, forward_only=True)}
    for applied, operation in effective(step, ops.Drop):
        if operation.kind == "schema" and operation.name.name not in made and not undoes(step, applied):
            yield applied.hit(
                f'schema "{operation.name.name}" is dropped'
                + (", with every table in it" if operation.cascade else ""),
                "Drop its tables by name, in migrations of their own.",
                severity=ERROR if operation.cascade else WARNING,
            )


@hazard(
    "DAT024",
    "database-dropped",
    ERROR,
    "A database is dropped",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-drop-database",
        "pgls:banDropDatabase",
        "pgfence:drop-database",
        "pgsafe:drop-database",
        "diesel-guard:DropDatabaseCheck",
    ),
)
def database_dropped(step: Step) -> Iterator[Hit]:
    """Report databases that a migration of another database drops."""
    for applied, operation in effective(step, ops.Drop):
        if operation.kind == "database" and not undoes(step, applied):
            yield applied.hit(
                f'database "{operation.name.name}" is dropped with everything in it',
                "Drop databases by hand, after a backup: no migration can restore them.",
            )


@hazard(
    "DAT025",
    "truncate-cascade",
    ERROR,
    "TRUNCATE ... CASCADE empties every table that references this one",
    on=(ops.Truncate,),
    dialects=("postgres",),
    aliases=(
        "squawk:ban-truncate-cascade",
        "pgls:banTruncateCascade",
        "pg-migration-lint:PGM204",
        "pgfence:truncate-cascade",
    ),
)
def truncate_cascade(step: Step) -> Iterator[Hit]:
    """Report truncations of tables that the script does not name."""
    for applied, operation in effective(step, ops.Truncate):
        if operation.cascade and not applied.fresh(operation.table):
            reached = _referring(applied, operation.table)
            names = ", ".join(f'"{name}"' for name in reached) or "every table that references it"
            yield applied.hit(
                f'"{operation.table.name}" is emptied, and so is {names}',
                "Name the tables, without CASCADE: then it fails if there are others.",
            )


def _referring(applied: AppliedOperation, name: Name) -> list[str]:
    key = applied.key(name)
    found = []
    for other in applied.before.on(key):
        table = applied.before.table(other)
        if table is not None and any(
            one.kind == "foreign" and one.table is not None and one.table.name == key.name
            for one in table.constraints.values()
        ):
            found.append(table.name.name)
    return sorted(found)


@hazard(
    "DAT026",
    "table-truncated",
    WARNING,
    "TRUNCATE empties a table that others use, under ACCESS EXCLUSIVE",
    on=(ops.Truncate,),
    dialects=("postgres",),
    default=False,
    aliases=(
        "pgls:banTruncate",
        "pg-migration-lint:PGM203",
        "pgfence:truncate",
        "pgsafe:truncate",
        "diesel-guard:TruncateTableCheck",
    ),
)
def table_truncated(step: Step) -> Iterator[Hit]:
    """Report every truncation of a table that this migration did not create."""
    for applied, operation in effective(step, ops.Truncate):
        if not applied.fresh(operation.table):
            yield applied.hit(
                f'all rows of "{operation.table.name}" are deleted, blocking reads and writes',
                f"Delete the rows {_BATCHES}, outside of the migration.",
            )


@hazard(
    "DAT027",
    "drop-cascade",
    WARNING,
    "DROP ... CASCADE drops objects that the script does not name",
    on=(ops.Drop,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM202",),
)
def drop_cascade(step: Step) -> Iterator[Hit]:
    """Report the objects that are dropped too; where they are not known, that there may be some."""
    for applied, operation in effective(step, ops.Drop):
        if (
            not operation.cascade
            or operation.kind == "schema"
            or undoes(step, applied)
            or applied.fresh(operation.name)
        ):
            continue
        gone = sorted(
            {
                _dropped_too(applied, note.key, note.part)
                for note in applied.moment.notes
                if note.kind == "cascade" and note.key
            }
        )
        table = operation.kind in ("table", "foreign table", "view", "materialized view", "type", "domain")
        known = _is_known(applied, operation)
        if not gone and (known or not table):
            continue
        names = ", ".join(gone[:5]) if gone else "everything that depends on it"
        yield applied.hit(
            f'DROP of "{operation.name.name}" also drops {names}',
            "Drop dependent objects by name, without CASCADE: then it fails if there are others.",
        )


def _dropped_too(applied: AppliedOperation, key: Key, part: str | None) -> str:
    """Return the words for an object, or a part of a table, that a drop takes along."""
    if part is None:
        return f'"{key.name}"'
    table = applied.before.table(key)
    kind = "constraint" if table is not None and part in table.constraints else "column"
    return f'{kind} "{part}" of "{key.name}"'


def _is_known(applied: AppliedOperation, operation: ops.Drop) -> bool:
    found = applied.before.find(applied.key(operation.name))
    return found is not None and not getattr(found, "assumed", False) and applied.before.rooted
