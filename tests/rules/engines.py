"""Real engines, for what the rule book claims about them: run a script, look at the schema that it left."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import psycopg
from psycopg import sql as compose

from miglint.dryrun.postgres.engine import PostgresEngine

_NUMBERS = itertools.count()
# What the server itself says about everything in a database, by name; it does not lean on what miglint makes of it.
_EVERYTHING = """
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
    SELECT c.*, format('%s.%s', n.nspname, c.relname) AS name FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace
)
SELECT 'schema ' || nspname, '' FROM spaces
UNION ALL SELECT 'relation ' || name, concat_ws(' ', relkind, relpersistence, relrowsecurity, reloptions,
    pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid)) FROM relations WHERE relkind <> 'i'
UNION ALL SELECT format('column %s.%s', name, attname), concat_ws(' ', format_type(atttypid, atttypmod), attnotnull,
    attidentity, attgenerated, pg_get_expr(adbin, adrelid),
    (SELECT collname FROM pg_collation WHERE oid = attcollation))
    FROM relations r JOIN pg_attribute ON attrelid = r.oid LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'c')
UNION ALL SELECT 'constraint ' || conname || ' ' || coalesce(name, ''), pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN spaces n ON n.oid = connamespace LEFT JOIN relations r ON r.oid = conrelid
UNION ALL SELECT 'index ' || name, pg_get_indexdef(oid) FROM relations WHERE relkind IN ('i', 'I')
UNION ALL SELECT 'view ' || name, pg_get_viewdef(oid) FROM relations WHERE relkind IN ('v', 'm')
UNION ALL SELECT 'inherits ' || c.name, p.name FROM pg_inherits JOIN relations c ON c.oid = inhrelid
    JOIN relations p ON p.oid = inhparent
UNION ALL SELECT 'function ' || p.oid::regprocedure, prosrc || prorettype::regtype FROM pg_proc p
    JOIN spaces n ON n.oid = pronamespace
UNION ALL SELECT 'trigger ' || tgname || ' ' || name, pg_get_triggerdef(t.oid) || tgenabled::text FROM pg_trigger t
    JOIN relations r ON r.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'policy ' || policyname || ' ' || tablename, concat_ws(' ', cmd, roles, qual, with_check)
    FROM pg_policies
UNION ALL SELECT 'type ' || typname, concat_ws(' ', typtype, format_type(typbasetype, typtypmod),
    (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
    FROM pg_type t JOIN spaces n ON n.oid = typnamespace WHERE typtype IN ('e', 'd', 'r')
UNION ALL SELECT 'collation ' || collname, collcollate FROM pg_collation c JOIN spaces n ON n.oid = collnamespace
UNION ALL SELECT 'extension ' || extname, extversion FROM pg_extension
UNION ALL SELECT 'role ' || rolname, '' FROM pg_roles WHERE rolname !~ '^pg_'
"""

Found = dict[str, object]


@dataclass(frozen=True)
class Refusal:
    """What an engine said against a script."""

    state: str
    message: str

    def is_about(self, wanted: str) -> bool:
        return wanted.strip('"') in self.message if wanted.startswith('"') else wanted == self.state


class Database(Protocol):
    """A throw-away database of either engine."""

    def run(self, script: str) -> Refusal | None:
        """Run a script; return what the engine said against it."""

    def schema(self) -> Found:
        """Return everything in it by name."""


def differs(before: Found, after: Found) -> str:
    """Name what is different, empty when nothing is."""
    return ", ".join(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


class Sqlite:
    """The library that Python was built with, in memory."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)

    def run(self, script: str) -> Refusal | None:
        try:
            self._connection.executescript(script)
        except sqlite3.Error as error:
            return Refusal(type(error).__name__, str(error))
        finally:
            # A tool's connection ends with the script, and with it a transaction that is still open.
            if self._connection.in_transaction:
                self._connection.rollback()
        return None

    def schema(self) -> Found:
        query = self._connection.execute
        found: Found = {}
        for kind, name, table, text in query("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall():
            if kind == "table":
                columns = query('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?)', (name,))
                keys = query("SELECT * FROM pragma_foreign_key_list(?)", (name,))
                found[f"table {name}"] = (sorted(columns), keys.fetchall())
            elif kind == "index":
                keys = query("SELECT seqno, name, desc, coll FROM pragma_index_xinfo(?) WHERE key", (name,))
                where = " ".join((text or "").split()).partition(" WHERE ")[2]
                unique = query('SELECT "unique" FROM pragma_index_list(?) WHERE name = ?', (table, name)).fetchone()
                found[f"index {name}"] = (table, keys.fetchall(), unique, where)
            else:
                found[f"{kind} {name}"] = " ".join(text.split())
        return found


class Postgres:
    """A database of its own on the session's server."""

    def __init__(self, engine: PostgresEngine, name: str) -> None:
        self._engine, self._name = engine, name
        access = engine.server.access
        self._connection = psycopg.connect(
            access.conninfo(access.user, access.password, name), autocommit=True, prepare_threshold=None
        )

    def run(self, script: str) -> Refusal | None:
        # The server puts statements that arrive together into one transaction, which CONCURRENTLY does not allow.
        for part in script.split(";\n") if "CONCURRENTLY" in script else [script]:
            try:
                if part.strip():
                    self._connection.execute(compose.SQL(part.replace("{", "{{").replace("}", "}}")))
            except psycopg.Error as error:
                self._connection.rollback()
                return Refusal(error.sqlstate or "", str(error))
        # A tool's connection ends with the script, and with it a transaction that is still open.
        self._connection.rollback()
        return None

    def query(self, text: str) -> list[tuple[object, ...]]:
        return self._connection.execute(compose.SQL(text)).fetchall()

    def schema(self) -> Found:
        return {str(name): text for name, text in self.query(_EVERYTHING)}

    def close(self) -> None:
        self._connection.close()


@contextmanager
def database(engine: str, postgres: PostgresEngine) -> Iterator[Database]:
    """Lend an empty database."""
    if engine == "SQLite":
        yield Sqlite()
        return
    name = f"book_{next(_NUMBERS)}"
    with postgres.server.admin() as admin:
        admin.query(f"CREATE DATABASE {name} TEMPLATE template0")
    lent = Postgres(postgres, name)
    try:
        yield lent
    finally:
        # Roles belong to the server, so that an example's role would meet the next example.
        lent.run("DROP ROLE IF EXISTS miglint_reader;")
        lent.close()
        with postgres.server.admin() as admin:
            admin.query(f"DROP DATABASE {name} WITH (FORCE)")
