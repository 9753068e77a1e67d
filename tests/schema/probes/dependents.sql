-- What stands in the way of a drop or a change of type, and what goes along.

=== type view
CREATE TABLE t (a int, b int);CREATE VIEW v AS SELECT a FROM t;
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type rule
CREATE TABLE t (a int, b int);CREATE TABLE l (x int);
CREATE RULE r AS ON UPDATE TO t WHERE NEW.a > 1 DO ALSO INSERT INTO l VALUES (OLD.b);
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type rule b
CREATE TABLE t (a int, b int);CREATE TABLE l (x int);
CREATE RULE r AS ON UPDATE TO t WHERE NEW.a > 1 DO ALSO INSERT INTO l VALUES (OLD.b);
--- forward fails feature_not_supported
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
SELECT 1;

=== type rule l
CREATE TABLE t (a int, b int);CREATE TABLE l (x int);
CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO l (x) VALUES (OLD.b);
--- forward fails feature_not_supported
ALTER TABLE l ALTER x TYPE bigint;
--- rollback
SELECT 1;

=== drop rule l
CREATE TABLE t (a int, b int);CREATE TABLE l (x int, y int);
CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO l (x) VALUES (OLD.b);
--- forward again undefined_column
ALTER TABLE l DROP y;
--- rollback again duplicate_column
ALTER TABLE l ADD y int;

=== drop rule lx
CREATE TABLE t (a int, b int);CREATE TABLE l (x int, y int);
CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO l (x) VALUES (OLD.b);
--- forward fails dependent_objects_still_exist
ALTER TABLE l DROP x;
--- rollback
ALTER TABLE l ADD x int;

=== type trig when
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION tf();
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type trig when other
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION tf();
--- forward
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
ALTER TABLE t ALTER b TYPE int;

=== type trig when row
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION tf();
--- forward
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
ALTER TABLE t ALTER b TYPE int;

=== type trig of
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION tf();
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== drop trig when
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION tf();
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== drop trig when row
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION tf();
--- forward again undefined_column
ALTER TABLE t DROP b;
--- rollback again duplicate_column
ALTER TABLE t ADD b int;

=== drop trig cascade
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION tf();
--- forward again undefined_column
ALTER TABLE t DROP a CASCADE;
--- rollback differs again duplicate_column
ALTER TABLE t ADD a int;

=== type pol other
CREATE TABLE t (a int, b int);CREATE TABLE o (id int, own int);
ALTER TABLE o ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON o USING (EXISTS (SELECT FROM t WHERE t.a = o.own));
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type pol own sub
CREATE TABLE t (a int, b int);CREATE TABLE o (id int, own int);
CREATE POLICY p ON o USING (EXISTS (SELECT FROM t WHERE a = own));
--- forward fails feature_not_supported
ALTER TABLE o ALTER own TYPE bigint;
--- rollback
SELECT 1;

=== drop pol other
CREATE TABLE t (a int, b int);CREATE TABLE o (id int, own int);
CREATE POLICY p ON o USING (own IN (SELECT a FROM t));
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== droptable pol other
CREATE TABLE t (a int, b int);CREATE TABLE o (id int, own int);
CREATE POLICY p ON o USING (own IN (SELECT a FROM t));
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== drop pol cascade
CREATE TABLE t (a int, b int);CREATE POLICY p ON t USING (a = 1);
--- forward again undefined_column
ALTER TABLE t DROP a CASCADE;
--- rollback differs again duplicate_column
ALTER TABLE t ADD a int;

=== type pol check
CREATE TABLE t (a int, b int);CREATE POLICY p ON t FOR INSERT WITH CHECK (b = 1);
--- forward fails feature_not_supported
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
SELECT 1;

=== type pol altered
CREATE TABLE t (a int, b int);CREATE POLICY p ON t USING (b = 1);
ALTER POLICY p ON t USING (a = 1);
--- forward
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
ALTER TABLE t ALTER b TYPE int;

=== type gen
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a*2) STORED);
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type gen self
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a*2) STORED);
--- forward
ALTER TABLE t ALTER g TYPE bigint;
--- rollback
ALTER TABLE t ALTER g TYPE int;

=== type gen using
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a*2) STORED);
--- forward fails invalid_column_definition
ALTER TABLE t ALTER g TYPE bigint USING g::bigint;
--- rollback
ALTER TABLE t ALTER g TYPE int;

=== drop gen
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a*2) STORED);
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== drop gen cascade
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a*2) STORED);
--- forward again undefined_column
ALTER TABLE t DROP a CASCADE;
--- rollback differs again duplicate_column
ALTER TABLE t ADD a int;

=== type pub where
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t WHERE (a > 1);
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type pub cols
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t (a);
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
ALTER TABLE t ALTER a TYPE int;

