"""The rows of which the keys are known: those that `INSERT ... VALUES` with constants has put into a table.

A second run of such a statement fails. What takes rows away, or gives them other keys, is followed as far as its
condition names the keys; beyond that each row may be there, and may not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from rpds import HashTrieMap

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, replace
from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.row_contents import contents, references_to, rows_at
from miglint.replay.apply.row_values import satisfies, values_of_row
from miglint.schema.known_keys import KnownKeys, Values
from miglint.schema.objects import Key, Rows, Table
from miglint.schema.parts import of_kind
from miglint.sql.operations import Expression, IndexElement, Insert, Name, Query, Update

_Columns: TypeAlias = tuple[str, ...]
_Known: TypeAlias = "HashTrieMap[_Columns, KnownKeys]"
"""The keys of a table's rows, by the columns that they are of."""

_NOTHING: _Known = HashTrieMap()
# What leaves some of the rows out, or makes others of them.
_PARTIAL = pattern(r"(?i)\b(?:where|limit|offset|group|having|distinct|join|union|except|intersect|values)\b")
_ONE_KEY = pattern(
    r"(?i)\(?(\w+) ?(?:=|~~) ?('(?:[^']|'')*'|-?[0-9]+|any \(array\[[^\]]*\]\))\)?"
    r"|(\w+) in ?\( ?((?:'(?:[^']|'')*'|-?[0-9]+)(?: ?, ?(?:'(?:[^']|'')*'|-?[0-9]+))*) ?\)"
)
# Functions that give a value for every value.
_NEVER_NULL = frozenset({"lower", "upper", "btrim", "ltrim", "rtrim", "trim", "md5", "unaccent"})
# How NULL is shown, which no text is equal to: no column holds a character with the code 0.
_NULL = "\0null"
# A condition is tried on each of so many keys; of more, none is certain.
_MOST_TESTED = 8
_CONSTANT = pattern(r"'((?:[^']|'')*)'|(-?[0-9]+)")


def _known(machine: Machine, key: Key) -> tuple[Key, _Known]:
    place = Key("rows", key.schema, key.name)
    found = rows_at(machine, place)
    return place, _NOTHING if found is None else found.keys


def _set_known(machine: Machine, place: Key, known: _Known) -> None:
    found = rows_at(machine, place)
    rows = Rows(Name(place.schema, place.name)) if found is None else found
    if len(known) or rows.contents:
        machine.put(place, replace(rows, keys=known))
    elif found is not None:
        machine.schema = machine.schema.forget(place)


def _of(known: _Known, columns: _Columns) -> KnownKeys:
    found = known.get(columns)
    return KnownKeys(len(columns)) if found is None else found


def _with_a_row(known: _Known) -> _Known:
    """Return the known keys with a row of an unknown key."""
    return known.insert((), _of(known, ()).adding([()]))


def _named_keys(where: Expression | None) -> tuple[str, list[str]] | None:
    """Return the column and its values, each once, when a condition names just these."""
    found = None if where is None else _ONE_KEY.fullmatch(where.key)
    if found is None or (" ~~ " in found[0] and "%" in found[2]):
        return None
    values = _CONSTANT.findall(found[2] or found[4])
    return (found[1] or found[3]).lower(), list(
        dict.fromkeys(text.replace("''", "'") if text else number for text, number in values)
    )


def _after(
    known: _Known, where: Expression | None, about: Iterable[_Columns], rows: list[dict[str, str | None]]
) -> tuple[_Known, dict[_Columns, list[tuple[Values, bool]]]]:
    """Return the keys of rows after a statement that deletes or changes some, and the deleted ones.

    `about` are the columns of the keys that it concerns, `rows` the contents that are known. Without a condition all
    are deleted.
    """
    named = _named_keys(where)
    gone: dict[_Columns, list[tuple[Values, bool]]] = {}
    for columns in about:
        keys = known[columns]
        if where is None:
            gone[columns], left = list(keys), None
        elif named is None or named[0] not in columns:
            gone[columns], left = _chosen(keys, columns, where, rows)
        else:
            place = columns.index(named[0])
            found = [values for value in named[1] for values in keys.with_value(place, value)]
            gone[columns] = [(values, keys.holds(values) is True) for values in found]
            left = keys.without(found)
        known = known.insert(columns, left) if left is not None and len(left) else known.discard(columns)
    return known, gone


def _chosen(
    keys: KnownKeys, columns: _Columns, where: Expression, rows: list[dict[str, str | None]]
) -> tuple[list[tuple[Values, bool]], KnownKeys]:
    """Return the keys of which a condition is certainly true, and those that are left, doubtful where it may be."""
    by_key = {name.lower() for name in where.columns}.issubset(columns)
    if len(keys) > _MOST_TESTED or not (by_key or rows):
        return [], keys.doubted()
    answers = [(values, held, satisfies(where, _row_of(columns, values, rows))) for values, held in keys]
    gone = [(values, held) for values, held, answer in answers if answer]
    left = keys.without(values for values, _ in gone)
    return gone, left.doubting(values for values, _, answer in answers if answer is None)


