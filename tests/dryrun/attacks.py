"""Attacks on the PostgreSQL dry run: what a hostile migration does, and what must come of it.

`{trace}` stands for a file that must not come to be, `{victim}` for another database, whose role has the same name and
whose sessions are open. `users` is there before. Whatever is expected of an attack, afterwards the server, the victim
and the next migration have to be as if it had not been.
"""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """A migration and what is expected: one of `EXPECTED`, or the words that `beyond` has to have.

    `loose` scripts run outside of a transaction. `reused` ones run behind a pair whose copy of the database is reused.
    """

    forward: str
    expect: str = "harmless"
    rollback: str = "SELECT 1;"
    loose: bool = True
    reused: bool = False


# error: some error; refused: for want of rights; bounded: stopped at a limit; asymmetric, unstable, lost: the verdict
# says so in spite of the attack; harmless: nothing needs to be said.
EXPECTED = ("error", "refused", "bounded", "asymmetric", "lost", "harmless")

_FILES = {
    "copy to a program": "COPY (SELECT 1) TO PROGRAM 'touch {trace}';",
    "copy from a program": "CREATE TABLE t (x text); COPY t FROM PROGRAM 'touch {trace}';",
    "copy to a file": "COPY (SELECT 1) TO '{trace}';",
    "copy from a file": "CREATE TABLE t (x text); COPY t FROM '/etc/passwd';",
    "copy to a program in a block": "DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch {trace}'; END $$;",
    "copy in a definer's function": "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
    " $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch {trace}'; END $$; SELECT f();",
    "read a file": "SELECT pg_read_file('/etc/passwd');",
    "read a binary file": "SELECT pg_read_binary_file('/etc/passwd');",
    "read the server's own file": "SELECT pg_read_file('postgresql.auto.conf');",
    "list a folder": "SELECT pg_ls_dir('/');",
    "look at a file": "SELECT pg_stat_file('/etc/passwd');",
    "list the logs": "SELECT pg_ls_logdir();",
    "list the log of changes": "SELECT pg_ls_waldir();",
    "list temporary files": "SELECT pg_ls_tmpdir();",
    "import a large object": "SELECT lo_import('/etc/passwd');",
    "export a large object": "SELECT lo_export(lo_create(0), '{trace}');",
    "the rules of access": "SELECT * FROM pg_hba_file_rules;",
    "the settings in files": "SELECT * FROM pg_file_settings;",
    "a tablespace": "CREATE TABLESPACE evil LOCATION '/tmp';",
    "load a library": "LOAD '{trace}';",
    "load from elsewhere": "LOAD '/tmp/evil.so';",
    "a function in C": "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'system';",
    "an internal function": "CREATE FUNCTION f(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';",
    "a language": "CREATE LANGUAGE plpython3u;",
    "an extension of a language": "CREATE EXTENSION plpython3u;",
    "another language": "CREATE EXTENSION plperlu;",
    "files by an extension": "CREATE EXTENSION file_fdw;",
    "files by an old extension": "CREATE EXTENSION adminpack;",
    "pages of files": "CREATE EXTENSION pageinspect;",
    "an extension by another path": "CREATE EXTENSION \"../../../tmp/evil\";",
    "collations of the system": "SELECT pg_import_system_collations('pg_catalog');",
    "a dictionary from a file": "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = synonym,"
    " SYNONYMS = '../../../../etc/passwd');",
    "a thesaurus from a file": "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = thesaurus, DictFile = '/etc/passwd',"
    " Dictionary = english_stem);",
    "the path of libraries": "SET dynamic_library_path = '/tmp';",
    "the path of extensions": "SET extension_control_path = '/tmp';",
    "libraries of sessions": "SET session_preload_libraries = 'evil';",
    "where logs go": "SET log_directory = '/tmp';",
    "a base backup": "SELECT pg_backup_start('x');",
    "a restore point": "SELECT pg_create_restore_point('x');",
    "the next file of the log": "SELECT pg_switch_wal();",
}  # fmt: skip

