-- What stands in the way of a change, and names in queries, statements on rows and bodies.

=== dep policy other table type
CREATE TABLE a (id int, owner text); CREATE TABLE b (id int, a_id int); ALTER TABLE b ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON b USING (EXISTS (SELECT 1 FROM a WHERE a.id = b.a_id AND a.owner = current_user));
--- forward fails feature_not_supported
ALTER TABLE a ALTER COLUMN owner TYPE varchar(100);
--- rollback
ALTER TABLE a ALTER COLUMN owner TYPE text;

=== dep policy other table type ok
CREATE TABLE a (id int, owner text, n int); CREATE TABLE b (id int, a_id int); ALTER TABLE b ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON b USING (EXISTS (SELECT 1 FROM a WHERE a.id = b.a_id AND a.owner = current_user));
--- forward
ALTER TABLE a ALTER COLUMN n TYPE bigint;
--- rollback
ALTER TABLE a ALTER COLUMN n TYPE int;

=== dep policy other table drop
CREATE TABLE a (id int, owner text); CREATE TABLE b (id int, a_id int); CREATE POLICY p ON b FOR SELECT USING (a_id IN (SELECT id FROM a WHERE owner = 'x'));
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN owner;
--- rollback
ALTER TABLE a ADD COLUMN owner text;

=== dep policy other table drop casc
CREATE TABLE a (id int, owner text); CREATE TABLE b (id int, a_id int); CREATE POLICY p ON b FOR SELECT USING (a_id IN (SELECT id FROM a WHERE owner = 'x'));
--- forward
ALTER TABLE a DROP COLUMN IF EXISTS owner CASCADE;
--- rollback differs
ALTER TABLE a ADD COLUMN IF NOT EXISTS owner text;

