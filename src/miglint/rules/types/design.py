"""TYP003 and TYP015 to TYP021: design of tables, keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.types.columns import new_columns
from miglint.schema.objects import Index, Key, Table
from miglint.schema.parts import keys_about
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name

WARNING, INFO = Severity.WARNING, Severity.INFO
_LISTED = 3


@hazard(
    "TYP003",
    "int-primary-key",
    INFO,
    "A primary key of 32 or 16 bits may run out of numbers",
    on=(ops.AddColumn, ops.AddConstraint, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "pg-migration-lint:PGM107",
        "pgsafe:prefer-bigint-primary-key",
        "diesel-guard:ShortIntegerPrimaryKeyCheck",
    ),
)
def int_primary_key(step: Step) -> Iterator[Hit]:
    """Report primary keys that are `integer` or `smallint`, or become so."""
    keyed: dict[tuple[str, str], tuple[AppliedOperation, Name]] = {}
    for applied, adding in effective(step, ops.AddConstraint, forward_only=True):
        if adding.constraint.kind == "primary":
            keyed |= {(adding.table.name, name): (applied, adding.table) for name in _key_columns(applied, adding)}
    new = {(column.table.name, column.name) for column in new_columns(step)}
    for column in new_columns(step):
        is_key = column.key or (column.table.name, column.name) in keyed
        if is_key and column.type.schema is None and column.type.name in _SHORT:
            message = _SHORT_KEY.format(name=f"{column.table.name}.{column.name}", type=column.type)
            yield column.applied.hit(message, f"Write `{ident(column.name)} bigint`.", span=column.span)
    for place, (applied, table) in keyed.items():
        name = place[1]
        known = applied.column(table, name) if place not in new else None
        if known is not None and known.type is not None and known.type.name in _SHORT:
            yield applied.hit(
                _SHORT_KEY.format(name=f"{table.name}.{name}", type=known.type),
                f"Make {ident(name)} a bigint before other tables reference it.",
            )


_SHORT = ("int4", "int2")
_SHORT_KEY = 'primary key "{name}" is {type}: it may run out of numbers, and widening it rewrites the table'


def _key_columns(applied: AppliedOperation, adding: ops.AddConstraint) -> tuple[str, ...]:
    """Return the columns of an added primary key: its own, or those of the index that it uses."""
    constraint = adding.constraint
    if constraint.using_index is None:
        return constraint.columns
    index = applied.before.find(applied.key(Name(adding.table.schema, constraint.using_index)))
    elements = index.elements if isinstance(index, Index) else ()
    return tuple(element.column for element in elements if element.column is not None)


def _foreign_keys(step: Step) -> Iterator[tuple[AppliedOperation, Name, Constraint]]:
    """Yield the foreign keys that the forward creates."""
    for applied, table in effective(step, ops.CreateTable, forward_only=True):
        for one in table.constraints:
            if one.kind == "foreign":
                yield applied, table.name, one
    for applied, adding in effective(step, ops.AddConstraint, forward_only=True):
        if adding.constraint.kind == "foreign":
            yield applied, adding.table, adding.constraint
    for applied, added in effective(step, ops.AddColumn, forward_only=True):
        for one in added.constraints:
            if one.kind == "foreign":
                yield applied, added.table, one


def _after_key(step: Step, applied: AppliedOperation, name: Name) -> Key:
    """Return the key of a table that the operation creates or names."""
    if applied.script.dialect is Dialect.SQLITE or name.schema is not None:
        return applied.key(name)
    return relation_key(step.after, name)


def _indexes(schema: Schema, key: Key, column: str | None = None) -> list[Index]:
    """Return the indexes of a table, or with `column` at least those that are about it."""
    found = schema.users(key, Index) if column is None else schema.indexes_about(key, column)
    return [one for _, one in found if _is_of(one, key)]


def _is_of(index: Index, key: Key) -> bool:
    return index.table is not None and index.table.name.lower() == key.name.lower()


def _known(schema: Schema, key: Key) -> bool:
    """Return whether the files fully define a table."""
    table = schema.table(key)
    return table is not None and not table.assumed


def _covered(schema: Schema, key: Key, columns: tuple[str, ...], table: Table) -> bool:
    """Return whether an index begins with these columns, in any order."""
    wanted = {name.lower() for name in columns}

    def covers(index: Index) -> bool:
        leading = {(element.column or "").lower() for element in index.elements[: len(columns)]}
        return leading == wanted and index.where is None and _is_of(index, key)

    return schema.any_index(key, columns[0], covers) or any(
        {name.lower() for name in key_.columns[: len(columns)]} == wanted
        for key_ in keys_about(table.constraints, columns[:1])
    )


@hazard(
    "TYP015",
    "foreign-key-without-index",
    INFO,
    "A foreign key has no index: DELETE and UPDATE of the referenced table scan this one",
    on=(ops.AddColumn, ops.AddConstraint, ops.CreateTable),
    default=False,
    aliases=(
        "eugene:E15",
        "pg-migration-lint:PGM501",
        "pgfence:fk-missing-index",
        "pgsafe:fk-without-covering-index",
    ),
)
def foreign_key_without_index(step: Step) -> Iterator[Hit]:
    """Report foreign keys without an index that begins with their columns, new or existing."""
    reported: set[tuple[Key, tuple[str, ...]]] = set()
    for applied, name, constraint in _foreign_keys(step):
        key = _after_key(step, applied, name)
        table = step.after.table(key)
        if table is None or not constraint.columns or (key, constraint.columns) in reported:
            continue
        if table.partition_of is not None and not _known(step.after, _after_key(step, applied, table.partition_of)):
            # A partition has the indexes of its parent, which are not known.
            continue
        if not _covered(step.after, key, constraint.columns, table):
            reported.add((key, constraint.columns))
            listed = ", ".join(map(ident, constraint.columns))
            index = ident("_".join((name.name, *constraint.columns, "idx")))
            other = constraint.table.name if constraint.table is not None else "the other table"
            yield applied.hit(
                f'a DELETE from "{other}" scans all of "{name.name}" for its {listed}',
                f"Put after it: `CREATE INDEX {index} ON {qualified(name)} ({listed});`",
                span=constraint.span,
            )


@hazard(
    "TYP016",
    "table-without-primary-key",
    INFO,
    "A table has no primary key: rows cannot be identified, and replication cannot update them",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM502", "pgsafe:require-primary-key", "diesel-guard:CreateTableWithoutPkCheck"),
)
def table_without_primary_key(step: Step) -> Iterator[Hit]:
    """Report tables without one after the forward; copies, partitions and temporary tables aside."""
    for applied, operation, table in _new_tables(step):
        if not _has_key(table) and not _unique_not_null(step, applied, operation, table):
            yield applied.hit(
                f'"{operation.name.name}" has no primary key',
                "Add `id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`, or declare the columns that are the key.",
            )


def _new_tables(step: Step) -> Iterator[tuple[AppliedOperation, ops.CreateTable, Table]]:
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        if operation.temporary or operation.query is not None or operation.partition_of or operation.inherits:
            continue
        if operation.foreign_server is not None or operation.virtual is not None or operation.likes:
            continue
        table = step.after.table(_after_key(step, applied, operation.name))
        if table is not None:
            yield applied, operation, table


def _keyless_partitions(step: Step) -> Iterator[tuple[AppliedOperation, ops.CreateTable, Table]]:
    """Yield the new partitions of tables that are known to have no primary key."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        parent = applied.table(operation.partition_of) if operation.partition_of is not None else None
        table = step.after.table(_after_key(step, applied, operation.name)) if parent is not None else None
        if parent is not None and table is not None and not parent.assumed and not _has_key(parent):
            yield applied, operation, table