_SERVER = {
    "alter system": "ALTER SYSTEM SET archive_command = 'touch {trace}';",
    "reload": "SELECT pg_reload_conf();",
    "rotate the log": "SELECT pg_rotate_logfile();",
    "promote": "SELECT pg_promote();",
    "reset the statistics": "SELECT pg_stat_reset_shared('bgwriter');",
    "dblink": "CREATE EXTENSION dblink;",
    "a loop to the server": "CREATE EXTENSION postgres_fdw;",
    "a wrapper": "CREATE FOREIGN DATA WRAPPER w;",
    "a subscription": "CREATE SUBSCRIPTION s CONNECTION 'host=/tmp' PUBLICATION p WITH (connect = false);",
    "a slot": "SELECT pg_create_physical_replication_slot('evil');",
    "a logical slot": "SELECT pg_create_logical_replication_slot('evil', 'pgoutput');",
    "everything published": "CREATE PUBLICATION p FOR ALL TABLES;",
    "drop a template": "DROP DATABASE template1;",
    "drop another database": "DROP DATABASE {victim};",
    "drop the server's database": "DROP DATABASE postgres;",
    "rename another database": "ALTER DATABASE {victim} RENAME TO mine;",
    "own another database": "ALTER DATABASE {victim} OWNER TO CURRENT_USER;",
    "close another database": "ALTER DATABASE {victim} ALLOW_CONNECTIONS false;",
    "set another database": "ALTER DATABASE {victim} SET search_path = evil;",
    "set the server's database": "ALTER DATABASE postgres SET search_path = evil;",
    "words on another database": "COMMENT ON DATABASE postgres IS 'x';",
    "a database": "CREATE DATABASE evil;",
    "the list of databases": "UPDATE pg_database SET datallowconn = false;",
    "write the catalog": "UPDATE pg_authid SET rolsuper = true;",
    "write to the roles": "INSERT INTO pg_auth_members SELECT oid, oid, oid, true FROM pg_roles;",
    "write a function's row": "UPDATE pg_proc SET prosecdef = true;",
    "system tables may be changed": "SET allow_system_table_mods = on; CREATE TABLE pg_catalog.t (x int);",
    "a table of the system": "CREATE TABLE pg_catalog.t (x int);",
    "a function of the system": "CREATE FUNCTION pg_catalog.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "an operator of the system": "CREATE OPERATOR pg_catalog.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);",
    "a view of the system": "CREATE OR REPLACE VIEW pg_catalog.pg_tables AS SELECT 1;",
    "a schema of the system": "CREATE SCHEMA pg_evil;",
    "a cast of the system": "CREATE FUNCTION c(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
    " CREATE CAST (int AS boolean) WITH FUNCTION c(int);",
    "a trigger on the system": "CREATE TRIGGER t BEFORE INSERT ON pg_class FOR EACH ROW EXECUTE FUNCTION now();",
    "triggers of the system": "ALTER TABLE pg_catalog.pg_class DISABLE TRIGGER ALL;",
    "an event trigger": "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    " CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION e();",
    "an event at login": "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    " CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION e();",
    "a rule on the system": "CREATE RULE r AS ON INSERT TO pg_class DO INSTEAD NOTHING;",
    "an access method": "CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler;",
    "an operator class": "CREATE OPERATOR CLASS c DEFAULT FOR TYPE int USING btree AS STORAGE int;",
    "a base type": "CREATE TYPE t (INPUT = textin, OUTPUT = textout);",
}  # fmt: skip