=== dep trigger when type
CREATE TABLE a (id int, s text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE UPDATE ON a FOR EACH ROW WHEN (OLD.s IS DISTINCT FROM NEW.s) EXECUTE FUNCTION f();
--- forward fails feature_not_supported
ALTER TABLE a ALTER COLUMN s TYPE varchar(10);
--- rollback
ALTER TABLE a ALTER COLUMN s TYPE text;

=== dep trigger when drop
CREATE TABLE a (id int, s text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE UPDATE ON a FOR EACH ROW WHEN (OLD.s IS DISTINCT FROM NEW.s) EXECUTE FUNCTION f();
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN s;
--- rollback
ALTER TABLE a ADD COLUMN s text;

=== dep trigger of type
CREATE TABLE a (id int, s text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE UPDATE OF s ON a FOR EACH ROW EXECUTE FUNCTION f();
--- forward fails feature_not_supported
ALTER TABLE a ALTER s TYPE varchar(5);
--- rollback
ALTER TABLE a ALTER s TYPE text;

=== dep gen col type
CREATE TABLE a (id int, p int, q int GENERATED ALWAYS AS (p * 2) STORED);
--- forward fails feature_not_supported
ALTER TABLE a ALTER p TYPE bigint;
--- rollback
ALTER TABLE a ALTER p TYPE int;

=== dep gen col drop
CREATE TABLE a (id int, p int, q int GENERATED ALWAYS AS (p * 2) STORED);
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN p;
--- rollback
ALTER TABLE a ADD COLUMN p int;

=== dep rule drop col
CREATE TABLE a (id int, s text); CREATE TABLE l (s text); CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO l VALUES (NEW.s);
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN s;
--- rollback
ALTER TABLE a ADD COLUMN s text;

=== dep rule target drop table
CREATE TABLE a (id int, s text); CREATE TABLE l (s text); CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO l VALUES (NEW.s);
--- forward fails dependent_objects_still_exist
DROP TABLE l;
--- rollback
CREATE TABLE l (s text);

=== dep pub where drop
CREATE TABLE a (id int PRIMARY KEY, s int); CREATE PUBLICATION pu FOR TABLE a WHERE (s > 1);
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN s;
--- rollback
ALTER TABLE a ADD COLUMN s int;

=== dep pub where type
CREATE TABLE a (id int PRIMARY KEY, s int); CREATE PUBLICATION pu FOR TABLE a WHERE (s > 1);
--- forward fails feature_not_supported
ALTER TABLE a ALTER s TYPE bigint;
--- rollback
ALTER TABLE a ALTER s TYPE int;

=== dep pub cols drop
CREATE TABLE a (id int PRIMARY KEY, s int, z int); CREATE PUBLICATION pu FOR TABLE a (id, s);
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN s;
--- rollback
ALTER TABLE a ADD COLUMN s int;

=== dep atomic drop col
CREATE TABLE a (id int, s text); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(s) FROM a; END;
--- forward fails dependent_objects_still_exist
ALTER TABLE a DROP COLUMN s;
--- rollback
ALTER TABLE a ADD COLUMN s text;

=== dep atomic drop table
CREATE TABLE a (id int, s text); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM a; END;
--- forward fails dependent_objects_still_exist
DROP TABLE a;
--- rollback
CREATE TABLE a (id int, s text);

=== dep atomic calls
CREATE FUNCTION g() RETURNS int LANGUAGE sql RETURN 1; CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN g() + 1;
--- forward fails dependent_objects_still_exist
DROP FUNCTION g();
--- rollback
CREATE FUNCTION g() RETURNS int LANGUAGE sql RETURN 1;

=== dep partkey type
CREATE TABLE a (id int, at date) PARTITION BY RANGE (at);
--- forward fails invalid_table_definition
ALTER TABLE a ALTER at TYPE timestamptz;
--- rollback
ALTER TABLE a ALTER at TYPE date;

=== dep partkey expr drop
CREATE TABLE a (id int, at text) PARTITION BY LIST (lower(at));
--- forward fails invalid_table_definition
ALTER TABLE a DROP COLUMN at;
--- rollback
ALTER TABLE a ADD COLUMN at text;

=== dep partkey expr func
CREATE FUNCTION h(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE TABLE a (id int, at text) PARTITION BY LIST (h(id));
--- forward fails dependent_objects_still_exist
DROP FUNCTION h(int);
--- rollback
CREATE FUNCTION h(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';

=== dep inherited drop
CREATE TABLE a (id int, s text); CREATE TABLE b (z int) INHERITS (a);
--- forward fails invalid_table_definition
ALTER TABLE b DROP COLUMN s;
--- rollback
ALTER TABLE b ADD COLUMN s text;

=== dep inherited type
CREATE TABLE a (id int, s text); CREATE TABLE b (z int) INHERITS (a);
--- forward fails invalid_table_definition
ALTER TABLE b ALTER COLUMN s TYPE varchar(5);
--- rollback
ALTER TABLE b ALTER COLUMN s TYPE text;

=== dep inherited rename
CREATE TABLE a (id int, s text); CREATE TABLE b (z int) INHERITS (a);
--- forward fails invalid_table_definition
ALTER TABLE b RENAME COLUMN s TO t;
--- rollback
ALTER TABLE b RENAME COLUMN t TO s;

=== dep inherited parent only
CREATE TABLE a (id int, s text); CREATE TABLE b (z int) INHERITS (a);
--- forward fails invalid_table_definition
ALTER TABLE ONLY a ADD COLUMN q int;
--- rollback
ALTER TABLE ONLY a DROP COLUMN q;

=== dep inherited parent only type
CREATE TABLE a (id int, s text); CREATE TABLE b (z int) INHERITS (a);
--- forward fails invalid_table_definition
ALTER TABLE ONLY a ALTER COLUMN s TYPE varchar(3);
--- rollback
SELECT 1;

=== dep default keeps type
CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int, s text DEFAULT 'a'::e);
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
CREATE TYPE e AS ENUM ('a');

=== dep composite drop
CREATE TYPE c AS (x int, y text); CREATE TABLE t (v c);
--- forward fails dependent_objects_still_exist
DROP TYPE c;
--- rollback
CREATE TYPE c AS (x int, y text);

=== dep composite array col
CREATE TYPE c AS (x int, y text); CREATE TABLE t (v c[]);
--- forward fails feature_not_supported
ALTER TYPE c ALTER ATTRIBUTE x TYPE bigint;
--- rollback
ALTER TYPE c ALTER ATTRIBUTE x TYPE int;

=== dep rowtype setof drop
CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
--- forward fails dependent_objects_still_exist
DROP TABLE IF EXISTS t;
--- rollback
CREATE TABLE t (id int);

=== dep rowtype column other
CREATE TABLE t (id int, x int); CREATE TABLE u (r t);
--- forward fails feature_not_supported
ALTER TABLE t ALTER x TYPE bigint;
--- rollback
ALTER TABLE t ALTER x TYPE int;

=== dep enumswap check
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e, CHECK (s <> 'b'));
--- forward fails undefined_function
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap default
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e DEFAULT 'a');
--- forward fails datatype_mismatch
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap default ok
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e DEFAULT 'a');
--- forward
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s DROP DEFAULT; ALTER TABLE t ALTER s TYPE e USING s::text::e; ALTER TABLE t ALTER s SET DEFAULT 'a'; DROP TYPE e_old;
--- rollback
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b'); ALTER TABLE t ALTER s DROP DEFAULT; ALTER TABLE t ALTER s TYPE e USING s::text::e; ALTER TABLE t ALTER s SET DEFAULT 'a'; DROP TYPE e_old;

=== dep enumswap view
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e, n int); CREATE VIEW v AS SELECT n FROM t WHERE s = 'a';
--- forward fails feature_not_supported
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap other table
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e); CREATE TABLE u (s e);
--- forward fails dependent_objects_still_exist
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap array other
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e); CREATE TABLE u (s e[]);
--- forward fails dependent_objects_still_exist
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap func arg
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e); CREATE FUNCTION f(e) RETURNS int LANGUAGE sql AS 'SELECT 1';
--- forward fails dependent_objects_still_exist
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
SELECT 1;

