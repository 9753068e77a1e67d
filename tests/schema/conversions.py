"""Scripts that change the type of a column: what converts the first time may be an error the second time."""

from __future__ import annotations

from .cases import Case

POSTGRES = [
    Case(
        "a document becomes the text in it",
        "CREATE TABLE t (doc jsonb);",
        "ALTER TABLE t ALTER doc TYPE text USING CASE WHEN doc ->> 'a' IS NULL THEN doc::text ELSE doc ->> 'a' END;",
        None,
        "undefined_function",
    ),
    Case(
        "a document becomes the part at a path",
        "CREATE TABLE t (doc json);",
        "ALTER TABLE t ALTER doc TYPE int USING (doc #>> '{a,b}')::int;",
        None,
        "undefined_function",
    ),
    Case(
        "a document stays one",
        "CREATE TABLE t (doc json);",
        "ALTER TABLE t ALTER doc TYPE jsonb USING coalesce((doc -> 'a')::jsonb, '{}');",
    ),
    Case(
        "a text is read as a document",
        "CREATE TABLE t (doc text);",
        "ALTER TABLE t ALTER doc TYPE text USING doc::jsonb ->> 'a';",
    ),
    Case(
        "a list becomes its first element",
        "CREATE TABLE t (tags varchar(9)[]);",
        "ALTER TABLE t ALTER tags TYPE varchar(9) USING coalesce(tags[1], '');",
        None,
        "datatype_mismatch",
    ),
    Case(
        "a text without empty ones becomes a number",
        "CREATE TABLE t (a text);",
        "UPDATE t SET a = NULL WHERE a = ''; ALTER TABLE t ALTER a TYPE int USING a::int;",
        None,
        "invalid_text_representation",
    ),
    Case(
        "a text without empty ones becomes a document",
        "CREATE TABLE t (a text);",
        "UPDATE t SET a = NULL WHERE a = ''; ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb;",
        None,
        "invalid_text_representation",
    ),
    Case(
        "a text without none becomes a uuid",
        "CREATE TABLE t (a text);",
        "UPDATE t SET a = NULL WHERE a = 'none'; ALTER TABLE t ALTER a TYPE uuid USING a::uuid;",
        None,
        "invalid_text_representation",
    ),
    Case(
        "a text without empty ones becomes a time",
        "CREATE TABLE t (a text);",
        "UPDATE t SET a = NULL WHERE a = ''; ALTER TABLE t ALTER a TYPE timestamptz USING a::timestamptz;",
        None,
        "invalid_datetime_format",
    ),
    Case(
        "a text without empty ones becomes a truth value",
        "CREATE TABLE t (a text);",
        "UPDATE t SET a = NULL WHERE a = ''; ALTER TABLE t ALTER a TYPE bool USING a::bool;",
        None,
        "invalid_text_representation",
    ),
    Case(
        "what is compared as a text can be compared again",
        "CREATE TABLE t (a text, n int, d jsonb, u uuid);",
        "UPDATE t SET n = NULL WHERE a::text = '' AND n = '7' AND d <> '{\"k\": 1}';"
        "DELETE FROM t WHERE n::text = '' OR u = '{00000000-0000-0000-0000-000000000000}' OR d = 'null';"
        "ALTER TABLE t ALTER a TYPE int USING a::int;",
    ),
    Case(
        "a column of another table is compared",
        "CREATE TABLE t (a int); CREATE TABLE u (id int, a text);",
        "UPDATE t SET a = 1 FROM u WHERE u.a = '' AND u.id = t.a;",
    ),
    Case(
        "a text is no document without being told",
        "CREATE TABLE t (a text);",
        "ALTER TABLE t ALTER a TYPE json;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "a document is a text",
        "CREATE TABLE t (a json, b json[]);",
        "ALTER TABLE t ALTER a TYPE varchar(9), ALTER b TYPE text;",
        None,
        None,
    ),
    Case(
        "a number is a longer or shorter one",
        "CREATE TABLE t (a int, b int8[], c numeric(9, 2));",
        "ALTER TABLE t ALTER a TYPE float4, ALTER b TYPE int2[], ALTER c TYPE int;",
        None,
        None,
    ),
    Case(
        "a list is no single value",
        "CREATE TABLE t (a int[]);",
        "ALTER TABLE t ALTER a TYPE int;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "a number is no truth",
        "CREATE TABLE t (a int DEFAULT 0);",
        "ALTER TABLE t ALTER a TYPE bool;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "nor is its default",
        "CREATE TABLE t (a int DEFAULT 0);",
        "ALTER TABLE t ALTER a TYPE bool USING a > 0;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "unless it goes in the same breath",
        "CREATE TABLE t (a int DEFAULT 0);",
        "ALTER TABLE t ALTER a TYPE bool USING a::text = '1', ALTER a DROP DEFAULT, ALTER a SET DEFAULT false;",
        None,
        None,
    ),
    Case(
        "a label of one type is none of another",
        "CREATE TYPE e AS ENUM ('x', 'y'); CREATE TYPE f AS ENUM ('x'); CREATE TABLE t (a e);",
        "ALTER TABLE t ALTER a TYPE f;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "nor is a default that is one",
        "CREATE TYPE e AS ENUM ('x', 'y'); CREATE TYPE f AS ENUM ('x'); CREATE TABLE t (a e DEFAULT 'x');",
        "ALTER TABLE t ALTER a TYPE f USING a::text::f;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "a text default is no label",
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a text DEFAULT 'x');",
        "ALTER TABLE t ALTER a TYPE e USING a::e;",
        "datatype_mismatch",
        "datatype_mismatch",
    ),
    Case(
        "a label is a text, and its default too",
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a e DEFAULT 'x');",
        "ALTER TABLE t ALTER a TYPE text;",
        None,
        None,
    ),
    Case(
        "a domain is what it is over",
        "CREATE DOMAIN d AS int; CREATE TABLE t (a int DEFAULT 1);",
        "ALTER TABLE t ALTER a TYPE d; ALTER TABLE t ALTER a TYPE int8;",
        None,
        None,
    ),
    Case(
        "a number may be the default of a text",
        "CREATE TABLE t (a text DEFAULT 5);",
        "ALTER TABLE t ALTER a TYPE int USING a::int;",
        None,
        None,
    ),
    Case(
        "what is computed has the type that it has",
        "CREATE TABLE t (a text DEFAULT now());",
        "ALTER TABLE t ALTER a TYPE timestamptz USING a::timestamptz;",
        None,
        None,
    ),
]
