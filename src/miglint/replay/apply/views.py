"""Views, and what the result columns of a query are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from miglint.base.structs import replace
from miglint.replay.apply.default_privileges import endow
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import need_query, resolved_query
from miglint.replay.apply.typed import described_view
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import Key, SchemaObject, Table, View
from miglint.schema.parts import named_of_kind
from miglint.sql.operations import Column, ColumnUse, CreateView, Name, Query

if TYPE_CHECKING:
    from miglint.sql.postgres.analysis.entry import DescribedView


# SQLITE_MAX_COLUMN; PostgreSQL returns at most 1,664.
_MOST_COLUMNS = 2_000


def relation_columns(machine: Machine, name: Name) -> tuple[str, ...] | None:
    """Return the column names of a table or view, None when they are not known."""
    value = machine.schema.find(machine.key(name))
    if isinstance(value, Table):
        return None if value.assumed else tuple(column.name for column in value.columns.values())
    return value.columns if isinstance(value, View) else None


def result_columns(machine: Machine, query: Query) -> tuple[str, ...] | None:
    """Return the names of a query's result columns with `*` expanded; None when one is not known.

    None also where there are more than any engine returns: views of views may double them with each.
    """
    names: list[str] = []
    stars = list(query.stars)
    bare = query.outputs.count("*")
    for output in query.outputs:
        if output is None:
            return None
        if output != "*":
            names.append(output)
            continue
        # A bare star stands for every relation of the query; several stars each have one relation of their own.
        relations = stars if bare == 1 else stars[:1]
        stars = [] if bare == 1 else stars[1:]
        if not relations:
            return None
        for relation in relations:
            columns = relation_columns(machine, relation)
            if columns is None or len(names) + len(columns) > _MOST_COLUMNS:
                return None
            names.extend(columns)
    return tuple(names) if names else None


def columns_of(machine: Machine, query: Query) -> dict[str, Column]:
    """Return the columns of the tables that a query reads, by name: the likely origin of its outputs."""
    found: dict[str, Column] = {}
    for relation in query.relations:
        table = machine.schema.find(machine.key(relation))
        if isinstance(table, Table):
            for name, column in table.columns.items():
                found.setdefault(name, column)
    return found


def create_view(machine: Machine, operation: CreateView) -> None:
    """`CREATE [OR REPLACE] [MATERIALIZED] VIEW`."""
    name = machine.created(operation.name, temporary=operation.temporary)
    key = relation_key(name, machine.dialect)
    existing = machine.schema.find(key)
    view = _new_view(machine, operation, key, name)
    if existing is None:
        # If the scripts do not create everything, the view may replace one that they did not create.
        machine.create(key, view, certain=machine.schema.rooted or not operation.or_replace)
        if machine.postgres:
            endow(machine, key, "table", kind_of(view))
    elif operation.or_replace and isinstance(existing, View) and not existing.materialized:
        _replaceable(machine, key, existing, view)
        # Its options are replaced, the defaults of its columns are kept.
        machine.put(key, replace(view, defaults=existing.defaults))
    else:
        _exists(machine, operation, key, existing, view)


def _new_view(machine: Machine, operation: CreateView, key: Key, name: Name) -> View:
    """Return the view as the statement defines it. Raises `Refused` for an invalid query or invalid columns."""
    found = _described(machine, key, operation.query) if machine.postgres else None
    described = None if found is None else found.columns
    types = None if described is None else tuple("text" if kind == "unknown" else kind for _, kind in described)
    query = resolved_query(machine, operation.query)
    columns = result_columns(machine, query) if described is None else tuple(label for label, _ in described)
    if machine.postgres:
        query = _expanded(machine, query, found)
    elif columns is not None:
        columns = _of_tables(machine, query, columns)
    columns = _named_columns(machine, operation, key, columns, query)
    return View(
        name,
        query,
        columns,
        operation.materialized,
        operation.with_data or not operation.materialized,
        operation.options,
        "temporary" if operation.temporary else "permanent",
        types=types if columns is None or types is None or len(types) == len(columns) else None,
        listed=operation.columns,
    )


def _of_tables(machine: Machine, query: Query, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the results of a view of SQLite: a column without an alias has the letters that it has in its table."""
    letters = {name.lower(): column.name for name, column in columns_of(machine, query).items()}
    return tuple(name if f" AS {name.lower()}" in query.key else letters.get(name.lower(), name) for name in columns)


def _named_columns(
    machine: Machine, operation: CreateView, key: Key, columns: tuple[str, ...] | None, query: Query
) -> tuple[str, ...] | None:
    """Return the columns of a view by the names that the statement gives them. Raises `Refused` for invalid ones."""
    if columns is not None and len(operation.columns) > len(columns):
        raise machine.refuse("syntax_error", "CREATE VIEW specifies more column names than columns", key)
    if operation.columns:
        columns = _renamed_columns(operation.columns, columns, query)
    if machine.postgres and columns is not None:
        _refuse_equal_names(machine, key, columns)
    return columns


