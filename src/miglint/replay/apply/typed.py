"""What PostgreSQL has against the expressions of a table or an index: their names, their types, their volatility.

The catalogs that tell of functions and operators load when the first expression has to be typed. What most scripts hold
is known without them: a constant that fits its column, `now()`, an index over columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.schema.depends import of_kind
from miglint.schema.objects import Enum, Key, Table, View
from miglint.sql.operations import AlterColumnType, Column, CreateIndex, Expression, IndexElement, Type

_WHOLE = pattern(r"[+-]?[0-9]{1,9}\Z")
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_NOW = frozenset(
    {"now()", "current_timestamp", "transaction_timestamp()", "statement_timestamp()", "clock_timestamp()"}
)
_TIMES = frozenset({"timestamptz", "timestamp", "date", "time", "timetz", "text", "varchar"})
# What each access method indexes without a word, of the types that are met most.
_BTREE = _NUMBERS | _TEXTS | {
    "bool", "bytea", "bit", "varbit", "char", "cidr", "date", "inet", "interval", "jsonb", "macaddr", "money", "oid",
    "time", "timestamp", "timestamptz", "timetz", "tsvector", "uuid",
}  # fmt: skip
_FITS = {"btree": _BTREE, "hash": _BTREE - {"bit", "varbit", "money", "tsvector"}, "gin": {"jsonb", "tsvector"}}


@contextmanager
def engine_errors(machine: Machine, key: Key | None) -> Iterator[None]:
    """Turn what an analysis finds wrong into an error of the modelled engine."""
    from miglint.sql.postgres.analysis.environment import Invalid

    try:
        yield
    except Invalid as invalid:
        about = key if invalid.relation is None else machine.key(invalid.relation)
        raise machine.refuse(invalid.condition, invalid.message, about, invalid.part) from None


def _is_new(machine: Machine, expression: Expression | None) -> bool:
    """Whether there is anything to analyze; text that a template engine fills in cannot be read."""
    return machine.postgres and expression is not None and bool(expression.text)


# --- defaults --------------------------------------------------------------------------------------------------------


def check_default(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for a default that cannot be one, or that the column's type does not take."""
    default = column.default
    if default is None or not machine.postgres or column.generated is not None or default.sequence is not None:
        return
    if _plainly_fits(machine, default, column.type):
        return
    from miglint.replay.apply.environment import SchemaEnvironment, name_of_type
    from miglint.sql.postgres.analysis import entry

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        found = entry.expressed(environment, default.text, entry.IN_DEFAULT)
        if found is not None:
            target = name_of_type(machine.type(column.type))
            entry.refuse_unassignable(environment, found, target, column.name, "default")


def _plainly_fits(machine: Machine, default: Expression, written: Type | None) -> bool:
    """Whether a default is a constant, or a call, of which it is known at once that the column takes it."""
    kind = written
    if kind is None:
        return default.literal is not None or default.key in _NOW
    if default.literal is None:
        return default.key in ("null", "gen_random_uuid()", "uuid_generate_v4()") or (
            default.key in _NOW and kind.name in _TIMES and not kind.dimensions
        )
    text = default.text
    if text.startswith("'"):
        if kind.dimensions:
            return default.literal == "{}"
        if kind.name in _TEXTS and kind.schema is None:
            return True
        return kind.schema is not None and _is_label(machine, kind, default.literal)
    if kind.dimensions or kind.schema is not None:
        return False
    if kind.name == "bool":
        return text.lower() in ("true", "false")
    return kind.name in _NUMBERS and _WHOLE.match(text) is not None


def _is_label(machine: Machine, kind: Type, text: str) -> bool:
    enum = machine.schema.find(Key("type", kind.schema or "", kind.name))
    return isinstance(enum, Enum) and (enum.assumed or text in enum.labels)


