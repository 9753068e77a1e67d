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
    view("the one table behind FOR UPDATE", "SELECT id FROM one FOR UPDATE", "SELECT id FROM one FOR UPDATE OF one"),
    view("the tables behind FOR UPDATE", "SELECT one.id FROM one, two FOR UPDATE",
         "SELECT one.id FROM one, two FOR UPDATE OF one, two"),
    view("tables in another order", "SELECT one.id FROM one, two FOR UPDATE",
         "SELECT one.id FROM one, two FOR UPDATE OF two, one", same=False),
    view("one of two tables", "SELECT one.id FROM one, two FOR UPDATE",
         "SELECT one.id FROM one, two FOR UPDATE OF one", same=False),
    view("another lock", "SELECT id FROM one FOR UPDATE", "SELECT id FROM one FOR SHARE", same=False),
    view("another wait", "SELECT id FROM one FOR UPDATE", "SELECT id FROM one FOR UPDATE NOWAIT", same=False),
    view("a lock within", "SELECT x.id FROM (SELECT id FROM one) x FOR UPDATE",
         "SELECT x.id FROM (SELECT id FROM one FOR UPDATE) x FOR UPDATE", same=False),
    view("an order by a sign", "SELECT id FROM one ORDER BY id USING >", "SELECT id FROM one ORDER BY id DESC"),
    view("groups in parentheses", "SELECT a, n FROM one GROUP BY (a, n)", "SELECT a, n FROM one GROUP BY a, n"),
    view("a group twice", "SELECT a FROM one GROUP BY a, 1", "SELECT a FROM one GROUP BY a"),
    view("a fraction", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM one",
         "SELECT percentile_cont(0.5::float8) WITHIN GROUP (ORDER BY n::float8) FROM one"),
    view("another fraction", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM one",
         "SELECT percentile_cont(0.4) WITHIN GROUP (ORDER BY n) FROM one", same=False),
    view("a column of a full join", "SELECT id FROM one FULL JOIN two USING (id)",
         "SELECT one.id FROM one FULL JOIN two USING (id)", same=False),
    view("keys of a document", "SELECT k FROM one, jsonb_object_keys(to_jsonb(one)) k",
         "SELECT k.k FROM one, LATERAL jsonb_object_keys(to_jsonb(one.*)) k(k)"),
    view("parts of a document", "SELECT * FROM jsonb_each('{}')",
         "SELECT jsonb_each.key, jsonb_each.value FROM jsonb_each('{ }'::jsonb)"),
    view("elements of a document", "SELECT e.value FROM jsonb_array_elements('[]') e",
         "SELECT value FROM jsonb_array_elements('[]'::jsonb) AS e"),
    view("an alias of a relation of the server", "SELECT relname FROM pg_class", "SELECT c.relname FROM pg_class c",
         same=False),
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