def _refuse_equal_names(machine: Machine, key: Key, columns: tuple[str, ...]) -> None:
    """Raise the error for a view with two columns of one name."""
    if len(set(columns)) == len(columns):
        return
    name = next(label for place, label in enumerate(columns) if label in columns[:place])
    raise machine.refuse("duplicate_column", f'column "{name}" specified more than once', key, name)


def _renamed_columns(listed: tuple[str, ...], columns: tuple[str, ...] | None, query: Query) -> tuple[str, ...] | None:
    """Return the columns of a query whose first ones the statement names; None if they are not known."""
    if columns is not None:
        return listed + columns[len(listed) :]
    return listed if "*" not in query.outputs and len(query.outputs) == len(listed) else None


def _described(machine: Machine, key: Key, query: Query) -> DescribedView | None:
    """Return what a query is. Raises `Refused` for one that no view can have."""
    need_query(machine, query)
    found = described_view(machine, key, query)
    for label, kind in (None if found is None else found.columns) or ():
        if kind == "record":
            message = f'column "{label}" has pseudo-type record'
            raise machine.refuse("invalid_table_definition", message, key, label)
    return found


def _exists(machine: Machine, operation: CreateView, key: Key, existing: SchemaObject, view: View) -> None:
    if not operation.if_not_exists:
        if machine.postgres:
            raise machine.refuse("duplicate_table", f'relation "{operation.name.name}" already exists', key)
        raise machine.refuse("duplicate_table", f"{kind_of(existing)} {operation.name.name} already exists", key)
    same = isinstance(existing, View) and (existing.query is None or existing.query == view.query)
    machine.note(
        "skipped" if same else "hidden",
        f'"{operation.name}" exists already' + ("" if same else " with another definition and keeps it"),
        key,
    )


def _expanded(machine: Machine, query: Query, found: DescribedView | None) -> Query:
    # The server writes out what `*` stands for when a view is made: columns added later are no part of it.
    if found is not None and found.reads:
        query = replace(query, uses=tuple(dict.fromkeys((*query.uses, *_known_uses(machine, found.reads)))))
    if found is not None and found.keyed:
        query = replace(query, keys=tuple(_primary_keys(machine, found.keyed)))
    if found is not None and found.written is not None:
        written = resolved_query(machine, found.written)
        all_uses = dict.fromkeys((*query.uses, *written.uses))
        return replace(query, text=written.text, stored=written.key, uses=tuple(all_uses), stars=())
    if not query.stars:
        return query
    uses, stars = list(query.uses), []
    for relation in query.stars:
        columns = relation_columns(machine, relation)
        if columns is None:
            stars.append(relation)
        else:
            uses.extend(ColumnUse(relation, column) for column in columns)
    return replace(query, uses=tuple(dict.fromkeys(uses)), stars=tuple(stars))


def _primary_keys(machine: Machine, relations: Iterable[Name]) -> Iterator[ColumnUse]:
    for relation in relations:
        key = machine.key(relation)
        table = machine.schema.table(key)
        for name, _ in named_of_kind(table.constraints, "primary") if table is not None else ():
            yield ColumnUse(Name(key.schema, key.name), name)


def _known_uses(machine: Machine, uses: Iterable[ColumnUse]) -> Iterator[ColumnUse]:
    """Yield the uses of columns that relations have under these names, and not under an alias."""
    for use in uses:
        relation = None if use.relation is None else machine.full(use.relation)
        if relation is not None and use.column in (relation_columns(machine, relation) or ()):
            yield ColumnUse(relation, use.column)


def _replaceable(machine: Machine, key: Key, old: View, new: View) -> None:
    # OR REPLACE may add columns at the end, and nothing else.
    if old.columns is None or new.columns is None:
        return
    for place, column in enumerate(old.columns):
        if place >= len(new.columns):
            raise machine.refuse("invalid_table_definition", "cannot drop columns from view", key, column)
        if new.columns[place] != column:
            raise machine.refuse(
                "invalid_table_definition",
                f'cannot change name of view column "{column}" to "{new.columns[place]}"',
                key,
                column,
            )
        if old.types is None or new.types is None or old.types[place] == new.types[place]:
            continue
        if "?" in (old.types[place], new.types[place]):
            # One of them is not known.
            continue
        from miglint.sql.postgres.analysis.kinds import spelled

        one, two = spelled(old.types[place]), spelled(new.types[place])
        message = f'cannot change data type of view column "{column}" from {one} to {two}'
        raise machine.refuse("invalid_table_definition", message, key, column)


def refresh(machine: Machine, name: Name) -> None:
    """`REFRESH MATERIALIZED VIEW`: it holds rows from here on."""
    key, value = machine.relation(name)
    if isinstance(value, View) and not value.populated:
        machine.put(key, replace(value, populated=True))