_ROLES = {
    "set role": "SET ROLE miglint;",
    "session authorization": "SET SESSION AUTHORIZATION miglint;",
    "role by a setting": "SELECT set_config('role', 'miglint', false);",
    "the session's role by a setting": "SELECT set_config('session_authorization', 'miglint', false);",
    "become superuser": "ALTER ROLE CURRENT_USER SUPERUSER;",
    "become superuser as who logged in": "SET ROLE NONE; ALTER ROLE CURRENT_USER SUPERUSER;",
    "make a superuser": "CREATE ROLE evil SUPERUSER;",
    "make a role": "CREATE ROLE evil;",
    "programs by a role": "GRANT pg_execute_server_program TO CURRENT_USER;",
    "files by a role": "GRANT pg_read_server_files, pg_write_server_files TO CURRENT_USER;",
    "signals by a role": "GRANT pg_signal_backend TO CURRENT_USER;",
    "the superuser as a role": "GRANT miglint TO CURRENT_USER;",
    "the superuser's password": "ALTER ROLE miglint PASSWORD 'x';",
    "the superuser's settings": "ALTER ROLE miglint SET search_path = evil;",
    "everybody's settings": "ALTER ROLE ALL SET search_path = evil;",
    "drop the superuser": "DROP ROLE miglint;",
    "what the superuser owns": "DROP OWNED BY miglint;",
    "the superuser's things": "REASSIGN OWNED BY miglint TO CURRENT_USER;",
    "the superuser's defaults": "ALTER DEFAULT PRIVILEGES FOR ROLE miglint GRANT ALL ON TABLES TO PUBLIC;",
    "read passwords": "SELECT rolpassword FROM pg_authid;",
    "read passwords otherwise": "SELECT passwd FROM pg_shadow;",
    "its own name": "DO $$ BEGIN EXECUTE format('ALTER ROLE %I RENAME TO evil', session_user); END $$;",
    "no more sessions": "SET ROLE NONE; ALTER ROLE CURRENT_USER CONNECTION LIMIT 0;",
    "no more login": "SET ROLE NONE; ALTER ROLE CURRENT_USER NOLOGIN;",
    "no longer valid": "SET ROLE NONE; ALTER ROLE CURRENT_USER VALID UNTIL '2000-01-01';",
    "drop itself": "DO $$ BEGIN EXECUTE format('DROP ROLE %I', session_user); END $$;",
    "a right on settings": "GRANT ALTER SYSTEM ON PARAMETER archive_command TO CURRENT_USER;",
    "a setting of superusers": "SET log_statement = 'none';",
    "what a file may not exceed": "SET temp_file_limit = -1;",
}  # fmt: skip

# What succeeds within the server's rules, is undone, and is named.
_BEYOND = {
    "its role's path": ("ALTER ROLE CURRENT_USER SET search_path = evil;", "search_path=evil"),
    "its role's password": ("ALTER ROLE CURRENT_USER PASSWORD 'x';", "changes the password"),
    "its login's password": ("SET ROLE NONE; ALTER ROLE CURRENT_USER PASSWORD 'x';", "changes the password"),
    "a library that its login lacks": (
        "SET ROLE NONE; ALTER ROLE CURRENT_USER SET local_preload_libraries = 'evil';", "local_preload_libraries=evil",
    ),
    "its login's role": ("SET ROLE NONE; ALTER ROLE CURRENT_USER SET role = 'none';", "role=none"),
    "its login's time": ("SET ROLE NONE; ALTER ROLE CURRENT_USER SET statement_timeout = 0;", "statement_timeout=0"),
    "its login only reads": (
        "SET ROLE NONE; ALTER ROLE CURRENT_USER SET default_transaction_read_only = on;", "read_only=on",
    ),
    "its login in its database": (
        "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET search_path = evil',"
        " current_database()); END $$;",
        "search_path=evil",
    ),
    "in a block that hides it": (
        "DO $$ BEGIN EXECUTE 'ALTER ' || 'RO' || 'LE CURRENT_' || 'USER SET search_path = evil'; END $$;",
        "search_path=evil",
    ),
    "in a function": (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'ALTER ROLE CURRENT_USER SET search_path = evil';"
        " SELECT f();",
        "search_path=evil",
    ),
    "all databases of its own": (
        "DO $$ DECLARE d text; BEGIN FOR d IN SELECT datname FROM pg_database LOOP BEGIN"
        " EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', d);"
        " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;",
        "read_only=on",
    ),
    "closed databases of its own": (
        "DO $$ DECLARE d text; BEGIN FOR d IN SELECT datname FROM pg_database LOOP BEGIN"
        " EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', d);"
        " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;",
        "owner or access of database",
    ),
    "nobody may enter": (
        "DO $$ DECLARE d text; BEGIN FOR d IN SELECT datname FROM pg_database LOOP BEGIN"
        " EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, CURRENT_USER', d);"
        " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;",
        "owner or access of database",
    ),
    "gives its databases to its login": (
        "SET ROLE NONE; DO $$ BEGIN EXECUTE format('REASSIGN OWNED BY postgres TO %I', session_user); END $$;",
        "owner or access of database",
    ),
}  # fmt: skip

