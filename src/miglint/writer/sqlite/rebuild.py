"""The statements that rebuild tables of SQLite, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.schema.affinity import affinity
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.writer import sqlite_tables
from miglint.writer.sqlite.copying import CopiedRows, copy_of, is_rowid
from miglint.writer.sqlite.guards import guarded
from miglint.writer.sqlite.plan import RebuildPlan
from miglint.writer.words import identifier, literal, name
from miglint.writer.written import WrittenStatement

_PREFIX = "miglint_"


class RebuiltTable(NamedTuple):
    """A table to rebuild: its old and its new form, the statement that creates it, and the names of the copies."""

    key: Key
    before: Table
    after: Table
    created: str
    copy: CopiedRows
    aside: str
    sequence: str | None
    away: bool
    detour: Table | None
    evaded: tuple[str, ...]


class TakenNames:
    """The names of objects of schemas, and others: none that is made may have one."""

    def __init__(self, schemas: Iterable[Schema], others: Iterable[str]) -> None:
        self._schemas = tuple(schemas)
        self._others = set(others)

    def free(self, wanted: str) -> str:
        """Return a name that is not taken, with a number behind it where it must have one, and take it."""
        text, number = wanted, 2
        while self._is_taken(text.lower()):
            text, number = f"{wanted}_{number}", number + 1
        self._others.add(text.lower())
        return text

    def _is_taken(self, text: str) -> bool:
        return text in self._others or any(True for schema in self._schemas for _ in schema.named(text))


def rebuild_of(plan: RebuildPlan, key: Key, taken: TakenNames) -> RebuiltTable:
    """Return how a table is rebuilt; `taken` are the names that none of its copies may have.

    Raises `UnprintableError` for one that is not known in full.
    """
    before, after = plan.before(key), plan.new.table(key)
    assert after is not None
    created = sqlite_tables.create_table(after)
    aside = taken.free(f"{_PREFIX}{after.name.name}")
    counts = any(column.autoincrement for column in after.columns.values())
    sequence = taken.free(f"{aside}_sequence") if counts else None
    detour = next((item.shape for item in plan.detours if item.table == key), None)
    unsure = {column for table, column in plan.unsure if table == key}
    copy = copy_of(
        (plan.old, plan.new), before, after, plan.columns.get(key, {}), detour, unsure, plan.values.get(key, {})
    )
    away = key in plan.away or plan.old.table(key) is None
    evaded = plan.evaded.get(key, ())
    return RebuiltTable(key, before, after, created, copy, aside, sequence, away, detour, evaded)


def set_aside(rebuild: RebuiltTable) -> Iterator[WrittenStatement]:
    """Yield the statements that copy the rows of a table, and where its numbers go on."""
    own, aside = name(rebuild.before.name), identifier(rebuild.aside)
    does = f"copy the rows of {rebuild.before.name.name} aside"
    yield WrittenStatement(f"DROP TABLE IF EXISTS {aside};", does, rebuild.key)
    if rebuild.away:
        # A script that stopped halfway may have dropped the table, or renamed it; or this one makes it.
        yield WrittenStatement(guarded(rebuild.created), does, rebuild.key)
    query = rebuild.copy.query(own)
    if rebuild.detour is not None:
        other = name(rebuild.detour.name)
        text = f"CREATE TABLE IF NOT EXISTS {other} AS SELECT * FROM {own} WHERE false;"
        yield WrittenStatement(text, does, rebuild.key)
        query += f"\n    UNION ALL {rebuild.copy.query(other)}\n    WHERE NOT EXISTS (SELECT 1 FROM {own})"
    yield WrittenStatement(f"CREATE TABLE {aside} AS\n    {query};", does, rebuild.key)
    if rebuild.detour is not None:
        yield WrittenStatement(f"DROP TABLE {name(rebuild.detour.name)};", does, rebuild.key)
    if rebuild.sequence is None:
        return
    sequence = identifier(rebuild.sequence)
    does = f"keep where the numbers of {rebuild.before.name.name} go on"
    # Being AUTOINCREMENT itself it makes sqlite_sequence, where no table has made that yet.
    text = f"CREATE TABLE {sequence} (seq INTEGER PRIMARY KEY AUTOINCREMENT);"
    yield WrittenStatement(f"DROP TABLE IF EXISTS {sequence};", does, rebuild.key)
    yield WrittenStatement(text, does, rebuild.key)
    text = f"INSERT INTO {sequence} (seq) SELECT seq FROM sqlite_sequence WHERE {_named(rebuild)};"
    yield WrittenStatement(text, does, rebuild.key)


def _named(rebuild: RebuiltTable) -> str:
    return f"lower(name) = {literal(rebuild.after.name.name.lower())}"


def evade(rebuild: RebuiltTable) -> Iterator[WrittenStatement]:
    """Yield the statement that changes the keys of a table, so that no row goes with those that it refers to."""
    if not rebuild.evaded:
        return
    own = name(rebuild.before.name)
    changes = ", ".join(_changed(rebuild.after, column, own) for column in rebuild.evaded)
    text = (
        "-- Where foreign keys are enforced, DROP TABLE acts on the rows that refer to these: let none refer to them.\n"
        f"UPDATE {own} SET {changes};"
    )
    yield WrittenStatement(text, f"let no row refer to the rows of {rebuild.before.name.name}", rebuild.key)


def _changed(table: Table, folded: str, own: str) -> str:
    """Return the assignment that gives a column values which it does not have, another one for each."""
    column = table.columns[folded]
    text = identifier(column.name)
    kind = affinity(column.type) if column.type is not None else "blob"
    number = is_rowid(table, column) or (table.strict and kind in ("integer", "real"))
    if number:
        return f"{text} = {text} + (SELECT max({text}) - min({text}) + 1 FROM {own})"
    if kind == "blob":
        marked = f"'miglint ' || nullif(hex({text}), '')"
        return f"{text} = CAST({marked} AS BLOB)" if table.strict else f"{text} = {marked}"
    return f"{text} = 'miglint ' || {text}"


def fill(rebuild: RebuiltTable) -> Iterator[WrittenStatement]:
    """Yield the statements that bring the rows of a table back."""
    own, aside = rebuild.after.name, identifier(rebuild.aside)
    columns = ", ".join(map(identifier, rebuild.copy.values))
    # A clause of a constraint like ON CONFLICT REPLACE would drop rows that the constraint does not accept.
    after = rebuild.after
    clauses = [item.on_conflict for item in after.constraints.values()]
    clauses += [item.not_null_conflict for item in after.columns.values()]
    strictly = "OR ABORT " if any(clauses) else ""
    text = f"INSERT {strictly}INTO {name(own)} ({columns})\n    SELECT {columns} FROM {aside};"
    yield WrittenStatement(text, f"bring the rows of {own.name} back", rebuild.key)
    yield WrittenStatement(f"DROP TABLE {aside};", f"drop the copy of {own.name}", rebuild.key)
    if rebuild.sequence is None:
        return
    sequence, does = identifier(rebuild.sequence), f"let the numbers of {own.name} go on"
    for text in (
        f"INSERT OR IGNORE INTO {sequence} (seq) SELECT seq FROM sqlite_sequence WHERE {_named(rebuild)};",
        f"DELETE FROM sqlite_sequence WHERE {_named(rebuild)};",
        f"INSERT INTO sqlite_sequence (name, seq)\n    SELECT {literal(own.name)}, seq FROM {sequence}"
        f" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE {_named(rebuild)})\n    ORDER BY seq DESC LIMIT 1;",
        f"DROP TABLE {sequence};",
    ):
        yield WrittenStatement(text, does, rebuild.key)
