"""Comparison of the rows of a PostgreSQL database by digests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping

from miglint.dryrun.interfaces import TableDigest
from miglint.dryrun.postgres.connection import QueryError, Row, Session, literal, quoted
from miglint.sql.operations import Name

# Uncommitted rows are visible only in the script's session. All names and operators are therefore schema-qualified,
# whatever the search path, and values are formatted by the output functions of their types, since casts may be
# user-defined. Virtual generated columns derive from the others, and reading them evaluates their expression.
_TABLE = """c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
  AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
  AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_'::pg_catalog.text)"""
_JOINED = """pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"""
# The number of the open transaction, as rows have it.
_NOW = "(pg_catalog.txid_current() OPERATOR(pg_catalog.%) 4294967296::pg_catalog.int8)"
# Renamed columns change which values a row has under a name, and no row.
_TOUCHED = f"""
SELECT s.schemaname, s.relname FROM pg_catalog.pg_stat_xact_user_tables s
WHERE (s.n_tup_ins OPERATOR(pg_catalog.+) s.n_tup_upd OPERATOR(pg_catalog.+) s.n_tup_del)
  OPERATOR(pg_catalog.>) 0::pg_catalog.int8
UNION SELECT n.nspname, c.relname FROM {_JOINED} WHERE {_TABLE}
  AND (c.xmin::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>=) {_NOW}
    OR c.oid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.attrelid FROM pg_catalog.pg_attribute a
      WHERE a.xmin::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>=) {_NOW})))"""
_STORAGE = f"SELECT n.nspname, c.relname, c.oid, c.relfilenode FROM {_JOINED} WHERE {_TABLE}"
_COLUMNS = f"""
SELECT n.nspname, c.relname, pg_catalog.json_agg(a.attname ORDER BY a.attnum USING OPERATOR(pg_catalog.<))
FROM {_JOINED}
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
  AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped
  AND a.attgenerated OPERATOR(pg_catalog.<>) 'v'::pg_catalog."char"
WHERE {_TABLE}"""
_NAMED = " AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.name[])"
_BY_TABLE = " GROUP BY 1, 2"
SEQUENCES = "SELECT s.schemaname, s.sequencename, s.last_value FROM pg_catalog.pg_sequences s ORDER BY 1, 2"
# In a session of the catalog reader.
FILLED = f"""SELECT n.nspname, c.relname, (SELECT json_agg(a.attname ORDER BY a.attnum)::text FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v')
FROM {_JOINED} WHERE {_TABLE} AND pg_catalog.pg_relation_size(c.oid) > 0"""


# Scripts do not know it, and cannot make rows of the same sums.
_SEED = secrets.randbits(62)


def changed_tables(session: Session) -> frozenset[Name]:
    """Return the tables whose rows the open transaction may have changed: written to, truncated, rewritten, altered."""
    return frozenset(Name(schema, name or "") for schema, name in session.query(_TOUCHED)[0])


def storage(session: Session) -> dict[Name, tuple[str | None, str | None]]:
    """Return the oid and storage of each table: both are new after it is recreated."""
    rows = session.query(_STORAGE)[0]
    return {Name(schema, name or ""): (oid, file) for schema, name, oid, file in rows}


def digests(session: Session, only: Iterable[Name] | None) -> dict[Name, TableDigest]:
    """Return one hash per column, over all rows, of all tables or of the existing ones given."""
    wanted = None if only is None else frozenset(only)
    if wanted is not None and not wanted:
        return {}
    only_these = "" if wanted is None else _NAMED.format(", ".join(sorted({literal(name.name) for name in wanted})))
    tables = columns_of(session.query(f"{_COLUMNS}{only_these}{_BY_TABLE}")[0])
    return digests_of(session, {name: tables[name] for name in tables if wanted is None or name in wanted})


def columns_of(rows: Iterable[Row]) -> dict[Name, tuple[str, ...]]:
    """Return the columns of each table, whose rows are its schema, its name, and the JSON list of its columns."""
    return {Name(schema, name or ""): tuple(json.loads(columns or "[]")) for schema, name, columns in rows}


def digests_of(session: Session, tables: Mapping[Name, tuple[str, ...]]) -> dict[Name, TableDigest]:
    """Return one hash per column, over all rows, of tables with these columns."""
    found: dict[Name, TableDigest] = {}
    queries = [_digest(table, columns) for table, columns in tables.items()]
    if not queries:
        return found
    for (table, columns), rows in zip(tables.items(), _each(session, queries), strict=True):
        if isinstance(rows, str):
            found[table] = TableDigest(_count(session, table), {}, "", rows)
        elif rows:
            count, total, *hashes = rows[0]
            named = {column: value or "" for column, value in zip(columns, hashes, strict=True)}
            found[table] = TableDigest(int(count or 0), named, total or "")
    return found


def _each(session: Session, queries: list[str]) -> list[list[Row] | str]:
    """Return the rows of each query, or the error of one that fails."""
    results: list[list[Row] | str] = []
    try:
        results += session.query(";".join(queries))
    except QueryError:
        for sql in queries:
            try:
                results += session.query(sql)
            except QueryError as failed:
                results.append(failed.error.message or "error")
    return results


def _count(session: Session, table: Name) -> int:
    """Return the number of rows of a table whose values cannot be read; 0 if they cannot be counted either."""
    try:
        return int(session.query(f"SELECT pg_catalog.count(*) FROM ONLY {_full(table)}")[0][0][0] or 0)
    except QueryError:
        return 0


def _digest(table: Name, columns: tuple[str, ...]) -> str:
    # A sum does not depend on the order of rows, and a row not on the order of its columns.
    names = {column: f"h{number}" for number, column in enumerate(columns)}
    hashes = "".join(f", {_hash(_literal(column))} AS {name}" for column, name in names.items())
    row = _joined([f"v.{names[column]}::pg_catalog.text" for column in sorted(columns)])
    sums = "".join(f", pg_catalog.sum(v.{name})" for name in names.values())
    return (
        f"SELECT pg_catalog.count(*), pg_catalog.sum({_hash(row)}){sums}"
        f" FROM (SELECT 1{hashes} FROM ONLY {_full(table)}) v"
    )


def values(session: Session, table: Name, columns: tuple[str, ...]) -> Mapping[str | None, int]:
    """Return hashes of what the rows have in some columns, with their frequencies."""
    rows = session.query(
        f"SELECT v.hash, pg_catalog.count(*) FROM (SELECT pg_catalog.md5({_joined(list(map(_literal, columns)))})"
        f" AS hash FROM ONLY {_full(table)}) v GROUP BY 1"
    )
    return {value: int(count or 0) for value, count in rows[0]}


def _literal(column: str) -> str:
    return f"pg_catalog.format('%L', {quoted(column)})"


def _hash(text: str) -> str:
    return f"pg_catalog.hashtextextended({text}, {_SEED})"


def _joined(texts: list[str]) -> str:
    return " OPERATOR(pg_catalog.||) ',' OPERATOR(pg_catalog.||) ".join(texts or ["''"])


def _full(table: Name) -> str:
    return f"{quoted(table.schema or 'public')}.{quoted(table.name)}"
