"""The fifteen known ways in which rebuilding a table of SQLite loses something, each as a migration that `port` writes.

Each is run with rows on every SQLite library that can be had here (`tests/sql/sqlite/sqlite_libraries.py`), with
foreign keys enforced and not, inside of a transaction and outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from tests.sql.sqlite.sqlite_libraries import Library, libraries

from .conftest import Command, Plant

_POSTGRES = """\
CREATE TABLE parents (id bigserial PRIMARY KEY, code text NOT NULL UNIQUE, doc jsonb NOT NULL DEFAULT '{"a": 1}',
    size int, twice int GENERATED ALWAYS AS (size * 2) STORED, CHECK (size <> 13));
CREATE TABLE children (id bigint PRIMARY KEY, code text REFERENCES parents (code) ON DELETE CASCADE);
CREATE TABLE deeper (id bigint PRIMARY KEY, child bigint REFERENCES children (id) ON DELETE CASCADE);
CREATE TABLE nulled (id bigint PRIMARY KEY, parent bigint REFERENCES parents (id) ON DELETE SET NULL);
"""
# As a team has written it by hand: with more than the PostgreSQL variant says, and with what SQLite alone has.
_SQLITE = """\
CREATE TABLE parents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL UNIQUE,
    doc TEXT NOT NULL DEFAULT '{"a": 1}',
    size INTEGER,
    twice INTEGER GENERATED ALWAYS AS (size * 2) VIRTUAL,
    later TEXT DEFAULT 'x' CHECK (later <> ''),
    CHECK (size <> 13)
);
CREATE TABLE children (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE REFERENCES parents (code) ON DELETE CASCADE);
CREATE TABLE deeper (id INTEGER PRIMARY KEY, child INTEGER REFERENCES children (id) ON DELETE CASCADE);
CREATE TABLE nulled (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id) ON DELETE SET NULL);
CREATE TABLE log (what TEXT);
CREATE INDEX by_size ON parents (size DESC) WHERE size > 1;
CREATE INDEX by_lower ON parents (lower(code));
CREATE TRIGGER logged AFTER UPDATE OF size ON parents BEGIN INSERT INTO log VALUES (NEW.code); END;
CREATE VIEW codes AS SELECT code, twice FROM parents;
"""
_ROWS = """\
INSERT INTO parents (code, doc, size, later) VALUES ('One', '{"b": [1, 2]}', 5, 'y'), ('two', '7', 1, NULL),
    ('z', '0', 3, 'z');