=== dep enumswap index ok
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (s e); CREATE INDEX i ON t (s);
--- forward
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b','c'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;
--- rollback
ALTER TYPE e RENAME TO e_old; CREATE TYPE e AS ENUM ('a','b'); ALTER TABLE t ALTER s TYPE e USING s::text::e; DROP TYPE e_old;

=== dep ext drop column
CREATE EXTENSION citext; CREATE TABLE t (s citext);
--- forward fails dependent_objects_still_exist
DROP EXTENSION citext;
--- rollback
CREATE EXTENSION citext;

=== dep ext drop index opclass
CREATE EXTENSION pg_trgm; CREATE TABLE t (s text); CREATE INDEX i ON t USING gin (s gin_trgm_ops);
--- forward fails dependent_objects_still_exist
DROP EXTENSION pg_trgm;
--- rollback
CREATE EXTENSION pg_trgm;

=== dep fn trigger
CREATE TABLE a (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();
--- forward fails dependent_objects_still_exist
DROP FUNCTION f();
--- rollback
SELECT 1;

=== dep fn policy
CREATE TABLE a (id int); CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE POLICY p ON a USING (f(id));
--- forward fails dependent_objects_still_exist
DROP FUNCTION f(int);
--- rollback
CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true';

=== dep fn generated
CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';  CREATE TABLE a (id int, g int GENERATED ALWAYS AS (f(id)) STORED);
--- forward fails dependent_objects_still_exist
DROP FUNCTION f;
--- rollback
CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';

=== dep fn domain check
CREATE FUNCTION f(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'; CREATE DOMAIN d AS text CHECK (f(VALUE)); CREATE TABLE t (x d);
--- forward fails dependent_objects_still_exist
DROP FUNCTION f(text);
--- rollback
SELECT 1;

=== dep fn agg
CREATE FUNCTION sf(int,int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE AGGREGATE ag(int) (SFUNC = sf, STYPE = int);
--- forward fails dependent_objects_still_exist
DROP FUNCTION sf(int,int);
--- rollback
SELECT 1;

=== dep fn cast
CREATE TYPE c AS (x int); CREATE FUNCTION cf(c) RETURNS text LANGUAGE sql AS 'SELECT ''a'''; CREATE CAST (c AS text) WITH FUNCTION cf(c);
--- forward fails dependent_objects_still_exist
DROP FUNCTION cf(c);
--- rollback
SELECT 1;

=== dep fn operator
CREATE FUNCTION of(int,text) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR === (LEFTARG = int, RIGHTARG = text, FUNCTION = of);
--- forward fails dependent_objects_still_exist
DROP FUNCTION of(int,text);
--- rollback
SELECT 1;

=== dep seq owned drop
CREATE TABLE t (id serial);
--- forward fails dependent_objects_still_exist
DROP SEQUENCE t_id_seq;
--- rollback
SELECT 1;

=== dep view of view
CREATE TABLE t (id int, x int); CREATE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT * FROM v;
--- forward fails dependent_objects_still_exist
DROP VIEW v;
--- rollback
CREATE VIEW v AS SELECT id FROM t;

=== dep fk uses unique drop
CREATE TABLE t (id int, CONSTRAINT u UNIQUE (id)); CREATE TABLE k (t_id int REFERENCES t (id));
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP CONSTRAINT u;
--- rollback
ALTER TABLE t ADD CONSTRAINT u UNIQUE (id);

=== dep fk uses index drop
CREATE TABLE t (id int); CREATE UNIQUE INDEX u ON t (id); CREATE TABLE k (t_id int REFERENCES t (id));
--- forward fails dependent_objects_still_exist
DROP INDEX u;
--- rollback
CREATE UNIQUE INDEX u ON t (id);

=== dep fk uses two uniques
CREATE TABLE t (id int PRIMARY KEY, CONSTRAINT u UNIQUE (id)); CREATE TABLE k (t_id int REFERENCES t (id));
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP CONSTRAINT u;
--- rollback
ALTER TABLE t ADD CONSTRAINT u UNIQUE (id);

=== dep domain over enum
CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS e;
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== dep matview index
CREATE TABLE t (id int, s text); CREATE MATERIALIZED VIEW m AS SELECT id, s FROM t; CREATE INDEX mi ON m (s);
--- forward fails feature_not_supported
ALTER TABLE t ALTER s TYPE varchar(3);
--- rollback
SELECT 1;

=== dep typmod wider view
CREATE TABLE t (id int, s varchar(5)); CREATE VIEW v AS SELECT s FROM t;
--- forward fails feature_not_supported
ALTER TABLE t ALTER s TYPE varchar(50);
--- rollback
ALTER TABLE t ALTER s TYPE varchar(5);

=== nm update sub
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward fails undefined_column
UPDATE a SET x = (SELECT z FROM b WHERE b.id = a.id);
--- rollback
SELECT 1;

=== nm update sub ok
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward
UPDATE a SET x = (SELECT y FROM b WHERE b.id = a.id);
--- rollback
SELECT 1;

=== nm update sub outer ok
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward
UPDATE a SET x = 1 WHERE id IN (SELECT x FROM b);
--- rollback
SELECT 1;

=== nm update from alias
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward fails undefined_table
UPDATE a SET x = c.y FROM b c WHERE b.id = a.id;
--- rollback
SELECT 1;

=== nm update set alias
CREATE TABLE a (id int, x int);
--- forward fails undefined_column
UPDATE a SET a.x = 1;
--- rollback
SELECT 1;

=== nm delete using
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward fails undefined_column
DELETE FROM a USING b WHERE b.id = a.id AND b.x > 1;
--- rollback
SELECT 1;

=== nm delete exists
CREATE TABLE a (id int, x int); CREATE TABLE b (id int, y int);
--- forward fails undefined_column
DELETE FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id);
--- rollback
SELECT 1;

=== nm with
CREATE TABLE a (id int, x int);
--- forward fails undefined_column
WITH c AS (SELECT id, x AS q FROM a) UPDATE a SET x = c.x FROM c WHERE c.id = a.id;
--- rollback
SELECT 1;

=== nm with ok
CREATE TABLE a (id int, x int);
--- forward
WITH c AS (SELECT id, x AS q FROM a) UPDATE a SET x = c.q FROM c WHERE c.id = a.id;
--- rollback
SELECT 1;

=== nm with cols
CREATE TABLE a (id int, x int);
--- forward
WITH c(k, v) AS (VALUES (1,2)) UPDATE a SET x = v FROM c WHERE k = a.id;
--- rollback
SELECT 1;

=== nm with returning
CREATE TABLE a (id int, x int); CREATE TABLE b (n int);
--- forward fails undefined_column
WITH d AS (DELETE FROM a RETURNING id, x) INSERT INTO b SELECT y FROM d;
--- rollback
SELECT 1;

=== nm values
CREATE TABLE a (id int, x int);
--- forward fails undefined_column
INSERT INTO a VALUES (1, (SELECT max(nope) FROM a));
--- rollback
SELECT 1;

=== nm values col
CREATE TABLE a (id int, x int);
--- forward fails undefined_column
INSERT INTO a (id, x) VALUES (1, id);
--- rollback
SELECT 1;

=== nm using type
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
ALTER TABLE a ALTER x TYPE int USING y::int;
--- rollback
SELECT 1;

=== nm using sub
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, n int);
--- forward fails feature_not_supported
ALTER TABLE a ALTER x TYPE int USING (SELECT n FROM b LIMIT 1);
--- rollback
SELECT 1;

=== nm sql body
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(y) FROM a';
--- rollback
DROP FUNCTION f();

=== nm sql body ok arg
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE FUNCTION f(y int) RETURNS bigint LANGUAGE sql AS 'SELECT count(y) FROM a';
--- rollback
DROP FUNCTION IF EXISTS f(int);

=== nm sql body qualified arg
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE FUNCTION f(y int) RETURNS bigint LANGUAGE sql AS 'SELECT count(f.y) FROM a';
--- rollback
DROP FUNCTION IF EXISTS f(int);

=== nm plpgsql body ok
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(y) FROM a); END';
--- rollback
DROP FUNCTION IF EXISTS f();

