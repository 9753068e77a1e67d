"""What is measured: for each situation of the table of locks a statement, and the schema that it meets."""

from __future__ import annotations

from typing import NamedTuple

ORDERS = """
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note varchar(10), price numeric(10, 2), at timestamp,
    amount integer, done boolean NOT NULL DEFAULT false);
INSERT INTO users SELECT n, 'x' FROM generate_series(1, 20) n;
INSERT INTO orders SELECT n, n, 'x', 1, '2020-01-01', n FROM generate_series(1, 20) n;
"""
PARTS = """
CREATE TABLE parts (id bigint NOT NULL, kind integer NOT NULL) PARTITION BY RANGE (kind);
CREATE TABLE low (id bigint NOT NULL, kind integer NOT NULL);
INSERT INTO low SELECT n, 5 FROM generate_series(1, 20) n;
"""
REFERS = "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users;"
TAGGED = """
CREATE TABLE tags (name varchar(10) PRIMARY KEY);
INSERT INTO tags VALUES ('x');
ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (note) REFERENCES tags;
"""
TRIGGER = """
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION watch();
"""
HEAP2 = "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;"
ATTACHED = PARTS + "ALTER TABLE parts ATTACH PARTITION low FOR VALUES FROM (0) TO (10);\n"
WITH_DEFAULT = (
    ATTACHED
    + "CREATE TABLE rest PARTITION OF parts DEFAULT; INSERT INTO parts SELECT n, 50 FROM generate_series(1, 9) n;"
)


class Case(NamedTuple):
    """One statement to measure. `situation` is the row of the table that it must belong to."""

    situation: str
    statement: str
    setup: str = ""
    base: str = ORDERS
    since: int = 0
    timezone: str | None = None


def _alter(situation: str, action: str, setup: str = "", since: int = 0) -> Case:
    return Case(situation, f"ALTER TABLE orders {action}", setup, since=since)


