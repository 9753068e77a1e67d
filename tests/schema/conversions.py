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
]
