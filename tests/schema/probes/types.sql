-- Defaults, checks, indexes, generated columns, views and statements: what fits, and what does not.

=== def int text
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x int DEFAULT 'x';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def int str
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int DEFAULT '5';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def bool str
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bool DEFAULT 't';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def bool bad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x bool DEFAULT 'maybe';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def bool 1
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x bool DEFAULT 1;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def bool str1
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bool DEFAULT '1';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def bool true
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bool DEFAULT true;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def text int
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text DEFAULT 5;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def varchar bool
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x varchar(5) DEFAULT true;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def arr brace
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text[] DEFAULT '{}';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def arr bracket
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x text[] DEFAULT '[]';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def arr ctor
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text[] DEFAULT ARRAY[]::text[];
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def arr ctor2
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x int[] DEFAULT ARRAY['a'];
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def arr word
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x int[] DEFAULT 'x';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def arr elem
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x int[] DEFAULT '{a}';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def arr elem2
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int[] DEFAULT '{1,2}';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def json obj
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x jsonb DEFAULT '{}';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def json bad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x jsonb DEFAULT 'x';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def json arr
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x json DEFAULT '[]';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def jsonb func
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x jsonb DEFAULT jsonb_build_object();
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def json text
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x jsonb DEFAULT 'null';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def json emptystr
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x jsonb DEFAULT '';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def ts now
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now();
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def ts fn
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x timestamp DEFAULT CURRENT_TIMESTAMP;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def date now
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x date DEFAULT now();
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def int now
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x int DEFAULT now();
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def ts empty
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_datetime_format
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT '';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def ts word
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT 'now';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def ts int
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT 0;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def date str
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x date DEFAULT '2020-01-01';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def uuid fn
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid();
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def uuid text
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()::text;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def text uuid
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text DEFAULT gen_random_uuid();
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def uuid bad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x uuid DEFAULT 'abc';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def num str
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x numeric DEFAULT '1.5';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def num bad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x numeric(4,2) DEFAULT 'a';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def int dec
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int DEFAULT 1.5;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def int float
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x int DEFAULT '1.5';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def epoch
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bigint DEFAULT extract(epoch from now());
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def epoch2
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bigint DEFAULT (extract(epoch from now())*1000)::bigint;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def enum ok
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x mood DEFAULT 'ok';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def enum bad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x mood DEFAULT 'x';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def enum cast
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x mood DEFAULT 'ok'::mood;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def enum castbad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x mood DEFAULT 'x'::mood;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def enum arr
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x mood[] DEFAULT '{ok}';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def enum arrbad
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x mood[] DEFAULT '{x}';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def enum text
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x mood DEFAULT 'ok'::text;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def dom ok
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x pos DEFAULT 5;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def dom str
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x pos DEFAULT 'x';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def sub
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails feature_not_supported
ALTER TABLE t ADD COLUMN x int DEFAULT (SELECT 1);
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def col
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails feature_not_supported
ALTER TABLE t ADD COLUMN x int DEFAULT a;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def agg
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails grouping_error
ALTER TABLE t ADD COLUMN x int DEFAULT sum(1);
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def nofn
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails undefined_function
ALTER TABLE t ADD COLUMN x text DEFAULT lower(1);
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def concat
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text DEFAULT 'a' || 1;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def interval
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x interval DEFAULT '1 day';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def tsplus
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now() + interval '1 day';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def tsplus2
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails undefined_function
ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now() + 1;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def dateplus
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x date DEFAULT current_date + 1;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def inet
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward fails invalid_text_representation
ALTER TABLE t ADD COLUMN x inet DEFAULT '';
--- rollback
ALTER TABLE t DROP COLUMN x;

=== def bytea
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bytea DEFAULT '';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def point
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x point DEFAULT '(0,0)';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def user
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text DEFAULT current_user;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def md5
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text DEFAULT md5(random()::text);
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def cast int
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bool DEFAULT 0::bool;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def neg
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int DEFAULT -1;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def bigstr
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bigint DEFAULT '9999999999';
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== def null
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE t (a int);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int DEFAULT NULL;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== idx now
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_function
CREATE INDEX x ON t ((c + now()));
--- rollback
DROP INDEX x;

=== idx nowwhere
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (a) WHERE c > now();
--- rollback
DROP INDEX x;

=== idx date
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((c::date));
--- rollback
DROP INDEX x;

=== idx dated
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((n::date));
--- rollback again undefined_object
DROP INDEX x;

=== idx trunc
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (date_trunc('day', c));
--- rollback
DROP INDEX x;

=== idx truncn
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (date_trunc('day', n));
--- rollback again undefined_object
DROP INDEX x;

=== idx concat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (concat(b, m));
--- rollback
DROP INDEX x;

=== idx cat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((b || m));
--- rollback again undefined_object
DROP INDEX x;

=== idx lower
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (lower(b));
--- rollback again undefined_object
DROP INDEX x;

=== idx tstext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((c::text));
--- rollback
DROP INDEX x;

=== idx inttext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((a::text));
--- rollback again undefined_object
DROP INDEX x;