=== drop pub where
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t WHERE (a > 1);
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== drop pub cols
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t (a);
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== drop pub table
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t;
--- forward again undefined_table
DROP TABLE t;
--- rollback differs again duplicate_table
CREATE TABLE t (a int, b int);

=== drop pub cols b
CREATE TABLE t (a int, b int);CREATE PUBLICATION pu FOR TABLE t (a);
--- forward again undefined_column
ALTER TABLE t DROP b;
--- rollback again duplicate_column
ALTER TABLE t ADD b int;

=== drop atomic
CREATE TABLE t (a int, b int);CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== drop atomic b
CREATE TABLE t (a int, b int);CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;
--- forward again undefined_column
ALTER TABLE t DROP b;
--- rollback again duplicate_column
ALTER TABLE t ADD b int;

=== drop atomic return
CREATE TABLE t (a int, b int);CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN (SELECT max(a) FROM t);
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== drop atomic fn
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN g();
--- forward fails dependent_objects_still_exist
DROP FUNCTION g();
--- rollback
SELECT 1;

=== drop stringbody
CREATE TABLE t (a int, b int);CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(a) FROM t';
--- forward again undefined_column
ALTER TABLE t DROP a;
--- rollback again duplicate_column
ALTER TABLE t ADD a int;

=== type inh
CREATE TABLE t (a int, b int);CREATE TABLE c (x int) INHERITS (t);
--- forward fails invalid_table_definition
ALTER TABLE c ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== type inh parent
CREATE TABLE t (a int, b int);CREATE TABLE c (x int) INHERITS (t);
--- forward
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
ALTER TABLE t ALTER a TYPE int;

=== drop inh
CREATE TABLE t (a int, b int);CREATE TABLE c (x int) INHERITS (t);
--- forward fails invalid_table_definition
ALTER TABLE c DROP a;
--- rollback
SELECT 1;

=== rename inh
CREATE TABLE t (a int, b int);CREATE TABLE c (x int) INHERITS (t);
--- forward fails invalid_table_definition
ALTER TABLE c RENAME a TO z;
--- rollback
SELECT 1;

=== drop inh parent local
CREATE TABLE t (a int, b int);CREATE TABLE c (a int, x int) INHERITS (t);
--- forward again undefined_column
ALTER TABLE t DROP a;
--- rollback again duplicate_column
ALTER TABLE t ADD a int;

=== drop inh parent
CREATE TABLE t (a int, b int);CREATE TABLE c (x int) INHERITS (t);
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== type partkey expr
CREATE TABLE t (a int, b int) PARTITION BY RANGE ((a + 1));
--- forward fails invalid_table_definition
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== drop partkey expr
CREATE TABLE t (a int, b int) PARTITION BY RANGE ((a + 1));
--- forward fails invalid_table_definition
ALTER TABLE t DROP a;
--- rollback
SELECT 1;

=== comp attr
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (x int, y e);
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== comp attr cascade
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (x int, y e);
--- forward again undefined_object
DROP TYPE e CASCADE;
--- rollback again duplicate_object
CREATE TYPE e AS ENUM ('a');
ALTER TYPE c ADD ATTRIBUTE y e;

=== comp attr cascade2
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (x int, y e);
--- forward again undefined_object
DROP TYPE e CASCADE;
--- rollback fails duplicate_object
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (x int, y e);

=== comp used
CREATE TYPE c AS (x int);
CREATE TABLE t (a c);
--- forward fails feature_not_supported
ALTER TYPE c ALTER ATTRIBUTE x TYPE bigint;
--- rollback
SELECT 1;

=== comp used drop
CREATE TYPE c AS (x int, y int);
CREATE TABLE t (a c);
--- forward again undefined_column
ALTER TYPE c DROP ATTRIBUTE x;
--- rollback again duplicate_column
ALTER TYPE c ADD ATTRIBUTE x int;

=== rowtype arg
CREATE TABLE t (a int, b int);CREATE FUNCTION f(r t) RETURNS int LANGUAGE sql AS 'SELECT 1';
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== rowtype setof
CREATE TABLE t (a int, b int);CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== rowtype col
CREATE TABLE t (a int, b int);CREATE TABLE u (x t);
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== rowtype col alter
CREATE TABLE t (a int, b int);CREATE TABLE u (x t);
--- forward fails feature_not_supported
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
SELECT 1;

=== rowtype col add
CREATE TABLE t (a int, b int);CREATE TABLE u (x t);
--- forward again duplicate_column
ALTER TABLE t ADD c int;
--- rollback again undefined_column
ALTER TABLE t DROP c;

=== rowtype arr
CREATE TABLE t (a int, b int);CREATE TABLE u (x t[]);
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== rowtype view
CREATE TABLE t (a int, b int);CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v';
--- forward fails dependent_objects_still_exist
DROP VIEW v;
--- rollback
SELECT 1;