# A trap does harm as soon as it is called with more rights than its maker has.
_TRAP = """CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' OR pg_catalog.pg_has_role(current_user,
    'pg_execute_server_program', 'MEMBER') THEN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {trace}'''; END IF;
  RETURN true; END $$;"""
_TRAPS = {
    "a default": "CREATE TABLE t (x boolean DEFAULT trap(), y int);",
    "a check": "CREATE TABLE t (x int CHECK (trap()));",
    "a generated column": "CREATE TABLE t (x int, y boolean GENERATED ALWAYS AS (trap()) STORED);",
    "an index": "CREATE TABLE t (x int); INSERT INTO t VALUES (1);"
    " CREATE FUNCTION one(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT trap()'; CREATE INDEX ON t (one(x));",
    "the condition of an index": "CREATE TABLE t (x int); CREATE INDEX ON t (x) WHERE trap();",
    "statistics": "CREATE TABLE t (x int, y int); INSERT INTO t SELECT 1, 2 FROM generate_series(1, 99);"
    " CREATE FUNCTION one(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT trap()';"
    " CREATE STATISTICS s ON (one(x)), y FROM t; ANALYZE t; ANALYZE; VACUUM;",
    "a trigger": "CREATE TABLE t (x int); CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM trap(); RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();"
    " ALTER TABLE t ENABLE ALWAYS TRIGGER g;",
    "a policy": "CREATE TABLE t (x int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    " ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (trap());",
    "a view": "CREATE VIEW v AS SELECT trap(); CREATE MATERIALIZED VIEW m AS SELECT trap() AS x;",
    "a rule": "CREATE TABLE t (x int); CREATE RULE r AS ON INSERT TO t DO ALSO SELECT trap();",
    "a domain": "CREATE DOMAIN d AS int CHECK (trap()); CREATE TABLE t (x d);",
    "a cast": "CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION c(e) RETURNS text LANGUAGE plpgsql IMMUTABLE AS"
    " 'BEGIN PERFORM trap(); RETURN ''x''; END'; CREATE CAST (e AS text) WITH FUNCTION c(e) AS IMPLICIT;"
    " CREATE TABLE t (x e);",
    "operators on the path": "CREATE SCHEMA evil; CREATE FUNCTION evil.eq(name, text) RETURNS boolean LANGUAGE sql AS"
    " 'SELECT public.trap()'; CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = name, RIGHTARG = text);"
    " CREATE OPERATOR evil.<> (FUNCTION = evil.eq, LEFTARG = name, RIGHTARG = text);"
    " SET search_path = evil, pg_catalog, public; ALTER TABLE users DISABLE TRIGGER ALL;",
    "operators on its database's path": "CREATE SCHEMA evil; CREATE FUNCTION evil.eq(name, text) RETURNS boolean"
    " LANGUAGE sql AS 'SELECT public.trap()'; CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = name,"
    " RIGHTARG = text); DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog, public',"
    " current_database()); END $$; CREATE EXTENSION IF NOT EXISTS moddatetime;",
    "an extension's function": "CREATE FUNCTION hashint4(int) RETURNS int LANGUAGE sql IMMUTABLE AS"
    " 'SELECT trap()::int'; CREATE OPERATOR = (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);"
    " CREATE EXTENSION IF NOT EXISTS bloom; CREATE TABLE t (x int); CREATE INDEX ON t USING bloom (x);",
    "the partition's key": "CREATE FUNCTION one(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT trap()';"
    " CREATE TABLE t (x int) PARTITION BY LIST (one(x)); CREATE TABLE t1 PARTITION OF t DEFAULT;",
    "an aggregate on the path": "CREATE SCHEMA evil; CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS"
    " 'SELECT public.trap()::int'; CREATE FUNCTION evil.md5(text) RETURNS text LANGUAGE sql AS"
    " 'SELECT public.trap()::text'; SET search_path = evil, pg_catalog, public;",
    # As it got to a shell.
    "the classes of a superuser's function": "CREATE TEMP VIEW pg_class AS SELECT oid, relowner, relname FROM"
    " pg_catalog.pg_class WHERE trap(); CREATE TABLE t (x int); ALTER TABLE t DISABLE TRIGGER ALL;"
    " ALTER TABLE t ENABLE TRIGGER ALL;",
    "the indexes of a superuser's function": "CREATE TEMP VIEW pg_class AS SELECT oid, relowner, relname FROM"
    " pg_catalog.pg_class WHERE trap(); UPDATE pg_index SET indisready = false WHERE indrelid ="
    " (SELECT oid FROM pg_class WHERE relname = 'users');",
    "a cursor that is held": "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT trap(); COMMIT;",
    "a constraint that waits": "CREATE TABLE t (x int); CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM trap(); RETURN NEW; END'; CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE INITIALLY"
    " DEFERRED FOR EACH ROW EXECUTE FUNCTION g(); ALTER TABLE t ENABLE ALWAYS TRIGGER g;",
}  # fmt: skip

