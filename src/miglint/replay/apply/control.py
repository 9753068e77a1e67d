"""Control flow and the session: transactions, settings, and the guards of `DO` blocks."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.replay.apply.calls import returns_nothing
from miglint.replay.apply.facts import facts_hold, has_columns
from miglint.replay.apply.known_rows import has_row
from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.others import other_key
from miglint.replay.apply.row_contents import forget_all_contents
from miglint.schema.objects import Absent, Composite, Enum, Index, Key, SchemaObject, Sequence, Table, View
from miglint.schema.set_aside import SET_ASIDE_SCHEMA
from miglint.sql.operations import (
    And,
    Compared,
    Condition,
    Delete,
    Drop,
    Exists,
    If,
    Insert,
    KeyColumns,
    Name,
    Not,
    Opaque,
    Operation,
    Or,
    Pragma,
    Raise,
    SetVariable,
    Transaction,
    Truncate,
    Try,
    Update,
)

Apply = Callable[[Machine, Operation], None]

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
_SQLSTATES = {
    "42P07": "duplicate_table",
    "42701": "duplicate_column",
    "42710": "duplicate_object",
    "42723": "duplicate_function",
    "42P06": "duplicate_schema",
    "42704": "undefined_object",
    "42P01": "undefined_table",
    "42703": "undefined_column",
    "42883": "undefined_function",
    "2BP01": "dependent_objects_still_exist",
    "23505": "unique_violation",
}


def transaction(machine: Machine, operation: Transaction) -> None:
    """Apply transaction control: a rollback restores the schema at the start of the transaction."""
    action = operation.action
    if action in ("begin", "savepoint"):
        machine.snapshots.append((operation.name or "", machine.schema))
    elif action == "commit":
        machine.snapshots.clear()
    elif action == "rollback":
        if machine.snapshots:
            machine.schema = machine.snapshots[0][1]
        machine.snapshots.clear()
    elif action == "rollback to":
        for name, schema in reversed(machine.snapshots):
            if name == operation.name:
                machine.schema = schema
                break


def set_variable(machine: Machine, operation: SetVariable) -> None:
    """`SET`: `search_path` matters to the schema, and whether the bodies of functions are looked at."""
    if operation.name == "check_function_bodies":
        machine.settings[operation.name] = (operation.values or ("on",))[0].lower()
    if operation.name == "search_path":
        if operation.values is None:
            machine.path = ("public",)
        else:
            names = tuple(name.strip().strip('"') for value in operation.values for name in value.split(","))
            path = tuple(name for name in names if name and name != "$user")
            # An empty path finds nothing by its bare name but what is built in.
            machine.path = path if path or not any(names) else ("public",)


def pragma(machine: Machine, operation: Pragma) -> None:
    """Apply SQLite's settings; `foreign_keys` inside a transaction has no effect."""
    name = operation.name.lower()
    if operation.value is None or (name == "foreign_keys" and machine.snapshots):
        return
    machine.settings[name] = operation.value


def opaque(machine: Machine, operation: Opaque) -> None:
    """Record that an effect is unknown."""
    if operation.result_of is not None and returns_nothing(machine, operation.result_of):
        return
    forget_all_contents(machine)
    if operation.schema_effect:
        machine.lose(operation.reason)
    else:
        machine.note("rows?", operation.reason)
    if operation.may_fail_again:
        machine.note("failure?", operation.reason)


def raise_error(machine: Machine, operation: Raise) -> None:
    """`RAISE EXCEPTION`."""
    raise machine.refuse("raise_exception", operation.message)


def branch(machine: Machine, operation: If, apply: Apply) -> None:
    """`IF`: the branch that its condition chooses; where that is not known, the first, and a doubt."""
    result = holds(machine, operation.condition)
    if result is None and _only_raises(operation.then):
        # A check of the surroundings by the script, which is taken to pass.
        result = False
    if result is None:
        # A guard expects that what it looks for is not there; rows decide over rows only.
        every = (*operation.then, *operation.otherwise)
        result = holds(machine, operation.condition, guess=True, rows=all(map(_changes_rows, every)))
    if result is None:
        _undecided(machine, operation, apply)
        return
    for inner in operation.then if result else operation.otherwise:
        apply(machine, inner)


def _is_no_change(operation: Operation) -> bool:
    """Return whether an operation changes rows only, or drops what data is set aside in: no part of the schema."""
    if isinstance(operation, Drop):
        return SET_ASIDE_SCHEMA in (operation.name.name, operation.name.schema)
    return isinstance(operation, (Insert, Update, Delete, Truncate))


def _changes_rows(operation: Operation) -> bool:
    return isinstance(operation, (Insert, Update, Delete))


def _undecided(machine: Machine, operation: If, apply: Apply) -> None:
    # The branch is run for its effect on later statements; whether it runs is not known.
    before, touched = machine.schema, machine.touched
    machine.touched = set()
    try:
        for inner in operation.then:
            apply(machine, _under_condition(inner, operation.condition))
    except Refused as refused:
        machine.lose(f"an IF whose condition is not known may lead to an error: {refused.failure.message}")
        return
    finally:
        machine.undecided |= machine.touched
        machine.touched |= touched
    if machine.schema is not before and not all(map(_is_no_change, operation.then)):
        machine.lose("an IF whose condition is not known decides over a change of the schema")


def _under_condition(operation: Operation, condition: Condition) -> Operation:
    """Return an INSERT whose block looks first whether its table has the rows as one that leaves these out."""
    if isinstance(operation, Insert) and isinstance(condition, Not) and isinstance(condition.condition, Exists):
        looked_at = condition.condition
        if looked_at.kind == "row" and looked_at.name == operation.table:
            return replace(operation, anti_join=True)
    return operation


def _only_raises(operations: tuple[Operation, ...]) -> bool:
    return bool(operations) and all(isinstance(operation, Raise) for operation in operations)


def attempt(machine: Machine, operation: Try, apply: Apply) -> None:
    """A block with `EXCEPTION WHEN`: undone as a whole when one of its errors is caught."""
    before = machine.schema
    try:
        for inner in operation.body:
            apply(machine, inner)
    except Refused as refused:
        caught = {_SQLSTATES.get(name.upper(), name) for name in operation.caught}
        if "others" not in caught and refused.failure.condition not in caught:
            raise
        machine.schema = before
        machine.note("skipped", refused.failure.message, refused.failure.key, refused.failure.part)
        for inner in operation.handler:
            apply(machine, inner)


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
