"""Rows of a PostgreSQL database, compared without keeping them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from miglint.dryrun.interfaces import TableDigest
from miglint.dryrun.postgres.connection import QueryError, Session, quoted
from miglint.sql.operations import Name

_TOUCHED = """
SELECT s.schemaname, s.relname FROM pg_catalog.pg_stat_xact_user_tables s
WHERE (s.n_tup_ins OPERATOR(pg_catalog.+) s.n_tup_upd OPERATOR(pg_catalog.+) s.n_tup_del) OPERATOR(pg_catalog.>) 0
UNION SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.xmin::text::int8 OPERATOR(pg_catalog.>=) (pg_catalog.txid_current() OPERATOR(pg_catalog.%) 4294967296)
  AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'"""

_STORAGE = """
SELECT n.nspname, c.relname, c.oid, c.relfilenode
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'"""

_COLUMNS = """
SELECT n.nspname, c.relname, pg_catalog.json_agg(a.attname ORDER BY a.attnum)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
  AND NOT a.attisdropped
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND n.nspname OPERATOR(pg_catalog.!~) '^pg_' GROUP BY 1, 2"""


def changed_tables(session: Session) -> frozenset[Name]:
    """Return the tables whose rows the open transaction may have changed: written to, truncated or rewritten."""
    return frozenset(Name(schema, name or "") for schema, name in session.query(_TOUCHED)[0])


def storage(session: Session) -> dict[Name, tuple[str | None, str | None]]:
    """Return the identity of each table and of its storage: both are new when it was made again."""
    rows = session.query(_STORAGE)[0]
    return {Name(schema, name or ""): (oid, file) for schema, name, oid, file in rows}


def digests(session: Session, only: Iterable[Name] | None) -> dict[Name, TableDigest]:
    """Return one hash per column, over all rows, of the tables (or of those named that are there)."""
    wanted = None if only is None else frozenset(only)
    tables = {
        Name(schema, name or ""): tuple(json.loads(columns or "[]"))
        for schema, name, columns in session.query(_COLUMNS)[0]
        if wanted is None or Name(schema, name or "") in wanted
    }
    found: dict[Name, TableDigest] = {}
    parts = [(table, columns, _digest(table, columns)) for table, columns in tables.items()]
    if not parts:
        return found
    try:
        results = session.query(";".join(sql for _, _, sql in parts))
    except QueryError:
        results = []
        for _, _, sql in parts:
            try:
                results += session.query(sql)
            except QueryError:
                results.append([])
    for (table, columns, _), rows in zip(parts, results, strict=True):
        if rows:
            count, *hashes = rows[0]
            named = {column: value or "" for column, value in zip(columns, hashes, strict=True)}
            found[table] = TableDigest(int(count or 0), named)
    return found


def _digest(table: Name, columns: tuple[str, ...]) -> str:
    # A sum does not depend on the order of the rows.
    hashes = "".join(
        f", pg_catalog.sum(pg_catalog.hashtextextended({quoted(column)}::pg_catalog.text, 0))" for column in columns
    )
    return f"SELECT pg_catalog.count(*){hashes} FROM ONLY {_full(table)}"


def values(session: Session, table: Name, column: str) -> Mapping[str | None, int]:
    """Return a hash of each value of a column with its frequency."""
    rows = session.query(
        f"SELECT pg_catalog.md5({quoted(column)}::pg_catalog.text), pg_catalog.count(*)"
        f" FROM ONLY {_full(table)} GROUP BY 1"
    )
    return {value: int(count or 0) for value, count in rows[0]}


def _full(table: Name) -> str:
    return f"{quoted(table.schema or 'public')}.{quoted(table.name)}"