# The forward makes something that the rollback leaves there and hides.
_HIDDEN = {
    "pg_class": ("CREATE TABLE hidden (x int);", "relname NOT LIKE 'hid%'"),
    "pg_attribute": ("ALTER TABLE users ADD hidden int;", "attname <> 'hidden'"),
    "pg_constraint": ("ALTER TABLE users ADD CONSTRAINT hidden CHECK (id > 0);", "conname <> 'hidden'"),
    "pg_index": ("CREATE INDEX hidden ON users (email);", "indexrelid <> 'hidden'::regclass"),
    "pg_namespace": ("CREATE SCHEMA hidden;", "nspname <> 'hidden'"),
    "pg_proc": ("CREATE FUNCTION hidden() RETURNS int LANGUAGE sql AS 'SELECT 1';", "proname <> 'hidden'"),
    "pg_type": ("CREATE TYPE hidden AS ENUM ('a');", "typname <> 'hidden'"),
    "pg_trigger": (
        "CREATE TRIGGER hidden BEFORE UPDATE ON users FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger();",
        "tgname <> 'hidden'",
    ),
    "pg_policy": ("CREATE POLICY hidden ON users USING (true);", "polname <> 'hidden'"),
    "pg_sequence": ("CREATE SEQUENCE hidden;", "seqrelid <> 'hidden'::regclass"),
    "pg_attrdef": ("ALTER TABLE users ALTER nick SET DEFAULT 'hidden';", "adrelid <> 'users'::regclass"),
    "pg_rewrite": ("CREATE RULE hidden AS ON DELETE TO users DO INSTEAD NOTHING;", "rulename <> 'hidden'"),
}  # fmt: skip

# What a rollback does after leaving a table there, so that nobody sees it.
_BLINDS = {
    "a path": "SET search_path = evil, pg_catalog;",
    "a function on the path": "CREATE SCHEMA evil; CREATE FUNCTION evil.json_build_array(text, text, text, text, text)"
    " RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; SET search_path = evil, pg_catalog; DROP SCHEMA evil CASCADE;",
    "an operator on the path": "CREATE SCHEMA evil; CREATE FUNCTION evil.no(name, text) RETURNS boolean LANGUAGE sql"
    " AS 'SELECT false'; CREATE OPERATOR evil.!~ (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);"
    " SET search_path = evil, pg_catalog, public;",
    "names in quotes": "SET quote_all_identifiers = on;",
    "another encoding": "SET client_encoding = 'LATIN1';",
    "no time": "SET statement_timeout = 1;",
    "no time for locks": "SET lock_timeout = 1; SET idle_in_transaction_session_timeout = 50;",
    "another role": "SET ROLE NONE;",
    "its settings": "ALTER ROLE CURRENT_USER SET search_path = evil;",
    "settings of the database": "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog',"
    " current_database()); END $$;",
    "a table of its own": "CREATE TEMP TABLE pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;",
    "tables of its own": "CREATE TEMP TABLE pg_namespace (oid oid, nspname name); CREATE TEMP TABLE pg_depend (x int);",
    "a function of its own": "CREATE FUNCTION pg_temp.format_type(oid, int) RETURNS text LANGUAGE sql AS"
    " 'SELECT NULL';",
    "a transaction that only reads": "SET default_transaction_read_only = on;",
    "another moment": "SET default_transaction_isolation = 'serializable'; SET transform_null_equals = on;",
    "a lock": "SELECT pg_advisory_lock(1); LISTEN evil;",
    "a prepared statement": "PREPARE look_0 AS SELECT 1; PREPARE look_1 AS SELECT 1; PREPARE look_2 AS SELECT 1;",
    "its own savepoint": "ROLLBACK TO SAVEPOINT miglint_1;",
    "rows that it may not see": "ALTER TABLE users ENABLE ROW LEVEL SECURITY; SET row_security = off;",
}  # fmt: skip

