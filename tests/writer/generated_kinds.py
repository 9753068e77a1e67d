"""Schemas made up from a seed, with the kinds of objects that `generated` leaves out: each of them in a few forms."""

from __future__ import annotations

from tests.writer.generated import Generated

# What the others belong to.
_BASE = """CREATE TABLE plain (a int NOT NULL, b text, c jsonb, d int4range, e bigint DEFAULT 7, PRIMARY KEY (a));
CREATE VIEW plain_view AS SELECT a, b, e FROM plain;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"""

# Of each kind at most one form is in a schema.
KINDS: dict[str, tuple[str, ...]] = {
    "partitions": (
        "CREATE TABLE parts (id int, at date NOT NULL) PARTITION BY RANGE (at);"
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);"
        "CREATE TABLE parts_0 PARTITION OF parts DEFAULT; CREATE INDEX parts_at ON parts (at, id);",
        "CREATE TABLE parts (id int, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);"
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN ('a', NULL) PARTITION BY HASH (id);"
        "CREATE TABLE parts_1a PARTITION OF parts_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);",
        "CREATE TABLE parts (id int, at date) PARTITION BY RANGE ((id + 1), at);"
        "CREATE TABLE parts_1 (id int, at date);"
        "ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES FROM (1, MINVALUE) TO (9, MAXVALUE);",
    ),
    "exclusion": (
        "CREATE TABLE booked (during int4range, room int, EXCLUDE USING gist (during WITH &&) WHERE (room > 3));",
        "CREATE TABLE booked (during int4range, CONSTRAINT apart EXCLUDE USING gist (during WITH &&) DEFERRABLE);",
    ),
    "heir": (
        "CREATE TABLE heir (x int) INHERITS (plain);",
        "CREATE TABLE heir (x int, b text DEFAULT 'h', CHECK (x > 0) NO INHERIT) INHERITS (plain);",
    ),
    "unlogged": ("CREATE UNLOGGED TABLE fast (a int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2), b text);",),
    "like": ("CREATE TABLE twin (LIKE plain INCLUDING ALL);", "CREATE TABLE twin (LIKE plain, z int);"),
    "typed": ("CREATE TYPE shape AS (x int, y text); CREATE TABLE shaped OF shape (PRIMARY KEY (x));",),
    "rule": (
        "CREATE RULE quiet AS ON DELETE TO plain DO INSTEAD NOTHING;",
        "CREATE RULE quiet AS ON INSERT TO plain_view DO INSTEAD INSERT INTO plain (a, b) VALUES (NEW.a, NEW.b);",
    ),
    "aggregate": (
        "CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int, initcond = '0');",
        "CREATE AGGREGATE total (ORDER BY int) (sfunc = int4pl, stype = int);",
    ),
    "procedure": (
        "CREATE PROCEDURE act(a int DEFAULT 1, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS $$ BEGIN b := a; END $$;",
    ),
    "function": (
        "CREATE FUNCTION two(OUT a int, OUT b text) LANGUAGE sql STABLE AS $$ SELECT 1, 'x' $$;",
        "CREATE FUNCTION two(n int, VARIADIC more text[]) RETURNS TABLE (a int, b text) LANGUAGE sql ROWS 7 COST 3"
        " SECURITY DEFINER SET search_path = public, pg_temp AS $_$ SELECT n, unnest(more) $_$;",
        "CREATE FUNCTION two(n int) RETURNS SETOF plain LANGUAGE sql BEGIN ATOMIC SELECT * FROM plain; END;",
        "CREATE FUNCTION two(anyelement) RETURNS anyarray LANGUAGE sql AS 'SELECT ARRAY[$1]';",
    ),
    "range": (
        "CREATE TYPE span AS RANGE (subtype = float8); CREATE TABLE spans (s span);",
        "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = spans_of);",
    ),
    "statistics": (
        "CREATE STATISTICS seen (ndistinct, dependencies) ON a, b FROM plain;",
        "CREATE STATISTICS seen ON (lower(b)), e FROM plain; ALTER STATISTICS seen SET STATISTICS 50;",
    ),
    "sequence": (
        "CREATE SEQUENCE own MINVALUE 3 OWNED BY plain.e; ALTER TABLE plain ALTER e SET DEFAULT nextval('own');",
        "CREATE SEQUENCE own AS smallint INCREMENT -2 CACHE 5 CYCLE;",
    ),
    "view": (
        "CREATE VIEW shown WITH (security_barrier) AS SELECT a FROM plain WHERE a > 3 WITH LOCAL CHECK OPTION;",
        "CREATE VIEW shown (x, y) WITH (security_invoker = true) AS SELECT a, b FROM plain;"
        "ALTER VIEW shown ALTER COLUMN y SET DEFAULT 'none'; COMMENT ON COLUMN shown.x IS 'of a view';",
        "CREATE RECURSIVE VIEW shown (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM shown WHERE n < 9;",
    ),
    "columns": (
        "ALTER TABLE plain ALTER b SET STORAGE EXTERNAL, ALTER e SET STATISTICS 200, ALTER e SET (n_distinct = 5);",
        "ALTER TABLE plain ALTER b SET COMPRESSION pglz, ALTER b SET STORAGE MAIN;",
    ),
    "table": (
        "ALTER TABLE plain REPLICA IDENTITY FULL; ALTER TABLE plain SET (fillfactor = 60, autovacuum_enabled = false);",
        "ALTER TABLE plain REPLICA IDENTITY USING INDEX plain_pkey; ALTER TABLE plain CLUSTER ON plain_pkey;",
    ),
    "index": (
        "CREATE INDEX found ON plain USING gin (c jsonb_path_ops) WITH (fastupdate = off);",
        "CREATE UNIQUE INDEX found ON plain (b text_pattern_ops DESC NULLS LAST) INCLUDE (e) WHERE b <> '';",
        'CREATE UNIQUE INDEX found ON plain (lower(b) COLLATE "C", (e + 1)) NULLS NOT DISTINCT;',
        "CREATE INDEX found ON plain USING brin (e) WITH (pages_per_range = 16);",
        "CREATE INDEX found ON plain USING gist (d);",
    ),
    "constraint": (
        "ALTER TABLE plain ADD CONSTRAINT kept CHECK (b <> '') NOT VALID;",
        "ALTER TABLE plain ADD CONSTRAINT kept UNIQUE NULLS NOT DISTINCT (b) INCLUDE (e)"
        " DEFERRABLE INITIALLY DEFERRED;",
        "ALTER TABLE plain ADD CONSTRAINT kept FOREIGN KEY (a) REFERENCES plain (a) ON UPDATE CASCADE NOT VALID;",
        "CREATE TABLE child (x int, y int, FOREIGN KEY (x) REFERENCES plain MATCH FULL ON DELETE SET NULL (x));",
    ),
    "trigger": (
        "CREATE TRIGGER told AFTER UPDATE OF b, e ON plain FOR EACH ROW WHEN (OLD.b IS DISTINCT FROM NEW.b)"
        " EXECUTE FUNCTION note('one', 'it''s'); ALTER TABLE plain ENABLE ALWAYS TRIGGER told;",
        "CREATE TRIGGER told AFTER INSERT ON plain REFERENCING NEW TABLE AS made FOR EACH STATEMENT"
        " EXECUTE FUNCTION note();",
        "CREATE CONSTRAINT TRIGGER told AFTER DELETE ON plain DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " EXECUTE FUNCTION note(); ALTER TABLE plain ENABLE REPLICA TRIGGER told;",
        "CREATE TRIGGER told INSTEAD OF UPDATE ON plain_view FOR EACH ROW EXECUTE FUNCTION note();",
    ),
    "policy": (
        "CREATE POLICY only ON plain AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (a > 3) WITH CHECK (b <> 'it''s');"
        "ALTER TABLE plain ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        "CREATE POLICY only ON plain FOR INSERT TO CURRENT_USER WITH CHECK (EXISTS (SELECT FROM plain_view v));",
    ),
    "operator": (
        "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq, commutator = ===, hashes);",
        "CREATE FUNCTION neg(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1';"
        "CREATE OPERATOR !!! (rightarg = int, function = neg);",
    ),
    "cast": (
        "CREATE TYPE hue AS ENUM ('red'); CREATE CAST (text AS hue) WITH INOUT AS ASSIGNMENT;",
        "CREATE TYPE hue AS (r int); CREATE FUNCTION hue(int) RETURNS hue LANGUAGE sql AS 'SELECT ROW($1)::hue';"
        "CREATE CAST (int AS hue) WITH FUNCTION hue(int);",
    ),
    "collation": (
        "CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);"
        "CREATE TABLE words (w text COLLATE loose PRIMARY KEY);",
    ),
    "search": (
        "CREATE TEXT SEARCH CONFIGURATION plain_words (COPY = simple);"
        "CREATE TEXT SEARCH DICTIONARY small (TEMPLATE = simple, accept = false);",
    ),
    "comments": (
        "COMMENT ON VIEW plain_view IS 'v'; COMMENT ON FUNCTION note() IS 'f'; COMMENT ON CONSTRAINT plain_pkey ON"
        " plain IS 'k'; COMMENT ON INDEX plain_pkey IS 'i';",
        "COMMENT ON COLUMN plain_view.a IS E'two\\nlines'; COMMENT ON FUNCTION fire() IS '\\backslash';",
    ),
    "privileges": (
        "GRANT SELECT (a, b), UPDATE (b) ON plain TO PUBLIC; GRANT EXECUTE ON FUNCTION note() TO PUBLIC;",
        "REVOKE EXECUTE ON FUNCTION note() FROM PUBLIC; GRANT SELECT ON plain_view TO PUBLIC;",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;",
    ),
    "publication": (
        "CREATE PUBLICATION sent FOR TABLE plain (a, b) WHERE (a > 3) WITH (publish = 'insert, update');",
        "CREATE PUBLICATION sent FOR TABLE plain;",
    ),
    "extension": ("CREATE EXTENSION pg_trgm; CREATE INDEX near ON plain USING gin (b gin_trgm_ops);",),
}


class GeneratedKinds(Generated):
    """A generated schema with one form of about half of the kinds; of all of those in `kinds` if it is given."""

    def __init__(self, seed: int, kinds: tuple[str, ...] | None = None) -> None:
        super().__init__(seed, frozenset())
        self.chosen = [name for name in KINDS if (self._chance(0.5) if kinds is None else name in kinds)]
        statements = [self._random.choice(KINDS[name]) for name in self.chosen]
        self.sql += "\n".join((_BASE, *statements)) + "\n"
