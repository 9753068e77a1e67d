"""PostgreSQL's statements that set data aside and bring it back, each guarded so that it can be repeated."""

from __future__ import annotations

from miglint.rollback.preserve.tables import AT, VERSION, SetAside
from miglint.schema.set_aside import SET_ASIDE_SCHEMA
from miglint.sql.operations import Name
from miglint.writer.postgres import guards
from miglint.writer.postgres.catalog_conditions import column_exists, negated, relation_exists
from miglint.writer.words import identifier, identifiers, literal, name

_BECAME = "_became"


def copy(item: SetAside, version: str) -> str:
    """Return the statement that copies rows or values away, unless they are set aside already.

    A part of a forward may have added a part of the columns: it adds the last one last.
    """
    table = name(item.table)
    columns = item.columns if item.whole else (*item.identity, *item.values)
    last = item.dropped[-1:] or (item.columns[-1:] if item.whole else ())
    there = column_exists(table, last[0]) if last else relation_exists(table)
    place, copied = name(item.place), ", ".join(_copied(item, column) for column in columns)
    return _block(
        f"{negated(relation_exists(place))} AND {there}",
        f"CREATE SCHEMA IF NOT EXISTS {SET_ASIDE_SCHEMA};",
        f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;",
        f"CREATE TABLE {place} AS",
        f"SELECT {copied}, now() AS {AT}, {literal(version)}::text AS {VERSION} FROM {table};",
        f"REVOKE ALL ON TABLE {place} FROM PUBLIC;",
    )


def note_new_values(item: SetAside) -> str | None:
    """Return the statement that notes what narrowed values became, so that a later change of one is seen."""
    if not item.narrowed:
        return None
    place, table = name(item.place), name(item.table)
    new = {column: identifier(column + _BECAME) for column in item.narrowed}
    assigned = ", ".join(f"{became} = t.{identifier(column)}::text" for column, became in new.items())
    first = column_exists(place, item.narrowed[0] + _BECAME)
    return _block(
        f"{relation_exists(place)} AND {negated(first)}",
        *(f"ALTER TABLE {place} ADD COLUMN {became} text;" for became in new.values()),
        f"UPDATE {place} AS a SET {assigned} FROM {table} AS t WHERE {_joined(item)};",
    )


def bring_back(item: SetAside) -> str:
    """Return the statement that brings rows or values back and drops their copy."""
    place, table = name(item.place), name(item.table)
    lines = _insert(item) if item.whole else _update(item)
    return _block(f"{relation_exists(place)} AND {relation_exists(table)}", *lines, f"DROP TABLE {place};")


def set_not_null(table: Name, column: str) -> str:
    """Return the statement that makes a column required."""
    return f"ALTER TABLE {name(table)} ALTER COLUMN {identifier(column)} SET NOT NULL;"


def if_filled(statement: str, table: Name, column: str) -> str:
    """Return a statement that runs only if all rows of a table have a value in a column."""
    return _block(f"NOT EXISTS (SELECT FROM {name(table)} WHERE {identifier(column)} IS NULL)", statement)


def drop_schema() -> str:
    """Return the statement that drops the schema of the copies when it holds none."""
    copies = f"SELECT FROM information_schema.tables WHERE table_schema = {literal(SET_ASIDE_SCHEMA)}"
    return _block(f"NOT EXISTS ({copies})", f"DROP SCHEMA IF EXISTS {SET_ASIDE_SCHEMA};")


def clean_up(items: list[SetAside]) -> list[str]:
    """Return the statements that drop the copies."""
    return [*(f"DROP TABLE IF EXISTS {name(item.place)};" for item in items), drop_schema()]


def _block(condition: str, *lines: str) -> str:
    return guards.block(condition, "\n        ".join(lines)).text


def _copied(item: SetAside, column: str) -> str:
    """Return the expression for a column in its copy."""
    own = identifier(column)
    return f'{own}::text COLLATE "default" AS {own}' if column in item.texts else own


def _original(item: SetAside, column: str, copy: str = "") -> str:
    """Return the expression for a column of a copy in the table that it is of."""
    own = f"{copy}{identifier(column)}"
    return f"{own}::{item.texts[column]}" if column in item.texts else own


def _joined(item: SetAside) -> str:
    return " AND ".join(f"t.{identifier(column)} = a.{identifier(column)}" for column in item.identity)


def _update(item: SetAside) -> list[str]:
    table, place = name(item.table), name(item.place)
    off = [f"ALTER TABLE {table} DISABLE TRIGGER {identifier(trigger)};" for trigger in item.triggers]
    on = [f"ALTER TABLE {table} ENABLE TRIGGER {identifier(trigger)};" for trigger in item.triggers]
    lines = []
    if item.dropped:
        assigned = ", ".join(f"{identifier(column)} = {_original(item, column, 'a.')}" for column in item.dropped)
        lines.append(f"UPDATE {table} AS t SET {assigned} FROM {place} AS a WHERE {_joined(item)};")
    for column in item.narrowed:
        own, became = identifier(column), column + _BECAME
        update = f"UPDATE {table} AS t SET {own} = a.{own} FROM {place} AS a WHERE {_joined(item)}"
        # A value that was changed since the forward is newer than the one that was set aside. What values became is
        # noted at the end of the forward: a part of one leaves them as they were.
        lines += [
            f"IF {column_exists(place, became)} THEN",
            f"    {update} AND t.{own}::text IS NOT DISTINCT FROM a.{identifier(became)};",
            "ELSE",
            f"    {update};",
            "END IF;",
        ]
    return [*off, *lines, *on]


def _insert(item: SetAside) -> list[str]:
    table, place = name(item.table), name(item.place)
    values = ", ".join(_original(item, column) for column in item.columns)
    into = f"INSERT INTO {table} ({identifiers(item.columns)}) OVERRIDING SYSTEM VALUE"
    lines = [f"{into} SELECT {values} FROM {place} ON CONFLICT DO NOTHING;"]
    for column in item.counted:
        sequence = f"pg_get_serial_sequence({literal(table)}, {literal(column)})"
        lines.append(f"PERFORM setval({sequence}, max({identifier(column)})) FROM {table};")
    return lines