_TRANSACTIONS = {
    "ends the transaction": "COMMIT;",
    "ends it otherwise": "END;",
    "undoes the transaction": "ROLLBACK;",
    "undoes it otherwise": "ABORT;",
    "ends it and goes on": "CREATE TABLE t (x int); COMMIT AND CHAIN;",
    "ends it in a block": "DO $$ BEGIN COMMIT; END $$;",
    "ends it in a procedure": "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'; CALL p();",
    "goes back to a savepoint": "ROLLBACK TO SAVEPOINT miglint_1;",
    "lets a savepoint go": "RELEASE SAVEPOINT miglint_1;",
    "leaves a transaction open": "BEGIN; LOCK TABLE users;",
    "prepares the transaction": "BEGIN; CREATE TABLE t (x int); PREPARE TRANSACTION 'evil';",
    "discards all": "DISCARD ALL;",
    "a session that ends by itself": "CREATE TABLE t (x int); SET idle_in_transaction_session_timeout = 1;",
}  # fmt: skip

_BOUNDED = {
    "sleep": "SELECT pg_sleep(1e9);",
    "without a time-out": "SET statement_timeout = 0; SELECT pg_sleep(1e9);",
    "catching the time-out": "SET statement_timeout = 0; DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1e6);"
    " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;",
    "a loop": "DO $$ BEGIN LOOP END LOOP; END $$;",
    "recursion": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;",
    "rows without end": "SELECT generate_series(1, 1000000000000);",
    "copies without end": "COPY (SELECT generate_series(1, 1000000000000)) TO STDOUT;",
    "notices without end": "DO $$ BEGIN FOR i IN 1..100000000 LOOP"
    " RAISE NOTICE '%', repeat('x', 1000); END LOOP; END $$;",
    "a table without end": "SET statement_timeout = 0;"
    " CREATE TABLE t AS SELECT repeat(x::text, 500) FROM generate_series(1, 1000000000) x;",
    "a table that talks": "SET statement_timeout = 0; CREATE TABLE t (x text); DO $$ BEGIN LOOP"
    " INSERT INTO t SELECT repeat(md5(x::text), 200) FROM generate_series(1, 500) x; RAISE NOTICE 'x';"
    " END LOOP; END $$;",
    "a wait at the end": "CREATE TABLE t (x int); CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_sleep(1e9); RETURN NEW; END'; CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE"
    " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION g(); SET statement_timeout = 0; INSERT INTO t VALUES (1);",
    "a cursor that waits": "SET statement_timeout = 0; BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT pg_sleep(1e9);"
    " COMMIT;",
    "an index that waits": "CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
    " 'BEGIN PERFORM pg_sleep(1e9); RETURN 1; END'; CREATE TABLE t (x int); INSERT INTO t VALUES (1);"
    " CREATE INDEX ON t (f(x));",
}  # fmt: skip

# What waits or lies when somebody looks at rows.
_ROWS = {
    # As it hung for ever.
    "a cast that waits": "SET statement_timeout = 0; CREATE TYPE ev AS ENUM ('a'); CREATE FUNCTION evt(ev) RETURNS text"
    " LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1e9); RETURN 1; END'; CREATE CAST (ev AS text) WITH FUNCTION evt(ev);"
    " CREATE TABLE t (x ev); INSERT INTO t VALUES ('a');",
    "a policy that waits": "CREATE TABLE t (x int); INSERT INTO t VALUES (1); CREATE FUNCTION w() RETURNS boolean"
    " LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1e9); RETURN true; END'; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    " ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (w()); SET statement_timeout = 0;",
    "a default that waits": "CREATE FUNCTION w() RETURNS int LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_sleep(1e9); RETURN 1; END'; CREATE TABLE t (x int DEFAULT w(), y int NOT NULL);",
    "a check that waits": "CREATE FUNCTION w(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS"
    " 'BEGIN PERFORM pg_sleep(1e9); RETURN true; END'; CREATE TABLE t (x int NOT NULL CHECK (w(x)));",
}  # fmt: skip

