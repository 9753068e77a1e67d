"""TYP003 and TYP015 to TYP021: design of tables, keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import Act, done, tell
from miglint.rules.support.clauses import ident, qualified
from miglint.rules.types.columns import new_columns
from miglint.schema.objects import Index, Key, Table
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name

WARNING, INFO = Severity.WARNING, Severity.INFO
_LISTED = 3


@rule(
    "TYP003",
    "int-primary-key",
    INFO,
    "A primary key of 32 or 16 bits runs out of numbers",
    on=(ops.AddColumn, ops.AddConstraint, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "pg-migration-lint:PGM107",
        "pgsafe:prefer-bigint-primary-key",
        "diesel-guard:ShortIntegerPrimaryKeyCheck",
    ),
)
def int_primary_key(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of keys that are `integer` or `smallint`, or become so."""
    keyed: dict[tuple[str, str], Act] = {}
    for act, adding in done(step, ops.AddConstraint, forward_only=True):
        if adding.constraint.kind == "primary":
            keyed |= {(adding.table.name, name): act for name in _key_columns(act, adding)}
    for column in new_columns(step):
        keys = column.key or (column.table.name, column.name) in keyed
        if keys and column.type.schema is None and column.type.name in _SHORT:
            said = _SHORT_KEY.format(name=f"{column.table.name}.{column.name}", type=column.type)
            yield tell(column.act, INFO, said, f"Write `{ident(column.name)} bigint`.", span=column.span)
    new = {(column.table.name, column.name) for column in new_columns(step)}
    for (table, name), act in keyed.items():
        operation = act.operation
        known = act.column(operation.table, name) if isinstance(operation, ops.AddConstraint) else None
        if (table, name) not in new and known is not None and known.type is not None and known.type.name in _SHORT:
            yield tell(
                act,
                INFO,
                _SHORT_KEY.format(name=f"{table}.{name}", type=known.type),
                f"Make {ident(name)} a bigint before others refer to it.",
            )


_SHORT = ("int4", "int2")
_SHORT_KEY = 'the key "{name}" is {type}: it runs out of numbers, and widening it stops everybody'


def _key_columns(act: Act, adding: ops.AddConstraint) -> tuple[str, ...]:
    """Return the columns of a primary key that is added: its own, or those of the index that it takes."""
    constraint = adding.constraint
    if constraint.using_index is None:
        return constraint.columns
    index = act.before.find(act.key(Name(adding.table.schema, constraint.using_index)))
    elements = index.elements if isinstance(index, Index) else ()
    return tuple(element.column for element in elements if element.column is not None)


def _foreign_keys(step: Step) -> Iterator[tuple[Act, Name, Constraint]]:
    """Yield the foreign keys that the forward makes."""
    for act, table in done(step, ops.CreateTable, forward_only=True):
        for one in table.constraints:
            if one.kind == "foreign":
                yield act, table.name, one
    for act, adding in done(step, ops.AddConstraint, forward_only=True):
        if adding.constraint.kind == "foreign":
            yield act, adding.table, adding.constraint
    for act, added in done(step, ops.AddColumn, forward_only=True):
        for one in added.constraints:
            if one.kind == "foreign":
                yield act, added.table, one


def _after_key(step: Step, act: Act, name: Name) -> Key:
    """Return the key of a table that the act makes or names."""
    if act.script.dialect is Dialect.SQLITE or name.schema is not None:
        return act.key(name)
    later = act._replace(moment=act.moment.__class__(act.moment.statement, act.operation, step.after, step.after))
    return later.key(name)


def _indexes(schema: Schema, key: Key, column: str | None = None) -> list[Index]:
    """Return the indexes of a table, or with `column` at least those that are about it."""
    found = schema.users(key, Index) if column is None else schema.indexes_about(key, column)
    return [one for _, one in found if one.table is not None and one.table.name.lower() == key.name.lower()]


def _known(schema: Schema, key: Key) -> bool:
    """Return whether the files say of a table what it is."""
    table = schema.table(key)
    return table is not None and not table.assumed


def _covered(schema: Schema, key: Key, columns: tuple[str, ...], table: Table) -> bool:
    """Return whether an index begins with these columns, in whatever order."""
    wanted = {name.lower() for name in columns}
    for index in _indexes(schema, key, columns[0]):
        leading = {(element.column or "").lower() for element in index.elements[: len(columns)]}
        if leading == wanted and index.where is None:
            return True
    for constraint in table.constraints.values():
        leads = {name.lower() for name in constraint.columns[: len(columns)]}
        if constraint.kind in ("primary", "unique") and leads == wanted:
            return True
    return False


