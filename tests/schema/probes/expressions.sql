-- Defaults, conditions, generated columns, indexes and domains whose types, volatility or access method do not fit.

=== ex bool 0
SELECT 1;
--- forward fails datatype_mismatch
CREATE TABLE IF NOT EXISTS t (a bool DEFAULT 1);
--- rollback
DROP TABLE IF EXISTS t;

=== ex bool str ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a bool DEFAULT '1', b bool DEFAULT 'off', c bool DEFAULT (1 = 1), d bool DEFAULT 0::bool);
--- rollback
DROP TABLE IF EXISTS t;

=== ex bool bad str
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a bool DEFAULT 'maybe');
--- rollback
DROP TABLE IF EXISTS t;

=== ex jsonb bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a jsonb DEFAULT '');
--- rollback
DROP TABLE IF EXISTS t;

=== ex jsonb bad2
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a jsonb DEFAULT '{a: 1}');
--- rollback
DROP TABLE IF EXISTS t;

=== ex jsonb ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a jsonb DEFAULT '[]', b json DEFAULT 'null', c jsonb DEFAULT '"x"');
--- rollback
DROP TABLE IF EXISTS t;

=== ex uuid bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a uuid DEFAULT '');
--- rollback
DROP TABLE IF EXISTS t;

=== ex uuid ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a uuid DEFAULT '{00000000-0000-0000-0000-000000000000}', b uuid DEFAULT '00000000000000000000000000000001');
--- rollback
DROP TABLE IF EXISTS t;

=== ex arr ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a text[] DEFAULT '{}', b int[] DEFAULT ARRAY[]::int[], c int[] DEFAULT '{1,2}', d text[] DEFAULT '{"a b",NULL}');
--- rollback
DROP TABLE IF EXISTS t;

=== ex arr empty
SELECT 1;
--- forward fails indeterminate_datatype
CREATE TABLE IF NOT EXISTS t (a text[] DEFAULT ARRAY[]);
--- rollback
DROP TABLE IF EXISTS t;

=== ex arr int bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a int[] DEFAULT '{a}');
--- rollback
DROP TABLE IF EXISTS t;

=== ex arr text elems
SELECT 1;
--- forward fails datatype_mismatch
CREATE TABLE IF NOT EXISTS t (a int[] DEFAULT ARRAY['a','b']);
--- rollback
DROP TABLE IF EXISTS t;

=== ex int str bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a int DEFAULT '');
--- rollback
DROP TABLE IF EXISTS t;

=== ex int float
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a int DEFAULT 1.5, b smallint DEFAULT 40000, c int DEFAULT ' 7 ');
--- rollback
DROP TABLE IF EXISTS t;

=== ex int str float bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (a int DEFAULT '1.5');
--- rollback
DROP TABLE IF EXISTS t;

=== ex date bad
SELECT 1;
--- forward fails datetime_field_overflow
CREATE TABLE IF NOT EXISTS t (a date DEFAULT '2020-13-01');
--- rollback
DROP TABLE IF EXISTS t;

=== ex ts zero
SELECT 1;
--- forward fails datetime_field_overflow
CREATE TABLE IF NOT EXISTS t (a timestamp DEFAULT '0000-00-00 00:00:00');
--- rollback
DROP TABLE IF EXISTS t;

=== ex ts ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a timestamp DEFAULT 'now', b timestamptz DEFAULT 'epoch', c date DEFAULT 'infinity', d timestamptz DEFAULT CURRENT_TIMESTAMP, e timestamp DEFAULT timezone('utc', now()), f date DEFAULT now(), g text DEFAULT now());
--- rollback
DROP TABLE IF EXISTS t;

=== ex ts int
SELECT 1;
--- forward fails datatype_mismatch
CREATE TABLE IF NOT EXISTS t (a timestamptz DEFAULT 0);
--- rollback
DROP TABLE IF EXISTS t;

