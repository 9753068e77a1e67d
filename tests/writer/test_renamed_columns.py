"""A renamed column, in all that mentions it: what is printed then makes the same schema on the engine.

PostgreSQL keeps columns by number, and says what became of the texts.
"""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.sql import parse
from miglint.writer.schema_sql import to_sql

from .test_schema_sql import made, replayed, script_of

RENAMED = {
    "star view": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b text);
        CREATE VIEW v AS SELECT * FROM t;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "join view2": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b text);
        CREATE TABLE u (id int PRIMARY KEY, a text);
        CREATE VIEW v AS SELECT t.*, u.a AS ua FROM t JOIN u USING (id);
        ALTER TABLE u RENAME COLUMN a TO c;
    """,
    "using view": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b text);
        CREATE TABLE u (id int PRIMARY KEY, a text);
        CREATE VIEW v AS SELECT t.id, b FROM t JOIN u USING (id, a);
        ALTER TABLE u RENAME COLUMN a TO c;
    """,
    "quoted view": """
        CREATE TABLE "T t" (id int PRIMARY KEY, "A a" text, b text);
        CREATE VIEW v AS SELECT * FROM "T t";
        CREATE VIEW w AS SELECT "T t"."A a" FROM "T t" WHERE "T t"."A a" > 'x';
        ALTER TABLE "T t" RENAME COLUMN "A a" TO "C c";
    """,
    "star in a name": """
        CREATE TABLE "a*b" (id int PRIMARY KEY, a text);
        CREATE VIEW v AS SELECT "a*b".* FROM "a*b";
        CREATE VIEW w AS SELECT 'é', v./* * */* FROM v;
        ALTER TABLE "a*b" RENAME COLUMN a TO c;
        ALTER VIEW v RENAME COLUMN a TO c;
    """,
    "same name as table": """
        CREATE TABLE a (id int PRIMARY KEY, a text, b text);
        CREATE VIEW v AS SELECT * FROM a;
        CREATE VIEW w AS SELECT a.a, a.b FROM a;
        CREATE VIEW w2 AS SELECT a FROM a;
        ALTER TABLE a RENAME COLUMN a TO c;
    """,
    "subquery": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b text);
        CREATE VIEW v AS SELECT s.a FROM (SELECT * FROM t) s;
        CREATE VIEW v2 AS SELECT s.* FROM (SELECT t.a, t.b FROM t WHERE t.a IS NOT NULL) s WHERE s.a > 'x';
        CREATE VIEW v3 AS WITH q AS (SELECT * FROM t) SELECT q.a, q.b FROM q;
        CREATE VIEW v4 AS SELECT b FROM t WHERE EXISTS (SELECT 1 FROM t z WHERE z.a = t.a);
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "agg": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b int);
        CREATE VIEW v AS SELECT t.a, count(*) AS n, max(t.b) AS m FROM t GROUP BY t.a HAVING max(t.b) > 1 ORDER BY t.a;
        CREATE VIEW w AS SELECT a, row_number() OVER (PARTITION BY a ORDER BY b) AS n FROM t;
        CREATE VIEW x AS SELECT t.a, t.b FROM t UNION SELECT t.b::text, t.b FROM t;
        CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
        CREATE UNIQUE INDEX mi ON m (a);
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "view column2": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b int);
        CREATE VIEW v AS SELECT * FROM t;
        CREATE VIEW w AS SELECT v.a FROM v WHERE v.a > 'x';
        CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t (id, a) VALUES (NEW.id, NEW.a);
        ALTER VIEW v RENAME COLUMN a TO c;
    """,
    "partition check": """
        CREATE TABLE t (id int, a int, b int, CHECK (a > 0), CONSTRAINT two CHECK (a > b)) PARTITION BY RANGE (id);
        CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF t (CONSTRAINT own CHECK (a < 100)) FOR VALUES FROM (10) TO (20);
        CREATE INDEX ON t (a) WHERE a > 5;
        CREATE INDEX pi ON p ((a + 1)) WHERE a > 3;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "inherit check": """
        CREATE TABLE t (id int, a int, b int, CHECK (a > 0), CHECK (a > b) NO INHERIT);
        CREATE TABLE k (x int, CHECK (a < 5)) INHERITS (t);
        CREATE TABLE kk (CONSTRAINT q CHECK (a <> x)) INHERITS (k);
        CREATE INDEX ki ON k (a) INCLUDE (b) WHERE a > 1;
        CREATE VIEW kv AS SELECT * FROM k;
        CREATE VIEW kv2 AS SELECT k.a FROM k WHERE k.a > 1;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "inherit trigger": """
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TABLE t (id int, a int, b int) PARTITION BY RANGE (id);
        CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION f();
        CREATE TRIGGER tr2 BEFORE UPDATE OF a, b ON p FOR EACH ROW WHEN (OLD.a > 1) EXECUTE FUNCTION f();
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "inherit trigger2": """
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TABLE t (id int, a int, b int);
        CREATE TABLE k (x int) INHERITS (t);
        CREATE TRIGGER tr2 BEFORE UPDATE OF a, b ON k FOR EACH ROW WHEN (OLD.a > 1) EXECUTE FUNCTION f();
        CREATE POLICY po ON k USING (a > 0) WITH CHECK (k.a < 5);
        CREATE RULE r AS ON DELETE TO k DO ALSO INSERT INTO t (a) VALUES (OLD.a);
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "policy": """
        CREATE TABLE t (id int, a int, b int);
        CREATE TABLE u (id int, a int);
        CREATE POLICY p1 ON t USING (t.a > 0 AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.a = t.a));
        CREATE POLICY p2 ON u USING (EXISTS (SELECT 1 FROM t WHERE t.id = u.id AND t.a = u.a));
        CREATE POLICY p3 ON u WITH CHECK (a IN (SELECT a FROM t));
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "rule": """
        CREATE TABLE t (id int, a int, b int);
        CREATE TABLE u (id int, a int);
        CREATE RULE r1 AS ON UPDATE TO t WHERE NEW.a <> OLD.a DO ALSO INSERT INTO u (id, a) VALUES (NEW.id, NEW.a);
        CREATE RULE r2 AS ON DELETE TO u DO ALSO UPDATE t SET a = 0 WHERE t.a = OLD.a;
        CREATE RULE r3 AS ON INSERT TO u DO ALSO DELETE FROM t WHERE a = NEW.a AND b IN (SELECT u.a FROM u);
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "table misc": """
        CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5, b int GENERATED ALWAYS AS (a * 2) STORED,
            r int4range, CONSTRAINT t_a CHECK (t.a > 0), EXCLUDE USING gist (r WITH &&) WHERE (a > 0));
        CREATE INDEX i1 ON t (lower(a::text), a DESC NULLS LAST) INCLUDE (id) WHERE t.a > 0;
        CREATE STATISTICS st ON a, id FROM t;
        CREATE STATISTICS st2 ON (a + 1), id FROM t;
        COMMENT ON COLUMN t.a IS 'a is it';
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "fk": """
        CREATE TABLE t (id int, a int UNIQUE, PRIMARY KEY (id, a));
        CREATE TABLE u (x int, y int REFERENCES t (a), FOREIGN KEY (x, y) REFERENCES t (id, a) ON DELETE SET NULL (y));
        ALTER TABLE t RENAME COLUMN a TO c;
        ALTER TABLE u RENAME COLUMN y TO z;
    """,
    "func body": """
        CREATE TABLE t (id int, a int);
        CREATE FUNCTION g(a int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t WHERE t.a = g.a; END;
        CREATE FUNCTION h() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT a FROM t ORDER BY t.a; END;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "swap": """
        CREATE TABLE t (id int PRIMARY KEY, a int, b int, CHECK (a < b));
        CREATE VIEW v AS SELECT * FROM t;
        CREATE VIEW w AS SELECT t.a, t.b FROM t WHERE t.a < t.b;
        CREATE INDEX i ON t (a, (b + a)) WHERE b > a;
        ALTER TABLE t RENAME COLUMN a TO x;
        ALTER TABLE t RENAME COLUMN b TO a;
        ALTER TABLE t RENAME COLUMN x TO b;
    """,
    "comments": """
        CREATE TABLE t (id int PRIMARY KEY, a int, b int, n text);
        CREATE VIEW v AS SELECT t /* /* . */ . */ . a::text -- FROM
            , ('t.a')::text AS s FROM t;
        CREATE VIEW w AS SELECT CASE WHEN n = E'a\\' a' THEN 1 ELSE t.a /* , /* , */ , */ END, b FROM t;
        CREATE VIEW x AS SELECT /* /* * */ * */ t /* * */ . * FROM t;
        CREATE RULE r AS ON DELETE TO t DO ALSO
            INSERT INTO t (a) VALUES (1) ON CONFLICT (abs(id), /* ) */ a /* /* , */ , */) DO NOTHING;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
    "letters": """
        CREATE TABLE "tä" (id int PRIMARY KEY, "ä" text, "ö$" text);
        CREATE VIEW v AS SELECT 'ä', "ä", U&"\\00f6$" FROM "tä" WHERE "tä"."ö$" > 'ö$';
        ALTER TABLE "tä" RENAME COLUMN "ö$" TO "ü";
        ALTER TABLE "tä" RENAME COLUMN "ä" TO "ö$";
    """,
    "column aliases": """
        CREATE TABLE t (id int PRIMARY KEY, a int);
        CREATE VIEW v (k, l) AS SELECT * FROM t;
        CREATE VIEW w AS SELECT z.k FROM t AS z(k, l) WHERE z.l > 0;
        CREATE VIEW x AS SELECT CASE WHEN t.a > 0 THEN t.a ELSE 0 END AS a, coalesce(t.a, 1) FROM t;
        ALTER TABLE t RENAME COLUMN a TO c;
    """,
}
REFUSED = [
    ("ALTER TABLE ONLY t RENAME COLUMN a TO c", 'inherited column "a" must be renamed in child tables too'),
    ("ALTER TABLE t RENAME COLUMN a TO x", 'column "x" of relation "k" already exists'),
    ("ALTER VIEW v RENAME COLUMN a TO b", 'column "b" of relation "v" already exists'),
]


