"""A table of SQLite that is rebuilt: what the model makes of the statements that people write for it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest

from miglint.config.settings import Settings
from miglint.linter.run import Job, check
from miglint.report.value import Report

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n"
# On a second run `b` is the column that is there; on the first one it is the value outside.
REBUILD = """
CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL);
INSERT INTO n (id, a, b)
SELECT id, a, (SELECT b FROM t AS inside WHERE inside.id = outside.id)
FROM (SELECT id, a, 'start' AS b FROM t) AS outside;
DROP TABLE t;
ALTER TABLE n RENAME TO t;
"""


def report(folder: Path, text: str) -> Report:
    for name, script in (("001_t", TABLE), ("002_b", text)):
        (folder / "sqlite").mkdir(exist_ok=True)
        (folder / "sqlite" / f"{name}.up.sql").write_text(script)
    settings = Settings(root=str(folder), select=("IDM", "REF", "INT"))
    return check(Job(settings, (str(folder),), cached=False)).report


def test_a_rebuild_can_be_run_again_and_keeps_what_is_there(tmp_path: Path) -> None:
    found = report(tmp_path, REBUILD)
    assert not [item for item in found.findings if "002_b" in item.path]
    verdict = found.migrations[1].verdict
    assert (verdict["forward_idempotent"], verdict["rows_stable"]) == (True, True)
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLE + "INSERT INTO t VALUES (1, 'x');" + REBUILD)
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, "x", "start")]
    connection.executescript("UPDATE t SET b = 'later';" + REBUILD)
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, "x", "later")]


INDEXES = "CREATE INDEX by_a ON t (a);\nCREATE INDEX by_a_id ON t (a, id);\n"


def test_a_redundant_index_is_reported_where_it_is_made_and_not_where_a_rebuild_brings_it_back(tmp_path: Path) -> None:
    for name, script in (("001_t", TABLE + INDEXES), ("002_b", REBUILD + INDEXES)):
        (tmp_path / f"{name}.sqlite.up.sql").write_text(script)
    settings = Settings(root=str(tmp_path), select=("TYP017",))
    found = check(Job(settings, (str(tmp_path),), cached=False)).report.findings
    assert [(Path(item.path).name, item.line) for item in found] == [("001_t.sqlite.up.sql", 2)]


STAR = "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT);\nINSERT INTO n SELECT * FROM t{};\n"


@pytest.mark.parametrize(
    "end", ["", " AS old WHERE id > 1 AND a IN ('x', 'y')", " ORDER BY id", " NATURAL JOIN (SELECT 1 AS z)"]
)
@pytest.mark.parametrize("more", ["", "ALTER TABLE t ADD COLUMN c INTEGER AS (id);\n"])
def test_all_columns_of_a_table_are_counted_as_sqlite_counts_them(tmp_path: Path, end: str, more: str) -> None:
    script = more + STAR.format(end)
    said = [item.message for item in report(tmp_path, script).findings if item.code == "REF005"]
    try:
        sqlite3.connect(":memory:").executescript(TABLE + script)
        wanted = []
    except sqlite3.OperationalError as error:
        wanted = [f"the forward fails here: {error}"]
    # What a join has is not counted.
    assert said == ([] if "JOIN" in end else wanted)


AWAY = """
ALTER TABLE t RENAME TO t_old;
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '');
INSERT INTO t (id, a) SELECT id, coalesce(a, '') FROM t_old;
DROP TABLE t_old;
"""


def test_a_table_that_is_moved_away_and_filled_anew_keeps_its_rows(tmp_path: Path) -> None:
    found = report(tmp_path, AWAY)
    assert not [item for item in found.findings if "002_b" in item.path]
    verdict = found.migrations[1].verdict
    assert (verdict["forward_idempotent"], verdict["rows_stable"]) == (True, True)
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLE + "INSERT INTO t VALUES (1, 'x');" + AWAY + AWAY)
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, "x")]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("UPDATE t SET a = (SELECT missing FROM t AS u WHERE u.id = t.id);", True),
        ("UPDATE t SET a = (SELECT a FROM t AS u WHERE u.id = t.id);", False),
        ("INSERT INTO t (a) SELECT missing FROM t;", True),
    ],
)
def test_a_column_that_no_scope_has_is_told_where_there_is_one_scope(text: str, refused: bool, tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLE)
    try:
        connection.executescript(text)
        said = False
    except sqlite3.OperationalError:
        said = True
    assert said == refused
    told = [item.code for item in report(tmp_path, text).findings if item.code == "REF002"]
    assert told == (["REF002"] if refused else [])


def test_rows_that_are_put_into_a_table_that_stays_are_put_there_again(tmp_path: Path) -> None:
    found = report(tmp_path, "CREATE TABLE IF NOT EXISTS k (a TEXT);\nINSERT INTO k SELECT a FROM t;\n")
    assert found.migrations[1].verdict["rows_stable"] is False


BOOK = Path(__file__).parents[2] / "rules"
PAGE = (BOOK / "sqlite" / "LIT009-rebuild-deletes-referring-rows.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r'```sql title="sqlite/([^"]+)"\n(.*?)```', PAGE, re.DOTALL)


def enforcing(*scripts: str) -> tuple[int, int]:
    """Return how many users and sessions are left where foreign keys are enforced."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(scripts[0] + "INSERT INTO users VALUES (1, 'a'); INSERT INTO sessions VALUES (1, 1);")
    connection.executescript(scripts[1])
    count = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions)"
    users, sessions = connection.execute(count).fetchone()
    return users, sessions