=== ex int now
SELECT 1;
--- forward fails datatype_mismatch
CREATE TABLE IF NOT EXISTS t (a bigint DEFAULT now());
--- rollback
DROP TABLE IF EXISTS t;

=== ex bigint epoch ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a bigint DEFAULT extract(epoch from now()), b bigint DEFAULT (extract(epoch from now()) * 1000)::bigint, c bigint DEFAULT date_part('epoch', now()));
--- rollback
DROP TABLE IF EXISTS t;

=== ex enum default ok
CREATE TYPE e AS ENUM ('a','b');
--- forward
CREATE TABLE IF NOT EXISTS t (a e DEFAULT 'a', b e[] DEFAULT '{a,b}', c e DEFAULT 'a'::e);
--- rollback
DROP TABLE IF EXISTS t;

=== ex enum text default
CREATE TYPE e AS ENUM ('a','b');
--- forward fails datatype_mismatch
CREATE TABLE IF NOT EXISTS t (a e DEFAULT 'a'::text);
--- rollback
DROP TABLE IF EXISTS t;

=== ex enum arr bad label
CREATE TYPE e AS ENUM ('a','b');
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (b e[] DEFAULT '{a,z}');
--- rollback
DROP TABLE IF EXISTS t;

=== ex enum check label
CREATE TYPE e AS ENUM ('a','b');
--- forward fails invalid_text_representation
CREATE TABLE IF NOT EXISTS t (b e CHECK (b IN ('a', 'c')));
--- rollback
DROP TABLE IF EXISTS t;

=== ex enum where label
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e);
--- forward fails invalid_text_representation
UPDATE t SET b = 'a' WHERE b = 'old';
--- rollback
SELECT 1;

=== ex enum case label
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e, s text);
--- forward fails datatype_mismatch
UPDATE t SET b = CASE s WHEN 'x' THEN 'a' ELSE 'zz' END;
--- rollback
SELECT 1;

=== ex enum case label2
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e, s text);
--- forward
UPDATE t SET b = CASE WHEN s = 'x' THEN 'a' ELSE 'b' END::e;
--- rollback
SELECT 1;

=== ex enum from text
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e, s text);
--- forward fails datatype_mismatch
UPDATE t SET b = s;
--- rollback
SELECT 1;

=== ex enum from text cast ok
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e, s text);
--- forward
UPDATE t SET b = s::e;
--- rollback
SELECT 1;

=== ex enum to text ok
CREATE TYPE e AS ENUM ('a','b'); CREATE TABLE t (b e, s text);
--- forward
UPDATE t SET s = b;
--- rollback
SELECT 1;

=== ex default column
SELECT 1;
--- forward fails feature_not_supported
CREATE TABLE IF NOT EXISTS t (a int, b int DEFAULT a);
--- rollback
DROP TABLE IF EXISTS t;

=== ex default agg
SELECT 1;
--- forward fails grouping_error
CREATE TABLE IF NOT EXISTS t (a int DEFAULT max(1));
--- rollback
DROP TABLE IF EXISTS t;

=== ex default dq
SELECT 1;
--- forward fails feature_not_supported
CREATE TABLE IF NOT EXISTS t (a text DEFAULT "x");
--- rollback
DROP TABLE IF EXISTS t;

=== ex default srf
SELECT 1;
--- forward fails feature_not_supported
CREATE TABLE IF NOT EXISTS t (a int DEFAULT generate_series(1, 2));
--- rollback
DROP TABLE IF EXISTS t;

=== ex check text int
CREATE TABLE t (a text);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);
--- rollback
ALTER TABLE t DROP CONSTRAINT c;

=== ex check len ok
CREATE TABLE t (a text, d timestamptz, n numeric);
--- forward
ALTER TABLE t DROP CONSTRAINT IF EXISTS c; ALTER TABLE t ADD CONSTRAINT c CHECK (length(a) > 0 AND a ~ '^x' AND d > '2020-01-01' AND n >= 0);
--- rollback
ALTER TABLE t DROP CONSTRAINT IF EXISTS c;

