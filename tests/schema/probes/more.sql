-- Partitions, functions, foreign keys, comments and privileges, and what is the same in other words.

=== part pk ok
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);
--- forward again invalid_table_definition
ALTER TABLE visits ADD PRIMARY KEY (id, at);
--- rollback differs
SELECT 1;

=== part uniq idx
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);
--- forward fails feature_not_supported
CREATE UNIQUE INDEX u ON visits (id);
--- rollback
SELECT 1;

=== part uniq idx ok
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);
--- forward again duplicate_table
CREATE UNIQUE INDEX u ON visits (id, at);
--- rollback again undefined_object
DROP INDEX u;

=== part create pk
SELECT 1;
--- forward fails feature_not_supported
CREATE TABLE t (id int PRIMARY KEY, at date) PARTITION BY RANGE (at);
--- rollback
SELECT 1;

=== part using index
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);CREATE UNIQUE INDEX u ON visits (id, at);
--- forward fails feature_not_supported
ALTER TABLE visits ADD CONSTRAINT k UNIQUE USING INDEX u;
--- rollback
SELECT 1;

=== part overlap
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);CREATE TABLE v1 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
--- forward fails invalid_object_definition
CREATE TABLE v2 PARTITION OF visits FOR VALUES FROM ('2020-06-01') TO ('2020-07-01');
--- rollback
SELECT 1;

=== part nooverlap
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);CREATE TABLE v1 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
--- forward again duplicate_table
CREATE TABLE v2 PARTITION OF visits FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
--- rollback again undefined_table
DROP TABLE v2;

=== part list overlap
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);
--- forward fails invalid_object_definition
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2, 3);
--- rollback
SELECT 1;

=== part list ok
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);
--- forward again duplicate_table
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (3);
--- rollback again undefined_table
DROP TABLE p2;

=== part attach default2
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE pd PARTITION OF p DEFAULT;
CREATE TABLE q (a int, b int);
--- forward fails invalid_object_definition
ALTER TABLE p ATTACH PARTITION q DEFAULT;
--- rollback
SELECT 1;

=== part attach type
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE q (a int, b text);
--- forward fails datatype_mismatch
ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1);
--- rollback
SELECT 1;

=== part attach extra
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE q (a int, b int, c int);
--- forward fails datatype_mismatch
ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1);
--- rollback
SELECT 1;

=== part attach notnull
CREATE TABLE visits (id bigint, at date NOT NULL, b int) PARTITION BY RANGE (at);CREATE TABLE q (id bigint, at date, b int);
--- forward fails datatype_mismatch
ALTER TABLE visits ATTACH PARTITION q FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
--- rollback
SELECT 1;

=== part attach ok
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);CREATE TABLE q (b int, a int);
--- forward again wrong_object_type
ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1);
--- rollback again undefined_table
ALTER TABLE p DETACH PARTITION q;

=== part of plain
CREATE TABLE p (a int);
--- forward fails invalid_object_definition
CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
--- rollback
SELECT 1;

=== fk view
CREATE TABLE t (a int PRIMARY KEY);
CREATE VIEW v AS SELECT a FROM t;
CREATE TABLE u (x int);
--- forward fails wrong_object_type
ALTER TABLE u ADD FOREIGN KEY (x) REFERENCES v (a);
--- rollback
SELECT 1;

=== fk deferrable
CREATE TABLE t (a int, UNIQUE (a) DEFERRABLE);
CREATE TABLE u (x int);
--- forward fails object_not_in_prerequisite_state
ALTER TABLE u ADD FOREIGN KEY (x) REFERENCES t (a);
--- rollback
SELECT 1;

=== fk gen cascade
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x int, g int GENERATED ALWAYS AS (x) STORED);
--- forward again differs
ALTER TABLE u ADD FOREIGN KEY (g) REFERENCES t (a) ON DELETE CASCADE;
--- rollback again undefined_object
ALTER TABLE u DROP CONSTRAINT u_g_fkey;

