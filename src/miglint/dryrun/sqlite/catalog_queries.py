"""SQLite's schema table and pragmas, queried so that objects of scripts cannot shadow them."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.dryrun.sqlite.library import Connection, SqliteError
from miglint.dryrun.sqlite.wire import IndexDetails, SchemaDetails, StoredObject, TableDetails

_HIDDEN = 1
_GENERATED_VIRTUAL = 2


def stored_objects(db: Connection) -> tuple[StoredObject, ...]:
    """Return the rows of the schema table except SQLite's internal objects."""
    rows = db.rows(
        "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_'"
    )
    return tuple(StoredObject(*row) for row in rows)


def schema_details(
    db: Connection, tables: Iterable[str], indexes: Iterable[str], views: Iterable[str]
) -> SchemaDetails:
    """Return the pragma results for these objects."""
    return SchemaDetails(
        {name: table for name in tables if (table := _table(db, name)) is not None},
        {name: index for name in indexes if (index := _index(db, name)) is not None},
        {name: _columns_of_view(db, name) for name in views},
    )


def ordinary_tables(db: Connection) -> list[tuple[str, str]]:
    """Return the names of ordinary tables, with their statements."""
    return db.rows(
        "SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND lower(substr(name, 1, 7)) <> 'sqlite_'"
        " AND upper(substr(sql, 1, 14)) <> 'CREATE VIRTUAL'"
    )


def has_virtual_tables(db: Connection) -> bool:
    """Return whether there are virtual tables, whose modules write their shadow tables."""
    return bool(db.rows("SELECT 1 FROM main.sqlite_master WHERE upper(substr(sql, 1, 14)) = 'CREATE VIRTUAL' LIMIT 1"))


def stored_columns(db: Connection, table: str) -> tuple[str, ...]:
    """Return the names of the stored columns of an ordinary table.

    Virtual generated columns are excluded: they derive from the others, and reading them evaluates their expression.
    """
    columns = db.rows(f"PRAGMA main.table_xinfo({quoted(table)})")
    return tuple(column[1] for column in columns if column[6] not in (_HIDDEN, _GENERATED_VIRTUAL))


def quoted(name: str) -> str:
    """Return a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _table(db: Connection, name: str) -> TableDetails | None:
    try:
        columns = tuple(tuple(row[1:]) for row in db.rows(f"PRAGMA main.table_xinfo({quoted(name)})"))
    except SqliteError:  # a virtual table with damaged shadow tables, or whose module is missing
        return None
    unique = tuple(
        tuple(part[2] for part in db.rows(f"PRAGMA main.index_xinfo({quoted(index)})") if part[5])
        for _, index, _, origin, _ in db.rows(f"PRAGMA main.index_list({quoted(name)})")
        if origin == "u"
    )
    foreign = tuple(
        (number, (table, column, target, on_update, on_delete, match))
        for number, _, table, column, target, on_update, on_delete, match in db.rows(
            f"PRAGMA main.foreign_key_list({quoted(name)})"
        )
    )
    return TableDetails(columns, unique, foreign)


def _index(db: Connection, name: str) -> IndexDetails | None:
    try:
        rows = db.rows(f"PRAGMA main.index_xinfo({quoted(name)})")
    except SqliteError:
        return None
    return tuple(
        (number, column, descending, collation) for number, _, column, descending, collation, key in rows if key
    )


def _columns_of_view(db: Connection, name: str) -> tuple[str, ...]:
    try:
        return tuple(row[1] for row in db.rows(f"PRAGMA main.table_info({quoted(name)})"))
    except SqliteError:  # a view over a dropped table has no columns
        return ()