def check_generated(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for an expression from which a column cannot be computed."""
    table = machine.schema.table(key)
    expression = column.default
    if column.generated is None or expression is None or table is None or not _is_new(machine, expression):
        return
    from miglint.replay.apply.environment import SchemaEnvironment, name_of_type, relation_of
    from miglint.sql.postgres.analysis import entry
    from miglint.sql.postgres.analysis.kinds import worst

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        found = entry.expressed(environment, expression.text, entry.IN_GENERATED, relation_of(machine, key, table))
        if found is None:
            return
        for name in found.columns:
            if name in table.columns and table.columns[name].generated is not None:
                message = f'cannot use generated column "{name}" in column generation expression'
                raise machine.refuse("invalid_object_definition", message, key, column.name)
        target = name_of_type(machine.type(column.type))
        volatility = entry.refuse_unassignable(environment, found, target, column.name, "generation")
        if worst(found.volatility, volatility) in "sv":
            message = "generation expression is not immutable"
            raise machine.refuse("invalid_object_definition", message, key, column.name)


# --- conditions ------------------------------------------------------------------------------------------------------


def check_condition(machine: Machine, key: Key, expression: Expression | None, name: str | None = None) -> None:
    """Raise the error for a `CHECK` that cannot be one."""
    table = machine.schema.table(key)
    if expression is None or table is None or not _is_new(machine, expression):
        return
    from miglint.replay.apply.environment import SchemaEnvironment, relation_of
    from miglint.sql.postgres.analysis import entry

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        found = entry.expressed(environment, expression.text, entry.IN_CHECK, relation_of(machine, key, table))
        if found is not None:
            entry.refuse_untrue(environment, found, "CHECK")


# --- indexes ---------------------------------------------------------------------------------------------------------


def check_index(machine: Machine, key: Key, operation: CreateIndex) -> None:
    """Raise the error for an index over what cannot be indexed, or is not the same each time."""
    value = machine.schema.find(key)
    if not machine.postgres or not isinstance(value, (Table, View)):
        return
    for element in operation.elements:
        _check_element(machine, key, operation, element)
    if operation.where is None or not _is_new(machine, operation.where):
        return
    from miglint.replay.apply.environment import SchemaEnvironment
    from miglint.sql.postgres.analysis import entry

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        own = environment.relation(operation.table)
        found = entry.expressed(environment, operation.where.text, entry.IN_PREDICATE, own)
        if found is None:
            return
        entry.refuse_untrue(environment, found, "WHERE")
        if found.volatility in "sv":
            message = "functions in index predicate must be marked IMMUTABLE"
            raise machine.refuse("invalid_object_definition", message, key)


def _check_element(machine: Machine, key: Key, operation: CreateIndex, element: IndexElement) -> None:
    method = operation.method
    if element.expression is None:
        value = machine.schema.find(key)
        column = value.columns.get(element.column or "") if isinstance(value, Table) else None
        if column is not None and element.opclass is None:
            refuse_unindexable(machine, key, method, column.type)
        return
    if not _is_new(machine, element.expression):
        return
    from miglint.replay.apply.environment import SchemaEnvironment
    from miglint.sql.postgres.analysis import entry

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        own = environment.relation(operation.table)
        found = entry.expressed(environment, element.expression.text, entry.IN_INDEX, own)
        if found is None:
            return
        if found.volatility in "sv":
            message = "functions in index expression must be marked IMMUTABLE"
            raise machine.refuse("invalid_object_definition", message, key)
        if element.opclass is None:
            _refuse_unindexable(machine, key, method, found.type)


def refuse_unindexable(machine: Machine, key: Key, method: str, kind: Type | None) -> None:
    """Raise the error for a type that an access method has no operator class for."""
    if kind is None or (kind.schema is None and kind.name in _FITS.get(method, ()) and not kind.dimensions):
        return
    from miglint.replay.apply.environment import name_of_type

    _refuse_unindexable(machine, key, method, name_of_type(kind))


def _refuse_unindexable(machine: Machine, key: Key, method: str, name: str) -> None:
    from miglint.replay.apply.environment import SchemaEnvironment
    from miglint.sql.postgres.analysis.classes import has_default_class
    from miglint.sql.postgres.analysis.kinds import spelled

    if has_default_class(SchemaEnvironment(machine), method, name) or _may_have_class(machine):
        return
    message = f'data type {spelled(name)} has no default operator class for access method "{method}"'
    raise machine.refuse("undefined_object", message, key)


def _may_have_class(machine: Machine) -> bool:
    """Whether an extension or a script may have made operator classes."""
    return machine.lost or any(machine.schema.on(of_kind(kind)) for kind in ("extension", "operator class"))


# --- changes of type -------------------------------------------------------------------------------------------------


def check_using(machine: Machine, key: Key, operation: AlterColumnType) -> None:
    """Raise the error for a `USING` that names what is not there, or that the new type does not take."""
    table = machine.schema.table(key)
    using = operation.using
    if using is None or table is None or not _is_new(machine, using):
        return
    from miglint.replay.apply.environment import SchemaEnvironment, name_of_type, relation_of
    from miglint.sql.postgres.analysis import entry

    environment = SchemaEnvironment(machine)
    with engine_errors(machine, key):
        found = entry.expressed(environment, using.text, entry.IN_TRANSFORM, relation_of(machine, key, table))
        if found is None:
            return
        target = name_of_type(machine.type(operation.type))
        if not entry.is_assignable(environment, found, target):
            message = (
                f'result of USING clause for column "{operation.column}" cannot be cast automatically to type '
                f"{operation.type}"
            )
            raise machine.refuse("datatype_mismatch", message, key, operation.column)