=== fk gen updcascade
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x int, g int GENERATED ALWAYS AS (x) STORED);
--- forward fails syntax_error
ALTER TABLE u ADD FOREIGN KEY (g) REFERENCES t (a) ON UPDATE CASCADE;
--- rollback
SELECT 1;

=== fn table
CREATE FUNCTION f() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 1, ''x''::text';
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS TABLE (a int, c text) LANGUAGE sql AS 'SELECT 1, ''x''::text';
--- rollback
SELECT 1;

=== fn table type
CREATE FUNCTION f() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 1, ''x''::text';
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS TABLE (a bigint, b text) LANGUAGE sql AS 'SELECT 1::bigint, ''x''::text';
--- rollback
SELECT 1;

=== fn out one
CREATE FUNCTION f(OUT a int) LANGUAGE sql AS 'SELECT 1';
--- forward
CREATE OR REPLACE FUNCTION f(OUT b int) LANGUAGE sql AS 'SELECT 1';
--- rollback differs
SELECT 1;

=== fn table one
CREATE FUNCTION f() RETURNS TABLE (a int) LANGUAGE sql AS 'SELECT 1';
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS TABLE (b int) LANGUAGE sql AS 'SELECT 1';
--- rollback differs
SELECT 1;

=== fn ambig
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
--- forward fails ambiguous_function
SELECT f(1);
--- rollback
SELECT 1;

=== fn noargs
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
--- forward fails undefined_function
SELECT f('x'::text);
--- rollback
SELECT 1;

=== fn body nocol
CREATE TABLE t (a int);
--- forward fails undefined_column
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT zz FROM t';
--- rollback
SELECT 1;

=== fn body param
CREATE TABLE t (a int);
--- forward again duplicate_function
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT a FROM t WHERE a = x';
--- rollback again undefined_function
DROP FUNCTION f(int);

=== refresh nodata
CREATE TABLE t (a int);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA;
CREATE UNIQUE INDEX u ON m (a);
--- forward fails feature_not_supported
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
--- rollback
SELECT 1;

=== refresh ok
CREATE TABLE t (a int);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE UNIQUE INDEX u ON m (a);
--- forward
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
--- rollback
SELECT 1;

=== refresh expr
CREATE TABLE t (a text);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE UNIQUE INDEX u ON m (lower(a));
--- forward fails object_not_in_prerequisite_state
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
--- rollback
SELECT 1;

=== rem col grant
CREATE TABLE t (a int, b int);
GRANT SELECT (a) ON t TO PUBLIC;
--- forward again undefined_column
ALTER TABLE t DROP a;
--- rollback differs again duplicate_column
ALTER TABLE t ADD a int;

=== rem rename
CREATE TABLE t (a int);
COMMENT ON TABLE t IS 'x';
COMMENT ON COLUMN t.a IS 'y';
GRANT SELECT ON t TO PUBLIC;
--- forward again undefined_table
ALTER TABLE t RENAME TO u;
ALTER TABLE u RENAME a TO b;
--- rollback again undefined_table
ALTER TABLE u RENAME b TO a;
ALTER TABLE u RENAME TO t;

=== rem restored
CREATE TABLE t (a int);
COMMENT ON TABLE t IS 'x';
GRANT SELECT ON t TO PUBLIC;
--- forward again undefined_table
DROP TABLE t;
--- rollback again duplicate_table
CREATE TABLE t (a int);
COMMENT ON TABLE t IS 'x';
GRANT SELECT ON t TO PUBLIC;

=== rem all
CREATE TABLE t (a int);
--- forward
GRANT ALL ON t TO PUBLIC;
--- rollback
REVOKE ALL ON t FROM PUBLIC;

=== rem part
CREATE TABLE t (a int);
--- forward
GRANT SELECT, INSERT ON t TO PUBLIC;
--- rollback differs
REVOKE SELECT ON t FROM PUBLIC;

