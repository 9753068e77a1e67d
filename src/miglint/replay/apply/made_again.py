"""The checks and indexes that a change of a column's type makes again, from the text that the server has of them."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Index, Key
from miglint.schema.parts import involving, with_part
from miglint.sql.operations import Expression, IndexElement

_Again = Callable[[Expression, str], Expression | None]


def make_again(machine: Machine, key: Key, column: str) -> None:
    """Replace the checks and the indexes over a column that has another type by what the server makes of them.

    All changes of one statement make them again together: from what they were before it.
    """
    table = machine.schema.table(key)
    if table is None or (table.assumed and not table.outdated) or table.kind != "table":
        return
    names = [name for name in involving(table.constraints, column) if table.constraints[name].kind == "check"]
    indexes = [item for item in machine.indexes(key, column) if _has_expression(item[1])]
    if not names and not indexes:
        return
    # Expressions are rare among what a column's type changes, and what reads them is large.
    from miglint.schema.expressions_again import made_again

    start = machine.at_start

    def again(written: Expression, target: str) -> Expression | None:
        return made_again(start, machine.schema, key, written, target)

    for name in names:
        _make_check_again(machine, key, name, again)
    for place, index in indexes:
        first = start.find(place)
        found = _index_again(machine, key, first if isinstance(first, Index) else index, again)
        if (found.elements, found.where) != (index.elements, index.where):
            machine.put(place, replace(index, elements=found.elements, where=found.where))


def _has_expression(index: Index) -> bool:
    return index.where is not None or any(element.expression is not None for element in index.elements)


def _make_check_again(machine: Machine, key: Key, name: str, again: _Again) -> None:
    table, start = machine.schema.table(key), machine.at_start.table(key)
    assert table is not None
    constraint = table.constraints[name]
    first = constraint if start is None or name not in start.constraints else start.constraints[name]
    if first.expression is None:
        return
    found = again(first.expression, "bool") or first.expression
    if found != constraint.expression:
        constraints = with_part(table.constraints, name, replace(constraint, expression=found))
        machine.put(key, replace(table, constraints=constraints))


def _index_again(machine: Machine, key: Key, index: Index, again: _Again) -> Index:
    elements = tuple(_element_again(machine, key, element, again) for element in index.elements)
    where = None if index.where is None else again(index.where, "bool") or index.where
    return replace(index, elements=elements, where=where)


def _element_again(machine: Machine, key: Key, element: IndexElement, again: _Again) -> IndexElement:
    from miglint.schema.expressions_again import plain_column

    if element.expression is None:
        return element
    found = again(element.expression, "?") or element.expression
    column = plain_column(machine.schema, key, found)
    return replace(element, column=column, expression=None) if column else replace(element, expression=found)