=== nm view join
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y int);
--- forward fails ambiguous_column
CREATE OR REPLACE VIEW v AS SELECT id FROM a JOIN b ON a.id = b.id;
--- rollback
DROP VIEW IF EXISTS v;

=== nm view using ok
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y int);
--- forward
CREATE OR REPLACE VIEW v AS SELECT id FROM a JOIN b USING (id);
--- rollback
DROP VIEW IF EXISTS v;

=== nm view using missing
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y int);
--- forward fails undefined_column
CREATE OR REPLACE VIEW v AS SELECT x FROM a JOIN b USING (y);
--- rollback
DROP VIEW IF EXISTS v;

=== nm lateral
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y int);
--- forward fails undefined_table
CREATE OR REPLACE VIEW v AS SELECT a.id FROM a, (SELECT y FROM b WHERE b.id = a.id) q;
--- rollback
DROP VIEW IF EXISTS v;

=== nm lateral ok
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y int);
--- forward
CREATE OR REPLACE VIEW v AS SELECT a.id FROM a, LATERAL (SELECT y FROM b WHERE b.id = a.id) q;
--- rollback
DROP VIEW IF EXISTS v;

=== nm order by alias ok
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT id AS k FROM a ORDER BY k;
--- rollback
DROP VIEW IF EXISTS v;

