"""Side effects of a statement: locks taken, tables rewritten, indexes left invalid."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import QueryError, Row, Session
from miglint.dryrun.results import ObservedLock, StatementRun

LOCK_ORDER = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
_STRENGTH = {mode: strength for strength, mode in enumerate(LOCK_ORDER)}

# These queries run in the script's session, since its uncommitted changes are visible only there: all names and
# operators are schema-qualified, whatever the search path.
_TABLES = """
SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_relation_filenode(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::pg_catalog."char"[])
  AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
  AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_'::pg_catalog.text)"""
_OWN = """FROM pg_catalog.pg_locks l
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text AND l.granted
  AND l.relation OPERATOR(pg_catalog.{condition}"""
_INVALID = "SELECT i.indexrelid::pg_catalog.regclass FROM pg_catalog.pg_index i WHERE NOT i.indisvalid"
_COUNT = """
SELECT pg_catalog.sum(s.seq_tup_read OPERATOR(pg_catalog.+) s.n_tup_ins OPERATOR(pg_catalog.+) s.n_tup_upd
  OPERATOR(pg_catalog.+) s.n_tup_del) FROM pg_catalog.pg_stat_xact_user_tables s"""
_LOOK = f"{_TABLES};SELECT l.relation, l.mode {_OWN.format(condition='>=) 16384::pg_catalog.oid')};{_INVALID}"
# Within a transaction: what it rewrites is locked until its end, or until it is undone. One query instead of three.
_HELD = f"""
SELECT l.relation, l.mode, pg_catalog.pg_relation_filenode(l.relation), NULL
{_OWN.format(condition="=) ANY ('{{{tables}}}'::pg_catalog.oid[])")}
UNION ALL SELECT NULL, NULL, NULL, {_INVALID.removeprefix("SELECT ")}"""

# The name of the file that holds a table's rows, by oid.
_Files = dict[str | None, str | None]


class Watch:
    """Reads the server's state before a script and after each of its statements."""

    def __init__(self, session: Session, *, count: bool = False) -> None:
        self._session = session
        self._count = f";{_COUNT}" if count else ""
        tables, locks, invalid, *counted = session.query(f"{_LOOK}{self._count}")
        self._counted = _number(counted)
        # Only locks on preexisting relations can block others.
        self._names = {oid or "": _label(schema, name) for oid, schema, name, _ in tables}
        # The files of the tables outside of the transaction, and those seen last.
        self._outside = {oid: file for oid, _, _, file in tables}
        self._files = self._outside
        self._in_transaction = _HELD.format(tables=",".join(self._names)) + self._count
        self._held = self._strongest(locks)
        self._invalid = {row[0] or "" for row in invalid}

    def _strongest(self, locks: list[Row]) -> dict[str, int]:
        strongest: dict[str, int] = {}
        for relation, mode in locks:
            if relation in self._names:
                strongest[relation] = max(strongest.get(relation, -1), _STRENGTH.get(mode or "", -1))
        return strongest

    def _state(self) -> tuple[_Files, list[Row], set[str], list[list[Row]]]:
        """Return the files of the tables, the locks held, the invalid indexes, and the rows counted, if they are."""
        if not self._session.in_transaction:
            tables, locks, invalid, *counted = self._session.query(f"{_LOOK}{self._count}")
            self._outside = {oid: file for oid, _, _, file in tables}
            return self._outside, locks, {row[0] or "" for row in invalid}, counted
        rows, *counted = self._session.query(self._in_transaction)
        files = self._outside | {oid: file for oid, mode, file, _ in rows if mode is not None}
        locks = [(oid, mode) for oid, mode, _, _ in rows if mode is not None]
        return files, locks, {row[3] for row in rows if row[3] is not None}, counted

    def look(self, index: int, span: Span, seconds: float) -> StatementRun:
        """Return the last statement with its effects; locks held before are excluded."""
        try:
            files, locks, invalid, counted = self._state()
        except (QueryError, EngineLostError):
            return StatementRun(index, span, seconds)
        counted_before, self._counted = self._counted, _number(counted)
        touched = None
        if self._session.in_transaction and self._counted is not None and counted_before is not None:
            # Statistics accumulate until the end of the transaction.
            touched = max(0, self._counted - counted_before)
        strongest = self._strongest(locks)
        new = {
            relation: strength for relation, strength in strongest.items() if strength > self._held.get(relation, -1)
        }
        self._held = strongest
        rewritten = [name for oid, name in self._names.items() if files.get(oid) not in (None, self._files.get(oid))]
        self._files = files
        left_invalid = invalid - self._invalid
        self._invalid |= left_invalid
        return StatementRun(
            index,
            span,
            seconds,
            tuple(
                sorted(ObservedLock(self._names[relation], LOCK_ORDER[strength]) for relation, strength in new.items())
            ),
            tuple(sorted(rewritten)),
            tuple(sorted(left_invalid)),
            touched,
            self._session.in_transaction,
        )


def _label(schema: str | None, name: str | None) -> str:
    return name or "" if schema == "public" else f"{schema}.{name}"


def _number(results: list[list[Row]]) -> int | None:
    return int(results[0][0][0] or 0) if results else None