=== ex check not bool
CREATE TABLE t (a text);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT c CHECK (length(a));
--- rollback
ALTER TABLE t DROP CONSTRAINT c;

=== ex check agg
CREATE TABLE t (a int);
--- forward fails grouping_error
ALTER TABLE t ADD CONSTRAINT c CHECK (sum(a) > 1);
--- rollback
SELECT 1;

=== ex check window
CREATE TABLE t (a int);
--- forward fails windowing_error
ALTER TABLE t ADD CONSTRAINT c CHECK (row_number() OVER () > 1);
--- rollback
SELECT 1;

=== ex where not bool
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
DELETE FROM t WHERE a;
--- rollback
SELECT 1;

=== ex where int text
CREATE TABLE t (a int, b text);
--- forward fails undefined_function
UPDATE t SET a = 1 WHERE a = b;
--- rollback
SELECT 1;

=== ex where uuid text
CREATE TABLE t (a uuid); CREATE TABLE u (b text);
--- forward fails undefined_function
DELETE FROM t USING u WHERE t.a = u.b;
--- rollback
SELECT 1;

=== ex where varchar text ok
CREATE TABLE t (a varchar(5), c char(3)); CREATE TABLE u (b text);
--- forward
DELETE FROM t USING u WHERE t.a = u.b OR t.c = u.b;
--- rollback
SELECT 1;

=== ex in int text
CREATE TABLE t (a int); CREATE TABLE u (b text);
--- forward fails undefined_function
DELETE FROM t WHERE a IN (SELECT b FROM u);
--- rollback
SELECT 1;

=== ex in int lit
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
DELETE FROM t WHERE a IN ('1', 'x');
--- rollback
SELECT 1;

=== ex in int lit ok
CREATE TABLE t (a int, b text);
--- forward
DELETE FROM t WHERE a IN ('1', '2') AND b LIKE 'x%';
--- rollback
SELECT 1;

=== ex set text to int
CREATE TABLE t (a int, b text);
--- forward fails datatype_mismatch
UPDATE t SET a = b;
--- rollback
SELECT 1;

=== ex set bool to int
CREATE TABLE t (a int, b bool);
--- forward fails datatype_mismatch
UPDATE t SET a = b;
--- rollback
SELECT 1;

=== ex set ts to date ok
CREATE TABLE t (a date, b timestamptz, c text, d jsonb);
--- forward
UPDATE t SET a = b, c = b;
--- rollback
SELECT 1;

=== ex set text to jsonb
CREATE TABLE t (c text, d jsonb);
--- forward fails datatype_mismatch
UPDATE t SET d = c;
--- rollback
SELECT 1;

=== ex coalesce mix
CREATE TABLE t (a int, b text);
--- forward fails datatype_mismatch
UPDATE t SET b = coalesce(a, b);
--- rollback
SELECT 1;

=== ex coalesce lit ok
CREATE TABLE t (a int, b text);
--- forward
UPDATE t SET b = coalesce(b, ''), a = coalesce(a, '0');
--- rollback
SELECT 1;

=== ex concat int ok
CREATE TABLE t (a int, b text);
--- forward
UPDATE t SET b = a || b || '-' || a::text;
--- rollback
SELECT 1;

=== ex concat int int
CREATE TABLE t (a int, b text);
--- forward fails undefined_function
UPDATE t SET b = a || a;
--- rollback
SELECT 1;

=== ex index now
CREATE TABLE t (a timestamptz, b text);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t (a) WHERE a > now();
--- rollback
DROP INDEX IF EXISTS i;