_SESSIONS = {
    # As it ended the sessions of its siblings.
    "end all sessions": "DO $$ DECLARE p int; BEGIN FOR p IN SELECT pid FROM pg_stat_activity WHERE pid <>"
    " pg_backend_pid() LOOP BEGIN PERFORM pg_terminate_backend(p); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP;"
    " END $$;",
    "end all sessions as who logged in": "SET ROLE NONE; DO $$ DECLARE p int; BEGIN FOR p IN SELECT pid FROM"
    " pg_stat_activity WHERE pid <> pg_backend_pid() LOOP BEGIN PERFORM pg_terminate_backend(p);"
    " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;",
    "cancel all": "DO $$ DECLARE p int; BEGIN FOR p IN SELECT pid FROM pg_stat_activity LOOP BEGIN"
    " PERFORM pg_cancel_backend(p); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;",
    "lock the catalog": "BEGIN; LOCK TABLE pg_catalog.pg_class IN ACCESS SHARE MODE;",
    "all advisory locks": "SELECT count(pg_advisory_lock(x)) FROM generate_series(1, 200) x;",
    "drop what it owns": "DROP OWNED BY CURRENT_USER;",
    "many messages": "LISTEN evil; NOTIFY evil, 'x'; SELECT count(pg_notify('evil', x::text))"
    " FROM generate_series(1, 5000) x;",
    "a large row": "SELECT repeat('x', 60000000);",
    "a large message": "DO $$ BEGIN RAISE NOTICE '%', repeat('x', 60000000); END $$;",
    "a large copy": "COPY (SELECT repeat('x', 60000000)) TO STDOUT;",
    "no time when it runs again": "CREATE TABLE IF NOT EXISTS again (x int); DO $$ BEGIN IF EXISTS (SELECT FROM again)"
    " THEN PERFORM set_config('transaction_timeout', '1ms', false); END IF; END $$;"
    " SELECT pg_sleep(0.05); INSERT INTO again VALUES (1);",
    "time when idle": "SET idle_session_timeout = 1; SET idle_in_transaction_session_timeout = 1;",
    "its own end": "SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid());",
    "settings that stay": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET search_path = nowhere;"
    " SET client_encoding = 'SQL_ASCII'; SET standard_conforming_strings = off;",
    "temporary things": "CREATE TEMP TABLE users (evil int); CREATE TEMP VIEW pg_class AS SELECT 1 AS oid;"
    " CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "large objects": "SELECT lo_from_bytea(0, 'evil');",
    "sequences": "CREATE SEQUENCE IF NOT EXISTS s; SELECT setval('s', 99);",
    "a huge comment": "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE users IS %L', repeat('x', 100000000)); END $$;",
    "a huge function": "DO $$ BEGIN EXECUTE format('CREATE FUNCTION f() RETURNS text LANGUAGE sql AS %L',"
    " format('SELECT %L', repeat('x', 50000000))); END $$;",
    "entities from files": "SELECT xmlparse(document '<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
    "<d>&e;</d>');",
    "a schema of ours": "CREATE SCHEMA miglint; CREATE FUNCTION miglint.set_triggers(regclass, boolean) RETURNS void"
    " LANGUAGE sql AS ''; ALTER TABLE users DISABLE TRIGGER ALL; ALTER TABLE users ENABLE TRIGGER ALL;",
    "a copy of rows as a replica": "SET session_replication_role = replica;",
    "everybody's schema": "GRANT ALL ON SCHEMA public TO PUBLIC;"
    " ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;",
    "rights for everybody": "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;"
    " CREATE FUNCTION d() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';",
}  # fmt: skip

