"""TYP001 to TYP012: types of new columns that people come to regret. Most of it is taste, and opt-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from miglint.findings import Severity
from miglint.replay import Step
from miglint.rules.clauses import ident, qualified
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.survey import Act, done, tell
from miglint.source import Span
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Name, Type

WARNING, INFO = Severity.WARNING, Severity.INFO


class NewColumn(NamedTuple):
    """A column that a forward makes, or gives another type."""

    act: Act
    table: Name
    name: str
    type: Type
    serial: bool
    key: bool
    span: Span


@lru_cache(maxsize=4)
def new_columns(step: Step) -> tuple[NewColumn, ...]:
    """Return the columns that the forward makes, in `CREATE TABLE`, `ADD COLUMN` and `ALTER COLUMN ... TYPE`."""
    found: list[NewColumn] = []
    for act, table in done(step, ops.CreateTable, forward_only=True):
        keys = {name for one in table.constraints if one.kind == "primary" for name in one.columns}
        found += [_new(act, table.name, column, column.name in keys) for column in table.columns if column.type]
    for act, adding in done(step, ops.AddColumn, forward_only=True):
        if adding.column.type is not None:
            key = any(one.kind == "primary" for one in adding.constraints)
            found.append(_new(act, adding.table, adding.column, key))
    for act, change in done(step, ops.AlterColumnType, forward_only=True):
        known = act.column(change.table, change.column)
        # A change away from a type is not a choice of it: only what becomes of the column counts.
        if known is None or known.type != change.type:
            found.append(NewColumn(act, change.table, change.column, change.type, False, False, change.span))
    return tuple(found)


def _new(act: Act, table: Name, column: Column, key: bool) -> NewColumn:
    assert column.type is not None
    return NewColumn(act, table, column.name, column.type, column.serial, key, column.span or act.operation.span)


def _tell(
    step: Step, wanted: Callable[[NewColumn], bool], severity: Severity, message: str, help: str
) -> Iterator[Hit]:
    for column in new_columns(step):
        if column.type.schema is None and wanted(column):
            name = f"{column.table.name}.{column.name}"
            said = message.format(name=name, type=column.type)
            yield tell(column.act, severity, said, help.format(column=ident(column.name)), span=column.span)


@rule(
    "TYP001",
    "int-column",
    INFO,
    "A 32-bit integer column: it ends at 2,147,483,647",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:prefer-bigint-over-int",
        "pgls:preferBigintOverInt",
        "pgls:preferBigInt",
        "pgfence:prefer-bigint-over-int",
    ),
)
def int_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `integer` and `serial`."""
    return _tell(
        step,
        lambda column: column.type.name == "int4",
        INFO,
        '"{name}" ends at 2,147,483,647',
        "Write `{column} bigint`; widening it later writes the whole table anew.",
    )


@rule(
    "TYP002",
    "smallint-column",
    INFO,
    "A 16-bit integer column: it ends at 32,767",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-bigint-over-smallint", "pgls:preferBigintOverSmallint", "pgls:preferBigInt"),
)
def smallint_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `smallint` and `smallserial`."""
    return _tell(
        step,
        lambda column: column.type.name == "int2",
        INFO,
        '"{name}" ends at 32,767',
        "Write `{column} bigint`; widening it later writes the whole table anew.",
    )


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
    """Tell of keys that are `integer` or `smallint`."""
    keyed = {
        (adding.table.name, name)
        for _, adding in done(step, ops.AddConstraint, forward_only=True)
        if adding.constraint.kind == "primary"
        for name in adding.constraint.columns
    }
    return _tell(
        step,
        lambda column: (
            column.type.name in ("int4", "int2") and (column.key or (column.table.name, column.name) in keyed)
        ),
        INFO,
        'the key "{name}" is {type}: it runs out of numbers, and widening it stops everybody',
        "Write `{column} bigint`.",
    )


@rule(
    "TYP004",
    "serial-column",
    INFO,
    "A serial column: its sequence has rights and an owner of its own, and anybody can overwrite its numbers",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:prefer-identity",
        "pgls:preferIdentity",
        "pg-migration-lint:PGM105",
        "pgfence:prefer-identity",
        "pgsafe:prefer-identity",
        "diesel-guard:CreateTableSerialCheck",
    ),
)
def serial_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `serial` and its sizes."""
    return _tell(
        step,
        lambda column: column.serial,
        INFO,
        '"{name}" is a serial',
        "Write `{column} bigint GENERATED BY DEFAULT AS IDENTITY`.",
    )


