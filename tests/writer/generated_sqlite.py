"""Schemas of SQLite at random, as SQL: two of a number have tables, columns and names in common."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_TABLES = ("a", "b", "Odd name", "order")
_COLUMNS = ("x", "y", "Z z", "select", "note")
_TYPES = ("INT", "INTEGER", "TEXT", "varchar(20)", "BLOB", "REAL", "NUMERIC(10, 2)", "DATETIME", "")
_STRICT_TYPES = ("INT", "INTEGER", "TEXT", "BLOB", "REAL", "ANY")
_DEFAULTS = ("0", "-1", "'it''s'", "NULL", "CURRENT_TIMESTAMP", "(1 + 2)", "x'00'", "1.5e3", "TRUE", "(lower('X'))")
_ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION")


def quoted(name: str) -> str:
    """Return a name in double quotes."""
    return f'"{name}"'


class _Generator:
    """One schema: `tables` has the columns of each table that others may refer to, and the key of it."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.statements: list[str] = []
        self.tables: dict[str, list[str]] = {}

    def _maybe(self, chance: float) -> bool:
        return self._random.random() < chance

    def table(self, name: str) -> None:
        """Create a table, with indexes and triggers."""
        random = self._random
        strict, rowid = self._maybe(0.15), not self._maybe(0.15)
        names = random.sample(_COLUMNS, random.randint(1, 4))
        key = random.sample(["id", *names], random.randint(1, 2)) if self._maybe(0.25) else ["id"]
        lines = [self._key(strict, rowid, inline=key == ["id"])]
        for column in names:
            lines.append(self._column(name, column, strict))
        lines += self._constraints(name, ["id", *names])
        if key != ["id"] or not lines[0].count("PRIMARY KEY"):
            order = random.choice(("", " DESC", " COLLATE NOCASE"))
            lines.append(f"PRIMARY KEY ({', '.join(map(quoted, key))}{order})")
        flags = ", ".join((["STRICT"] if strict else []) + ([] if rowid else ["WITHOUT ROWID"]))
        self.statements.append(f"CREATE TABLE {quoted(name)} ({', '.join(lines)}) {flags}")
        self.tables[name] = ["id", *names]
        for number in range(random.randint(0, 2)):
            self._index(name, f"{name} i{number}")
        if self._maybe(0.3):
            self._trigger(name, random.choice(("t1", "t2", "t3")))

    def _key(self, strict: bool, rowid: bool, *, inline: bool) -> str:
        if not inline or self._maybe(0.2):
            return f'"id" {"INT" if strict else self._random.choice(("INTEGER", "TEXT", "INT"))} NOT NULL'
        if rowid and self._maybe(0.3):
            return '"id" INTEGER PRIMARY KEY AUTOINCREMENT'
        conflict = self._random.choice(("", "", "", " ON CONFLICT REPLACE"))
        return f'"id" {self._random.choice(("INTEGER", "TEXT"))} CONSTRAINT pk PRIMARY KEY{conflict}'

    def _column(self, table: str, column: str, strict: bool) -> str:
        random = self._random
        text = f"{quoted(column)} {random.choice(_STRICT_TYPES if strict else _TYPES)}"
        if self._maybe(0.12):
            return f"{text} AS (\"id\" || '-') {random.choice(('STORED', 'VIRTUAL', ''))}"
        if self._maybe(0.2):
            text += f" COLLATE {random.choice(('NOCASE', 'RTRIM', 'BINARY'))}"
        if self._maybe(0.3):
            text += random.choice((" NOT NULL", " NOT NULL ON CONFLICT IGNORE", " CONSTRAINT nn NOT NULL", " NULL"))
        if self._maybe(0.3):
            text += f" DEFAULT {random.choice(_DEFAULTS)}"
        if self._maybe(0.15):
            text += random.choice((" UNIQUE", " CONSTRAINT un UNIQUE ON CONFLICT ABORT"))
        if self._maybe(0.15):
            text += f" CHECK ({quoted(column)} <> ';')"
        if self._maybe(0.15):
            text += f" {self._reference(table)}"
        return text

    def _reference(self, table: str) -> str:
        random = self._random
        text = f"REFERENCES {quoted(random.choice([table, *self.tables]))}"
        text += ' ("id")' if self._maybe(0.5) else ""
        for event in random.sample(("DELETE", "UPDATE"), random.randint(0, 2)):
            text += f" ON {event} {random.choice(_ACTIONS)}"
        return text + random.choice(("", "", " DEFERRABLE INITIALLY DEFERRED", " NOT DEFERRABLE"))

    def _constraints(self, table: str, names: list[str]) -> list[str]:
        random = self._random
        found = []
        if len(names) > 2 and self._maybe(0.3):
            columns = ", ".join(map(quoted, random.sample(names[1:], random.randint(2, len(names) - 1))))
            found.append(f"CONSTRAINT wide UNIQUE ({columns}{random.choice(('', ' DESC', ' COLLATE NOCASE'))})")
        if self._maybe(0.2):
            found.append(f"CHECK ({quoted(names[-1])} IS NOT 'a)b' OR {quoted(names[0])} > 0)")
        if self._maybe(0.15):
            found.append(f'FOREIGN KEY ("id") {self._reference(table)}')
        return found

    def _index(self, table: str, name: str) -> None:
        random = self._random
        columns = self.tables[table]
        parts = []
        for column in random.sample(columns, random.randint(1, min(2, len(columns)))):
            part = quoted(column) if self._maybe(0.7) else f"lower({quoted(column)})"
            parts.append(part + random.choice(("", "", " DESC", " COLLATE NOCASE")))
        unique, where = ("UNIQUE " if self._maybe(0.3) else ""), ""
        if self._maybe(0.3):
            where = f" WHERE {quoted(random.choice(columns))} IS NOT NULL"
        self.statements.append(f"CREATE {unique}INDEX {quoted(name)} ON {quoted(table)} ({', '.join(parts)}){where}")

    def _trigger(self, table: str, name: str) -> None:
        random = self._random
        event = random.choice(("INSERT", "DELETE", "UPDATE", f'UPDATE OF "{random.choice(self.tables[table])}"'))
        other = random.choice([*self.tables])
        self.statements.append(
            f"CREATE TRIGGER {quoted(name)} {random.choice(('BEFORE', 'AFTER'))} {event} ON {quoted(table)} "
            f"BEGIN UPDATE {quoted(other)} SET \"id\" = \"id\" WHERE 'END;' = ''; END"
        )

    def view(self, name: str) -> None:
        """Create a view on one of the tables."""
        table = self._random.choice([*self.tables])
        columns = self._random.choice(("*", '"id"', '"id" AS "Other id", count(*)'))
        listed = ' ("one")' if columns == '"id"' and self._maybe(0.5) else ""
        self.statements.append(f"CREATE VIEW {quoted(name)}{listed} AS SELECT {columns} FROM {quoted(table)}")


