"""Pairs about what inheriting tables, partitions and views say besides, and what a parent's change does to heirs."""

from __future__ import annotations

from .pairs import Pair

HEIR = "CREATE TABLE p (a int DEFAULT 7, b text); CREATE TABLE h (x int, a int) INHERITS (p);"
PARTITION = (
    "CREATE TABLE p (a int, b text) PARTITION BY LIST (a);"
    "CREATE TABLE p1 PARTITION OF p (b DEFAULT 'x' NOT NULL) FOR VALUES IN (1);"
)
VIEW = "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER COLUMN a SET DEFAULT 3;"

POSTGRES = [
    Pair("an heir has its parent's default", HEIR, "DROP TABLE h;", "CREATE TABLE h (x int, a int) INHERITS (p);"),
    Pair(
        "the default of a partition of its own",
        PARTITION,
        "DROP TABLE p1;",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        ("changed column p1.b default", "changed column p1.b nullability"),
    ),
    Pair(
        "the default of a partition, written again",
        PARTITION,
        "DROP TABLE p1;",
        "CREATE TABLE p1 PARTITION OF p (b DEFAULT 'x' NOT NULL) FOR VALUES IN (1);",
    ),
    Pair(
        "statistics are set for heirs",
        HEIR,
        "ALTER TABLE p ALTER b SET STATISTICS 100;",
        "ALTER TABLE ONLY p ALTER b SET STATISTICS -1;",
        ("changed table h b: statistics",),
    ),
    Pair(
        "storage is set for heirs",
        HEIR,
        "ALTER TABLE p ALTER b SET STORAGE EXTERNAL;",
        "ALTER TABLE p ALTER b SET STORAGE EXTENDED;",
    ),
    Pair(
        "compression is not",
        HEIR,
        "ALTER TABLE p ALTER b SET COMPRESSION pglz, ALTER a SET (n_distinct = 5);",
        "ALTER TABLE ONLY p ALTER b SET COMPRESSION DEFAULT, ALTER a RESET (n_distinct);",
    ),
    Pair(
        "the default of a column of a view",
        VIEW,
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT a FROM t;",
        ("changed view v definition",),
    ),
    Pair(
        "a view that is replaced keeps its defaults",
        VIEW,
        "ALTER VIEW v RENAME COLUMN a TO b; CREATE OR REPLACE VIEW v AS SELECT a AS b FROM t;",
        "ALTER VIEW v RENAME COLUMN b TO a;",
    ),
    Pair(
        "a sequence that a default needs",
        "CREATE TABLE t (id serial, n int);",
        "ALTER TABLE t DROP COLUMN id;",
        "CREATE SEQUENCE t_id_seq AS int; ALTER TABLE t ADD COLUMN id int NOT NULL DEFAULT nextval('t_id_seq');"
        "ALTER SEQUENCE t_id_seq OWNED BY t.id;",
    ),
]
