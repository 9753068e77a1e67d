"""How a rollback restores a table of SQLite, which can change few things in place: by making it anew."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import replace
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Index, Key, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name
from miglint.writer.printer import create
from miglint.writer.tables import create_table
from miglint.writer.words import UnprintableError


def rebuilt_table(now: Schema, before: Schema, key: Key) -> Iterator[str]:
    """Yield the statements that make a table as it was before, with the rows that it has now.

    Raises `UnprintableError` where that is not possible, or not with these statements alone.
    """
    was, present = before.table(key), now.table(key)
    if was is None or present is None or was.assumed or present.assumed:
        raise UnprintableError("what it was is not known")
    if now.users(key, View):
        # ALTER TABLE ... RENAME checks all views, which name a table that is not there at that moment.
        raise UnprintableError("views read the table")
    columns = [item for name, item in was.columns.items() if not item.generated and _is_plain(present, name)]
    if not columns or any(name not in present.columns and _is_needed(item) for name, item in was.columns.items()):
        raise UnprintableError("a column has no values")
    new = Name(was.name.schema, f"{was.name.name}_new")
    if now.find(key._replace(name=new.name.lower())) is not None:
        raise UnprintableError("the name of the new table is taken")
    listed = ", ".join(ident(item.name) for item in columns)
    yield _flat(create_table(before, key, replace(was, name=new)))
    yield f"INSERT INTO {qualified(_plain(new))} ({listed}) SELECT {listed} FROM {qualified(_plain(present.name))};"
    yield f"DROP TABLE {qualified(_plain(present.name))};"
    yield f"ALTER TABLE {qualified(_plain(new))} RENAME TO {ident(was.name.name)};"
    for user, index in before.users(key, Index):
        yield from map(_flat, create(before, user, index))
    for user, trigger in before.users(key, Trigger):
        yield from map(_flat, create(before, user, trigger))


def _is_plain(table: Table, name: str) -> bool:
    column = table.columns.get(name)
    return column is not None and not column.generated


def _is_needed(column: Column) -> bool:
    return column.nullable is False and column.default is None and not column.generated


def _plain(name: Name) -> Name:
    return name._replace(schema=None) if name.schema == "main" else name


def _flat(text: str) -> str:
    # A line break inside of a string, or behind a comment, is part of the statement.
    return text if "'" in text or "--" in text else " ".join(text.split())
