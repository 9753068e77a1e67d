"""Which differences PostgreSQL makes good in place, and which only by dropping and creating."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.sameness import essence
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Type


def can_alter(schema: Schema, key: Key, one: SchemaObject, two: SchemaObject) -> str:
    """Return how an object that is no table becomes another one: `alter`, `swap` (of a type) or `replace`."""
    if type(one) is not type(two):
        return "replace"
    alters = _alters_type(schema, key, one, two)
    if alters is not None:
        return "alter" if alters else "swap"
    match one, two:
        case View(), View():
            return "alter" if _alters_view(one, two) else "replace"
        case Routine(), Routine():
            return "alter" if _replaces_routine(one, two) else "replace"
        case Index(), Index():
            return "alter" if replace(one, options=two.options) == two else "replace"
        case Trigger(), Trigger():
            return "alter" if replace(one, state=two.state) == two else "replace"
        case Policy(), Policy():
            return "alter" if _alters_policy(one, two) else "replace"
        case Other(kind="publication"), Other():
            same = (one.definition, one.changes) == (two.definition, two.changes)
            return "alter" if same and one.members and two.members else "replace"
        case Sequence(), Sequence():
            return "alter" if one.persistence == two.persistence else "replace"
        case Extension(version=str() as before), Extension(version=str() as after) if _numbers(after) < _numbers(
            before
        ):
            return "replace"  # No update leads back to an older version.
        case ((RewriteRule() | Comment() | Privileges() | Extension() | Namespace()), _):
            return "alter"
        case _:
            return "replace"


def _alters_type(schema: Schema, key: Key, one: SchemaObject, two: SchemaObject) -> bool | None:
    """Return whether a type can be altered so that it is another one; None for what is no type."""
    match one, two:
        case Enum(), Enum():
            return added_labels(one, two) is not None
        case OtherType(), OtherType():
            return False
        case Domain(), Domain():
            return (one.base, one.collation) == (two.base, two.collation)
        case Composite(), Composite():
            return _alters_composite(schema, key, one, two)
        case _:
            return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _alters_view(one: View, two: View) -> bool:
    if one.materialized or two.materialized:
        return one.materialized and two.materialized and replace(one, options=two.options) == two
    if replace(one, options=two.options, types=two.types, defaults=two.defaults) == two:
        return True
    if one.columns is None or two.columns is None or one.types is None or two.types is None:
        return False
    if "*" in one.columns or "*" in two.columns or "?" in one.types or "?" in two.types[: len(one.types)]:
        return False
    size = len(one.columns)
    return two.columns[:size] == one.columns and two.types[:size] == one.types


def _replaces_routine(one: Routine, two: Routine) -> bool:
    """Return whether `CREATE OR REPLACE` can make one routine of the other."""
    if one.kind != two.kind or one.kind == "aggregate" or one.assumed or two.assumed:
        return False
    if one.returns != two.returns or one.outputs != two.outputs or one.output_names != two.output_names:
        return False
    if two.defaults < one.defaults:
        return False
    if any(before and before != after for before, after in zip(one.input_names, two.input_names, strict=False)):
        return False
    return _modes(one) == _modes(two)


def _modes(routine: Routine) -> str:
    head, _, _ = routine.definition.partition(") returns")
    return ",".join(part.strip().partition(" ")[0] for part in head.lstrip("(").split(","))


def _alters_policy(one: Policy, two: Policy) -> bool:
    lost = (one.using is not None and two.using is None) or (one.check is not None and two.check is None)
    return one.head == two.head and not lost


def added_labels(one: Enum, two: Enum) -> list[tuple[str, str | None]] | None:
    """Return the labels that an enum gains, each with the one that it comes before (None: at the end).

    None if labels go or change places, which `ALTER TYPE` cannot do.
    """
    kept = [label for label in two.labels if label in set(one.labels)]
    if tuple(kept) != one.labels:
        return None
    had = set(one.labels)
    added = []
    for place, label in enumerate(two.labels):
        if label not in had:
            behind = next((other for other in two.labels[place + 1 :] if other in had), None)
            added.append((label, behind))
    return added


def can_alter_column(before: Column, after: Column, aspects: frozenset[str]) -> bool:
    """Return whether a column becomes another one in place, with the values that it has."""
    if "generated" not in aspects:
        return True
    return before.generated == "stored" and after.generated is None


_INTEGERS = frozenset({"int2", "int4", "int8"})
_TEXTS = frozenset({"text", "varchar", "bpchar"})


def related_types(one: Type | None, two: Type | None) -> bool:
    """Return whether values of two types are compared with one another, and keep what depends on that."""
    if one is None or two is None or one.dimensions != two.dimensions:
        return False
    if (one.name, one.schema) == (two.name, two.schema):
        return True
    return any(one.name in family and two.name in family for family in (_INTEGERS, _TEXTS))


def _alters_composite(schema: Schema, key: Key, one: Composite, two: Composite) -> bool:
    """Return whether attributes can be added, dropped and altered; not of a type that columns have."""
    kept = [name for name in one.columns if name in two.columns]
    if list(two.columns)[: len(kept)] != kept:
        return False
    used = any(
        isinstance(value, (Table, Domain, Composite)) for _, value in schema.users(key, Table, Domain, Composite)
    )
    return not used or all(one.columns[name] == two.columns[name] for name in kept)


def alters_constraint(one: Constraint, two: Constraint) -> bool:
    """Return whether `ALTER CONSTRAINT` or `VALIDATE CONSTRAINT` makes a constraint equal to the new one."""
    before, after = essence(one), essence(two)
    if replace(before, validated=True) == after or replace(before, disabled=after.disabled) == after:
        return True
    same = replace(before, deferrable=after.deferrable, deferred=after.deferred)
    return before.kind == "foreign" and same == after