def _row_of(columns: _Columns, values: Values, rows: list[dict[str, str | None]]) -> dict[str, str | None]:
    """Return what is known of the row with a key: the key at least."""
    own: dict[str, str | None] = dict(zip(columns, values, strict=False))
    return next((row for row in rows if own.items() <= row.items()), own)


def delete_keys(machine: Machine, key: Key, where: Expression | None) -> None:
    """Remove the keys of the rows that `DELETE` deletes."""
    place, known = _known(machine, key)
    if len(known):
        _set_known(machine, place, _after(known, where, list(known), contents(machine, key))[0])
    open_, seen = [key], {key}
    while open_:
        for child, constraint in references_to(machine, open_.pop()):
            if constraint.on_delete == "cascade" and child not in seen:
                seen.add(child)
                open_.append(child)
                _doubt(machine, child)


def _doubt(machine: Machine, key: Key) -> None:
    place, known = _known(machine, key)
    for columns in list(known):
        known = known.insert(columns, known[columns].doubted())
    if len(known):
        _set_known(machine, place, known)


def forget_keys_along(machine: Machine, key: Key) -> None:
    """Remove the keys of all rows of the tables that `TRUNCATE ... CASCADE` empties."""
    open_, seen = [key], {key}
    while open_:
        place = open_.pop()
        forget_keys(machine, place)
        more = {child for child, _ in references_to(machine, place)} - seen
        seen |= more
        open_ += more


def forget_keys(machine: Machine, key: Key) -> None:
    """Remove the keys of all rows of a table."""
    place, known = _known(machine, key)
    if len(known):
        _set_known(machine, place, _NOTHING)


def change_keys(machine: Machine, key: Key, operation: Update, assigned: set[str]) -> None:
    """Change the keys of the rows that `UPDATE` changes.

    Raises `Refused` where a row, which is named, gets the constant key of another.
    """
    place, known = _known(machine, key)
    changed = [columns for columns in known if not assigned.isdisjoint(columns)]
    if not changed:
        return
    after, gone = _after(known, operation.where, changed, contents(machine, key))
    given = {machine.column_name(column): value for column, value in operation.assignments}
    for columns in changed:
        value = given.get(columns[0]) if len(columns) == 1 else None
        if value is None or value.literal is None or len(gone[columns]) != 1 or not gone[columns][0][1]:
            continue
        keys, values = _of(after, columns), (value.literal,)
        if keys.holds(values):
            message = f'a row with {columns[0]}={value.literal} is in "{operation.table}" already: duplicate key value'
            raise machine.refuse("unique_violation", message, machine.key(operation.table), columns[0])
        after = after.insert(columns, keys.adding((values,)))
    _set_known(machine, place, after)


def rename_key_values(machine: Machine, key: Key, columns: Collection[str], old: str, new: str) -> None:
    """Give a value of some columns another name in the keys of the rows."""
    place, known = _known(machine, key)
    for about in list(known):
        keys = known[about]
        for number in (number for number, column in enumerate(about) if column in columns):
            found = keys.with_value(number, old)
            doubtful = [values for values in found if keys.holds(values) is False]
            renamed = {values: (*values[:number], new, *values[number + 1 :]) for values in found}
            keys = keys.without(found).adding(renamed.values()).doubting(renamed[values] for values in doubtful)
        known = known.insert(about, keys)
    _set_known(machine, place, known)


def has_row(machine: Machine, key: Key, where: Expression | None) -> bool | None:
    """Return whether a table certainly has a row that fulfills a condition.

    False says that none is known, so that a guard may expect that there is none; None, that one of those that are
    known may be such a row.
    """
    rows = contents(machine, key)
    answers = [where is None or satisfies(where, row) for row in rows]
    if True in answers:
        return True
    _, known = _known(machine, key)
    doubtful = None in answers
    for columns, keys in known.items():
        if not len(keys):
            continue
        if where is None:
            return any(held for _, held in keys) or None
        held = _has_key(columns, keys, where, len(rows))
        if held:
            return True
        doubtful = doubtful or held is None
    return None if doubtful else False


def _has_key(columns: tuple[str, ...], keys: KnownKeys, where: Expression, rows: int) -> bool | None:
    """Return whether one of the known keys, of more than some known `rows`, certainly fulfills a condition."""
    named = _named_keys(where)
    if named is None or len(named[1]) != 1 or named[0] not in columns:
        return None if len(keys) > rows else False
    found = keys.with_value(columns.index(named[0]), named[1][0])
    if any(keys.holds(values) for values in found):
        return True
    return None if found else False


def copy_keys(machine: Machine, key: Key, operation: Insert, query: Query) -> None:
    """Copy what is known of a table's rows to a table that is filled with all of them, as a rebuild does."""
    if len(query.relations) != 1 or _PARTIAL.search(query.key):
        return
    _, known = _known(machine, machine.relation(query.relations[0])[0])
    same = {name for name, output in zip(operation.columns, query.outputs, strict=False) if name == output}
    kept = [columns for columns in known if query.stars or same.issuperset(columns)]
    if kept:
        place, own = _known(machine, key)
        for columns in kept:
            own = own.insert(columns, _of(own, columns).joined(known[columns]))
        _set_known(machine, place, own)