=== ex index tz text
CREATE TABLE t (a timestamptz, b text);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t ((a::text));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index ts date ok
CREATE TABLE t (a timestamp, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t ((a::date)); CREATE INDEX IF NOT EXISTS j ON t (date_trunc('day', a)); CREATE INDEX IF NOT EXISTS k ON t ((a AT TIME ZONE 'UTC'));
--- rollback
DROP INDEX IF EXISTS i, j, k;

=== ex index tz at ok
CREATE TABLE t (a timestamptz, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t (((a AT TIME ZONE 'UTC')::date));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index to_char
CREATE TABLE t (a timestamp, b text);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t (to_char(a, 'YYYY'));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index extract tz
CREATE TABLE t (a timestamptz, b text);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t (extract(year from a));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index extract ts ok
CREATE TABLE t (a timestamp, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t (extract(year from a));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index concat
CREATE TABLE t (a text, b text);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t (concat(a, b));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index pipes ok
CREATE TABLE t (a text, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t ((a || ' ' || b)); CREATE INDEX IF NOT EXISTS j ON t (lower(a), coalesce(b, ''));
--- rollback
DROP INDEX IF EXISTS i, j;

=== ex index pipes int
CREATE TABLE t (a int, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t ((b || a));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index own stable
CREATE FUNCTION f(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1'; CREATE TABLE t (a int, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t (f(b));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index own inline ok
CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)'; CREATE TABLE t (a int, b text);
--- forward
CREATE INDEX IF NOT EXISTS i ON t (f(b));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index jsonb expr ok
CREATE TABLE t (j jsonb);
--- forward
CREATE INDEX IF NOT EXISTS i ON t ((j->>'a')); CREATE INDEX IF NOT EXISTS k ON t (((j->>'n')::int)); CREATE INDEX IF NOT EXISTS l ON t USING gin ((j->'tags'));
--- rollback
DROP INDEX IF EXISTS i, k, l;

=== ex index jsonb ts
CREATE TABLE t (j jsonb);
--- forward fails invalid_object_definition
CREATE INDEX IF NOT EXISTS i ON t (((j->>'at')::timestamptz));
--- rollback
DROP INDEX IF EXISTS i;

=== ex index json btree
CREATE TABLE t (j json);
--- forward fails undefined_object
CREATE INDEX IF NOT EXISTS i ON t (j);
--- rollback
DROP INDEX IF EXISTS i;

=== ex unique json
CREATE TABLE t (j json, p point);
--- forward fails undefined_object
ALTER TABLE t ADD CONSTRAINT u UNIQUE (j);
--- rollback
SELECT 1;

=== ex pk point
SELECT 1;
--- forward fails undefined_object
CREATE TABLE t (p point PRIMARY KEY);
--- rollback
DROP TABLE t;

=== ex gin jsonb ok
CREATE TABLE t (j jsonb, a int[], v tsvector, r int4range, x xml);
--- forward
CREATE INDEX IF NOT EXISTS i ON t USING gin (j jsonb_path_ops); CREATE INDEX IF NOT EXISTS k ON t USING gin (a); CREATE INDEX IF NOT EXISTS l ON t USING gist (r); CREATE INDEX IF NOT EXISTS m ON t USING gin (v);
--- rollback
DROP INDEX IF EXISTS i, k, l, m;

=== ex gin int
CREATE TABLE t (a int);
--- forward fails undefined_object
CREATE INDEX IF NOT EXISTS i ON t USING gin (a);
--- rollback
DROP INDEX IF EXISTS i;

=== ex exclude no ext
CREATE TABLE t (a int, r tsrange);
--- forward fails undefined_object
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (a WITH =, r WITH &&);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== ex hash multi
CREATE TABLE t (a int, b int);
--- forward fails feature_not_supported
CREATE INDEX IF NOT EXISTS i ON t USING hash (a, b);
--- rollback
DROP INDEX IF EXISTS i;

=== ex hash unique
CREATE TABLE t (a int, b int);
--- forward fails feature_not_supported
CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING hash (a);
--- rollback
DROP INDEX IF EXISTS i;

=== ex brin ok
CREATE TABLE t (a int, b timestamptz);
--- forward
CREATE INDEX IF NOT EXISTS i ON t USING brin (b, a);
--- rollback
DROP INDEX IF EXISTS i;

=== ex brin json
CREATE TABLE t (a jsonb, b timestamptz);
--- forward fails undefined_object
CREATE INDEX IF NOT EXISTS i ON t USING brin (a);
--- rollback
DROP INDEX IF EXISTS i;

=== ex gin desc
CREATE TABLE t (a jsonb, b timestamptz);
--- forward fails feature_not_supported
CREATE INDEX IF NOT EXISTS i ON t USING gin (a DESC);
--- rollback
DROP INDEX IF EXISTS i;

=== ex opclass wrong type
CREATE TABLE t (a int, b text);
--- forward fails datatype_mismatch
CREATE INDEX IF NOT EXISTS i ON t (a text_pattern_ops);
--- rollback
DROP INDEX IF EXISTS i;

=== ex index text too many
CREATE TABLE t (a int, b text);
--- forward fails syntax_error
CREATE INDEX IF NOT EXISTS i ON t (a, (SELECT 1));
--- rollback
DROP INDEX IF EXISTS i;

=== ex gen now
CREATE TABLE t (a int, b text);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN IF NOT EXISTS g timestamptz GENERATED ALWAYS AS (now()) STORED;
--- rollback
ALTER TABLE t DROP COLUMN IF EXISTS g;

=== ex gen ok
CREATE TABLE t (a int, b text, c timestamptz);
--- forward
ALTER TABLE t ADD COLUMN IF NOT EXISTS g text GENERATED ALWAYS AS (lower(b)) STORED, ADD COLUMN IF NOT EXISTS h date GENERATED ALWAYS AS ((c AT TIME ZONE 'UTC')::date) STORED;
--- rollback
ALTER TABLE t DROP COLUMN IF EXISTS g, DROP COLUMN IF EXISTS h;

=== ex gen sub
CREATE TABLE t (a int);
--- forward fails feature_not_supported
ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS ((SELECT 1)) STORED;
--- rollback
SELECT 1;

=== ex gen missing col
CREATE TABLE t (a int);
--- forward fails undefined_column
ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (z + 1) STORED;
--- rollback
SELECT 1;

=== ex gen age
CREATE TABLE t (a timestamptz);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN g interval GENERATED ALWAYS AS (age(a)) STORED;
--- rollback
SELECT 1;

=== ex gen type mismatch
CREATE TABLE t (a text);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (lower(a)) STORED;
--- rollback
SELECT 1;

=== ex gen partkey
SELECT 1;
--- forward fails invalid_object_definition
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a) STORED) PARTITION BY RANGE (g);
--- rollback
SELECT 1;

=== ex view groupby
CREATE TABLE t (a int, b text);
--- forward fails grouping_error
CREATE OR REPLACE VIEW v AS SELECT a, b, count(*) FROM t GROUP BY a;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view groupby pk ok
CREATE TABLE t (a int PRIMARY KEY, b text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT a, b, count(*) FROM t GROUP BY a;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view agg nogroup
CREATE TABLE t (a int, b text);
--- forward fails grouping_error
CREATE OR REPLACE VIEW v AS SELECT b, max(a) FROM t;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view groupby num ok
CREATE TABLE t (a int, b text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT lower(b) AS b, max(a) m FROM t GROUP BY 1 ORDER BY 2;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view where agg
CREATE TABLE t (a int, b text);
--- forward fails grouping_error
CREATE OR REPLACE VIEW v AS SELECT b FROM t WHERE count(*) > 1 GROUP BY b;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view distinct on ok
CREATE TABLE t (a int, b text);
--- forward
CREATE OR REPLACE VIEW v AS SELECT DISTINCT ON (b) b, a FROM t ORDER BY b, a DESC;
--- rollback
DROP VIEW IF EXISTS v;

=== ex view unknown cols
CREATE TABLE t (a int);
--- forward fails syntax_error
CREATE OR REPLACE VIEW v (x, y) AS SELECT a FROM t;
--- rollback
DROP VIEW IF EXISTS v;

=== ex using no cast
CREATE TABLE t (a text);
--- forward fails datatype_mismatch
ALTER TABLE t ALTER a TYPE int;
--- rollback
ALTER TABLE t ALTER a TYPE text;

=== ex using bool int
CREATE TABLE t (a bool);
--- forward fails datatype_mismatch
ALTER TABLE t ALTER a TYPE int;
--- rollback
ALTER TABLE t ALTER a TYPE bool;

=== ex using bool int ok
CREATE TABLE t (a bool);
--- forward
ALTER TABLE t ALTER a TYPE int USING a::int;
--- rollback
ALTER TABLE t ALTER a TYPE bool USING a::bool;

=== ex using int text back
CREATE TABLE t (a int);
--- forward
ALTER TABLE t ALTER a TYPE text;
--- rollback fails datatype_mismatch
ALTER TABLE t ALTER a TYPE int;

=== ex using agg
CREATE TABLE t (a text);
--- forward fails grouping_error
ALTER TABLE t ALTER a TYPE int USING max(a)::int;
--- rollback
SELECT 1;

=== ex default uncastable
CREATE TABLE t (a text DEFAULT 'x');
--- forward fails datatype_mismatch
ALTER TABLE t ALTER a TYPE int USING a::int;
--- rollback
SELECT 1;

=== ex default recast ok
CREATE TABLE t (a varchar(5) DEFAULT 'x');
--- forward
ALTER TABLE t ALTER a TYPE text;
--- rollback
ALTER TABLE t ALTER a TYPE varchar(5);

=== ex default bool int
CREATE TABLE t (a int DEFAULT 0);
--- forward fails datatype_mismatch
ALTER TABLE t ALTER a TYPE bool USING a <> 0;
--- rollback
SELECT 1;

=== ex identity text
SELECT 1;
--- forward fails invalid_parameter_value
CREATE TABLE t (a text GENERATED ALWAYS AS IDENTITY);
--- rollback
DROP TABLE t;

=== ex identity nullable
CREATE TABLE t (a int);
--- forward fails object_not_in_prerequisite_state
ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY;
--- rollback
ALTER TABLE t ALTER a DROP IDENTITY;

=== ex identity default
CREATE TABLE t (a int NOT NULL DEFAULT 1);
--- forward fails object_not_in_prerequisite_state
ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY;
--- rollback
SELECT 1;

=== ex domain default bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE DOMAIN d AS int DEFAULT 'x';
--- rollback
DROP DOMAIN d;

=== ex domain check bad
SELECT 1;
--- forward fails undefined_function
CREATE DOMAIN d AS text CHECK (VALUE > 0);
--- rollback
DROP DOMAIN d;

=== ex varchar zero
SELECT 1;
--- forward fails invalid_parameter_value
CREATE TABLE t (a varchar(0));
--- rollback
DROP TABLE t;

=== ex interval bad
SELECT 1;
--- forward fails invalid_datetime_format
CREATE TABLE t (a interval DEFAULT '5 foo');
--- rollback
DROP TABLE t;

=== ex inet bad
SELECT 1;
--- forward fails invalid_text_representation
CREATE TABLE t (a inet DEFAULT 'localhost');
--- rollback
DROP TABLE t;

=== ex insert text int
CREATE TABLE t (a int, b text);
--- forward fails invalid_text_representation
INSERT INTO t (a) VALUES ('x');
--- rollback
SELECT 1;

=== ex insert bool
CREATE TABLE t (a bool, b text);
--- forward fails datatype_mismatch
INSERT INTO t (a) VALUES (1);
--- rollback
SELECT 1;

=== ex insert text from int ok
CREATE TABLE t (a bool, b text);
--- forward
DELETE FROM t; INSERT INTO t (b) VALUES (1);
--- rollback
SELECT 1;

=== ex case types
CREATE TABLE t (a int, b text);
--- forward fails invalid_text_representation
UPDATE t SET b = CASE WHEN a = 1 THEN 'x' ELSE a END;
--- rollback
SELECT 1;

=== ex case types2
CREATE TABLE t (a int, b text);
--- forward fails datatype_mismatch
UPDATE t SET b = CASE WHEN a = 1 THEN b ELSE a END;
--- rollback
SELECT 1;

=== q hash
CREATE TABLE t (a int, b int);
--- forward fails feature_not_supported
CREATE INDEX i ON t USING spgist (a, b);
--- rollback
SELECT 1;

=== q gin include
CREATE TABLE t (a int[], b int);
--- forward fails feature_not_supported
CREATE INDEX i ON t USING gin (a) INCLUDE (b);
--- rollback
SELECT 1;

=== q spgist include ok
CREATE TABLE t (a text, b int);
--- forward
CREATE INDEX IF NOT EXISTS i ON t USING spgist (a) INCLUDE (b);
--- rollback
DROP INDEX IF EXISTS i;

=== q hash include
CREATE TABLE t (a text, b int);
--- forward fails feature_not_supported
CREATE INDEX IF NOT EXISTS i ON t USING hash (a) INCLUDE (b);
--- rollback
DROP INDEX IF EXISTS i;

=== q gist unique
CREATE TABLE t (a point, b int);
--- forward fails feature_not_supported
CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING gist (a);
--- rollback
DROP INDEX IF EXISTS i;

=== q gen pipes tz
CREATE TABLE t (a int, b text, c timestamptz);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN g text GENERATED ALWAYS AS (b || c) STORED;
--- rollback
ALTER TABLE t DROP COLUMN g;

=== q arr cast ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a text[] DEFAULT ARRAY[]::text[], b int[] DEFAULT CAST(ARRAY[] AS int[]), c int[] DEFAULT ARRAY[ARRAY[]]::int[]);
--- rollback
DROP TABLE IF EXISTS t;

=== q identity serial
CREATE TABLE t (a serial PRIMARY KEY);
--- forward fails object_not_in_prerequisite_state
ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY;
--- rollback
SELECT 1;

=== q domain regexp
SELECT 1;
--- forward fails undefined_function
CREATE DOMAIN d AS int CHECK (VALUE ~ '^a');
--- rollback
DROP DOMAIN d;

=== q part ins
CREATE FUNCTION h(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE TABLE a (id int, at text) PARTITION BY LIST (h(id));
--- forward again undefined_function
DROP FUNCTION h(int) CASCADE;
--- rollback differs
SELECT 1;

=== q interval ok
SELECT 1;
--- forward fails invalid_datetime_format
CREATE TABLE IF NOT EXISTS t (a interval DEFAULT '5 minutes', b interval DEFAULT '1 day 2:00', c interval DEFAULT 'P1D', d interval DEFAULT '30 Days', e interval DEFAULT '1 fortnight');
--- rollback
DROP TABLE IF EXISTS t;

=== q date feb
SELECT 1;
--- forward fails datetime_field_overflow
CREATE TABLE IF NOT EXISTS t (a date DEFAULT '2021-02-29');
--- rollback
DROP TABLE IF EXISTS t;

=== q date ok
SELECT 1;
--- forward
CREATE TABLE IF NOT EXISTS t (a date DEFAULT '2020-02-29', b timestamp DEFAULT '1970-01-01 00:00:00', c timestamptz DEFAULT '1970-01-01T00:00:00Z', d date DEFAULT '20200101', e date DEFAULT 'Jan 5 2020', f inet DEFAULT '::1', g inet DEFAULT '10.0.0.0/8');
--- rollback
DROP TABLE IF EXISTS t;

=== q view cols ok
CREATE TABLE t (a int, b int);
--- forward
CREATE OR REPLACE VIEW v (x) AS SELECT a, b FROM t;
--- rollback
DROP VIEW IF EXISTS v;

=== q numeric
SELECT 1;
--- forward fails invalid_parameter_value
CREATE TABLE t (a numeric(2000));
--- rollback
SELECT 1;

=== q class ok
CREATE TABLE t (a varchar(5), b text, c inet, d cidr, e char(3), f int[], g uuid, h jsonb, i tsrange, j timestamptz);
--- forward
CREATE INDEX IF NOT EXISTS i1 ON t (a varchar_pattern_ops, b text_pattern_ops, e bpchar_pattern_ops, d cidr_ops); CREATE INDEX IF NOT EXISTS i2 ON t USING gin (f array_ops, h jsonb_path_ops); CREATE INDEX IF NOT EXISTS i3 ON t (b varchar_pattern_ops, a text_pattern_ops, a varchar_ops); CREATE INDEX IF NOT EXISTS i4 ON t USING gist (c inet_ops, i range_ops); CREATE INDEX IF NOT EXISTS i5 ON t USING brin (g uuid_bloom_ops, j timestamptz_minmax_multi_ops);
--- rollback
DROP INDEX IF EXISTS i1, i2, i3, i4, i5;

=== q class int8
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
CREATE INDEX i ON t (a int8_ops);
--- rollback
DROP INDEX i;

=== q class bpchar text
CREATE TABLE t (a char(3), b text);
--- forward fails datatype_mismatch
CREATE INDEX i ON t (a text_pattern_ops); CREATE INDEX j ON t (b bpchar_pattern_ops);
--- rollback
DROP INDEX i;

=== body atomic unknown label
CREATE TYPE e AS ENUM ('a');CREATE TABLE t (s e);
--- forward fails invalid_text_representation
CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT count(*) FROM t WHERE s = 'c'; END;
--- rollback
DROP FUNCTION IF EXISTS f();

=== body return unknown column
SELECT 1;
--- forward fails undefined_column
CREATE OR REPLACE FUNCTION f(x int) RETURNS int RETURN x + y;
--- rollback
DROP FUNCTION IF EXISTS f(int);

=== body return types
CREATE TABLE t (a int, b text);
--- forward fails undefined_function
CREATE OR REPLACE FUNCTION f(x t) RETURNS int RETURN (SELECT 1 FROM t WHERE a = b);
--- rollback
DROP FUNCTION IF EXISTS f(t);

=== body stored ok
CREATE TYPE e AS ENUM ('a', 'b');CREATE TABLE t (s e, n int);
--- forward
CREATE OR REPLACE FUNCTION f(x int) RETURNS e BEGIN ATOMIC INSERT INTO t VALUES ('a', x); SELECT s FROM t WHERE s = 'b' LIMIT x; END;
CREATE OR REPLACE FUNCTION g(a text DEFAULT 'RETURN 1') RETURNS int LANGUAGE sql RETURN length(a);
CREATE OR REPLACE FUNCTION h(VARIADIC a int[]) RETURNS text RETURN CASE WHEN a[1] > 0 THEN 'END' ELSE 'b;' END;
CREATE OR REPLACE FUNCTION i(t) RETURNS int RETURN ($1).n + 1;
CREATE OR REPLACE FUNCTION j(s e) RETURNS bool RETURN s = 'a';
CREATE OR REPLACE FUNCTION k() RETURNS void LANGUAGE sql BEGIN ATOMIC END;
CREATE OR REPLACE PROCEDURE p(x int) BEGIN ATOMIC DELETE FROM t WHERE n = x; END;
--- rollback
DROP FUNCTION IF EXISTS f(int), g(text), h(int[]), i(t), j(e), k();
DROP PROCEDURE IF EXISTS p(int);