=== nm order by alias expr
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
CREATE OR REPLACE VIEW v AS SELECT id AS k FROM a ORDER BY k + 1;
--- rollback
DROP VIEW IF EXISTS v;

=== nm where alias
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
CREATE OR REPLACE VIEW v AS SELECT id AS k FROM a WHERE k > 1;
--- rollback
DROP VIEW IF EXISTS v;

=== nm having alias
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
CREATE OR REPLACE VIEW v AS SELECT id, count(*) AS k FROM a GROUP BY id HAVING k > 1;
--- rollback
DROP VIEW IF EXISTS v;

=== nm group alias ok
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT lower(x) AS k, count(*) FROM a GROUP BY k;
--- rollback
DROP VIEW IF EXISTS v;

=== nm conflict excluded
CREATE TABLE a (id int PRIMARY KEY, x text);
--- forward fails undefined_column
INSERT INTO a (id, x) VALUES (1,'a') ON CONFLICT (id) DO UPDATE SET x = EXCLUDED.y;
--- rollback
SELECT 1;

=== nm conflict set missing
CREATE TABLE a (id int PRIMARY KEY, x text);
--- forward fails undefined_column
INSERT INTO a (id, x) VALUES (1,'a') ON CONFLICT (id) DO UPDATE SET y = 'a';
--- rollback
SELECT 1;

