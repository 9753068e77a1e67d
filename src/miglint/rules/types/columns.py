"""TYP001, TYP002, TYP004 to TYP012: types of new columns with known pitfalls; mostly opt-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.types.fixes import type_fix
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Name, Type

WARNING, INFO = Severity.WARNING, Severity.INFO
# The operations that give a column its type.
_COLUMNS = (ops.AddColumn, ops.AlterColumnType, ops.CreateTable)


class NewColumn(Struct, frozen=True):
    """A column that a forward creates, or gives another type."""

    applied: AppliedOperation
    table: Name
    name: str
    type: Type
    serial: bool
    key: bool
    span: Span


@cached_by_step
def new_columns(step: Step) -> tuple[NewColumn, ...]:
    """Return the columns that the forward creates, in `CREATE TABLE`, `ADD COLUMN` and `ALTER COLUMN ... TYPE`."""
    found: list[NewColumn] = []
    for applied, table in effective(step, ops.CreateTable, forward_only=True):
        keys = {name for one in table.constraints if one.kind == "primary" for name in one.columns}
        found += [_new(applied, table.name, column, column.name in keys) for column in table.columns if column.type]
    for applied, adding in effective(step, ops.AddColumn, forward_only=True):
        if adding.column.type is not None:
            key = any(one.kind == "primary" for one in adding.constraints)
            found.append(_new(applied, adding.table, adding.column, key))
    for applied, change in effective(step, ops.AlterColumnType, forward_only=True):
        known = applied.column(change.table, change.column)
        # A change away from a type is no use of it: only the new type counts.
        if known is None or known.type != change.type:
            found.append(NewColumn(applied, change.table, change.column, change.type, False, False, change.span))
    return tuple(found)


def _new(applied: AppliedOperation, table: Name, column: Column, key: bool) -> NewColumn:
    assert column.type is not None
    return NewColumn(
        applied, table, column.name, column.type, column.serial, key, column.span or applied.operation.span
    )


def _hits(
    step: Step, wanted: Callable[[NewColumn], bool], message: str, help: str, better: str | None = None
) -> Iterator[Hit]:
    """Yield a hit for each new column that is wanted; `message` takes its `name` and `type`, `help` its `column`.

    `better` is the type that a column of a new table gets by the fix.
    """
    for column in new_columns(step):
        if column.type.schema is None and wanted(column):
            name = f"{column.table.name}.{column.name}"
            text = message.format(name=name, type=column.type)
            new = better is not None and isinstance(column.applied.operation, ops.CreateTable)
            fix = type_fix(column.applied.script, column.span, column.type.name, better) if new and better else None
            yield column.applied.hit(text, help.format(column=ident(column.name)), span=column.span, fix=fix)


@hazard(
    "TYP001",
    "int-column",
    INFO,
    "A column is a 32-bit integer (max 2,147,483,647)",
    on=_COLUMNS,
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:prefer-bigint-over-int",
        "pgls:preferBigintOverInt",
        "pgls:preferBigInt",
        "pgfence:prefer-bigint-over-int",
    ),
)
def int_column(step: Step) -> Iterator[Hit]:
    """Report `integer` and `serial` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "int4",
        '"{name}" is a 32-bit integer (max 2,147,483,647)',
        "Write `{column} bigint`; widening it later rewrites the whole table.",
    )


@hazard(
    "TYP002",
    "smallint-column",
    INFO,
    "A column is a 16-bit integer (max 32,767)",
    on=_COLUMNS,
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-bigint-over-smallint", "pgls:preferBigintOverSmallint", "pgls:preferBigInt"),
)
def smallint_column(step: Step) -> Iterator[Hit]:
    """Report `smallint` and `smallserial` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "int2",
        '"{name}" is a 16-bit integer (max 32,767)',
        "Write `{column} bigint`; widening it later rewrites the whole table.",
    )


@hazard(
    "TYP004",
    "serial-column",
    INFO,
    "A serial column has a sequence with its own privileges, and its numbers can be overwritten",
    on=_COLUMNS,
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
def serial_column(step: Step) -> Iterator[Hit]:
    """Report `serial` columns of all sizes."""
    return _hits(
        step,
        lambda column: column.serial,
        '"{name}" is a serial',
        "Write `{column} bigint GENERATED BY DEFAULT AS IDENTITY`.",
    )


@hazard(
    "TYP005",
    "varchar-length",
    INFO,
    "varchar(n) has a limit that is hard to lower; text with a CHECK has not",
    on=_COLUMNS,
    dialects=("postgres",),
    default=False,
    fixable=True,
    aliases=(
        "squawk:prefer-text-field",
        "pgls:preferTextField",
        "pg-migration-lint:PGM108",
        "pgfence:prefer-text-field",
    ),
)
def varchar_length(step: Step) -> Iterator[Hit]:
    """Report `varchar(n)` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "varchar" and bool(column.type.args),
        '"{name}" is {type}: narrowing it later rewrites the table',
        "Write `{column} text`, with a CHECK on its length if it needs one.",
        better="text",
    )


