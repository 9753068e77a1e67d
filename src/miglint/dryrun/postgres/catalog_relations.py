"""Convert rows of `pg_class` with their columns, constraints and indexes: tables, views, indexes."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.dryrun.postgres.catalog_parts import (
    Found,
    Row,
    column_of,
    column_privileges,
    constraint_of,
    expression_of,
    items,
    remarks,
)
from miglint.schema.objects import (
    Index,
    Key,
    Part,
    Table,
    View,
)
from miglint.schema.sequences import chosen
from miglint.sql.operations import Column, Constraint, IndexElement, Name, Query

_DRAWS = pattern(r"""nextval\('(?:(?:"[^"]*"|[^.'"]*)\.)?"?([^'"]*)"?'::regclass\)""")
_PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}
_RELATIONS = {"v": "view", "m": "materialized view", "f": "foreign table"}


def _serial(table: str, column: Column) -> Column:
    """Mark a column with a sequence created by `serial`, whose name was generated."""
    found = _DRAWS.fullmatch(column.default.text) if column.default is not None else None
    return column if found is None or not chosen(found[1], table, column.name) else replace(column, serial=True)


def relation_of(row: Row) -> Found:
    """Yield a table or view with its indexes, comments and privileges."""
    schema, name, kind = row[:3]
    columns_read, constraints_read, indexes_read = items(row[18]), items(row[19]), items(row[20])
    numbers = {column[17]: column[0] for column in columns_read}
    columns = {column.name: _serial(name, column) for column in map(column_of, columns_read)}
    relation: View | Table
    if kind in ("v", "m"):
        relation = _view(row, columns)
    else:
        constraints = {constraint[0]: constraint_of(constraint, numbers) for constraint in constraints_read}
        relation = _table(row, columns, constraints, _table_options(row, columns_read, indexes_read))
    key = Key("relation", schema, name)
    yield key, relation
    acl, comment = row[15:17]
    yield from remarks(key, acl, comment, words=_RELATIONS.get(kind))
    for column in columns_read:
        part = Part("column", column[0])
        yield from remarks(key, column[11], column[12], part=part)
    yield from column_privileges(key, row[21])
    for constraint in constraints_read:
        yield from remarks(key, None, constraint[14], part=Part("constraint", constraint[0]))
    for index in indexes_read:
        yield from _index(index, Name(schema, name), numbers, columns)


def _settings(row: Row) -> dict[str, str]:
    """Return the storage parameters of a relation."""
    return {option.partition("=")[0]: option.partition("=")[2] for option in items(row[4])}


def _view(row: Row, columns: dict[str, Column]) -> View:
    schema, name, kind, persistence = row[:4]
    definition, populated = row[13:15]
    return View(
        Name(schema, name),
        Query(definition, definition),
        tuple(columns),
        materialized=kind == "m",
        populated=populated if kind == "m" else True,
        options=tuple(sorted(f"{option}={value}" for option, value in _settings(row).items())),
        persistence=_PERSISTENCE[persistence],
        defaults=tuple((item.name, item.default) for _, item in sorted(columns.items()) if item.default is not None),
    )


def _table(row: Row, columns: dict[str, Column], constraints: dict[str, Constraint], options: dict[str, str]) -> Table:
    schema, name, kind, persistence = row[:4]
    bound, partition_by, partition = row[5], row[6], row[17]
    parents = tuple(Name(*pair) for pair in items(row[7]))
    return Table(
        Name(schema, name),
        columns,
        constraints,
        kind="foreign table" if kind == "f" else "table",
        persistence=_PERSISTENCE[persistence],
        partition_by=partition_by,
        partition_of=parents[0] if partition and parents else None,
        partition_bound=bound,
        inherits=() if partition else parents,
        options=options,
    )


_IDENTITIES = {"n": "nothing", "f": "full", "i": "index"}


def _table_options(row: Row, columns: list[Row], indexes: list[Row]) -> dict[str, str]:
    """Return what is set for a table: storage parameters, row security, replica identity, its place and columns."""
    kind = row[2]
    secured, forced, identity, tablespace, method = row[8:13]
    options = {f"storage parameter {option}": value for option, value in _settings(row).items()}
    if secured:
        options["row security"] = "on"
    if forced:
        options["force row security"] = "on"
    if identity in _IDENTITIES and kind != "f":
        options["replica identity"] = _IDENTITIES[identity]
    if tablespace is not None:
        options["tablespace"] = tablespace
    if method not in (None, "heap"):
        options["access method"] = method
    for index in indexes:
        if index[18]:
            options["cluster"] = index[1]
        if index[19]:
            options["replica identity"] = f"using index {index[1]}"
    return options | _column_settings(columns)


def _column_settings(columns: list[Row]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for row in columns:
        for label, value in zip(("statistics", "storage", "compression"), row[13:16], strict=True):
            if value not in (None, "", -1):
                settings[f"column {row[0]} {label}"] = str(value)
        for option in row[16] or ():
            name, _, given = option.partition("=")
            settings[f"column {row[0]} options {name}"] = given
        if row[18]:
            settings[f"column {row[0]} not null"] = row[18].lower()
    return settings


def _opclass(names: list[str | None] | None, settings: dict[str, list[str]] | None, at: int) -> str | None:
    """Return the operator class of a key of an index with its parameters; None for the default one."""
    name = items(names)[at] if names else None
    given = (settings or {}).get(str(at + 1))
    return name if given is None else f"{name or 'default'} ({', '.join(given)})"


def _index(row: Row, table: Name, numbers: dict[int, str], columns: dict[str, Column]) -> Found:
    schema, name, unique, valid, method, keys, places, flags, expressions, opclasses, settings = row[:11]
    collations, where, constraint, options, tablespace, comment, nulls_not_distinct = row[11:18]
    parent = row[20]
    names = [numbers.get(int(place)) for place in places.split()]
    elements = []
    for at, flag in enumerate(flags.split()[:keys]):
        column = names[at]
        collation = items(collations)[at] if collations else None
        if column is not None and collation == (columns[column].collation or "default"):
            collation = None
        descending, first = bool(int(flag) & 1), bool(int(flag) & 2)
        elements.append(
            IndexElement(
                column,
                expression_of(expressions[at]) if column is None and expressions else None,
                collation if collation != "default" else None,
                _opclass(opclasses, settings, at),
                descending,
                None if first == descending else first,
            )
        )
    yield (
        Key("relation", schema, name),
        Index(
            Name(schema, name),
            table,
            tuple(elements),
            unique=unique,
            method=method,
            where=expression_of(where),
            include=tuple(column for column in names[keys:] if column is not None),
            nulls_not_distinct=nulls_not_distinct,
            valid=valid,
            constraint=constraint,
            options=tuple(sorted(items(options))),
            tablespace=tablespace,
            parent=None if parent is None else Name(*parent),
        ),
    )
    yield from remarks(Key("relation", schema, name), None, comment, words="index")