=== rem fn comment
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION f() IS 'x';
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';
--- rollback
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';

=== rem fn comment2
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION f() IS 'x';
--- forward again undefined_function
DROP FUNCTION f();
--- rollback differs again duplicate_function
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';

=== rem idx comment
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
COMMENT ON INDEX i IS 'x';
--- forward again undefined_object
DROP INDEX i;
--- rollback differs again duplicate_table
CREATE INDEX i ON t (a);

=== rem con comment
CREATE TABLE t (a int CONSTRAINT k CHECK (a > 0));
COMMENT ON CONSTRAINT k ON t IS 'x';
--- forward again undefined_object
ALTER TABLE t DROP CONSTRAINT k;
--- rollback differs again duplicate_object
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);

=== rem trig comment
CREATE TABLE t (a int);
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
COMMENT ON TRIGGER g ON t IS 'x';
--- forward again undefined_object
DROP TRIGGER g ON t;
--- rollback differs again duplicate_object
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();

=== rem type comment
CREATE TYPE e AS ENUM ('a');
COMMENT ON TYPE e IS 'x';
--- forward again undefined_object
DROP TYPE e;
--- rollback differs again duplicate_object
CREATE TYPE e AS ENUM ('a');

=== rem all in schema
CREATE TABLE t (a int);
CREATE TABLE u (a int);
--- forward
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
--- rollback differs
REVOKE SELECT ON t FROM PUBLIC;

=== rem stat target
CREATE TABLE t (a int);
ALTER TABLE t ALTER a SET STATISTICS 100;
--- forward
ALTER TABLE t ALTER a SET STATISTICS 200;
--- rollback
ALTER TABLE t ALTER a SET STATISTICS 100;

=== rem view opt
CREATE TABLE t (a int);
CREATE VIEW v WITH (security_invoker = true) AS SELECT a FROM t;
--- forward again undefined_table
DROP VIEW v;
--- rollback differs again duplicate_table
CREATE VIEW v AS SELECT a FROM t;

=== rem view check
CREATE TABLE t (a int);
CREATE VIEW v AS SELECT a FROM t WHERE a > 1 WITH LOCAL CHECK OPTION;
--- forward again undefined_table
DROP VIEW v;
--- rollback differs again duplicate_table
CREATE VIEW v AS SELECT a FROM t WHERE a > 1;

=== rem replident ren
CREATE TABLE t (a int NOT NULL);
CREATE UNIQUE INDEX u ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX u;
--- forward again undefined_table
ALTER INDEX u RENAME TO w;
--- rollback again undefined_table
ALTER INDEX w RENAME TO u;

=== grd pk other
CREATE TABLE t (a int, b int, PRIMARY KEY (a));
--- forward
DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (b); EXCEPTION WHEN invalid_table_definition THEN NULL; END $$;
--- rollback
SELECT 1;

=== grd using 55000
CREATE TABLE t (a int NOT NULL);
CREATE UNIQUE INDEX u ON t (a);
--- forward
DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u; EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END $$;
--- rollback differs
SELECT 1;

=== same default true
CREATE TABLE t (a bool DEFAULT 'true');
--- forward
ALTER TABLE t ALTER a SET DEFAULT false;
--- rollback
ALTER TABLE t ALTER a SET DEFAULT true;

=== same opclass
CREATE TABLE t (a text, b int);
CREATE INDEX i ON t (a text_ops, b int4_ops);
--- forward again undefined_object
DROP INDEX i;
--- rollback again duplicate_table
CREATE INDEX i ON t (a, b);

=== same inclname
CREATE TABLE t (a int, b int);
--- forward again differs
CREATE INDEX ON t (a) INCLUDE (b);
--- rollback again undefined_object
DROP INDEX t_a_b_idx;

