"""Views whose queries come back written otherwise: with and without what the server writes out."""

from __future__ import annotations

from .pairs import Pair

TWO = "CREATE TABLE one (id int PRIMARY KEY, a text, n int); CREATE TABLE two (id int, b text);"


def view(name: str, one: str, two: str, *, same: bool = True, made: str = TWO) -> Pair:
    """A view that is dropped, and comes back with another text."""
    left = () if same else ("changed view v definition",)
    return Pair(f"query: {name}", f"{made} CREATE VIEW v AS {one};", "DROP VIEW v;", f"CREATE VIEW v AS {two};", left)


POSTGRES = [
    view("TABLE", "TABLE one", "SELECT * FROM one"),
    view("TABLE in a union", "SELECT 2 * 3 AS x, 'b' UNION TABLE /* all */ ONLY two",
         "SELECT 2 * 3 AS x, 'b' UNION SELECT two.id, two.b FROM ONLY two"),
    view("a star over USING", "SELECT * FROM one JOIN two USING (id)",
         "SELECT one.id, one.a, one.n, two.b FROM one JOIN two USING (id)"),
    view("a star of one side of USING", "SELECT one.*, b FROM one JOIN two USING (id)",
         "SELECT * FROM one JOIN two USING (id)"),
    view("an alias behind FOR UPDATE OF", "SELECT x.id FROM one x FOR UPDATE OF x",
         "SELECT x.id FROM one AS x FOR UPDATE OF x"),
    Pair(
        "query: TABLE after a column was added",
        f"{TWO} CREATE VIEW v AS TABLE two; ALTER TABLE two ADD COLUMN c int;",
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT id, b FROM two;",
    ),
    Pair(
        "query: TABLE after a column was renamed",
        f"{TWO} CREATE VIEW v AS TABLE two; ALTER TABLE two RENAME COLUMN b TO c;",
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT id, c AS b FROM two;",
    ),
    Pair(
        "query: a table of a star over USING",
        TWO,
        "CREATE TABLE v AS SELECT * FROM one JOIN two USING (id); ALTER TABLE v DROP COLUMN b;",
        "ALTER TABLE v DROP COLUMN n, DROP COLUMN a, DROP COLUMN id; DROP TABLE v;",
    ),
]  # fmt: skip