@rule(
    "TYP015",
    "foreign-key-without-index",
    INFO,
    "A foreign key without an index: every DELETE and UPDATE of the other table reads all rows of this one",
    on=(ops.AddColumn, ops.AddConstraint, ops.CreateTable),
    default=False,
    aliases=(
        "eugene:E15",
        "pg-migration-lint:PGM501",
        "pgfence:fk-missing-index",
        "pgsafe:fk-without-covering-index",
    ),
)
def foreign_key_without_index(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of foreign keys that no index of the forward, or of what was there before, serves."""
    told: set[tuple[Key, tuple[str, ...]]] = set()
    for act, name, constraint in _foreign_keys(step):
        key = _after_key(step, act, name)
        table = step.after.table(key)
        if table is None or not constraint.columns or (key, constraint.columns) in told:
            continue
        if table.partition_of is not None and not _known(step.after, _after_key(step, act, table.partition_of)):
            # A partition has the indexes of what it is part of, and nobody says which those are.
            continue
        if not _covered(step.after, key, constraint.columns, table):
            told.add((key, constraint.columns))
            listed = ", ".join(map(ident, constraint.columns))
            index = ident("_".join((name.name, *constraint.columns, "idx")))
            other = constraint.table.name if constraint.table is not None else "the other table"
            yield tell(
                act,
                INFO,
                f'a DELETE from "{other}" reads all of "{name.name}" to look for its {listed}',
                f"`CREATE INDEX {index} ON {qualified(name)} ({listed});`",
                span=constraint.span,
            )


@rule(
    "TYP016",
    "table-without-primary-key",
    INFO,
    "A table without a primary key: its rows cannot be told apart, and replication cannot update them",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM502", "pgsafe:require-primary-key", "diesel-guard:CreateTableWithoutPkCheck"),
)
def table_without_primary_key(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of tables that have none when the forward is done; copies, partitions and temporary tables aside."""
    for act, operation, table in _new_tables(step):
        if not _has_key(table) and not _unique_not_null(step, act, operation, table):
            yield tell(
                act,
                INFO,
                f'"{operation.name.name}" has no primary key',
                "Add `id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`, or say which columns are the key.",
            )


def _new_tables(step: Step) -> Iterator[tuple[Act, ops.CreateTable, Table]]:
    for act, operation in done(step, ops.CreateTable, forward_only=True):
        if operation.temporary or operation.query is not None or operation.partition_of or operation.inherits:
            continue
        if operation.foreign_server is not None or operation.virtual is not None or operation.likes:
            continue
        table = step.after.table(_after_key(step, act, operation.name))
        if table is not None:
            yield act, operation, table


def _keyless_partitions(step: Step) -> Iterator[tuple[Act, ops.CreateTable, Table]]:
    """Yield the new partitions of tables that are known to have no primary key."""
    for act, operation in done(step, ops.CreateTable, forward_only=True):
        parent = act.table(operation.partition_of) if operation.partition_of is not None else None
        table = step.after.table(_after_key(step, act, operation.name)) if parent is not None else None
        if parent is not None and table is not None and not parent.assumed and not _has_key(parent):
            yield act, operation, table


def _has_key(table: Table) -> bool:
    return any(one.kind == "primary" for one in table.constraints.values())


def _unique_not_null(step: Step, act: Act, operation: ops.CreateTable, table: Table) -> tuple[str, ...]:
    """Return the columns of a unique constraint or index that no NULL can get around, or none."""
    found = [one.columns for one in table.constraints.values() if one.kind == "unique"]
    for index in _indexes(step.after, _after_key(step, act, operation.name)):
        columns = tuple(element.column for element in index.elements if element.column is not None)
        if index.unique and index.where is None and len(columns) == len(index.elements):
            found.append(columns)
    for columns in found:
        known = [table.columns.get(name) for name in columns]
        if columns and all(one is not None and one.nullable is False for one in known):
            return columns
    return ()


@rule(
    "TYP017",
    "redundant-index",
    WARNING,
    "An index that another one makes superfluous: it costs every write, and serves no query",
    on=(ops.CreateIndex,),
    aliases=("pg-migration-lint:PGM508",),
)
def redundant_index(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of new indexes whose columns begin another index of the table."""
    beginning = _Beginnings(step.after)
    for act, operation in done(step, ops.CreateIndex, forward_only=True):
        if operation.unique or operation.name is None or operation.where is not None or operation.method != "btree":
            continue
        if operation.include:
            continue
        key = _after_key(step, act, operation.table)
        mine = tuple(_element(one) for one in operation.elements)
        for index, theirs in beginning.of(key, mine):
            if index.name.name.lower() == operation.name.lower():
                continue
            if theirs == mine and not index.unique and not _earlier(step, act, index):
                continue
            yield tell(
                act,
                WARNING,
                f'"{index.name.name}" serves every query that "{operation.name}" could',
                f"Leave `{ident(operation.name)}` out.",
            )
            break


class _Beginnings:
    """The plain indexes of each table, by the elements that they begin with."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._tables: dict[Key, dict[tuple[_Element, ...], list[tuple[Index, tuple[_Element, ...]]]]] = {}
        self._lengths: dict[Key, set[int]] = {}

    def of(self, key: Key, elements: tuple[_Element, ...]) -> list[tuple[Index, tuple[_Element, ...]]]:
        """Return the indexes of a table that begin with some elements, with all of theirs, in order of their names."""
        known = self._tables.setdefault(key, {})
        if len(elements) not in self._lengths.setdefault(key, set()):
            self._lengths[key].add(len(elements))
            for index in _indexes(self._schema, key):
                if index.where is None and index.method == "btree" and index.valid:
                    theirs = tuple(_element(one) for one in index.elements)
                    if len(theirs) >= len(elements):
                        known.setdefault(theirs[: len(elements)], []).append((index, theirs))
        return known.get(elements, [])


_Element: TypeAlias = tuple[object, ...]


def _element(one: ops.IndexElement) -> tuple[object, ...]:
    expression = one.expression.key if one.expression is not None else None
    return ((one.column or "").lower(), expression, one.collation, one.opclass, one.descending, one.nulls_first)


def _earlier(step: Step, act: Act, index: Index) -> bool:
    """Return whether another index of the same columns was there first."""
    return act.before.find(act.key(index.name)) is not None


@rule(
    "TYP018",
    "unlogged-table",
    WARNING,
    "An unlogged table is empty after a crash, and does not exist on replicas",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM506",),
)
def unlogged_table(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `CREATE UNLOGGED TABLE`."""
    for act, operation in done(step, ops.CreateTable, forward_only=True):
        if operation.unlogged:
            yield tell(
                act,
                WARNING,
                f'"{operation.name.name}" is empty after a crash of the server',
                "Leave UNLOGGED out, unless its rows can be made again at any time.",
            )


@rule(
    "TYP019",
    "unique-instead-of-primary-key",
    INFO,
    "UNIQUE NOT NULL where a primary key is meant",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM503",),
)
def unique_instead_of_primary_key(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of tables whose key is not called one."""
    for act, operation, table in (*_new_tables(step), *_keyless_partitions(step)):
        columns = () if _has_key(table) else _unique_not_null(step, act, operation, table)
        if columns:
            listed = ", ".join(map(ident, columns))
            yield tell(
                act,
                INFO,
                f'the key of "{operation.name.name}" is not called one: {listed}',
                f"Write `PRIMARY KEY ({listed})`: replication and tools look for it.",
            )


# Alignment and size in bytes of types of fixed size.
_SIZES = {
    "bool": (1, 1), "char": (1, 1), "int2": (2, 2), "int4": (4, 4), "date": (4, 4), "float4": (4, 4), "oid": (4, 4),
    "int8": (8, 8), "float8": (8, 8), "timestamp": (8, 8), "timestamptz": (8, 8), "time": (8, 8), "money": (8, 8),
    "interval": (8, 16), "timetz": (8, 12), "uuid": (1, 16),
}  # fmt: skip


def _width(sizes: list[tuple[int, int]]) -> int:
    at = 0
    for align, size in sizes:
        at = -(-at // align) * align + size
    return at


@rule(
    "TYP020",
    "column-order-pads",
    INFO,
    "The order of the columns leaves holes between them in every row",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("atlas:PG110",),
)
def column_order_pads(step: Step, context: Context) -> Iterator[Hit]:
    """Tell how many bytes per row another order would save; only columns of fixed size count."""
    for act, operation in done(step, ops.CreateTable, forward_only=True):
        known = [(one.name, _SIZES.get(one.type.name)) for one in operation.columns if one.type is not None]
        fixed = [(name, size) for name, size in known if size is not None]
        if len(fixed) < _LISTED - 1:
            continue
        best = sorted(fixed, key=lambda item: -item[1][0])
        saved = _width([size for _, size in fixed]) - _width([size for _, size in best])
        if saved > 0:
            order = ", ".join(ident(name) for name, _ in best)
            yield tell(
                act,
                INFO,
                f'{saved} bytes of each row of "{operation.name.name}" are holes between columns',
                f"Put the wide ones first: {order}, then those of variable length.",
            )


@rule(
    "TYP021",
    "wide-index",
    INFO,
    "An index of many columns rarely serves better than one of the first few",
    on=(ops.CreateIndex,),
    default=False,
    aliases=("strong_migrations:add_index_columns", "diesel-guard:WideIndexCheck"),
    options={"columns": 3},
)
def wide_index(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of indexes with more columns than the option says; unique ones have to name what is unique."""
    largest = context.settings.get("columns", _LISTED)
    for act, operation in done(step, ops.CreateIndex, forward_only=True):
        if isinstance(largest, int) and len(operation.elements) > largest and not operation.unique:
            yield tell(
                act,
                INFO,
                f"{len(operation.elements)} columns: more than {largest} rarely help a query, and cost every write",
                "Keep the columns that tell most rows apart, those compared for equality first.",
            )