=== same viewstar
CREATE TABLE t (a int);
CREATE VIEW v AS SELECT r.* FROM t r;
--- forward again duplicate_column
ALTER TABLE t ADD b int;
--- rollback again undefined_column
ALTER TABLE t DROP b;

=== same mixedenum
CREATE TYPE "Mood" AS ENUM ('a');
CREATE TABLE t (m "Mood" DEFAULT 'a');
--- forward
ALTER TABLE t ALTER m DROP DEFAULT;
--- rollback
ALTER TABLE t ALTER m SET DEFAULT 'a'::"Mood";

=== ins sub nocol
CREATE TABLE t (a int);
CREATE TABLE u (b int);
--- forward fails undefined_column
INSERT INTO t VALUES ((SELECT zz FROM u));
--- rollback
SELECT 1;

=== defaults come back in another spelling
CREATE TABLE t (
    c0 jsonb DEFAULT '{}',
    c1 jsonb DEFAULT '{}',
    c2 text DEFAULT 'A',
    c3 text DEFAULT 'A',
    c4 varchar(10) DEFAULT 'a',
    c5 int DEFAULT 1,
    c6 int DEFAULT 1,
    c7 uuid DEFAULT '00000000-0000-0000-0000-000000000001',
    c8 date DEFAULT '2020-01-01',
    c9 interval DEFAULT '1 day',
    c10 text[] DEFAULT '{}',
    c11 int[] DEFAULT '{1,2}',
    c12 timestamptz DEFAULT '2020-01-01 00:00:00+00',
    c13 timestamptz DEFAULT '2020-01-01 00:00:00+00',
    c14 time DEFAULT '10:00',
    c15 boolean DEFAULT true,
    c16 inet DEFAULT '1.2.3.4'
);
--- forward
ALTER TABLE t ALTER c0 DROP DEFAULT;
ALTER TABLE t ALTER c1 DROP DEFAULT;
ALTER TABLE t ALTER c2 DROP DEFAULT;
ALTER TABLE t ALTER c3 DROP DEFAULT;
ALTER TABLE t ALTER c4 DROP DEFAULT;
ALTER TABLE t ALTER c5 DROP DEFAULT;
ALTER TABLE t ALTER c6 DROP DEFAULT;
ALTER TABLE t ALTER c7 DROP DEFAULT;
ALTER TABLE t ALTER c8 DROP DEFAULT;
ALTER TABLE t ALTER c9 DROP DEFAULT;
ALTER TABLE t ALTER c10 DROP DEFAULT;
ALTER TABLE t ALTER c11 DROP DEFAULT;
ALTER TABLE t ALTER c12 DROP DEFAULT;
ALTER TABLE t ALTER c13 DROP DEFAULT;
ALTER TABLE t ALTER c14 DROP DEFAULT;
ALTER TABLE t ALTER c15 DROP DEFAULT;
ALTER TABLE t ALTER c16 DROP DEFAULT;
--- rollback
ALTER TABLE t ALTER c0 SET DEFAULT '{}'::JSONB;
ALTER TABLE t ALTER c1 SET DEFAULT CAST('{}' AS JSONB);
ALTER TABLE t ALTER c2 SET DEFAULT 'A'  ::  TEXT;
ALTER TABLE t ALTER c3 SET DEFAULT E'A'::Text;
ALTER TABLE t ALTER c4 SET DEFAULT 'a' :: CHARACTER VARYING;
ALTER TABLE t ALTER c5 SET DEFAULT 1::INTEGER;
ALTER TABLE t ALTER c6 SET DEFAULT '1'::INT4;
ALTER TABLE t ALTER c7 SET DEFAULT '00000000-0000-0000-0000-000000000001'::UUID;
ALTER TABLE t ALTER c8 SET DEFAULT '2020-01-01'::DATE;
ALTER TABLE t ALTER c9 SET DEFAULT '1 day'::INTERVAL;
ALTER TABLE t ALTER c10 SET DEFAULT '{}'::TEXT[];
ALTER TABLE t ALTER c11 SET DEFAULT '{1, 2}'::INTEGER [];
ALTER TABLE t ALTER c12 SET DEFAULT TIMESTAMP WITH TIME ZONE '2020-01-01 00:00:00+00';
ALTER TABLE t ALTER c13 SET DEFAULT '2020-01-01 00:00:00+00'::Timestamp With Time Zone;
ALTER TABLE t ALTER c14 SET DEFAULT '10:00:00'::time without time zone;
ALTER TABLE t ALTER c15 SET DEFAULT 'ON'::BOOLEAN;
ALTER TABLE t ALTER c16 SET DEFAULT '1.2.3.4'::INET;