CASES = (
    Case("create index", "CREATE INDEX i ON orders (amount)"),
    Case("create index", "CREATE UNIQUE INDEX i ON orders (amount)"),
    Case("drop index", "DROP INDEX i", "CREATE INDEX i ON orders (amount);"),
    Case("reindex", "REINDEX TABLE orders"),
    Case("reindex", "REINDEX INDEX i", "CREATE INDEX i ON orders (amount);"),
    _alter("add foreign key", "ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users"),
    _alter("add foreign key not valid", "ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users NOT VALID"),
    _alter("add check", "ADD CONSTRAINT c CHECK (amount > 0)"),
    _alter("add check not valid", "ADD CONSTRAINT c CHECK (amount > 0) NOT VALID"),
    _alter("add not null not valid", "ADD CONSTRAINT c NOT NULL amount NOT VALID", since=18),
    _alter("set not null", "ADD CONSTRAINT c NOT NULL amount", since=18),
    _alter("add unique", "ADD CONSTRAINT u UNIQUE (amount)"),
    _alter(
        "add unique using index", "ADD CONSTRAINT u UNIQUE USING INDEX i", "CREATE UNIQUE INDEX i ON orders (amount);"
    ),
    Case("add primary key", "ALTER TABLE bare ADD PRIMARY KEY (id)", "CREATE TABLE bare AS SELECT id FROM users;"),
    Case(
        "add primary key using index",
        "ALTER TABLE bare ADD CONSTRAINT p PRIMARY KEY USING INDEX i",
        "CREATE TABLE bare (id bigint NOT NULL); INSERT INTO bare SELECT id FROM users;"
        "CREATE UNIQUE INDEX i ON bare (id);",
    ),
    Case(
        "add primary key using index on nullable columns",
        "ALTER TABLE bare ADD CONSTRAINT p PRIMARY KEY USING INDEX i",
        "CREATE TABLE bare (id bigint); INSERT INTO bare SELECT id FROM users; CREATE UNIQUE INDEX i ON bare (id);",
    ),
    _alter("add exclusion constraint", "ADD CONSTRAINT e EXCLUDE USING btree (amount WITH =)"),
    _alter(
        "validate check", "VALIDATE CONSTRAINT c", "ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 0) NOT VALID;"
    ),
    _alter(
        "validate foreign key",
        "VALIDATE CONSTRAINT f",
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
    ),
    _alter("drop constraint", "DROP CONSTRAINT c", "ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 0);"),
    _alter(
        "drop foreign key",
        "DROP CONSTRAINT f",
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users;",
    ),
    _alter("set not null", "ALTER COLUMN amount SET NOT NULL"),
    _alter("set not null", "ALTER COLUMN amount SET NOT NULL", "ALTER TABLE orders ADD CHECK (amount > 0);"),
    _alter(
        "set not null",
        "ALTER COLUMN amount SET NOT NULL",
        "ALTER TABLE orders ADD CHECK (amount IS NOT NULL OR done);",
    ),
    _alter(
        "set not null",
        "ALTER COLUMN amount SET NOT NULL",
        "ALTER TABLE orders ADD CHECK (amount IS NOT NULL) NOT VALID;",
    ),
    _alter(
        "set not null proven",
        "ALTER COLUMN amount SET NOT NULL",
        "ALTER TABLE orders ADD CHECK (amount IS NOT NULL);",
    ),
    _alter(
        "set not null proven",
        "ALTER COLUMN amount SET NOT NULL",
        "ALTER TABLE orders ADD CHECK (amount IS NOT NULL AND amount > 0);",
    ),
    _alter("set not null proven", "ALTER COLUMN done SET NOT NULL"),
    _alter("add column", "ADD COLUMN c integer"),
    _alter("add column constant default", "ADD COLUMN c integer DEFAULT 7"),
    _alter("add column constant default", "ADD COLUMN c integer NOT NULL DEFAULT 7"),
    _alter("add column constant default", "ADD COLUMN c timestamptz DEFAULT now()"),
    _alter("add column constant default", "ADD COLUMN c timestamptz DEFAULT current_timestamp"),
    _alter("add column constant default", "ADD COLUMN c jsonb DEFAULT jsonb_build_object('a', 1)"),
    _alter("add column constant default", "ADD COLUMN c mood DEFAULT mood('x')", "CREATE TYPE mood AS ENUM ('x');"),
    _alter(
        "add column constant default",
        "ADD COLUMN c integer DEFAULT calm()",
        "CREATE FUNCTION calm() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';",
    ),
    _alter(
        "add column volatile default",
        "ADD COLUMN c integer DEFAULT wild()",
        "CREATE FUNCTION wild() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';",
    ),
    _alter(
        "add column constant default",
        "ADD COLUMN c bigint DEFAULT epoch()",
        "CREATE FUNCTION epoch() RETURNS bigint LANGUAGE sql"
        " AS 'SELECT CAST(extract(epoch FROM now()) * 1000 AS bigint);';",
    ),
    _alter(
        "add column volatile default",
        "ADD COLUMN c bigint DEFAULT epoch()",
        "CREATE FUNCTION epoch() RETURNS bigint LANGUAGE sql"
        " AS 'SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint);';",
    ),
    *(
        _alter(
            "add column volatile default",
            "ADD COLUMN c integer DEFAULT wild()",
            f"CREATE FUNCTION wild() RETURNS integer LANGUAGE sql {said};",
        )
        for said in (
            "AS 'SELECT 1 LIMIT 1'",
            "AS 'SELECT 1 WHERE true'",
            "AS 'SELECT (SELECT 1)'",
            "AS 'SELECT 2; SELECT 1'",
            "AS 'SELECT 1' SECURITY DEFINER",
            "AS 'SELECT 1' SET search_path = public",
            "AS 'SELECT id::integer FROM users'",
        )
    ),
    _alter("add column volatile default", "ADD COLUMN c uuid DEFAULT gen_random_uuid()"),
    _alter("add column volatile default", "ADD COLUMN c timestamptz DEFAULT clock_timestamp()"),
    _alter("add column volatile default", "ADD COLUMN c integer DEFAULT (random() * 6)::integer"),
    _alter("add column volatile default", "ADD COLUMN c bigint DEFAULT nextval('s')", "CREATE SEQUENCE s;"),
    _alter(
        "add column volatile default",
        "ADD COLUMN c positive",
        "CREATE DOMAIN positive AS integer CHECK (value > 0);",
    ),
    _alter("add column", "ADD COLUMN c plain", "CREATE DOMAIN plain AS integer;"),
    _alter("add column stored generated", "ADD COLUMN c integer GENERATED ALWAYS AS (amount * 2) STORED"),
    _alter("add column virtual generated", "ADD COLUMN c integer GENERATED ALWAYS AS (amount * 2) VIRTUAL", since=18),
    _alter("add column serial", "ADD COLUMN c serial"),
    _alter("add column identity", "ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY"),
    _alter("add column check", "ADD COLUMN c integer CHECK (c > 0)"),
    _alter("add column unique", "ADD COLUMN c integer UNIQUE"),
    _alter("add column references", "ADD COLUMN c bigint REFERENCES users"),
    _alter("add column references with default", "ADD COLUMN c bigint DEFAULT 1 REFERENCES users"),
    _alter("alter table", "ADD COLUMN IF NOT EXISTS note text"),
    _alter("drop column", "DROP COLUMN note"),
    _alter("alter type rewriting", "ALTER COLUMN amount TYPE bigint"),
    _alter("alter type rewriting", "ALTER COLUMN note TYPE varchar(5)"),
    _alter("alter type rewriting", "ALTER COLUMN note TYPE char(20)"),
    _alter("alter type rewriting", "ALTER COLUMN price TYPE numeric(12, 3)"),
    _alter("alter type rewriting", "ALTER COLUMN price TYPE numeric(8, 2)"),
    _alter("alter type rewriting", "ALTER COLUMN note TYPE text USING upper(note)"),
    _alter("alter type rewriting", "ALTER COLUMN at TYPE timestamptz"),
    _alter("alter type rewriting", "ALTER COLUMN at TYPE timestamp(0)"),
    _alter("alter type rewriting", "ALTER COLUMN amount TYPE text USING amount::text"),
    _alter("alter type rewriting", "ALTER COLUMN note TYPE short", "CREATE DOMAIN short AS text CHECK (value <> '');"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE short", "CREATE DOMAIN short AS text;"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE varchar(20)"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE varchar(20)", "CREATE INDEX i ON orders (note);"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE varchar"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE text", "CREATE INDEX i ON orders (note);"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE text USING note::text"),
    _alter("alter type compatible", "ALTER COLUMN note TYPE text USING (note)"),
    _alter("alter type compatible", "ALTER COLUMN price TYPE numeric(12, 2)"),
    _alter("alter type compatible", "ALTER COLUMN price TYPE numeric"),
    _alter(
        "alter type compatible", "ALTER COLUMN at TYPE timestamp(6)", "ALTER TABLE orders ALTER at TYPE timestamp(3);"
    ),
    _alter("alter type compatible", "ALTER COLUMN amount TYPE integer"),
    Case("alter type compatible", "ALTER TABLE orders ALTER COLUMN at TYPE timestamptz", timezone="UTC"),
    _alter("alter type compatible", 'ALTER COLUMN note TYPE varchar(10) COLLATE "C"'),
    _alter(
        "alter type reindexing",
        'ALTER COLUMN note TYPE varchar(10) COLLATE "C"',
        "CREATE INDEX i ON orders (note);",
    ),
    _alter("alter type checking", "ALTER COLUMN note TYPE text", "ALTER TABLE orders ADD CHECK (note <> '');"),
    _alter("alter type of foreign key", "ALTER COLUMN user_id TYPE integer", REFERS),
    Case("alter type of foreign key", "ALTER TABLE users ALTER COLUMN id TYPE numeric", REFERS),
    _alter("alter type of foreign key compatible", "ALTER COLUMN note TYPE varchar(20)", TAGGED),
    _alter("alter type of foreign key compatible", "ALTER COLUMN note TYPE text", TAGGED),
    Case("alter type of foreign key compatible", "ALTER TABLE tags ALTER COLUMN name TYPE varchar(20)", TAGGED),
    _alter("alter type rewriting", "ALTER COLUMN price TYPE numeric(8, 2)", REFERS),
    _alter("alter type rewriting", "ALTER COLUMN c TYPE text[]", "ALTER TABLE orders ADD COLUMN c varchar(5)[];"),
    _alter("alter type rewriting", "ALTER COLUMN c TYPE varchar(9)[]", "ALTER TABLE orders ADD COLUMN c varchar(5)[];"),
    _alter("alter type compatible", "ALTER COLUMN c TYPE text[]", "ALTER TABLE orders ADD COLUMN c text[];"),
    _alter("alter type compatible", "ALTER COLUMN c TYPE interval(6)", "ALTER TABLE orders ADD COLUMN c interval(3);"),
    _alter("alter type compatible", "ALTER COLUMN c TYPE interval", "ALTER TABLE orders ADD COLUMN c interval(3);"),
    _alter("alter type rewriting", "ALTER COLUMN c TYPE interval(3)", "ALTER TABLE orders ADD COLUMN c interval;"),
    _alter("set default", "ALTER COLUMN amount SET DEFAULT 1"),
    _alter("drop not null", "ALTER COLUMN done DROP NOT NULL"),
    _alter("set statistics", "ALTER COLUMN note SET STATISTICS 10"),
    _alter("set storage", "ALTER COLUMN note SET STORAGE EXTERNAL"),
    _alter(
        "set generated expression",
        "ALTER COLUMN g SET EXPRESSION AS (amount * 3)",
        "ALTER TABLE orders ADD COLUMN g integer GENERATED ALWAYS AS (amount) STORED;",
        since=17,
    ),
    _alter(
        "alter column",
        "ALTER COLUMN g DROP EXPRESSION",
        "ALTER TABLE orders ADD COLUMN g integer GENERATED ALWAYS AS (amount) STORED;",
    ),
    _alter("set logged", "SET UNLOGGED"),
    _alter("set logged unchanged", "SET LOGGED"),
    _alter(
        "set access method",
        "SET ACCESS METHOD heap2",
        HEAP2,
    ),
    _alter("set storage parameter", "SET (fillfactor = 70)"),
    _alter("set storage parameter", "CLUSTER ON orders_pkey"),
    _alter("alter table", "SET (user_catalog_table = true)"),
    _alter("alter table", "ENABLE ROW LEVEL SECURITY"),
    _alter("alter table", "ALTER CONSTRAINT f DEFERRABLE", REFERS),
    _alter(
        "enforce foreign key",
        "ALTER CONSTRAINT f ENFORCED",
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users NOT ENFORCED;",
        since=18,
    ),
    _alter("drop foreign key", "ALTER CONSTRAINT f NOT ENFORCED", REFERS, since=18),
    _alter("alter table", "REPLICA IDENTITY FULL"),
    _alter("rename", "RENAME TO purchases"),
    _alter("rename", "RENAME COLUMN note TO remark"),
    _alter("set schema", "SET SCHEMA aside", "CREATE SCHEMA aside;"),
    Case("drop table", "DROP TABLE orders"),
    Case(
        "drop table", "DROP TABLE orders", "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users;"
    ),
    Case("truncate", "TRUNCATE orders"),
    Case("create table references", "CREATE TABLE lines (user_id bigint REFERENCES users)"),
    Case("attach partition", "ALTER TABLE parts ATTACH PARTITION low FOR VALUES FROM (0) TO (10)", base=PARTS),
    Case(
        "attach partition proven",
        "ALTER TABLE parts ATTACH PARTITION low FOR VALUES FROM (0) TO (10)",
        "ALTER TABLE low ADD CHECK (kind >= 0 AND kind < 10);",
        PARTS,
    ),
    Case(
        "attach partition",
        "ALTER TABLE parts ATTACH PARTITION next FOR VALUES FROM (10) TO (20)",
        "CREATE TABLE next (LIKE low); INSERT INTO next VALUES (1, 15);",
        WITH_DEFAULT,
    ),
    Case("detach partition", "ALTER TABLE parts DETACH PARTITION low", base=ATTACHED),
    Case("detach partition", "ALTER TABLE parts DETACH PARTITION low", base=WITH_DEFAULT),
    Case("create partition", "CREATE TABLE next PARTITION OF parts FOR VALUES FROM (10) TO (20)", base=ATTACHED),
    Case("create partition", "CREATE TABLE next PARTITION OF parts FOR VALUES FROM (10) TO (20)", base=WITH_DEFAULT),
    Case("drop partition", "DROP TABLE low", base=ATTACHED),
    Case("drop partition", "DROP TABLE low", base=WITH_DEFAULT),
    Case("drop partition", "DROP TABLE rest", base=WITH_DEFAULT),
    Case("create child", "CREATE TABLE child () INHERITS (orders)"),
    Case("create child", "ALTER TABLE child INHERIT orders", "CREATE TABLE child (LIKE orders INCLUDING ALL);"),
    Case("alter table", "ALTER TABLE child NO INHERIT orders", "CREATE TABLE child () INHERITS (orders);"),
    Case(
        "create trigger",
        "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    Case(
        "drop trigger",
        "DROP TRIGGER t ON orders",
        "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    ),
    _alter(
        "switch trigger",
        "DISABLE TRIGGER t",
        "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    ),
    _alter("switch rule", "DISABLE RULE r", "CREATE RULE r AS ON UPDATE TO orders DO INSTEAD NOTHING;"),
    Case("create rule", "CREATE RULE r AS ON UPDATE TO orders DO INSTEAD NOTHING"),
    Case("create policy", "CREATE POLICY p ON orders USING (true)"),
    Case("create statistics", "CREATE STATISTICS s ON id, amount FROM orders"),
    Case("create statistics", "DROP STATISTICS s", "CREATE STATISTICS s ON id, amount FROM orders;"),
    Case("publish", "CREATE PUBLICATION news FOR TABLE orders, users"),
    Case("comment", "COMMENT ON TABLE orders IS 'x'"),
    Case("comment", "COMMENT ON COLUMN orders.note IS 'x'"),
    Case(
        "add domain constraint",
        "ALTER DOMAIN short ADD CONSTRAINT c CHECK (value <> '')",
        "CREATE DOMAIN short AS text; CREATE TABLE words (word short); INSERT INTO words VALUES ('a');",
    ),
    Case(
        "add domain constraint",
        "ALTER DOMAIN short SET NOT NULL",
        "CREATE DOMAIN short AS text; CREATE TABLE words (word short); INSERT INTO words VALUES ('a');",
    ),
    Case(
        "refresh materialized view",
        "REFRESH MATERIALIZED VIEW m",
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM users; CREATE UNIQUE INDEX i ON m (id);",
    ),
    Case(
        "refresh materialized view concurrently",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM users; CREATE UNIQUE INDEX i ON m (id);",
    ),
    Case("cluster", "CLUSTER orders USING orders_pkey"),
    Case("analyze", "ANALYZE orders"),
    Case("lock table", "LOCK TABLE orders"),
    Case("lock table", "LOCK TABLE users, orders IN SHARE ROW EXCLUSIVE MODE NOWAIT"),
    Case("lock table", "LOCK TABLE orders IN ACCESS SHARE MODE"),
    # what goes along
    _alter("drop column of foreign key", "DROP COLUMN user_id", REFERS),
    _alter("drop column", "DROP COLUMN amount", REFERS),
    _alter("drop column of foreign key", "DROP COLUMN user_id, ADD COLUMN c integer", REFERS),
    Case("drop foreign key", "ALTER TABLE users DROP COLUMN id CASCADE", REFERS),
    Case("drop foreign key", "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE", REFERS),
    Case("drop foreign key", "DROP TABLE users CASCADE", REFERS),
    Case(
        "drop foreign key",
        "DROP INDEX i CASCADE",
        "CREATE TABLE keys (k integer); CREATE UNIQUE INDEX i ON keys (k);"
        "ALTER TABLE orders ADD FOREIGN KEY (amount) REFERENCES keys (k) NOT VALID;",
    ),
    Case("drop table", "DROP TABLE orders, users", REFERS),
    Case("drop table", "DROP SCHEMA aside CASCADE", "CREATE SCHEMA aside; CREATE TABLE aside.lines (LIKE users);"),
    Case(
        "drop table",
        "DROP VIEW v CASCADE",
        "CREATE VIEW v AS SELECT id FROM users; CREATE MATERIALIZED VIEW m AS SELECT id FROM v;",
    ),
    Case("drop trigger", "DROP FUNCTION watch() CASCADE", TRIGGER),
    Case(
        "drop column",
        "DROP TYPE mood CASCADE",
        "CREATE TYPE mood AS ENUM ('sad'); ALTER TABLE orders ADD COLUMN feeling mood;",
    ),
    Case(
        "set default",
        "DROP SEQUENCE s CASCADE",
        "CREATE SEQUENCE s; ALTER TABLE orders ALTER COLUMN amount SET DEFAULT nextval('s');",
    ),
    Case("truncate", "TRUNCATE users CASCADE", REFERS),
    Case("change rows", "UPDATE orders SET amount = 1 WHERE false"),
    Case("change rows", "INSERT INTO orders (id) VALUES (100)"),
    Case("change rows", "DELETE FROM orders WHERE false"),
)

# Statements that run outside of a transaction: only the lock is measured, while another session holds them up.
OUTSIDE = (
    Case("create index concurrently", "CREATE INDEX CONCURRENTLY i ON orders (amount)"),
    Case("drop index concurrently", "DROP INDEX CONCURRENTLY i", "CREATE INDEX i ON orders (amount);"),
    Case("reindex concurrently", "REINDEX INDEX CONCURRENTLY i", "CREATE INDEX i ON orders (amount);"),
    Case("vacuum full", "VACUUM FULL orders"),
    Case("detach partition concurrently", "ALTER TABLE parts DETACH PARTITION low CONCURRENTLY", base=ATTACHED),
)
# Situations that no case measures, and why.
UNMEASURED = {"set tablespace": "it needs a second tablespace on the server's disk"}