def test_what_a_drop_takes_along_where_foreign_keys_are_enforced() -> None:
    bad, good = [text for _, text in SCRIPTS[:2]], [text for _, text in SCRIPTS[3:5]]
    assert (enforcing(*bad), enforcing(*good)) == ((1, 0), (1, 1))


TREE = "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t (id) ON DELETE {0});\n"
GROWN = """
CREATE TABLE n (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t (id) ON DELETE {0}, a TEXT);
INSERT INTO n (id, up) SELECT id, up FROM t;
DROP TABLE t;
ALTER TABLE n RENAME TO t;
"""
CHILD = "CREATE TABLE c (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t (id) ON DELETE {0});\n"


@pytest.mark.parametrize(
    ("before", "script", "said"),
    [
        (TREE.format("CASCADE"), GROWN.format("CASCADE"), ["deletes the rows of n that reference it"]),
        (TREE.format("RESTRICT"), GROWN.format("RESTRICT"), ["fails where rows of n reference it"]),
        (TABLE + CHILD.format("SET NULL"), REBUILD, ["sets c.t to NULL"]),
        # golang-migrate has begun a transaction, in which this has no effect, unless the script begins its own.
        (
            TABLE + CHILD.format("CASCADE"),
            "PRAGMA foreign_keys = 0;" + REBUILD,
            ["deletes the rows of c that reference it"],
        ),
        (TABLE + CHILD.format("CASCADE"), "PRAGMA foreign_keys = 0; BEGIN;" + REBUILD + "COMMIT;", []),
        (TABLE + CHILD.format("CASCADE"), REBUILD + "DROP TABLE c;", []),
        (TABLE + CHILD.format("CASCADE"), REBUILD + "INSERT INTO c SELECT * FROM kept;", []),
    ],
)
def test_which_rows_go_with_the_old_table(before: str, script: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "sqlite" / "001_t.up.sql").write_text(before)
    (tmp_path / "sqlite" / "002_b.up.sql").write_text(script)
    found = check(Job(Settings(root=str(tmp_path), select=("LIT009",)), (str(tmp_path),), cached=False)).report
    assert [item.message for item in found.findings] == [
        f"where foreign keys are enforced, dropping t {words}" for words in said
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("INTEGER PRIMARY KEY", "Put last: `PRAGMA foreign_key_check;` and `PRAGMA foreign_keys = ON;`"),
        (
            "INTEGER",
            "Put last: `PRAGMA foreign_keys = ON;` The script leaves a foreign key of c to t (id), which is no key "
            "then: every change of a row fails with a mismatch, and so does `PRAGMA foreign_key_check`.",
        ),
    ],
)
def test_keys_are_checked_where_sqlite_can(key: str, said: str, tmp_path: Path) -> None:
    """A foreign key to what is no key any more makes the check itself fail."""
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n" + CHILD.format("CASCADE")
    script = f"CREATE TABLE n (id {key}, a TEXT);INSERT INTO n SELECT * FROM t;DROP TABLE t;ALTER TABLE n RENAME TO t;"
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "sqlite" / "001_t.up.sql").write_text(before)
    (tmp_path / "sqlite" / "002_b.up.sql").write_text(script)
    found = check(Job(Settings(root=str(tmp_path), select=("LIT009",)), (str(tmp_path),), cached=False)).report
    assert [item.help.rpartition("(inside one it has no effect). ")[2] for item in found.findings] == [said]
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(before + script)
        try:
            database.execute("PRAGMA foreign_key_check")
            refused = False
        except sqlite3.OperationalError:
            refused = True
    assert refused == (key == "INTEGER")


def test_of_several_keys_that_fail_the_first_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "sqlite").mkdir()
    children = "".join(f"CREATE TABLE {name} (t INTEGER REFERENCES t (id));" for name in "hgfedcb")
    (tmp_path / "sqlite" / "001_t.up.sql").write_text(TABLE + children)
    (tmp_path / "sqlite" / "002_b.up.sql").write_text(
        "CREATE TABLE n (id INTEGER, a TEXT);INSERT INTO n SELECT * FROM t;DROP TABLE t;ALTER TABLE n RENAME TO t;"
    )
    found = check(Job(Settings(root=str(tmp_path), select=("LIT009",)), (str(tmp_path),), cached=False)).report
    assert found.findings
    assert all("The script leaves a foreign key of b to t (id)" in item.help for item in found.findings)