@pytest.mark.parametrize("part", RENAMED)
def test_what_mentions_a_renamed_column(server: PostgresEngine, part: str) -> None:
    wanted = made(server, RENAMED[part])
    printed = to_sql(replayed(RENAMED[part], Dialect.POSTGRES))
    assert [change for change in diff(wanted, made(server, printed)) if change.counts] == [], printed


@pytest.mark.parametrize(("statement", "message"), REFUSED)
def test_renames_that_the_server_refuses(statement: str, message: str) -> None:
    """Seen on PostgreSQL 18."""
    before = """
        CREATE TABLE t (id int, a int, b int);
        CREATE TABLE k (x int) INHERITS (t);
        CREATE VIEW v AS SELECT * FROM t;
    """
    found = run(empty_schema(Dialect.POSTGRES), parse(script_of(f"{before};{statement};", Dialect.POSTGRES)))
    assert found.failed is not None
    assert message in str(found.failed)


@pytest.mark.parametrize("view", ["SELECT * FROM t", "SELECT t.a, b FROM t", "SELECT max(a) FROM t GROUP BY b"])
def test_a_column_that_is_renamed_and_back_is_as_before(view: str) -> None:
    made_before = f"CREATE TABLE t (a int, b int, CHECK (a > t.b)); CREATE VIEW v AS {view};"
    there = "ALTER TABLE t RENAME COLUMN a TO c;"
    before, after = (
        replayed(made_before + more, Dialect.POSTGRES) for more in ("", f"{there} ALTER TABLE t RENAME COLUMN c TO a;")
    )
    assert [change for change in diff(before, after) if change.counts] == []
    assert [change for change in diff(before, replayed(made_before + there, Dialect.POSTGRES)) if change.counts] != []
