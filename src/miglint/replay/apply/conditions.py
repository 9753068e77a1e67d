"""Conditions of guards: whether they hold in a schema, as far as that is known."""

from __future__ import annotations

from miglint.replay.apply.facts import facts_hold, has_columns
from miglint.replay.apply.known_rows import has_row
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.others import other_key
from miglint.schema.objects import Absent, Composite, Enum, Index, Key, SchemaObject, Sequence, Table, View
from miglint.sql.operations import And, Compared, Condition, Exists, KeyColumns, Name, Not, Or

_NEVER_GUESSED = frozenset({"row", "setting"})
_RELATIONS: dict[str, tuple[type, ...]] = {
    "table": (Table,),
    "foreign table": (Table,),
    "view": (View,),
    "materialized view": (View,),
    "index": (Index,),
    "sequence": (Sequence,),
    "relation": (Table, View, Index, Sequence),
}


def holds(machine: Machine, condition: Condition, *, guess: bool = False, rows: bool = False) -> bool | None:
    """Return whether a condition holds (NULL does not), or None if that is unknown.

    With `guess` an object of which nothing is known is taken not to be there, which is what a guard expects; with
    `rows` this holds for rows, too.
    """
    guessed = (_NEVER_GUESSED if not rows else frozenset({"setting"})) if guess else None
    answer = _answer(machine, condition, guessed)
    return False if answer is _NULL else bool(answer) if answer is not None else None


class _Null:
    """What a condition is that compares with nothing."""


_NULL = _Null()


def _combined(answers: list[bool | _Null | None], *, deciding: bool) -> bool | _Null | None:
    """Return the value of AND (decided by False) or OR (decided by True) in three-valued logic; None is unknown."""
    if deciding in answers:
        return deciding
    return None if None in answers else _NULL if _NULL in answers else not deciding


def _found(machine: Machine, condition: Exists, unguessed: frozenset[str] | None) -> bool | _Null | None:
    if condition.kind == "row":
        return _answer_row(machine, condition, unguessed)
    result = _exists(machine, condition)
    if result and condition.facts:
        return facts_hold(machine, condition)
    guess = result is None and unguessed is not None and condition.kind not in unguessed
    return False if guess else result


def _answer(machine: Machine, condition: Condition, unguessed: frozenset[str] | None) -> bool | _Null | None:
    """Answer a condition; kinds that are not in `unguessed` are taken not to be there where nothing is known."""
    if isinstance(condition, Exists):
        return _found(machine, condition, unguessed)
    if isinstance(condition, Not):
        inner = _answer(machine, condition.condition, unguessed)
        return inner if inner is None or isinstance(inner, _Null) else not inner
    if isinstance(condition, (And, Or)):
        answers = [_answer(machine, item, unguessed) for item in condition.conditions]
        return _combined(answers, deciding=isinstance(condition, Or))
    if isinstance(condition, KeyColumns):
        return has_columns(machine, condition)
    if isinstance(condition, Compared):
        there = _answer(machine, condition.rows, unguessed)
        if there is False:
            return _NULL
        return None if there is None or condition.test is None else _answer(machine, condition.test, unguessed)
    return None


def _routine_exists(machine: Machine, name: Name) -> bool:
    schemas = machine.path if name.schema is None else (name.schema,)
    return any(machine.schema.count_overloads(schema, name.name) for schema in schemas)


def _exists_anywhere(machine: Machine, test: Exists) -> bool:
    """Return whether a relation of that name and kind is in any schema."""
    named = machine.settle().named(test.name.name)
    return any(
        key.space == "relation" and key.name == test.name.name and _is_of_kind(value, test.kind) for key, value in named
    )


def _exists(machine: Machine, test: Exists) -> bool | None:
    name = test.name
    if test.kind in ("column", "constraint"):
        return _part_exists(machine, test)
    if test.kind in ("trigger", "policy", "rule"):
        return _on_table_exists(machine, test)
    if test.kind in ("function", "procedure", "routine", "aggregate"):
        return _routine_exists(machine, name)
    if test.kind == "enum value":
        return _label_exists(machine, test)
    if test.kind == "schema" and name.name in ("public", "pg_catalog", "information_schema"):
        return True
    if test.kind in ("extension", "schema", "role"):
        return Key(test.kind, "", name.name) in machine.schema
    if test.kind in _NEVER_GUESSED:
        return None
    if test.kind in _RELATIONS:
        if test.anywhere and _exists_anywhere(machine, test):
            return True
        found = machine.relation(name)[1]
        return None if found is None else _is_of_kind(found, test.kind)
    if test.kind in ("type", "domain"):
        found = machine.schema.get(machine.key(name, "type"))
    else:
        found = machine.schema.get(other_key(machine, test.kind, name, test.table))
    return None if found is None else not isinstance(found, Absent)


def _answer_row(machine: Machine, test: Exists, unguessed: frozenset[str] | None) -> bool | None:
    """Return whether a table has such a row: where none is known, a guard expects that there is none."""
    if machine.foreign(test.name):
        return None
    key, found = machine.relation(test.name)
    if not isinstance(found, Table):
        return None
    answer = has_row(machine, key, test.where)
    guess = unguessed is not None and test.kind not in unguessed
    return None if answer is False and not guess else answer


def _is_of_kind(value: SchemaObject | Absent, kind: str) -> bool:
    if isinstance(value, View) and kind in ("view", "materialized view"):
        return value.materialized is (kind == "materialized view")
    return isinstance(value, _RELATIONS[kind])


def _label_exists(machine: Machine, test: Exists) -> bool | None:
    label = test.name.name
    if test.table is None:
        # The label of whatever enum.
        return any(isinstance(value, Enum) and label in value.labels for _, value in machine.schema.items()) or None
    enum = machine.schema.find(machine.key(test.table, "type"))
    return None if not isinstance(enum, Enum) or enum.assumed else label in enum.labels


def _part_exists_anywhere(machine: Machine, kind: str, name: str) -> bool | None:
    """Return whether any table has a column or constraint of that name."""
    if kind == "column":
        return any(name in value.columns for _, value in machine.schema.items() if isinstance(value, Table)) or None
    return any(key in machine.schema for key in machine.schema.on(Key("constraint name", "", name)))


def _part_exists(machine: Machine, test: Exists) -> bool | None:
    name = test.name.name
    if test.table is None:
        return _part_exists_anywhere(machine, test.kind, name)
    found = machine.relation(test.table)[1]
    if not isinstance(found, Table) and test.kind == "column":
        composite = machine.schema.find(machine.key(test.table, "type"))
        if isinstance(composite, Composite) and not composite.assumed:
            return name in composite.columns
    if found is None:
        return None
    if not isinstance(found, Table):
        return False
    if not name:
        return True
    folded = machine.column_name(name)
    if folded in (found.columns if test.kind == "column" else found.constraints):
        return True
    return None if found.assumed and folded not in found.absent else False


def _on_table_exists(machine: Machine, test: Exists) -> bool:
    if test.table is not None:
        table = machine.key(test.table)
        return Key(test.kind, table.schema, test.name.name, table.name) in machine.schema
    return any(key in machine.schema for key in machine.schema.on(Key(f"{test.kind} name", "", test.name.name)))
