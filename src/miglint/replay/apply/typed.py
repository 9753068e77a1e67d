"""What PostgreSQL has against the expressions of a table or an index: their names, their types, their volatility.

The catalogs of functions and operators are loaded when the first expression has to be typed (`expressed`). What
most scripts hold is known without them: a constant that fits its column, `now()`, an index over columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.access_methods import refuse_beyond_method
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import need_relations
from miglint.schema.extension_parts import CLASSES
from miglint.schema.objects import Enum, Key, Table, View
from miglint.sql.operations import (
    AlterColumnType,
    Column,
    Constraint,
    CreateIndex,
    CreateRoutine,
    Expression,
    IndexElement,
    Query,
    Type,
)

if TYPE_CHECKING:
    from miglint.sql.postgres.analysis.entry import DescribedView

_WHOLE = pattern(r"[+-]?[0-9]{1,9}\Z")
_STRING = pattern(r"'(?:[^']|'')*'\Z")
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_NOW = frozenset({"now()", "current_timestamp", "statement_timestamp()", "clock_timestamp()"})
_TIMES = frozenset({"timestamptz", "timestamp", "date", "time", "timetz", "text", "varchar"})
# What each access method indexes without a word, of the types that are met most.
_BTREE = _NUMBERS | _TEXTS | {
    "bool", "bytea", "bit", "varbit", "char", "cidr", "date", "inet", "interval", "jsonb", "macaddr", "money", "oid",
    "time", "timestamp", "timestamptz", "timetz", "tsvector", "uuid",
}  # fmt: skip
_FITS = {"btree": _BTREE, "hash": _BTREE - {"bit", "varbit", "money", "tsvector"}, "gin": {"jsonb", "tsvector"}}


def check_default(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for a default that cannot be one, or that the column's type does not take."""
    default = column.default
    if default is None or not machine.postgres or column.generated is not None:
        return
    if default.sequence is not None:
        need_relations(machine, (default.sequence,))
        return
    if default.text and not _plainly_fits(machine, default, column.type):
        from miglint.replay.apply import expressed

        expressed.check_default(machine, key, column, default)


def _plainly_fits(machine: Machine, default: Expression, kind: Type | None) -> bool:
    """Whether a default is a constant, or a call, of which it is known at once that the column takes it."""
    if kind is None:
        return default.literal is not None or default.key in _NOW
    if default.literal is None:
        return default.key in ("null", "gen_random_uuid()", "uuid_generate_v4()") or (
            default.key in _NOW and kind.name in _TIMES and not kind.dimensions
        )
    text = default.text
    if text.startswith("'"):
        return _STRING.match(text) is not None and _takes_string(machine, kind, default.literal)
    if kind.dimensions or kind.schema is not None:
        return False
    if kind.name == "bool":
        return text.lower() in ("true", "false")
    return kind.name in _NUMBERS and _WHOLE.match(text) is not None


def _takes_string(machine: Machine, kind: Type, value: str) -> bool:
    if kind.dimensions:
        return value == "{}"
    if kind.schema is None:
        return kind.name in _TEXTS
    return _is_label(machine, kind, value)


def _is_label(machine: Machine, kind: Type, text: str) -> bool:
    enum = machine.schema.find(Key("type", kind.schema or "", kind.name))
    return isinstance(enum, Enum) and (enum.assumed or text in enum.labels)


def check_generated(machine: Machine, key: Key, column: Column) -> None:
    """Raise the error for an expression from which a column cannot be computed."""
    if column.generated is not None and column.default is not None and column.default.text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.check_generated(machine, key, column, column.default)


def check_policy(machine: Machine, key: Key, text: str | None) -> None:
    """Raise the error for a condition of a policy that names what is not there, or is no condition."""
    if text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.check_policy(machine, key, text)


def check_partition_key(machine: Machine, key: Key, expression: Expression) -> None:
    """Raise the error for an expression that no table can be partitioned by."""
    if expression.text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.check_partition_key(machine, key, expression)


def check_condition(machine: Machine, key: Key, expression: Expression | None) -> None:
    """Raise the error for a `CHECK` that cannot be one."""
    if expression is not None and expression.text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.check_condition(machine, key, expression)