=== nm returning ok
CREATE TABLE a (id int PRIMARY KEY, x text);
--- forward
DELETE FROM a WHERE id = 1 RETURNING x;
--- rollback
SELECT 1;

=== nm returning missing
CREATE TABLE a (id int PRIMARY KEY, x text);
--- forward fails undefined_column
DELETE FROM a WHERE id = 1 RETURNING z;
--- rollback
SELECT 1;

=== nm window ok
CREATE TABLE a (id int, x int);
--- forward
UPDATE a SET x = s.rn FROM (SELECT id, row_number() OVER (PARTITION BY x ORDER BY id) AS rn FROM a) s WHERE s.id = a.id;
--- rollback
SELECT 1;

=== nm window missing
CREATE TABLE a (id int, x int);
--- forward fails undefined_column
UPDATE a SET x = s.rn FROM (SELECT id, row_number() OVER (PARTITION BY grp ORDER BY id) AS rn FROM a) s WHERE s.id = a.id;
--- rollback
SELECT 1;

=== nm function scan ok2
CREATE TABLE a (id int, x jsonb);
--- forward
CREATE OR REPLACE VIEW v AS SELECT id, elem, ord FROM a, jsonb_array_elements(x) WITH ORDINALITY AS q(elem, ord);
--- rollback
DROP VIEW IF EXISTS v;

=== nm unnest col ok
CREATE TABLE a (id int, x text[]);
--- forward
CREATE OR REPLACE VIEW v AS SELECT id, y FROM a, unnest(x) y;
--- rollback
DROP VIEW IF EXISTS v;

=== nm whole row ok
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT to_jsonb(a) AS j, to_jsonb(a) -> 'zz' AS k FROM a;
--- rollback
DROP VIEW IF EXISTS v;

=== nm sys col ok
CREATE TABLE a (id int, x text);
--- forward
DELETE FROM a p USING a q WHERE p.ctid < q.ctid AND p.id = q.id;
--- rollback
SELECT 1;

=== nm merge
CREATE TABLE a (id int, x text); CREATE TABLE b (id int, y text);
--- forward fails undefined_column
MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = b.x WHEN NOT MATCHED THEN INSERT VALUES (b.id, b.y);
--- rollback
SELECT 1;

=== nm func wrong arg
CREATE TABLE a (id int, x text);
--- forward fails undefined_function
UPDATE a SET x = date_trunc('day', x);
--- rollback
SELECT 1;

=== nm func attr notation ok
CREATE TABLE a (id int, x text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT a.x, (a).id FROM a;
--- rollback
DROP VIEW IF EXISTS v;

=== nm insert select count
CREATE TABLE a (id int, x text); CREATE TABLE b (id int);
--- forward fails syntax_error
INSERT INTO b SELECT id, x FROM a;
--- rollback
SELECT 1;

=== nm insert values more
CREATE TABLE a (id int, x text);
--- forward fails syntax_error
INSERT INTO a (id, x) VALUES (1, 'a', 2);
--- rollback
SELECT 1;

=== nm union count
CREATE TABLE a (id int, x text);
--- forward fails syntax_error
CREATE OR REPLACE VIEW v AS SELECT id FROM a UNION ALL SELECT id, x FROM a;
--- rollback
DROP VIEW IF EXISTS v;

=== nm union type
CREATE TABLE a (id int, x text);
--- forward fails datatype_mismatch
CREATE OR REPLACE VIEW v AS SELECT id FROM a UNION ALL SELECT x FROM a;
--- rollback
DROP VIEW IF EXISTS v;

=== nm sub two cols
CREATE TABLE a (id int, x text);
--- forward fails syntax_error
UPDATE a SET x = (SELECT id, x FROM a LIMIT 1);
--- rollback
SELECT 1;

=== nm copy col
CREATE TABLE a (id int, x text);
--- forward fails undefined_column
ALTER TABLE a ADD COLUMN y text; UPDATE a SET y = xx;
--- rollback
ALTER TABLE a DROP COLUMN y;