@rule(
    "TYP005",
    "varchar-length",
    INFO,
    "varchar(n): its limit is hard to narrow, and text with a CHECK is not",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:prefer-text-field",
        "pgls:preferTextField",
        "pg-migration-lint:PGM108",
        "pgfence:prefer-text-field",
    ),
)
def varchar_length(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `varchar(n)`."""
    return _tell(
        step,
        lambda column: column.type.name == "varchar" and bool(column.type.args),
        INFO,
        '"{name}" is {type}: narrowing it later writes the table anew',
        "Write `{column} text`, with a CHECK on its length where there has to be one.",
    )


@rule(
    "TYP006",
    "char-column",
    INFO,
    "char(n) pads with blanks, and compares without them",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:ban-char-field",
        "pgls:banCharField",
        "pg-migration-lint:PGM103",
        "pgfence:ban-char-field",
        "diesel-guard:CharTypeCheck",
    ),
)
def char_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `char` and `char(n)`."""
    return _tell(
        step,
        lambda column: column.type.name == "bpchar",
        INFO,
        '"{name}" is padded with blanks to its length',
        "Write `{column} text`, with `CHECK (length({column}) = n)` where every value has the same length.",
    )


@rule(
    "TYP007",
    "timestamp-without-zone",
    INFO,
    "timestamp without time zone does not say which moment it means",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:prefer-timestamp-tz",
        "pgls:preferTimestamptz",
        "pg-migration-lint:PGM101",
        "pgfence:prefer-timestamptz",
        "diesel-guard:TimestampTypeCheck",
    ),
)
def timestamp_without_zone(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `timestamp`."""
    return _tell(
        step,
        lambda column: column.type.name == "timestamp",
        INFO,
        '"{name}" holds what a clock showed, not a moment',
        "Write `{column} timestamptz`.",
    )


@rule(
    "TYP008",
    "json-column",
    INFO,
    "json has no equality: DISTINCT, GROUP BY and UNION on it fail",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    aliases=(
        "eugene:E3",
        "pgls:preferJsonb",
        "strong_migrations:add_column_json",
        "pg-migration-lint:PGM106",
        "pgfence:add-column-json",
        "pgsafe:prefer-jsonb",
        "diesel-guard:AddJsonColumnCheck",
    ),
)
def json_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `json`."""
    return _tell(
        step,
        lambda column: column.type.name == "json",
        INFO,
        '"{name}" cannot be compared: SELECT DISTINCT on the table fails from now on',
        "Write `{column} jsonb`, unless the text has to be kept to the letter.",
    )


@rule(
    "TYP009",
    "money-column",
    INFO,
    "money changes its value with the server's locale",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM104",),
)
def money_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `money`."""
    return _tell(
        step,
        lambda column: column.type.name == "money",
        INFO,
        'what "{name}" holds depends on lc_monetary',
        "Write `{column} numeric(19, 4)`, and the currency in a column of its own.",
    )


@rule(
    "TYP010",
    "float-column",
    INFO,
    "A floating-point column: 0.1 + 0.2 is not 0.3",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM109",),
)
def float_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `real` and `double precision`."""
    return _tell(
        step,
        lambda column: column.type.name in ("float4", "float8"),
        INFO,
        '"{name}" is not exact',
        "Write `{column} numeric` for what people count; keep it for what is measured.",
    )


@rule(
    "TYP011",
    "timestamp-precision-zero",
    INFO,
    "timestamp(0) rounds: a moment may be stored as one that is still to come",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM102",),
)
def timestamp_precision_zero(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `timestamp(0)` and `timestamptz(0)`."""
    return _tell(
        step,
        lambda column: column.type.name in ("timestamp", "timestamptz") and column.type.args == ("0",),
        INFO,
        '"{name}" rounds up to half a second into the future',
        "Write `{column} timestamptz`, and `date_trunc('second', ...)` where seconds are wanted.",
    )


_FORBIDDEN: tuple[str, ...] = ()


@rule(
    "TYP012",
    "forbidden-type",
    WARNING,
    "A column has a type that the configuration forbids",
    on=(ops.AddColumn, ops.AlterColumnType, ops.CreateTable),
    aliases=("pgsafe:forbidden-column-type",),
    options={"types": _FORBIDDEN},
)
def forbidden_type(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of types by their names, or by names with modifiers: `["money", "char(1)"]`."""
    given = context.settings.get("types")
    if not isinstance(given, tuple) or not given:
        return
    forbidden = {_canonical(str(item)) for item in given}
    for column in new_columns(step):
        names = {column.type.name.lower(), str(column.type).lower(), _canonical(str(column.type))}
        if forbidden & names:
            yield tell(
                column.act,
                WARNING,
                f'"{column.table.name}.{column.name}" is {column.type}, which the configuration forbids',
                f"Give `{qualified(Name(None, column.name))}` one of the types that are allowed.",
                span=column.span,
            )


_SPELLINGS = {
    "integer": "int4", "int": "int4", "bigint": "int8", "smallint": "int2", "real": "float4", "boolean": "bool",
    "double precision": "float8", "char": "bpchar", "character": "bpchar", "character varying": "varchar",
    "decimal": "numeric", "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
}  # fmt: skip


def _canonical(text: str) -> str:
    name, bracket, rest = text.strip().lower().partition("(")
    return _SPELLINGS.get(name.strip(), name.strip()) + bracket + rest.replace(" ", "")