def schema_sql(seed: int) -> list[str]:
    """Return the statements that create a schema; some may not be accepted, and later ones neither then."""
    made = _Generator(seed)
    random = Random(seed + 1)
    for name in random.sample(_TABLES, random.randint(1, 3)):
        made.table(name)
    for name in random.sample(("v", "w"), random.randint(0, 2)):
        made.view(name)
    return [*made.statements, *_others(seed, [*made.tables])]


def _others(seed: int, tables: list[str]) -> Iterator[str]:
    """Yield what few schemas have: virtual tables, triggers of views, and triggers with conditions and errors."""
    random = Random(seed + 2)
    table = quoted(random.choice(tables))
    if random.random() < 0.15:
        # One form of it: SQLite cannot alter a virtual table.
        yield "CREATE VIRTUAL TABLE found USING fts5(x, y UNINDEXED, tokenize = 'porter ascii', content='')"
    if random.random() < 0.1:
        yield "CREATE VIRTUAL TABLE boxes USING rtree(id, low, high, +note TEXT)"
    if random.random() < 0.15:
        yield f'CREATE VIEW both ("first", second) AS SELECT "id", "id" || \'--\' FROM {table} /* one */ WHERE 1'
        yield f"CREATE TRIGGER into_both INSTEAD OF INSERT ON both BEGIN DELETE FROM {table} WHERE 0; END"
    if random.random() < 0.15:
        when = random.choice(('WHEN NEW."id" > 3 ', "WHEN NEW.\"id\" IS NOT 'BEGIN' ", ""))
        error = random.choice(("ABORT, 'no; not this'", "IGNORE", "ROLLBACK, 'it''s'"))
        yield (
            f"CREATE TRIGGER refuses BEFORE UPDATE ON {table} FOR EACH ROW {when}"
            f'BEGIN SELECT CASE WHEN NEW."id" = 7 THEN RAISE({error}) END; END'
        )