=== default 'a'::TEXT for 'a' of varchar(10)
CREATE TABLE t (c varchar(10) DEFAULT 'a');
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT 'a'::TEXT;

=== default 1::BIGINT for 1 of bigint
CREATE TABLE t (c bigint DEFAULT 1);
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT 1::BIGINT;

=== default 1.5::DOUBLE PRECISION for 1.5 of float8
CREATE TABLE t (c float8 DEFAULT 1.5);
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT 1.5::DOUBLE PRECISION;

=== default 0::NUMERIC for 0 of numeric(10,2)
CREATE TABLE t (c numeric(10,2) DEFAULT 0);
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT 0::NUMERIC;

=== default 'a'::VARCHAR for 'a' of text
CREATE TABLE t (c text DEFAULT 'a');
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT 'a'::VARCHAR;

=== default ARRAY[]::TEXT[] for '{}' of text[]
CREATE TABLE t (c text[] DEFAULT '{}');
--- forward
ALTER TABLE t ALTER c DROP DEFAULT;
--- rollback differs
ALTER TABLE t ALTER c SET DEFAULT ARRAY[]::TEXT[];

=== function returns a row with too few columns
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT a FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a row with all
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT a, b FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a whole row
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT t FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a star
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT * FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a row of other types
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT b, a FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a row too long
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$ SELECT a, b, a FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a row of a composite
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS pair LANGUAGE sql AS $$ SELECT 1, 'x'::text $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a composite too short
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS pair LANGUAGE sql AS $$ SELECT 1 $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a composite as a value
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS pair LANGUAGE sql AS $$ SELECT ROW(1, 'x')::pair $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a table of one column
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS one LANGUAGE sql AS $$ SELECT a FROM one $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns the row of a table of one column
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS one LANGUAGE sql AS $$ SELECT one FROM one $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a table of one column and another type
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS one LANGUAGE sql AS $$ SELECT b FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a view's row
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS $$ SELECT a FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a view's row too long
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS $$ SELECT a, b FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns rows that an insert returns
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ INSERT INTO t VALUES (1, 'x') RETURNING a, b $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns an array of rows
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t[] LANGUAGE sql AS $$ SELECT array_agg(t) FROM t $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a cte with two columns
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS $$ WITH q AS (SELECT a FROM t) SELECT a, 'x' FROM q $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns assignable types
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT 1::smallint, 'x'::varchar $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a bigint for an integer
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT 1::bigint, 'x' $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns null columns
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (a int, b text);
CREATE TABLE one (a int);
CREATE VIEW v AS SELECT a FROM t;
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS t LANGUAGE sql AS $$ SELECT NULL, NULL $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns null
CREATE TABLE t (a int);
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT NULL $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a string for an integer
CREATE TABLE t (a int);
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT '1' $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a null of a subquery
CREATE TABLE t (a int);
--- forward fails invalid_function_definition
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT x FROM (SELECT NULL AS x) q $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns null in one branch
CREATE TABLE t (a int);
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT CASE WHEN true THEN 1 ELSE NULL END $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns null or one
CREATE TABLE t (a int);
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT NULL UNION ALL SELECT 1 $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns a cast
CREATE TABLE t (a int);
--- forward
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT '1'::int $$;
--- rollback
DROP FUNCTION IF EXISTS f();

