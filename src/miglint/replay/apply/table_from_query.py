"""The columns of a table that `CREATE TABLE ... AS` makes of a query."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.replay.apply.kept_modifiers import kept_types
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import resolved_query
from miglint.replay.apply.typed import type_named
from miglint.replay.apply.views import columns_of, result_columns
from miglint.sql.operations import Column, CreateTable, Query, Type


def enter_results(
    machine: Machine,
    operation: CreateTable,
    columns: dict[str, Column],
    described: tuple[tuple[str, str], ...] | None,
) -> bool:
    """Enter the result columns of a query, with their types where they are `described`; False for not known."""
    assert operation.query is not None
    if described is not None:
        names = tuple(name for name, _ in described)
    elif (known := result_columns(machine, resolved_query(machine, operation.query))) is not None:
        names = known
    else:
        return False
    kinds = [] if described is None else [kind for _, kind in described]
    given = tuple(column.name for column in operation.columns)
    names = (*given, *names[len(given) :])[: len(names)]
    for place, (name, origin) in enumerate(zip(names, _origins(machine, operation.query, names), strict=True)):
        typed = type_named(kinds[place], origin) if kinds else origin
        columns[machine.column_name(name)] = Column(name, typed, True)
    return True


def _origins(machine: Machine, query: Query, names: tuple[str, ...]) -> Sequence[Type | None]:
    """Return the types of the columns that the results of a query are, as far as these are known."""
    kept = kept_types(machine, query.text)
    if kept is not None and len(kept) == len(names):
        return kept
    origins = {label: column.type for label, column in columns_of(machine, query).items()}
    return [origins.get(name) for name in names]
