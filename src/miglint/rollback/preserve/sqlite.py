"""SQLite's statements that set data aside and bring it back, each in a form that can be repeated."""

from __future__ import annotations

from miglint.rollback.preserve.tables import AT, VERSION, SetAside
from miglint.sql.operations import Name
from miglint.writer.words import identifier, identifiers, literal, name


def copy(item: SetAside, version: str) -> str:
    """Return the statement that copies rows or values away; SQLite does not look at the query if the copy exists."""
    return _copy(item, version, identifiers(_columns(item)), name(item.table))


def empty_table(table: Name, columns: tuple[str, ...]) -> str:
    """Return the statement that makes a table if a part of a forward has not made it; the rollback drops it again."""
    return f"CREATE TABLE IF NOT EXISTS {name(table)} ({identifiers(columns)});"


def copy_what_is_there(item: SetAside, version: str) -> str:
    """Return the statement that copies what a forward may have added only a part of, with NULL for other columns.

    A name that the table does not have is looked up around the subquery.
    """
    if item.whole:
        return copy(item, version)
    table, key = name(item.table), identifiers(item.identity)
    same = " AND ".join(f"t.{identifier(column)} = a.{identifier(column)}" for column in item.identity)
    columns = [
        key,
        *(f"(SELECT {own} FROM {table} AS t WHERE {same}) AS {own}" for own in map(identifier, item.values)),
    ]
    absent = ", ".join((key, *(f"NULL AS {identifier(column)}" for column in item.values)))
    return _copy(item, version, ",\n    ".join(columns), f"(SELECT {absent} FROM {table}) AS a")


def _copy(item: SetAside, version: str, columns: str, source: str) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {name(item.place)} AS\n"
        f"SELECT {columns}, CURRENT_TIMESTAMP AS {AT}, {literal(version)} AS {VERSION} FROM {source};"
    )


def bring_back(item: SetAside) -> list[str]:
    """Return the statements that bring rows or values back and drop their copy."""
    place, table = name(item.place), name(item.table)
    empty = f"CREATE TABLE IF NOT EXISTS {place} ({identifiers(_columns(item))});"
    if item.whole:
        columns = identifiers(item.columns)
        back = f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns} FROM {place};"
    else:
        same = " AND ".join(f"a.{identifier(column)} = {table}.{identifier(column)}" for column in item.identity)
        assigned = ", ".join(
            f"{identifier(column)} = (SELECT a.{identifier(column)} FROM {place} AS a WHERE {same})"
            for column in item.values
        )
        back = f"UPDATE {table} SET {assigned} WHERE EXISTS (SELECT 1 FROM {place} AS a WHERE {same});"
    return [empty, back, f"DROP TABLE {place};"]


def clean_up(items: list[SetAside]) -> list[str]:
    """Return the statements that drop the copies."""
    return [f"DROP TABLE IF EXISTS {name(item.place)};" for item in items]


def _columns(item: SetAside) -> tuple[str, ...]:
    return item.columns if item.whole else (*item.identity, *item.values)