=== rowtype droptype
CREATE TABLE t (a int, b int);
--- forward fails dependent_objects_still_exist
DROP TYPE t;
--- rollback
SELECT 1;

=== fn ret type
CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION f() RETURNS e LANGUAGE sql AS 'SELECT ''a''::e';
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== fn table type
CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION f() RETURNS TABLE (x e) LANGUAGE sql AS 'SELECT ''a''::e';
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== domain base
CREATE TYPE e AS ENUM ('a');
CREATE DOMAIN d AS e;
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== domain col
CREATE DOMAIN d AS int;
CREATE TABLE t (a d);
--- forward fails dependent_objects_still_exist
DROP DOMAIN d;
--- rollback
SELECT 1;

=== domain check fn
CREATE FUNCTION ok(x int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE DOMAIN d AS int CHECK (ok(VALUE));
--- forward fails dependent_objects_still_exist
DROP FUNCTION ok(int);
--- rollback
SELECT 1;

=== range subtype
CREATE TYPE e AS ENUM ('a');
CREATE TYPE r AS RANGE (subtype = e);
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== cast type
CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION c(text) RETURNS e LANGUAGE sql IMMUTABLE AS 'SELECT ''a''::e';
CREATE CAST (text AS e) WITH FUNCTION c(text);
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== cast fn
CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION c(text) RETURNS e LANGUAGE sql IMMUTABLE AS 'SELECT ''a''::e';
CREATE CAST (text AS e) WITH FUNCTION c(text);
--- forward fails dependent_objects_still_exist
DROP FUNCTION c(text);
--- rollback
SELECT 1;

=== def keeps type
CREATE TYPE e AS ENUM ('a');
CREATE TABLE t (c text DEFAULT 'a'::e);
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== def keeps type cascade
CREATE TYPE e AS ENUM ('a');
CREATE TABLE t (c text DEFAULT ('a'::e)::text);
--- forward again undefined_object
DROP TYPE e CASCADE;
--- rollback differs again duplicate_object
CREATE TYPE e AS ENUM ('a');

=== idx where type
CREATE TYPE e AS ENUM ('a');
CREATE TABLE t (c e, d int);
CREATE INDEX i ON t (d) WHERE c = 'a';
--- forward again undefined_column
ALTER TABLE t DROP c;
--- rollback differs again duplicate_column
ALTER TABLE t ADD c e;

=== view cast type
CREATE TYPE e AS ENUM ('a');
CREATE TABLE t (c text);
CREATE VIEW v AS SELECT c::e AS x FROM t;
--- forward fails dependent_objects_still_exist
DROP TYPE e;
--- rollback
SELECT 1;

=== trig fn
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
--- forward fails dependent_objects_still_exist
DROP FUNCTION tf();
--- rollback
SELECT 1;

=== pol fn
CREATE TABLE t (a int, b int);CREATE FUNCTION ok(x int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE POLICY p ON t USING (ok(a));
--- forward fails dependent_objects_still_exist
DROP FUNCTION ok(int);
--- rollback
SELECT 1;

=== when fn
CREATE TABLE t (a int, b int);CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;CREATE FUNCTION ok(x int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (ok(NEW.a)) EXECUTE FUNCTION tf();
--- forward fails dependent_objects_still_exist
DROP FUNCTION ok(int);
--- rollback
SELECT 1;

=== gen fn
CREATE FUNCTION ok(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE t (a int, g int GENERATED ALWAYS AS (ok(a)) STORED);
--- forward fails dependent_objects_still_exist
DROP FUNCTION ok(int);
--- rollback
SELECT 1;

=== stat drop col
CREATE TABLE t (a int, b int);CREATE STATISTICS st ON a, b FROM t;
--- forward again undefined_column
ALTER TABLE t DROP a;
--- rollback differs again duplicate_column
ALTER TABLE t ADD a int;

=== stat type
CREATE TABLE t (a int, b int);CREATE STATISTICS st ON a, b FROM t;
--- forward
ALTER TABLE t ALTER a TYPE bigint;
--- rollback
ALTER TABLE t ALTER a TYPE int;

=== stat anon
CREATE TABLE t (a int, b int);CREATE STATISTICS ON a, b FROM t;
--- forward again undefined_object
DROP STATISTICS t_a_b_stat;
--- rollback again differs
CREATE STATISTICS ON a, b FROM t;

=== ext type view
CREATE EXTENSION citext;
CREATE TABLE t (c text);
CREATE VIEW v AS SELECT c::citext AS x FROM t;
--- forward fails dependent_objects_still_exist
DROP EXTENSION citext;
--- rollback
SELECT 1;

=== ext idx
CREATE EXTENSION pg_trgm;
CREATE TABLE t (c text);
CREATE INDEX i ON t USING gin (c gin_trgm_ops);
--- forward fails dependent_objects_still_exist
DROP EXTENSION pg_trgm;
--- rollback
SELECT 1;

=== ext fn default
CREATE EXTENSION fuzzystrmatch;
CREATE TABLE t (c text, d int DEFAULT levenshtein('a','b'));
--- forward fails dependent_objects_still_exist
DROP EXTENSION fuzzystrmatch;
--- rollback
SELECT 1;

=== ext cascade
CREATE EXTENSION citext;
CREATE TABLE t (a int, c citext);
--- forward again undefined_object
DROP EXTENSION citext CASCADE;
--- rollback again duplicate_object
CREATE EXTENSION citext;
ALTER TABLE t ADD c citext;

=== ext unused
CREATE EXTENSION citext;
CREATE TABLE t (a int);
--- forward again undefined_object
DROP EXTENSION citext;
--- rollback again duplicate_object
CREATE EXTENSION citext;

=== ext fnarg
CREATE EXTENSION citext;
CREATE FUNCTION f(x citext) RETURNS int LANGUAGE sql AS 'SELECT 1';
--- forward fails dependent_objects_still_exist
DROP EXTENSION citext;
--- rollback
CREATE EXTENSION citext;

=== seq default
CREATE SEQUENCE s;
CREATE TABLE t (a int DEFAULT nextval('s'));
--- forward fails dependent_objects_still_exist
DROP SEQUENCE s;
--- rollback
SELECT 1;

=== seq owned other
CREATE TABLE o (a serial);
CREATE TABLE t (a int DEFAULT nextval('o_a_seq'));
--- forward fails dependent_objects_still_exist
DROP TABLE o;
--- rollback
SELECT 1;

=== seq owned cascade
CREATE TABLE o (a serial);
CREATE TABLE t (a int DEFAULT nextval('o_a_seq'));
--- forward again undefined_table
DROP TABLE o CASCADE;
--- rollback again duplicate_table
CREATE TABLE o (a serial);
ALTER TABLE t ALTER a SET DEFAULT nextval('o_a_seq');

=== fk drop unique
CREATE TABLE p (a int UNIQUE);
CREATE TABLE c (a int REFERENCES p (a));
--- forward fails dependent_objects_still_exist
ALTER TABLE p DROP CONSTRAINT p_a_key;
--- rollback
SELECT 1;

=== fk drop col
CREATE TABLE p (a int UNIQUE, b int);
CREATE TABLE c (a int REFERENCES p (a));
--- forward fails dependent_objects_still_exist
ALTER TABLE p DROP a;
--- rollback
SELECT 1;

=== fk self
CREATE TABLE p (a int PRIMARY KEY, b int REFERENCES p);
--- forward fails dependent_objects_still_exist
ALTER TABLE p DROP a;
--- rollback
SELECT 1;

=== fk self b
CREATE TABLE p (a int PRIMARY KEY, b int REFERENCES p);
--- forward again undefined_column
ALTER TABLE p DROP b;
--- rollback again duplicate_column
ALTER TABLE p ADD b int REFERENCES p;

=== view view
CREATE TABLE t (a int, b int);CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
--- forward fails dependent_objects_still_exist
DROP VIEW v;
--- rollback
SELECT 1;

=== view col through
CREATE TABLE t (a int, b int);CREATE VIEW v AS SELECT * FROM t;
--- forward fails dependent_objects_still_exist
ALTER TABLE t DROP b;
--- rollback
SELECT 1;

=== opclass fn
CREATE FUNCTION cmp(int,int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 cmp(int,int);
--- forward fails dependent_objects_still_exist
DROP FUNCTION cmp(int,int);
--- rollback
SELECT 1;

=== operator fn
CREATE FUNCTION fe(int,int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR === (LEFTARG=int,RIGHTARG=int,FUNCTION=fe);
--- forward fails dependent_objects_still_exist
DROP FUNCTION fe(int,int);
--- rollback
SELECT 1;

=== drop table matview
CREATE TABLE t (a int, b int);CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
--- forward fails dependent_objects_still_exist
DROP TABLE t;
--- rollback
SELECT 1;

=== schema cascade
CREATE SCHEMA s;
CREATE TABLE s.t (a int PRIMARY KEY);
CREATE TABLE c (a int REFERENCES s.t);
--- forward again invalid_schema_name
DROP SCHEMA s CASCADE;
--- rollback again duplicate_schema
CREATE SCHEMA s;
CREATE TABLE s.t (a int PRIMARY KEY);
ALTER TABLE c ADD FOREIGN KEY (a) REFERENCES s.t;

=== type atomic arg
CREATE TABLE t (a int, b int);CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql RETURN (SELECT b FROM t WHERE a = x);
--- forward fails feature_not_supported
ALTER TABLE t ALTER b TYPE bigint;
--- rollback
SELECT 1;