def _listed(columns: tuple[str, ...], values: Values) -> str:
    return f"{','.join(columns)}={','.join(values[: len(columns)])}".replace(_NULL, "NULL")


def has_new_keys(machine: Machine, operation: Insert, key: Key, table: Table) -> bool:
    """Whether `INSERT` gives rows constant keys, which are known from then on: then a second run of it fails.

    Raises `Refused` where there is a row of such a key already.
    """
    names = [machine.column_name(name) for name in operation.columns] or list(table.columns)
    place, before = _known(machine, key)
    after = before
    for unique in _unique_columns(machine, key, table):
        columns, condition = unique.columns, unique.condition
        if not columns or not set(columns).issubset(names):
            continue
        label = columns if condition is None else (*columns, f"where {condition.key}")
        there = _of(before, label)
        added: dict[Values, None] = {}
        for values in _new_keys(machine, operation, table, names, unique):
            held = True if values in added else there.holds(values)
            if held is not None:
                where = "among these rows" if values in added else f'in "{operation.table}"'
                raise _duplicate(machine, operation, key, _listed(columns, values), where, columns[0], certain=held)
            added[values] = None
        if added:
            after = after.insert(label, _of(after, label).adding(added))
    known = _with_a_row(after) if operation.rows and not operation.guarded else after
    if known is not before:
        _set_known(machine, place, known)
    return after is not before


def _duplicate(
    machine: Machine, operation: Insert, key: Key, values: str, where: str, column: str, *, certain: bool
) -> Refused:
    message = f"a row with {values} is {where} already: duplicate key value"
    return machine.refuse("unique_violation", message, key, column, certain=certain and not operation.guarded)


def keep_conflict_keys(machine: Machine, operation: Insert, key: Key, table: Table) -> None:
    """Note the keys that are in a table after `ON CONFLICT (...) DO NOTHING`, of the new row or of the one before."""
    if operation.conflict != "nothing" or not operation.rows or operation.guarded:
        return
    wanted = {machine.column_name(name) for name in operation.conflict_columns}
    names = [machine.column_name(name) for name in operation.columns] or list(table.columns)
    place, known = _known(machine, key)
    after = known
    for unique in _unique_columns(machine, key, table):
        if unique.condition is None and wanted == set(unique.columns) and wanted.issubset(names):
            keys = list(_new_keys(machine, operation, table, names, unique))
            if keys:
                after = after.insert(unique.columns, _of(after, unique.columns).adding(keys))
    if after is not known:
        _set_known(machine, place, after)


def _new_keys(
    machine: Machine,
    operation: Insert,
    table: Table,
    names: list[str],
    unique: _Unique,
) -> Iterator[Values]:
    """Yield the constant keys over some columns that `INSERT` gives to rows, of those that are in a partial index."""
    places = {name: number for number, name in enumerate(names)}
    numbers = [places[name] for name in unique.columns]
    condition = unique.condition
    for row in operation.rows or ():
        values = _constant_key(row, numbers, nulls=unique.nulls)
        if values is None:
            continue
        if condition is None:
            yield values
        elif satisfies(condition, values_of_row(machine, table, names, row)):
            yield (*values, "")


def _constant_key(row: tuple[Expression | None, ...], numbers: list[int], *, nulls: bool) -> Values | None:
    """Return the constants in these places of a row; None if one of them is missing or no constant.

    NULL is no constant either, but with `nulls`, where it equals itself.
    """
    values = []
    for number in numbers:
        value = row[number] if number < len(row) else None
        if value is not None and value.key == "null" and nulls:
            values.append(_NULL)
        elif value is None or value.literal is None or value.key == "null":
            return None
        else:
            values.append(value.literal)
    return tuple(values)


class _Unique(Struct, frozen=True):
    """What is unique in a table, with the condition where it is of some rows, and whether NULL is a value of it."""

    columns: _Columns
    condition: Expression | None = None
    nulls: bool = False


def _unique_columns(machine: Machine, key: Key, table: Table) -> list[_Unique]:
    """Return the primary key of a table, and all that is unique in it."""
    found = [
        _Unique(one.columns, None, one.nulls_not_distinct)
        for kind in ("primary", "unique")
        for one in of_kind(table.constraints, kind)
    ]
    for _, index in machine.indexes(key):
        columns = [_distinguishing_column(element) for element in index.elements] if index.unique else [None]
        if index.constraint is None and None not in columns:
            names = tuple(machine.column_name(column or "") for column in columns)
            found.append(_Unique(names, index.where, index.nulls_not_distinct))
    return found


def _distinguishing_column(element: IndexElement) -> str | None:
    """Return the column that an element of an index has its value from: rows that agree in it agree in the element."""
    if element.expression is None:
        return element.column
    expression = element.expression
    plain = expression.functions and all(function.name in _NEVER_NULL for function in expression.functions)
    return expression.columns[0] if plain and len(expression.columns) == 1 else None