INSERT INTO children VALUES (1, 'ONE'), (2, 'two');
INSERT INTO deeper VALUES (1, 1), (2, 2);
INSERT INTO nulled VALUES (1, 1), (2, NULL);
DELETE FROM parents WHERE code = 'z';
"""


class Trap(NamedTuple):
    """What is the same before and after (`same`), what is refused afterwards, and what runs before (`first`)."""

    same: tuple[str, ...]
    refused: tuple[str, ...] = ()
    first: str = ""
    afterwards: tuple[tuple[str, list[tuple[str | None, ...]]], ...] = ()


_CHILDREN = (
    "SELECT * FROM children ORDER BY id",
    "SELECT * FROM deeper ORDER BY id",
    "SELECT * FROM nulled ORDER BY id",
)
_TRAPS = {
    "01 rows of children cascade": Trap(_CHILDREN),
    "02 deferring keys stops no cascade": Trap(_CHILDREN, first="PRAGMA defer_foreign_keys = ON;"),
    "03 a service ignores the pragma": Trap((*_CHILDREN, "PRAGMA foreign_keys")),
    "04 triggers": Trap(
        ("SELECT sql FROM sqlite_master WHERE type = 'trigger'", "SELECT count(*) FROM log"),
        afterwards=(("UPDATE parents SET size = 6 WHERE id = 1; SELECT what FROM log", [("One",)]),),
    ),
    "05 views": Trap(("SELECT * FROM codes ORDER BY code", "SELECT sql FROM sqlite_master WHERE type = 'view'")),
    "05 views, with the old way of renaming": Trap(("SELECT * FROM codes",), first="PRAGMA legacy_alter_table = ON;"),
    "06 what children refer to": Trap(
        ("SELECT name, sql FROM sqlite_master WHERE name IN ('children', 'deeper', 'nulled') ORDER BY name",),
        afterwards=(
            (
                "PRAGMA foreign_keys = ON; DELETE FROM parents WHERE id = 1; "
                "SELECT id FROM children; SELECT id FROM deeper",
                [("2",), ("2",)],
            ),
        ),
    ),
    "07 constraints without a name": Trap(
        (),
        refused=(
            "INSERT INTO parents (code, size) VALUES ('q', 13)",
            "INSERT INTO parents (code) VALUES ('two')",
            "PRAGMA foreign_keys = ON; INSERT INTO children VALUES (9, 'none')",
        ),
    ),
    "08 indexes": Trap(
        ("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",),
    ),
    "09 generated columns": Trap(
        ("SELECT id, twice FROM parents ORDER BY id", "SELECT name, hidden FROM pragma_table_xinfo('parents')"),
        afterwards=(("UPDATE parents SET size = 10 WHERE id = 1; SELECT twice FROM parents WHERE id = 1", [("20",)]),),
    ),
    "10 numbers": Trap(
        ("SELECT seq FROM sqlite_sequence WHERE name = 'parents'",),
        afterwards=(("INSERT INTO parents (code) VALUES ('new'); SELECT max(id) FROM parents", [("4",)]),),
    ),
    "10 what a rebuild has left that stopped halfway": Trap(
        ("SELECT id, code FROM parents ORDER BY id",),
        first="CREATE TABLE miglint_parents (id); CREATE TABLE miglint_parents_sequence (seq);",
        afterwards=(("SELECT name FROM sqlite_master WHERE name LIKE 'miglint%'", []),),
    ),
    "11 collations": Trap(
        ("SELECT c.id FROM children AS c JOIN parents AS p ON c.code = p.code ORDER BY c.id",),
        refused=("INSERT INTO parents (code) VALUES ('TWO')",),
    ),
    "12 later columns": Trap(
        ("SELECT id, later FROM parents ORDER BY id",), refused=("UPDATE parents SET later = '' WHERE id = 1",)
    ),
    "13 documents": Trap(
        ("SELECT id, doc, typeof(doc) FROM parents ORDER BY id",),
        afterwards=(
            ("INSERT INTO parents (code) VALUES ('d'); SELECT doc FROM parents WHERE code = 'd'", [('{"a": 1}',)]),
        ),
    ),
    "14 an outer transaction": Trap((*_CHILDREN, "SELECT id, code, doc, size FROM parents ORDER BY id")),
    "15 parents that are missing for a while": Trap(
        ("PRAGMA foreign_key_check",),
        afterwards=(
            (
                "PRAGMA foreign_keys = ON; INSERT INTO children VALUES (7, 'one'); "
                "UPDATE children SET code = 'two' WHERE id = 7; SELECT code FROM children WHERE id = 7",
                [("two",)],
            ),
        ),
    ),
}
_CHANGES = (
    "ALTER TABLE parents ALTER COLUMN doc DROP NOT NULL;",
    "ALTER TABLE parents ALTER COLUMN size SET DEFAULT 2;",
    "ALTER TABLE parents ADD CONSTRAINT positive CHECK (size > 0);",
)


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """The variants of the changes, each written once."""
    return {}


@pytest.fixture
def variant(plant: Plant, port: Command, written: dict[str, str]) -> Callable[[str], str]:
    """Return the SQLite variant of a change of `parents`."""

    def write(change: str) -> str:
        if change not in written:
            root = plant(
                {
                    "postgres/001_a.up.sql": _POSTGRES,
                    "sqlite/001_a.up.sql": _SQLITE,
                    "postgres/002_b.up.sql": change,
                }
            )
            assert port("postgres", "sqlite", "--to", "sqlite").status == 0
            written[change] = (root / "sqlite/002_b.up.sql").read_text()
        return written[change]

    return write


@pytest.mark.parametrize("library", libraries(), ids=lambda one: ".".join(map(str, one.version)))
@pytest.mark.parametrize("change", _CHANGES, ids=["nullable", "default", "check"])
@pytest.mark.parametrize("name", _TRAPS)
def test_nothing_is_lost(library: Library, variant: Callable[[str], str], change: str, name: str) -> None:
    trap, text = _TRAPS[name], variant(change)
    assert "DROP TABLE IF EXISTS parents;" in text
    assert "foreign_keys = OFF" not in text
    for enforced in ("ON", "OFF"):
        for begin, end in (("BEGIN;", "COMMIT;"), ("", "")):
            setup = f"PRAGMA foreign_keys = {enforced};" + _SQLITE + _ROWS
            after = [query for query, _ in trap.afterwards]
            setup += trap.first
            done = library.run_scripts([setup, *trap.same, begin + text + end, *trap.same, *after, *trap.refused])
            count = len(trap.same)
            assert not isinstance(done[0], str), done[0]
            assert done[count + 1] == [], done[count + 1]
            assert done[1 : count + 1] == done[count + 2 : 2 * count + 2]
            assert done[2 * count + 2 : 2 * count + 2 + len(after)] == [rows for _, rows in trap.afterwards]
            assert all(isinstance(item, str) for item in done[2 * count + 2 + len(after) :])