def check_domain(
    machine: Machine, key: Key, base: Type | None, default: Expression | None, constraints: Sequence[Constraint]
) -> None:
    """Raise the error for a default or a condition that a domain over a type cannot have."""
    if default is not None and default.text and not _plainly_fits(machine, default, base):
        from miglint.replay.apply import expressed

        expressed.check_default(machine, key, Column(key.name, base, None), default)
    for constraint in constraints:
        if constraint.expression is not None and constraint.expression.text:
            from miglint.replay.apply import expressed

            expressed.check_domain_condition(machine, key, base, constraint.expression)


def check_index(machine: Machine, key: Key, operation: CreateIndex) -> None:
    """Raise the error for an index over what cannot be indexed, or is not the same each time."""
    value = machine.schema.find(key)
    if not machine.postgres or not isinstance(value, (Table, View)):
        return
    refuse_beyond_method(machine, key, operation)
    for element in operation.elements:
        if element.expression is None:
            column = value.columns.get(element.column or "") if isinstance(value, Table) else None
            if column is not None:
                _check_indexed(machine, key, operation.method, element, column)
        elif element.expression.text:
            from miglint.replay.apply import expressed

            expressed.check_element(machine, key, operation.method, element, element.expression)
    if operation.where is not None:
        check_predicate(machine, key, operation.where)


def _check_indexed(machine: Machine, key: Key, method: str, element: IndexElement, column: Column) -> None:
    if column.generated == "virtual":
        message = "indexes on virtual generated columns are not supported"
        raise machine.refuse("feature_not_supported", message, key, column.name)
    if element.opclass is None:
        refuse_unindexable(machine, key, method, column.type)
    elif column.type is not None and element.opclass not in CLASSES:
        from miglint.replay.apply import expressed

        expressed.refuse_other_class(machine, key, method, element.opclass or "", column.type)


def check_predicate(machine: Machine, key: Key, where: Expression) -> None:
    """Raise the error for the condition of an index that cannot be one."""
    if where.text:
        from miglint.replay.apply import expressed

        expressed.check_predicate(machine, key, where)


def refuse_unindexable(machine: Machine, key: Key, method: str, kind: Type | None) -> None:
    """Raise the error for a type that an access method has no operator class for."""
    if kind is None or (kind.schema is None and kind.name in _FITS.get(method, ()) and not kind.dimensions):
        return
    from miglint.replay.apply import expressed

    expressed.refuse_unindexable(machine, key, method, kind)


def check_using(machine: Machine, key: Key, operation: AlterColumnType) -> None:
    """Raise the error for a `USING` that names what is not there, or that the new type does not take."""
    if operation.using is not None and operation.using.text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.check_using(machine, key, operation, operation.using)


def check_statement(machine: Machine, key: Key | None, text: str) -> None:
    """Raise the error for a statement on rows that names what is not there, or whose types do not fit."""
    if text and machine.postgres:
        from miglint.replay.apply import expressed

        expressed.described(machine, key, text)


def check_body(machine: Machine, key: Key, operation: CreateRoutine) -> None:
    """Raise the error for a body of SQL that names what is not there: the server reads it when the function is made."""
    if operation.language != "sql" or not operation.body:
        return
    # A body that is no string is read in any case.
    stored = "sql body" in operation.definition
    if stored or machine.settings.get("check_function_bodies", "on") not in ("off", "false", "0", "no"):
        from miglint.replay.apply import expressed

        expressed.check_body(machine, key, operation, stored=stored)


def type_named(name: str, like: Type | None) -> Type | None:
    """Return the type of a name that an analysis gives; that of a column it comes from where it is the same one."""
    base = name.removesuffix("[]")
    schema, _, bare = base.rpartition(".")
    if base in ("?", "record"):
        return None
    found = Type("text" if base == "unknown" else bare, (), int(base != name), schema or None)
    same = like is not None and (like.name, like.dimensions, like.schema) == (
        found.name,
        found.dimensions,
        found.schema,
    )
    return like if same else found


def result_types(machine: Machine, key: Key | None, text: str) -> tuple[tuple[str, str], ...] | None:
    """Return the result columns of a query with the names of their types, as `check_statement` finds them.

    Returns None where they are not all known. Raises `Refused` for a query that cannot run.
    """
    if not text or not machine.postgres:
        return None
    from miglint.replay.apply import expressed

    return expressed.described(machine, key, text)


def described_view(machine: Machine, key: Key, query: Query) -> DescribedView | None:
    """Return what the query of a view is; None where it is not known. Raises `Refused` for one that cannot run."""
    if not query.text or not machine.postgres:
        return None
    from miglint.replay.apply import expressed

    return expressed.described_view(machine, key, query.text)