=== idx tochar
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (to_char(c, 'YYYY'));
--- rollback
DROP INDEX x;

=== idx extract
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (extract(year from c));
--- rollback
DROP INDEX x;

=== idx extractn
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (extract(year from n));
--- rollback again undefined_object
DROP INDEX x;

=== idx attz
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((c AT TIME ZONE 'UTC'));
--- rollback again undefined_object
DROP INDEX x;

=== idx attzdate
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (((c AT TIME ZONE 'UTC')::date));
--- rollback again undefined_object
DROP INDEX x;

=== idx json
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t (g);
--- rollback
DROP INDEX x;

=== idx jsonb
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (f);
--- rollback again undefined_object
DROP INDEX x;

=== idx jsonpath
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((f->>'a'));
--- rollback again undefined_object
DROP INDEX x;

=== idx jsoncast
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (((f->>'a')::int));
--- rollback again undefined_object
DROP INDEX x;

=== idx jsondate
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (((f->>'a')::date));
--- rollback
DROP INDEX x;

=== idx jsonts
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (((f->>'a')::timestamptz));
--- rollback
DROP INDEX x;

=== idx ginjsonb
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gin (f);
--- rollback again undefined_object
DROP INDEX x;

=== idx gintext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t USING gin (b);
--- rollback
DROP INDEX x;

=== idx ginarr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gin (e);
--- rollback again undefined_object
DROP INDEX x;

=== idx ginint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t USING gin (a);
--- rollback
DROP INDEX x;

=== idx gistint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t USING gist (a);
--- rollback
DROP INDEX x;

=== idx gisttext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t USING gist (b);
--- rollback
DROP INDEX x;

=== idx gistrange
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gist (tstzrange(c, c));
--- rollback again undefined_object
DROP INDEX x;

=== idx hashjson
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t USING hash (g);
--- rollback
DROP INDEX x;

=== idx brin
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING brin (c);
--- rollback again undefined_object
DROP INDEX x;

=== idx spgist
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING spgist (b);
--- rollback again undefined_object
DROP INDEX x;

=== idx tsv
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t USING gin (to_tsvector(b));
--- rollback
DROP INDEX x;

=== idx tsven
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gin (to_tsvector('english', b));
--- rollback again undefined_object
DROP INDEX x;

=== idx tsvcol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gin (to_tsvector('english', coalesce(b,'') || ' ' || coalesce(m,'')));
--- rollback again undefined_object
DROP INDEX x;

=== idx imm
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (imm(b));
--- rollback again undefined_object
DROP INDEX x;

=== idx vol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (vol(b));
--- rollback again undefined_object
DROP INDEX x;

=== idx coalesce
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (coalesce(b, ''));
--- rollback again undefined_object
DROP INDEX x;

=== idx sub
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails syntax_error
CREATE INDEX x ON t ((SELECT 1));
--- rollback
DROP INDEX x;

=== idx agg
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails grouping_error
CREATE INDEX x ON t (sum(a));
--- rollback
DROP INDEX x;

=== idx wherebool
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (a) WHERE i;
--- rollback again undefined_object
DROP INDEX x;

=== idx whereint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails datatype_mismatch
CREATE INDEX x ON t (a) WHERE a;
--- rollback
DROP INDEX x;

=== idx wherestr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (a) WHERE b = 'x';
--- rollback again undefined_object
DROP INDEX x;

=== idx wherenull
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (a) WHERE b IS NOT NULL;
--- rollback again undefined_object
DROP INDEX x;

=== idx jsonbops
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t USING gin (f jsonb_path_ops);
--- rollback again undefined_object
DROP INDEX x;

=== idx bool
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (i);
--- rollback again undefined_object
DROP INDEX x;

=== idx arr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (e);
--- rollback again undefined_object
DROP INDEX x;

=== idx expr nocol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_column
CREATE INDEX x ON t (lower(zz));
--- rollback
DROP INDEX x;

=== idx pointbt
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails undefined_object
CREATE INDEX x ON t (point(1,2));
--- rollback
DROP INDEX x;

=== idx case
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((CASE WHEN i THEN a END));
--- rollback again undefined_object
DROP INDEX x;

=== idx md5
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (md5(b));
--- rollback again undefined_object
DROP INDEX x;

=== idx regexp
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (regexp_replace(b, 'a', 'b'));
--- rollback again undefined_object
DROP INDEX x;

=== idx dateadd
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((d + 1));
--- rollback again undefined_object
DROP INDEX x;

=== idx tsadd
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((c + interval '1 day'));
--- rollback
DROP INDEX x;

=== idx nadd
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((n + interval '1 day'));
--- rollback again undefined_object
DROP INDEX x;

=== idx array2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (array_to_string(e, ','));
--- rollback
DROP INDEX x;

=== idx greatest
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (greatest(a, l));
--- rollback again undefined_object
DROP INDEX x;

=== idx casttextdate
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((b::date));
--- rollback
DROP INDEX x;

=== idx enumtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (a, b DESC);
--- rollback again undefined_object
DROP INDEX x;