# What depends on a temporary object is there until the session ends, and with it on the next look at the schema.
_FLEETING = {
    "a default": (
        "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT 1::text';"
        " ALTER TABLE users ALTER nick SET DEFAULT pg_temp.f();",
        "ALTER TABLE users ALTER nick DROP DEFAULT;",
    ),
    "an index": (
        "CREATE FUNCTION pg_temp.f(bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT 1::bigint';"
        " CREATE INDEX fleeting ON users (pg_temp.f(id));",
        "DROP INDEX IF EXISTS fleeting;",
    ),
    "a check": (
        "CREATE FUNCTION pg_temp.f(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        " ALTER TABLE users ADD CONSTRAINT fleeting CHECK (pg_temp.f(id));",
        "ALTER TABLE users DROP CONSTRAINT IF EXISTS fleeting;",
    ),
    "a column": (
        "CREATE DOMAIN pg_temp.d AS text; ALTER TABLE users ADD COLUMN fleeting pg_temp.d;",
        "ALTER TABLE users DROP COLUMN IF EXISTS fleeting;",
    ),
    "a function": (
        "CREATE TEMP TABLE t (x int);"
        " CREATE FUNCTION public.fleeting(pg_temp.t) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "SELECT 1;",
    ),
    "a view": (
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " CREATE VIEW public.fleeting AS SELECT pg_temp.f() AS x;",
        "DROP VIEW IF EXISTS fleeting;",
    ),
    "a trigger": (
        "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        " CREATE TRIGGER fleeting BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION pg_temp.f();",
        "DROP TRIGGER IF EXISTS fleeting ON users;",
    ),
    "a configuration": (
        "CREATE TEXT SEARCH DICTIONARY pg_temp.d (TEMPLATE = pg_catalog.simple);"
        " CREATE TEXT SEARCH CONFIGURATION public.fleeting (PARSER = pg_catalog.default);"
        " ALTER TEXT SEARCH CONFIGURATION public.fleeting ADD MAPPING FOR word WITH pg_temp.d;",
        "DROP TEXT SEARCH CONFIGURATION IF EXISTS public.fleeting;",
    ),
    "a default without time": (
        "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT 1::text';"
        " ALTER TABLE users ALTER nick SET DEFAULT pg_temp.f(); SET statement_timeout = 1;",
        "ALTER TABLE users ALTER nick DROP DEFAULT;",
    ),
}  # fmt: skip


def _all() -> dict[str, Attack]:
    found: dict[str, Attack] = {}
    refused = {**{f"files: {name}": text for name, text in _FILES.items()}}
    refused |= {f"server: {name}": text for name, text in _SERVER.items()}
    refused |= {f"roles: {name}": text for name, text in _ROLES.items()}
    found |= {name: Attack(text, "error") for name, text in refused.items()}
    found |= {f"beyond: {name}": Attack(text, expect) for name, (text, expect) in _BEYOND.items()}
    found |= {f"trap: {name}": Attack(f"{_TRAP} {text}") for name, text in _TRAPS.items()}
    for catalog, (made, where) in _HIDDEN.items():
        hide = f"CREATE TEMP VIEW {catalog} AS SELECT xmin, tableoid, ctid, * FROM pg_catalog.{catalog} WHERE {where};"
        found[f"hide: {catalog}"] = Attack(made, "asymmetric", hide, loose=False)
    for name, text in _BLINDS.items():
        found[f"blind: {name}"] = Attack("CREATE TABLE hidden (x int);", "asymmetric", text, loose=False)
    found |= {f"transaction: {name}": Attack(text, loose=False) for name, text in _TRANSACTIONS.items()}
    found |= {f"bounds: {name}": Attack(text, "bounded", loose=False) for name, text in _BOUNDED.items()}
    found |= {f"rows: {name}": Attack(text, "harmless", loose=False) for name, text in _ROWS.items()}
    found["rows: a savepoint of ours"] = Attack(
        "DELETE FROM users;", "lost", "ROLLBACK TO SAVEPOINT miglint_1;", loose=False
    )
    found["rows: a policy that hides"] = Attack(
        "UPDATE users SET nick = 'gone';", "lost",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;"
        " CREATE POLICY p ON users USING (nick <> 'gone');", loose=False,
    )  # fmt: skip
    found |= {f"session: {name}": Attack(text) for name, text in _SESSIONS.items()}
    for name, (text, back) in _FLEETING.items():
        found[f"fleeting: {name}"] = Attack(text, rollback=back, loose=False, reused=True)
    return found


ATTACKS = _all()
