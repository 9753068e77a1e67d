"""The checks and indexes that a change of a column's type makes again, from the text that the server has of them."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Index, Key
from miglint.schema.parts import involving, with_part
from miglint.sql.operations import Expression, IndexElement
from miglint.sql.postgres.analysis.environment import UNKNOWN

_Rebuild = Callable[[Expression, str], Expression | None]


def rebuild_definitions(machine: Machine, key: Key, column: str) -> None:
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
    from miglint.schema.rebuilt_expressions import rebuilt_expression

    start = machine.at_start

    def rebuild(written: Expression, target: str) -> Expression | None:
        return rebuilt_expression(start, machine.schema, key, written, target)

    for name in names:
        _rebuild_check(machine, key, name, rebuild)
    for place, index in indexes:
        first = start.find(place)
        found = _rebuilt_index(machine, key, first if isinstance(first, Index) else index, rebuild)
        if (found.elements, found.where) != (index.elements, index.where):
            machine.put(place, replace(index, elements=found.elements, where=found.where))


def _has_expression(index: Index) -> bool:
    return index.where is not None or any(element.expression is not None for element in index.elements)


def _rebuild_check(machine: Machine, key: Key, name: str, rebuild: _Rebuild) -> None:
    table, start = machine.schema.table(key), machine.at_start.table(key)
    assert table is not None
    constraint = table.constraints[name]
    first = constraint if start is None or name not in start.constraints else start.constraints[name]
    if first.expression is None:
        return
    found = rebuild(first.expression, "bool") or first.expression
    if found != constraint.expression:
        constraints = with_part(table.constraints, name, replace(constraint, expression=found))
        machine.put(key, replace(table, constraints=constraints))


def _rebuilt_index(machine: Machine, key: Key, index: Index, rebuild: _Rebuild) -> Index:
    elements = tuple(_rebuilt_element(machine, key, element, rebuild) for element in index.elements)
    where = None if index.where is None else rebuild(index.where, "bool") or index.where
    return replace(index, elements=elements, where=where)


def _rebuilt_element(machine: Machine, key: Key, element: IndexElement, rebuild: _Rebuild) -> IndexElement:
    from miglint.schema.rebuilt_expressions import plain_column

    if element.expression is None:
        return element
    found = rebuild(element.expression, UNKNOWN) or element.expression
    column = plain_column(machine.schema, key, found)
    return replace(element, column=column, expression=None) if column else replace(element, expression=found)
