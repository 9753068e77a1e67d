"""Pairs about views: what is renamed under them, and what is the same query written otherwise."""

from __future__ import annotations

from .pairs import Pair

JOINED = (
    "CREATE TABLE a (id int, v int, b_id int); CREATE TABLE b (id int, k text);"
    "CREATE VIEW w AS SELECT x.id AS a_no, y.id, v, k, coalesce(y.id, x.v) AS c FROM a x, b AS y"
    " WHERE b_id = y.id AND x.id > 3;"
    "CREATE VIEW z AS SELECT id, v AS bid, (SELECT max(b.id) FROM b WHERE b.id = a.id) AS m FROM a WHERE id = 1;"
)

POSTGRES = [
    Pair(
        "a renamed column is renamed in views",
        JOINED,
        "ALTER TABLE b RENAME COLUMN id TO bid; DROP VIEW w, z;",
        "CREATE VIEW w AS SELECT x.id AS a_no, y.bid AS id, x.v, y.k, coalesce(y.bid, x.v) AS c FROM a x, b AS y"
        " WHERE x.b_id = y.bid AND x.id > 3;"
        "CREATE VIEW z AS SELECT id, v AS bid, (SELECT max(b.bid) FROM b WHERE b.bid = a.id) AS m FROM a WHERE id = 1;"
        "ALTER TABLE b RENAME COLUMN bid TO id;",
    ),
    Pair(
        "a column that is renamed to what a view calls it",
        "CREATE TABLE a (id int, v int); CREATE VIEW w AS SELECT id AS a_id, v AS id FROM a;"
        "ALTER TABLE a RENAME COLUMN id TO a_id;",
        "DROP VIEW w;",
        "CREATE VIEW w AS SELECT a_id, v AS id FROM a;",
    ),
    Pair(
        "a view reads the other table's column of that name",
        JOINED + "ALTER TABLE b RENAME COLUMN id TO bid;",
        "DROP VIEW z;",
        "CREATE VIEW z AS SELECT id, v AS bid, (SELECT max(b.bid) FROM b WHERE b.bid = 1) AS m FROM a WHERE id = 1;",
        ("changed view z definition",),
    ),
    Pair(
        "a view with its columns' sources swapped",
        "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE VIEW w AS SELECT x.id, y.id AS o FROM a x, b AS y;",
        "DROP VIEW w;",
        "CREATE VIEW w AS SELECT y.id, x.id AS o FROM a x, b AS y;",
        ("changed view w definition",),
    ),
    Pair(
        "rows are grouped by what the query itself calls a result",
        "CREATE TABLE e (at timestamptz, n int, k int);",
        "CREATE VIEW v AS SELECT DISTINCT ON (day) at::date AS day, k AS kind, sum(n) AS s FROM e"
        " GROUP BY day, ROLLUP (kind) ORDER BY day;",
        "DROP VIEW v;",
    ),
    Pair(
        "a view as the server writes it out",
        "CREATE TABLE a (id int, k text); CREATE TABLE b (a_id int, n int);"
        "CREATE FUNCTION f() RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 1, 2';"
        "CREATE VIEW w AS SELECT a.*, (SELECT max(n) FROM b WHERE a_id = id), coalesce(r.y, 0)"
        " FROM a JOIN (SELECT * FROM f()) r ON r.x = id;",
        "CREATE OR REPLACE VIEW w AS SELECT a.id, a.k, 1 AS max, 2 AS coalesce FROM a;",
        "CREATE OR REPLACE VIEW w AS SELECT a.id, a.k, (SELECT max(b.n) AS max FROM b WHERE b.a_id = a.id) AS max,"
        " COALESCE(r.y, 0) AS coalesce FROM a JOIN (SELECT f.x, f.y FROM f() f(x, y)) r ON r.x = a.id;",
    ),
    Pair(
        "one that reads another function's result is another view",
        "CREATE FUNCTION f(x out int, y out int) LANGUAGE sql AS 'SELECT 1, 2';"
        "CREATE VIEW w AS SELECT r.x FROM f() r, f() s;",
        "DROP VIEW w;",
        "CREATE VIEW w AS SELECT s.x FROM f() r(x, y), f() s;",
        ("changed view w definition",),
    ),
]