=== idx encode
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (encode(p, 'hex'));
--- rollback again undefined_object
DROP INDEX x;

=== idx age
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t (age(c));
--- rollback
DROP INDEX x;

=== idx ageb
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t (age(n, n));
--- rollback again undefined_object
DROP INDEX x;

=== idx bpchar
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((b::char(3)));
--- rollback again undefined_object
DROP INDEX x;

=== idx numtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((h::text));
--- rollback again undefined_object
DROP INDEX x;

=== idx floattext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((h::float8::text));
--- rollback again undefined_object
DROP INDEX x;

=== idx uuidtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward again duplicate_table
CREATE INDEX x ON t ((k::text));
--- rollback again undefined_object
DROP INDEX x;

=== idx dtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((d::text));
--- rollback
DROP INDEX x;

=== idx ntext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((n::text));
--- rollback
DROP INDEX x;

=== idx otext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE FUNCTION imm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
--- forward fails invalid_object_definition
CREATE INDEX x ON t ((o::text));
--- rollback
DROP INDEX x;

=== chk int
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (a);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk bool
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (i);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk textint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (b > 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk textintlit
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b > '5');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk intstr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_text_representation
ALTER TABLE t ADD CONSTRAINT x CHECK (a > 'x');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk intstr2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a > '5');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk datestr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (d > '2020-01-01');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk tsnow
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (c < now());
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk len
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (length(b) > 5);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk lenint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (length(a) > 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk like
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b LIKE 'a%');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk likeint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (a LIKE 'a%');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk regex
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b ~ '^a');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk in
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b IN ('a','b'));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk inint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_text_representation
ALTER TABLE t ADD CONSTRAINT x CHECK (a IN ('a','b'));
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk inmix
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a IN (1, 2.5));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk sub
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails feature_not_supported
ALTER TABLE t ADD CONSTRAINT x CHECK (a IN (SELECT 1));
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsontype
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (jsonb_typeof(f) = 'object');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsontypebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (jsonb_typeof(g) = 'object');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsonq
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (f ? 'a');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsonq2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (g ? 'a');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk arrlen
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (array_length(e, 1) > 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk card
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (cardinality(e) < 5);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk coalesce
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_text_representation
ALTER TABLE t ADD CONSTRAINT x CHECK (coalesce(a, 'x') = 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk coalesce2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (coalesce(a, 0) = 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk and
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (a AND i);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk num
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (h > 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk numtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (h > b);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk boolint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (i = 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk boolstr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (i = 'yes');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk uuidtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (k = b);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk uuidstr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (k <> '00000000-0000-0000-0000-000000000000');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk between
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a BETWEEN 1 AND 5);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk betweenstr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (b BETWEEN 1 AND 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk intbig
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a < l);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk datets
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (d < c);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk tsint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (c > 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk xor
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK ((a IS NULL) <> (b IS NULL));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk numnonnulls
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (num_nonnulls(a, b) = 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk agg
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails grouping_error
ALTER TABLE t ADD CONSTRAINT x CHECK (sum(a) > 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk any
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a = ANY ('{1,2}'));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk anyarr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b = ANY (ARRAY['x','y']));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk anyarrint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (a = ANY (ARRAY['x','y']));
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk anyarrint2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (b = ANY (ARRAY[1]));
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk null
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (NULL);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk str
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_text_representation
ALTER TABLE t ADD CONSTRAINT x CHECK ('x');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk strtrue
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK ('true');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk nocol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_column
ALTER TABLE t ADD CONSTRAINT x CHECK (zz > 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk own
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (t.a > 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk ownbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_table
ALTER TABLE t ADD CONSTRAINT x CHECK (q.a > 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk mod
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a % 2 = 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk modtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (b % 2 = 0);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk plus
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (a + b > 1);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk cat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a || b = 'x');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk catint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (a || a = 'x');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk is
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (i IS TRUE);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk isint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (a IS TRUE);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk case
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (CASE WHEN a > 1 THEN i ELSE true END);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk casebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (CASE WHEN a > 1 THEN i ELSE 1 END);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk extract
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (extract(hour from c) > 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk intervalcmp
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (o > '1 hour');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk intervalint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (o > 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk bytea
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (length(p) > 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk upper
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (upper(b) = b);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk daterange
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (d - d > 5);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk tsdiff
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (c - c > interval '1 day');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk tsdiffint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (c - c > 5);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk trim
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (trim(b) <> '');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk substr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (substring(b from 1 for 2) = 'x');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk position
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (position('a' in b) > 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk overl
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK ((d, d) OVERLAPS (d, d));
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk isdistinct
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (a IS DISTINCT FROM 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk isdistincttext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (a IS DISTINCT FROM b);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk charlen
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (char_length(b) = 2);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk similar
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (b SIMILAR TO 'a');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk not
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (NOT i);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk notint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (NOT a);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk power
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (power(a,2) > 1);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk round
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (round(h, 2) = h);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk roundfloat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (round(h::float8, 2) = h);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk greatest
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (greatest(a, l) > 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsonarrow
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK ((f->>'x')::int > 0);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsonarrow2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (f->'x' > 0);
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsoncmp
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (f = '{}');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk jsoncmp2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_function
ALTER TABLE t ADD CONSTRAINT x CHECK (g = '{}');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk arrcontains
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (e @> ARRAY['a']);
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk arrcontains2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_text_representation
ALTER TABLE t ADD CONSTRAINT x CHECK (e @> 'a');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== chk arrsub
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_object
ALTER TABLE t ADD CONSTRAINT x CHECK (e[1] = 'a');
--- rollback again undefined_object
ALTER TABLE t DROP CONSTRAINT x;

=== chk arrsub2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD CONSTRAINT x CHECK (b[1] = 'a');
--- rollback
ALTER TABLE t DROP CONSTRAINT x;

=== gen add
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen cat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (b || m) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen concat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (concat(b, m)) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen tsv
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x tsvector GENERATED ALWAYS AS (to_tsvector(b)) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen tsven
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x tsvector GENERATED ALWAYS AS (to_tsvector('english', b)) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen date
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x date GENERATED ALWAYS AS (c::date) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen daten
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x date GENERATED ALWAYS AS (n::date) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen text
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (a) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen textint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (b) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen numint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (h) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen tstext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (c) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen lower
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (lower(b)) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen now
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x timestamptz GENERATED ALWAYS AS (now()) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen year
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (extract(year from d)) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen jsonts
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x timestamptz GENERATED ALWAYS AS ((f->>'x')::timestamptz) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen nocol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails undefined_column
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (zz) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen sub
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails feature_not_supported
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS ((SELECT 1)) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen self
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (x) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen setweight
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', coalesce(b,'')), 'A')) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen md5
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x text GENERATED ALWAYS AS (md5(b)) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen caseb
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x bool GENERATED ALWAYS AS (a > 0) STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen boolint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails datatype_mismatch
ALTER TABLE t ADD COLUMN x bool GENERATED ALWAYS AS (a) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== gen jsoncat
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward again duplicate_column
ALTER TABLE t ADD COLUMN x jsonb GENERATED ALWAYS AS (f || '{}') STORED;
--- rollback again undefined_column
ALTER TABLE t DROP COLUMN x;

=== gen random
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);
--- forward fails invalid_object_definition
ALTER TABLE t ADD COLUMN x float8 GENERATED ALWAYS AS (random()) STORED;
--- rollback
ALTER TABLE t DROP COLUMN x;

=== view join
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT t.a FROM t JOIN u ON t.b = u.z;
--- rollback
DROP VIEW x;

=== view join2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT t.a FROM t JOIN u ON t.a = u.z;
--- rollback again undefined_table
DROP VIEW x;

=== view using
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT * FROM u JOIN (SELECT a, h FROM t) q USING (a);
--- rollback again undefined_table
DROP VIEW x;

=== view nogroup
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails grouping_error
CREATE VIEW x AS SELECT a, count(*) FROM t;
--- rollback
DROP VIEW x;

=== view group
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, count(*) FROM t GROUP BY a;
--- rollback again undefined_table
DROP VIEW x;

=== view groupbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails grouping_error
CREATE VIEW x AS SELECT a, b FROM t GROUP BY a;
--- rollback
DROP VIEW x;

=== view grouppk
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, b FROM u GROUP BY a;
--- rollback again undefined_table
DROP VIEW x;

=== view grouppk2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT u.b, count(t.a) FROM u JOIN t ON t.a = u.a GROUP BY u.a;
--- rollback again undefined_table
DROP VIEW x;

=== view groupexpr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT lower(b), count(*) FROM t GROUP BY lower(b);
--- rollback again undefined_table
DROP VIEW x;

=== view groupord
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT b, count(*) FROM t GROUP BY 1;
--- rollback again undefined_table
DROP VIEW x;

=== view groupalias
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT lower(b) AS x, count(*) FROM t GROUP BY x;
--- rollback again undefined_table
DROP VIEW x;

=== view having
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a FROM t GROUP BY a HAVING count(*) > 1;
--- rollback again undefined_table
DROP VIEW x;

=== view havingbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails grouping_error
CREATE VIEW x AS SELECT a FROM t GROUP BY a HAVING b = 'x';
--- rollback
DROP VIEW x;

=== view distinct
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, c;
--- rollback again undefined_table
DROP VIEW x;

=== view window
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, row_number() OVER (PARTITION BY b ORDER BY c) FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view windowagg
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, sum(a) OVER (PARTITION BY b) FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view union
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a FROM t UNION SELECT z FROM u;
--- rollback again undefined_table
DROP VIEW x;

=== view unionbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT a FROM t UNION SELECT b FROM u;
--- rollback
DROP VIEW x;

=== view unioncount
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails syntax_error
CREATE VIEW x AS SELECT a, b FROM t UNION SELECT a FROM u;
--- rollback
DROP VIEW x;

=== view unionnull
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, NULL FROM t UNION SELECT a, z FROM u;
--- rollback again undefined_table
DROP VIEW x;

=== view nocol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT zz FROM t;
--- rollback
DROP VIEW x;

=== view noalias
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_table
CREATE VIEW x AS SELECT q.a FROM t;
--- rollback
DROP VIEW x;

=== view ambig
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails ambiguous_column
CREATE VIEW x AS SELECT b FROM t JOIN u ON t.a = u.a;
--- rollback
DROP VIEW x;

=== view ambiga
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails ambiguous_column
CREATE VIEW x AS SELECT a FROM t, u;
--- rollback
DROP VIEW x;

=== view subq
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT q.n FROM (SELECT count(*) AS n FROM t) q;
--- rollback again undefined_table
DROP VIEW x;

=== view subqbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT q.zz FROM (SELECT count(*) AS n FROM t) q;
--- rollback
DROP VIEW x;

=== view cte
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS WITH q AS (SELECT a FROM t) SELECT a FROM q;
--- rollback again undefined_table
DROP VIEW x;

=== view ctebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS WITH q AS (SELECT a FROM t) SELECT b FROM q;
--- rollback
DROP VIEW x;

=== view lateral
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT t.a, q.z FROM t, LATERAL (SELECT z FROM u WHERE u.a = t.a) q;
--- rollback again undefined_table
DROP VIEW x;

=== view nolateral
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_table
CREATE VIEW x AS SELECT t.a, q.z FROM t, (SELECT z FROM u WHERE u.a = t.a) q;
--- rollback
DROP VIEW x;

=== view exists
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a);
--- rollback again undefined_table
DROP VIEW x;

=== view in
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT a FROM t WHERE a IN (SELECT b FROM u);
--- rollback
DROP VIEW x;

=== view in2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a FROM t WHERE a IN (SELECT z FROM u);
--- rollback again undefined_table
DROP VIEW x;

=== view scalar
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT (SELECT max(z) FROM u WHERE u.a = t.a) AS m FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view scalar2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails syntax_error
CREATE VIEW x AS SELECT (SELECT a, z FROM u) AS m FROM t;
--- rollback
DROP VIEW x;

=== view case
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT CASE WHEN a > 1 THEN 'x' ELSE b END AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view casebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT CASE WHEN a > 1 THEN a ELSE b END AS y FROM t;
--- rollback
DROP VIEW x;

=== view coalesce
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT coalesce(a, b) AS x FROM t;
--- rollback
DROP VIEW x;

=== view coalesce2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT coalesce(c, now()) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view wherebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT a FROM t WHERE a;
--- rollback
DROP VIEW x;

=== view whereagg
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails grouping_error
CREATE VIEW x AS SELECT a FROM t WHERE count(*) > 1;
--- rollback
DROP VIEW x;

=== view order
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a AS z FROM t ORDER BY z;
--- rollback again undefined_table
DROP VIEW x;

=== view orderbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT a FROM t ORDER BY zz;
--- rollback
DROP VIEW x;

=== view limit
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a FROM t LIMIT 5;
--- rollback again undefined_table
DROP VIEW x;

=== view array
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT array_agg(b) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view jsonagg
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT json_agg(t.*) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view rowtojson
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT row_to_json(t) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view whole
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT t AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view unnest
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT unnest(e) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view unnest2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT x FROM t, unnest(e) AS x;
--- rollback again undefined_table
DROP VIEW x;

=== view unnestbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT y FROM t, unnest(e) AS x;
--- rollback
DROP VIEW x;

=== view gs
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT g FROM generate_series(1, 5) AS g;
--- rollback again undefined_table
DROP VIEW x;

=== view gsd
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT g::date AS d FROM generate_series('2020-01-01'::date, '2020-02-01'::date, '1 day') AS g;
--- rollback again undefined_table
DROP VIEW x;

=== view jsoneach2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT key, value FROM t, jsonb_each_text(f);
--- rollback again undefined_table
DROP VIEW x;

=== view recursive
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS WITH RECURSIVE q(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM q WHERE n < 5) SELECT n FROM q;
--- rollback again undefined_table
DROP VIEW x;

=== view values
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT x FROM (VALUES (1, 'a'), (2, 'b')) AS q(x, y);
--- rollback again undefined_table
DROP VIEW x;

=== view values2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT z FROM (VALUES (1, 'a'), (2, 'b')) AS q(x, y);
--- rollback
DROP VIEW x;

=== view aliascols
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT x FROM u AS q(x, y, w);
--- rollback again undefined_table
DROP VIEW x;

=== view aliascols2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT a FROM u AS q(x, y, w);
--- rollback
DROP VIEW x;

=== view dup
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails duplicate_column
CREATE VIEW x AS SELECT t.a, u.a FROM t JOIN u ON t.a = u.a;
--- rollback
DROP VIEW x;

=== view dup2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT t.a, u.a AS ua FROM t JOIN u ON t.a = u.a;
--- rollback again undefined_table
DROP VIEW x;

=== view self
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT x.a, y.a AS b FROM u x JOIN u y ON x.a = y.z;
--- rollback again undefined_table
DROP VIEW x;

=== view twice
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails duplicate_alias
CREATE VIEW x AS SELECT u.a FROM u JOIN u ON true;
--- rollback
DROP VIEW x;

=== view natural
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, b, z FROM u NATURAL JOIN (SELECT a, b FROM t) q;
--- rollback again undefined_table
DROP VIEW x;

=== view notexists
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_column
CREATE VIEW x AS SELECT a FROM t WHERE NOT EXISTS (SELECT FROM u WHERE z = t.zz);
--- rollback
DROP VIEW x;

=== view filter
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT count(*) FILTER (WHERE i) AS n FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view filterbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT count(*) FILTER (WHERE a) AS n FROM t;
--- rollback
DROP VIEW x;

=== view rollup
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a, b, count(*) FROM t GROUP BY ROLLUP (a, b);
--- rollback again undefined_table
DROP VIEW x;

=== view string
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT string_agg(b, ',') AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view stringint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT string_agg(a, ',') AS x FROM t;
--- rollback
DROP VIEW x;

=== view sumtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT sum(b) AS x FROM t;
--- rollback
DROP VIEW x;

=== view avgdate
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT avg(d) AS x FROM t;
--- rollback
DROP VIEW x;

=== view maxbool
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT max(i) AS x FROM t;
--- rollback
DROP VIEW x;

=== view boolor
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT bool_or(i) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view maxuuid
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT max(k) AS x FROM t;
--- rollback
DROP VIEW x;

=== view percentile
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY h) AS x FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view tochar
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT to_char(c, 'YYYY') AS y, to_char(a, '999') AS z FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view tochartext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT to_char(b, 'YYYY') AS y FROM t;
--- rollback
DROP VIEW x;

=== view datetrunc
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT date_trunc('day', c) AS y, count(*) FROM t GROUP BY 1;
--- rollback again undefined_table
DROP VIEW x;

=== view intervalmul
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a * interval '1 day' AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view dateminus
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT now() - c AS y, c::date - d AS z FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view format
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT format('%s', a) AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view nullif
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT nullif(b, '') AS y, nullif(a, 0) AS z FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view nullifbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT nullif(a, b) AS y FROM t;
--- rollback
DROP VIEW x;

=== view greatest
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT greatest(a, h) AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view greatestbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails datatype_mismatch
CREATE VIEW x AS SELECT greatest(a, b) AS y FROM t;
--- rollback
DROP VIEW x;

=== view arr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT ARRAY(SELECT z FROM u) AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view row
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails invalid_table_definition
CREATE VIEW x AS SELECT ROW(a, b) AS y FROM t;
--- rollback
DROP VIEW x;

=== view cast
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a::text AS y, b::int AS z, i::int AS w FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view castbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails cannot_coerce
CREATE VIEW x AS SELECT c::int AS y FROM t;
--- rollback
DROP VIEW x;

=== view castbad2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails cannot_coerce
CREATE VIEW x AS SELECT k::int AS y FROM t;
--- rollback
DROP VIEW x;

=== view castbool
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a::bool AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view castboolbig
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails cannot_coerce
CREATE VIEW x AS SELECT l::bool AS y FROM t;
--- rollback
DROP VIEW x;

=== view likeint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT a FROM t WHERE a LIKE '1%';
--- rollback
DROP VIEW x;

=== view catintint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT a || a AS y FROM t;
--- rollback
DROP VIEW x;

=== view catint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT a || b AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view minusarr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT e - 'a' AS y FROM t;
--- rollback
DROP VIEW x;

=== view jsonminus
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT f - 'a' AS y FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view jsonarrow
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward again duplicate_table
CREATE VIEW x AS SELECT f->'a'->>'b' AS y, g->>'c' AS z FROM t;
--- rollback again undefined_table
DROP VIEW x;

=== view jsonarrowtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
--- forward fails undefined_function
CREATE VIEW x AS SELECT b->>'c' AS z FROM t;
--- rollback
DROP VIEW x;

=== stm ins count
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails syntax_error
INSERT INTO u (a, b) VALUES (1);
--- rollback
SELECT 1;

=== stm ins count2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails syntax_error
INSERT INTO u (a) VALUES (1, 'x');
--- rollback
SELECT 1;

=== stm ins count3
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails syntax_error
INSERT INTO u VALUES (1, 'x', 2, 3);
--- rollback
SELECT 1;

=== stm ins short
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward again unique_violation
INSERT INTO u VALUES (1);
--- rollback
SELECT 1;

=== stm ins type
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
INSERT INTO u (a, z) VALUES (1, 'x');
--- rollback
SELECT 1;

=== stm ins type2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward again unique_violation
INSERT INTO u (a, z) VALUES (2, '5');
--- rollback
SELECT 1;

=== stm ins type3
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
INSERT INTO u (a, z) VALUES (3, true);
--- rollback
SELECT 1;

=== stm ins type4
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward again unique_violation
INSERT INTO u (a, b) VALUES (4, 5);
--- rollback
SELECT 1;

=== stm ins sel
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
INSERT INTO u (a, z) SELECT a, b FROM t;
--- rollback
SELECT 1;

=== stm ins sel2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO u (a, b) SELECT a, c FROM t;
--- rollback
SELECT 1;

=== stm ins selcount
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails syntax_error
INSERT INTO u (a, b) SELECT a FROM t;
--- rollback
SELECT 1;

=== stm ins ident
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails generated_always
INSERT INTO w (id) VALUES (1);
--- rollback
SELECT 1;

=== stm ins ident def
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w (id) VALUES (DEFAULT);
--- rollback
SELECT 1;

=== stm ins ident over
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w (id) OVERRIDING SYSTEM VALUE VALUES (1);
--- rollback
SELECT 1;

=== stm ins ident user
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w (id) OVERRIDING USER VALUE VALUES (1);
--- rollback
SELECT 1;

=== stm ins gen
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails generated_always
INSERT INTO w (r) VALUES (1);
--- rollback
SELECT 1;

=== stm ins gen pos
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails generated_always
INSERT INTO w VALUES (DEFAULT, 1, 2);
--- rollback
SELECT 1;

=== stm ins gen def
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w VALUES (DEFAULT, 1, DEFAULT, 'ok');
--- rollback
SELECT 1;

=== stm ins bydef
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w (bd) VALUES (7);
--- rollback
SELECT 1;

=== stm ins enum
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
INSERT INTO w (m) VALUES ('bad');
--- rollback
SELECT 1;

=== stm ins enum2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO w (m) VALUES ('ok');
--- rollback
SELECT 1;

=== stm upd ident
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails generated_always
UPDATE w SET id = 5;
--- rollback
SELECT 1;

=== stm upd identdef
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE w SET id = DEFAULT;
--- rollback
SELECT 1;

=== stm upd gen
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails generated_always
UPDATE w SET r = 5;
--- rollback
SELECT 1;

=== stm upd gendef
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE w SET r = DEFAULT;
--- rollback
SELECT 1;

=== stm upd type
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
UPDATE u SET z = 'x';
--- rollback
SELECT 1;

=== stm upd type2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
UPDATE u SET z = b;
--- rollback
SELECT 1;

=== stm upd type3
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE u SET b = z;
--- rollback
SELECT 1;

=== stm upd enum
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
UPDATE w SET m = 'bad';
--- rollback
SELECT 1;

=== stm upd enumtext
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
UPDATE w SET m = 'ok'::text;
--- rollback
SELECT 1;

=== stm upd case
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
UPDATE w SET m = CASE WHEN q > 1 THEN 'ok' ELSE 'sad' END;
--- rollback
SELECT 1;

=== stm upd casecast
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE w SET m = (CASE WHEN q > 1 THEN 'ok' ELSE 'sad' END)::mood;
--- rollback
SELECT 1;

=== stm upd from
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE u SET b = t.b FROM t WHERE t.a = u.a;
--- rollback
SELECT 1;

=== stm upd frombad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
UPDATE u SET b = t.zz FROM t WHERE t.a = u.a;
--- rollback
SELECT 1;

=== stm upd ambig
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails ambiguous_column
UPDATE u SET z = 1 FROM t WHERE a = 1;
--- rollback
SELECT 1;

=== stm upd sub
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
UPDATE u SET z = (SELECT max(zz) FROM t);
--- rollback
SELECT 1;

=== stm upd subtype
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
UPDATE u SET z = (SELECT max(b) FROM t);
--- rollback
SELECT 1;

=== stm upd multi
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE u SET (b, z) = (SELECT b, a FROM t LIMIT 1);
--- rollback
SELECT 1;

=== stm upd alias
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
UPDATE u AS x SET z = x.a WHERE x.b = 'q';
--- rollback
SELECT 1;

=== stm upd aliasbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_table
UPDATE u AS x SET z = u.a;
--- rollback
SELECT 1;

=== stm del using
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
DELETE FROM u USING t WHERE t.a = u.a;
--- rollback
SELECT 1;

=== stm del usingbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
DELETE FROM u USING t WHERE t.zz = u.a;
--- rollback
SELECT 1;

=== stm del type
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_function
DELETE FROM u WHERE b = 1;
--- rollback
SELECT 1;

=== stm del in
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_function
DELETE FROM u WHERE a IN (SELECT b FROM t);
--- rollback
SELECT 1;

=== stm del where
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
DELETE FROM u WHERE zz = 1;
--- rollback
SELECT 1;

=== stm sel nofn
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_function
SELECT lower(a) FROM t;
--- rollback
SELECT 1;

=== stm sel setval
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
SELECT setval(pg_get_serial_sequence('w', 'bd'), coalesce(max(bd), 1)) FROM w;
--- rollback
SELECT 1;

=== stm cte ins
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
WITH q AS (SELECT a FROM t) INSERT INTO u (a) SELECT zz FROM q;
--- rollback
SELECT 1;

=== stm cte upd
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
WITH q AS (UPDATE u SET z = 1 RETURNING a) DELETE FROM t WHERE a IN (SELECT a FROM q);
--- rollback
SELECT 1;

=== stm cte updbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
WITH q AS (UPDATE u SET z = 1 RETURNING b) DELETE FROM t WHERE a IN (SELECT a FROM q);
--- rollback
SELECT 1;

=== stm ins conf
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO u (a, z) VALUES (9, 1) ON CONFLICT (a) DO UPDATE SET z = excluded.z;
--- rollback
SELECT 1;

=== stm ins confbad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
INSERT INTO u (a, z) VALUES (9, 1) ON CONFLICT (a) DO UPDATE SET z = excluded.zz;
--- rollback
SELECT 1;

=== stm ins confambig
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails ambiguous_column
INSERT INTO u (a, z) VALUES (9, 1) ON CONFLICT (a) DO UPDATE SET z = z + 1;
--- rollback
SELECT 1;

=== stm ins confqual
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO u (a, z) VALUES (9, 1) ON CONFLICT (a) DO UPDATE SET z = u.z + 1;
--- rollback
SELECT 1;

=== stm ins ret
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
INSERT INTO u (a) VALUES (10) RETURNING zz;
--- rollback
SELECT 1;

=== stm merge
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
MERGE INTO u USING t ON u.a = t.a WHEN MATCHED THEN UPDATE SET z = t.a WHEN NOT MATCHED THEN INSERT (a) VALUES (t.a);
--- rollback
SELECT 1;

=== stm mergebad
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
MERGE INTO u USING t ON u.a = t.zz WHEN MATCHED THEN DELETE;
--- rollback
SELECT 1;

=== stm mergebad2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails undefined_column
MERGE INTO u USING t ON u.a = t.a WHEN MATCHED THEN UPDATE SET zz = t.a;
--- rollback
SELECT 1;

=== stm ins arr
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
INSERT INTO t (e) VALUES ('[]');
--- rollback
SELECT 1;

=== stm ins arr2
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO t (e) VALUES (ARRAY['a']);
--- rollback
SELECT 1;

=== stm ins json
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails invalid_text_representation
INSERT INTO t (f) VALUES ('{bad');
--- rollback
SELECT 1;

=== fk types
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x text);
--- forward fails datatype_mismatch
ALTER TABLE u ADD FOREIGN KEY (x) REFERENCES t (a);
--- rollback
SELECT 1;

=== fk types of a domain
CREATE DOMAIN code AS text;
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x code);
--- forward fails datatype_mismatch
ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES t;
--- rollback
SELECT 1;

=== fk types of a domain that fits
CREATE DOMAIN id AS bigint;
CREATE TABLE t (a id PRIMARY KEY);
CREATE TABLE u (x int);
--- forward again duplicate_object
ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES t (a);
--- rollback again undefined_object
ALTER TABLE u DROP CONSTRAINT f;

=== fk types of a column added
CREATE TABLE t (a uuid PRIMARY KEY);
CREATE TABLE u (x text);
--- forward fails datatype_mismatch
ALTER TABLE u ADD COLUMN y text REFERENCES t (a);
--- rollback
SELECT 1;

=== fk types after another type
CREATE TABLE t (a bigint PRIMARY KEY);
CREATE TABLE u (x int REFERENCES t (a));
--- forward fails datatype_mismatch
ALTER TABLE u ALTER COLUMN x TYPE text;
--- rollback
SELECT 1;

=== fk types after another type of the key
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x int REFERENCES t (a));
--- forward fails datatype_mismatch
ALTER TABLE t ALTER COLUMN a TYPE text;
--- rollback
SELECT 1;

=== fk types after a type that fits
CREATE TABLE t (a int PRIMARY KEY);
CREATE TABLE u (x int REFERENCES t (a));
--- forward
ALTER TABLE t ALTER COLUMN a TYPE bigint;
--- rollback
ALTER TABLE t ALTER COLUMN a TYPE int;

=== fk types of one table at once
CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t (a));
--- forward
ALTER TABLE t ALTER COLUMN a TYPE text, ALTER COLUMN b TYPE text;
--- rollback
ALTER TABLE t ALTER COLUMN a TYPE int USING a::int, ALTER COLUMN b TYPE int USING b::int;

=== stm ins date
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward
INSERT INTO t (d) VALUES (now());
--- rollback
SELECT 1;

=== stm ins boolint
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward fails datatype_mismatch
INSERT INTO t (i) VALUES (1);
--- rollback
SELECT 1;

=== stm ins nullcol
CREATE TABLE t (a int, b text, c timestamptz, d date, e text[], f jsonb, g json, h numeric, i bool, k uuid, l bigint, m varchar(10), n timestamp, o interval, p bytea);CREATE TABLE u (a int PRIMARY KEY, b text, z int);
CREATE TYPE mood AS ENUM ('ok','sad');
CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, q int, r int GENERATED ALWAYS AS (q+1) STORED, m mood, bd int GENERATED BY DEFAULT AS IDENTITY);
--- forward again unique_violation
INSERT INTO u (a, b, z) VALUES (11, NULL, NULL);
--- rollback
SELECT 1;