def _has_key(table: Table) -> bool:
    return any(one.kind == "primary" for one in table.constraints.values())


def _unique_not_null(
    step: Step, applied: AppliedOperation, operation: ops.CreateTable, table: Table
) -> tuple[str, ...]:
    """Return the columns of a unique constraint or index that excludes NULL, or none."""
    found = [one.columns for one in table.constraints.values() if one.kind == "unique"]
    for index in _indexes(step.after, _after_key(step, applied, operation.name)):
        columns = tuple(element.column for element in index.elements if element.column is not None)
        if index.unique and index.where is None and len(columns) == len(index.elements):
            found.append(columns)
    for columns in found:
        known = [table.columns.get(name) for name in columns]
        if columns and all(one is not None and one.nullable is False for one in known):
            return columns
    return ()


@hazard(
    "TYP017",
    "redundant-index",
    WARNING,
    "An index is redundant: another one begins with its columns",
    on=(ops.CreateIndex,),
    aliases=("pg-migration-lint:PGM508",),
)
def redundant_index(step: Step) -> Iterator[Hit]:
    """Report new indexes whose columns begin another index of the table."""
    beginning = _Beginnings(step.after)
    for applied, operation in effective(step, ops.CreateIndex, forward_only=True):
        if operation.unique or operation.name is None or operation.where is not None or operation.method != "btree":
            continue
        if operation.include:
            continue
        key = _after_key(step, applied, operation.table)
        mine = tuple(_element(one) for one in operation.elements)
        for index, theirs in beginning.of(key, mine):
            if index.name.name.lower() == operation.name.lower():
                continue
            if theirs == mine and not index.unique and not _earlier(applied, index):
                continue
            if _was_there(step, operation.name, operation.table) and _was_there(step, index.name.name, operation.table):
                # A rebuild of the table brings both back.
                continue
            yield applied.hit(
                f'"{operation.name}" is redundant: "{index.name.name}" serves the same queries',
                f"Leave out `{ident(operation.name)}`.",
            )
            break