=== function returns an unknown parameter
CREATE TABLE t (a int);
--- forward
CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 $$;
--- rollback
DROP FUNCTION IF EXISTS f(int);

=== a group by a column that a table of the system may have
CREATE TABLE homes (id serial PRIMARY KEY, tenant text NOT NULL, kind int NOT NULL, name text NOT NULL);
--- forward
CREATE OR REPLACE VIEW v AS SELECT n.nspname, h.tenant AS tenant, h.kind::text AS kind, count(*) AS members
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN homes h ON h.name = n.nspname
    GROUP BY nspname, tenant, kind;
--- rollback
DROP VIEW IF EXISTS v;

=== a key that a table of the system may have
CREATE TABLE homes (id serial PRIMARY KEY, tenant text NOT NULL);
--- forward
CREATE OR REPLACE VIEW v AS SELECT h.tenant, count(*) AS members FROM pg_class c JOIN homes h ON h.tenant = c.relname GROUP BY id;
--- rollback
DROP VIEW IF EXISTS v;

=== no group by a column beside one that a table of the system may have
CREATE TABLE homes (id serial PRIMARY KEY, tenant text NOT NULL, kind int NOT NULL);
--- forward fails grouping_error
CREATE OR REPLACE VIEW v AS SELECT h.tenant, h.kind, count(*) AS members FROM pg_class c JOIN homes h ON h.tenant = c.relname GROUP BY tenant;
--- rollback
DROP VIEW IF EXISTS v;

=== a guard on the precision of whole numbers
CREATE TABLE logs (id int PRIMARY KEY, line text);
--- forward
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'logs' AND column_name = 'id' AND numeric_precision = 32) THEN
    ALTER TABLE logs ADD COLUMN wide bigint;
    ALTER TABLE logs DROP CONSTRAINT logs_pkey;
    ALTER TABLE logs DROP COLUMN id;
    ALTER TABLE logs RENAME COLUMN wide TO id;
  END IF;
END $$;
--- rollback again invalid_table_definition
ALTER TABLE logs ALTER id TYPE int, ADD PRIMARY KEY (id);

=== a guard that the precision of whole numbers does not meet
CREATE TABLE logs (id bigint PRIMARY KEY, line text);
--- forward
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'logs' AND column_name = 'id' AND numeric_precision < 64) THEN
    ALTER TABLE missing ADD COLUMN a int;
  END IF;
END $$;
--- rollback
SELECT 1;

=== guards on the scale of numbers
CREATE TABLE sums (a numeric(10,2), b numeric(10), c numeric, d float8, e int);
--- forward again duplicate_column
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'a' AND numeric_scale = 2)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'b' AND numeric_scale = 0)
    AND NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'c' AND numeric_scale <> 5)
    AND NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'd' AND numeric_scale = 0)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'd' AND numeric_precision = 53)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'sums' AND column_name = 'e' AND numeric_scale = 0) THEN
    ALTER TABLE sums ADD COLUMN f int;
  END IF;
END $$;
--- rollback again undefined_column
ALTER TABLE sums DROP COLUMN f;

=== guards on the precision of times
CREATE TABLE times (a timestamptz, b timestamp(3), c date, d interval, e int, f int GENERATED ALWAYS AS (e + 1) STORED);
--- forward again duplicate_column
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'a' AND datetime_precision = 6)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'b' AND datetime_precision <= 3)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'c' AND datetime_precision = 0)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'd' AND datetime_precision IN (3, 6))
    AND NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'e' AND datetime_precision > 0)
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'e' AND is_generated = 'NEVER')
    AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'times' AND column_name = 'f' AND is_generated = 'ALWAYS') THEN
    ALTER TABLE times ADD COLUMN g int;
  END IF;
END $$;
--- rollback again undefined_column
ALTER TABLE times DROP COLUMN g;