@hazard(
    "TYP006",
    "char-column",
    INFO,
    "char(n) pads values with blanks",
    on=_COLUMNS,
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
def char_column(step: Step) -> Iterator[Hit]:
    """Report `char` and `char(n)` columns, and `"char"`, which is a single byte."""
    yield from _hits(
        step,
        lambda column: column.type.name == "bpchar",
        '"{name}" is padded with blanks to its length',
        "Write `{column} text`, with `CHECK (length({column}) = n)` if every value has the same length.",
    )
    yield from _hits(
        step,
        lambda column: column.type.name == "char",
        '"{name}" holds a single byte: quoted, "char" is an internal type of the catalog',
        "Write `{column} text`.",
    )
    yield from _hits(
        step,
        lambda column: column.type.name == "character" and column.type.schema is None,
        '"{name}" has a quoted type that PostgreSQL knows only unquoted, as blank-padded character',
        "Write `{column} text`.",
    )


@hazard(
    "TYP007",
    "timestamp-without-zone",
    INFO,
    "timestamp without time zone does not identify a point in time",
    on=_COLUMNS,
    dialects=("postgres",),
    default=False,
    fixable=True,
    aliases=(
        "squawk:prefer-timestamp-tz",
        "pgls:preferTimestamptz",
        "pg-migration-lint:PGM101",
        "pgfence:prefer-timestamptz",
        "diesel-guard:TimestampTypeCheck",
    ),
)
def timestamp_without_zone(step: Step) -> Iterator[Hit]:
    """Report `timestamp` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "timestamp",
        '"{name}" holds a clock reading without time zone, not a point in time',
        "Write `{column} timestamptz`.",
        better="timestamptz",
    )


@hazard(
    "TYP008",
    "json-column",
    INFO,
    "json has no equality operator: DISTINCT, GROUP BY and UNION on it fail",
    on=_COLUMNS,
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
def json_column(step: Step) -> Iterator[Hit]:
    """Report `json` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "json",
        '"{name}" has no equality operator: SELECT DISTINCT, GROUP BY and UNION on it fail',
        "Write `{column} jsonb`, unless the exact text must be kept.",
    )


@hazard(
    "TYP009",
    "money-column",
    INFO,
    "money depends on the server's locale",
    on=_COLUMNS,
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM104",),
)
def money_column(step: Step) -> Iterator[Hit]:
    """Report `money` columns."""
    return _hits(
        step,
        lambda column: column.type.name == "money",
        'the value of "{name}" depends on lc_monetary',
        "Write `{column} numeric(19, 4)`, and keep the currency in another column.",
    )


@hazard(
    "TYP010",
    "float-column",
    INFO,
    "A floating-point column is inexact: 0.1 + 0.2 is not 0.3",
    on=_COLUMNS,
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM109",),
)
def float_column(step: Step) -> Iterator[Hit]:
    """Report `real` and `double precision` columns."""
    return _hits(
        step,
        lambda column: column.type.name in ("float4", "float8"),
        '"{name}" is inexact',
        "Write `{column} numeric` for counted quantities; keep it for measured ones.",
    )


@hazard(
    "TYP011",
    "timestamp-precision-zero",
    INFO,
    "timestamp(0) rounds, up to half a second into the future",
    on=_COLUMNS,
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM102",),
)
def timestamp_precision_zero(step: Step) -> Iterator[Hit]:
    """Report `timestamp(0)` and `timestamptz(0)` columns."""
    return _hits(
        step,
        lambda column: column.type.name in ("timestamp", "timestamptz") and column.type.args == ("0",),
        '"{name}" rounds up to half a second into the future',
        "Write `{column} timestamptz`, and use `date_trunc('second', ...)` where needed.",
    )


_FORBIDDEN: tuple[str, ...] = ()


@hazard(
    "TYP012",
    "forbidden-type",
    WARNING,
    "A column has a type that the configuration forbids",
    on=_COLUMNS,
    aliases=("pgsafe:forbidden-column-type",),
    options={"types": _FORBIDDEN},
)
def forbidden_type(step: Step, context: Context) -> Iterator[Hit]:
    """Report types by name, or by name with modifiers: `["money", "char(1)"]`."""
    given = context.settings.get("types")
    if not isinstance(given, tuple) or not given:
        return
    forbidden = {_canonical(str(item)) for item in given}
    for column in new_columns(step):
        names = {column.type.name.lower(), str(column.type).lower(), _canonical(str(column.type))}
        if forbidden & names:
            yield column.applied.hit(
                f'"{column.table.name}.{column.name}" is {column.type}, which the configuration forbids',
                f"Give `{qualified(Name(None, column.name))}` an allowed type.",
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