def _was_there(step: Step, name: str, table: ops.Name) -> bool:
    """Return whether an index of a table is the same before a forward and after it."""
    own = ops.Name(table.schema, name)
    before, after = (schema.find(relation_key(schema, own)) for schema in (step.before, step.after))
    return isinstance(before, Index) and before == after


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


def _earlier(applied: AppliedOperation, index: Index) -> bool:
    """Return whether another index of the same columns was created first."""
    return applied.before.find(applied.key(index.name)) is not None


@hazard(
    "TYP018",
    "unlogged-table",
    WARNING,
    "An unlogged table is emptied by a crash, and is missing on replicas",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM506",),
)
def unlogged_table(step: Step) -> Iterator[Hit]:
    """Report `CREATE UNLOGGED TABLE`."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        if operation.unlogged:
            yield applied.hit(
                f'"{operation.name.name}" is emptied by a crash of the server',
                "Leave UNLOGGED out, unless its rows can be created again at any time.",
            )


@hazard(
    "TYP019",
    "unique-instead-of-primary-key",
    INFO,
    "A table has UNIQUE NOT NULL columns but no PRIMARY KEY",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM503",),
)
def unique_instead_of_primary_key(step: Step) -> Iterator[Hit]:
    """Report tables with UNIQUE NOT NULL columns but no primary key."""
    for applied, operation, table in (*_new_tables(step), *_keyless_partitions(step)):
        columns = () if _has_key(table) else _unique_not_null(step, applied, operation, table)
        if columns:
            listed = ", ".join(map(ident, columns))
            yield applied.hit(
                f'"{operation.name.name}" has UNIQUE NOT NULL columns but no PRIMARY KEY: {listed}',
                f"Write `PRIMARY KEY ({listed})`: replication and tools rely on it.",
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


@hazard(
    "TYP020",
    "column-order-pads",
    INFO,
    "The order of the columns causes alignment padding in every row",
    on=(ops.CreateTable,),
    dialects=("postgres",),
    default=False,
    aliases=("atlas:PG110",),
)
def column_order_pads(step: Step) -> Iterator[Hit]:
    """Report how many bytes per row another order would save; only columns of fixed size count."""
    for applied, operation in effective(step, ops.CreateTable, forward_only=True):
        known = [(one.name, _SIZES.get(one.type.name)) for one in operation.columns if one.type is not None]
        fixed = [(name, size) for name, size in known if size is not None]
        if len(fixed) < _LISTED - 1:
            continue
        best = sorted(fixed, key=lambda item: -item[1][0])
        saved = _width([size for _, size in fixed]) - _width([size for _, size in best])
        if saved > 0:
            order = ", ".join(ident(name) for name, _ in best)
            yield applied.hit(
                f'{saved} bytes of each row of "{operation.name.name}" are alignment padding',
                f"Put the widest columns first: {order}, then those of variable length.",
            )


@hazard(
    "TYP021",
    "wide-index",
    INFO,
    "An index has many columns",
    on=(ops.CreateIndex,),
    default=False,
    aliases=("strong_migrations:add_index_columns", "diesel-guard:WideIndexCheck"),
    options={"columns": 3},
)
def wide_index(step: Step, context: Context) -> Iterator[Hit]:
    """Report indexes with more columns than the option allows; except unique ones, which need all theirs."""
    largest = context.settings.get("columns", _LISTED)
    for applied, operation in effective(step, ops.CreateIndex, forward_only=True):
        if isinstance(largest, int) and len(operation.elements) > largest and not operation.unique:
            yield applied.hit(
                f"index over {len(operation.elements)} columns: more than {largest} rarely help a query, and "
                "cost every write",
                "Keep the most selective columns, those compared for equality first.",
            )
