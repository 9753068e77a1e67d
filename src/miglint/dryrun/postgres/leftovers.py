"""Leftovers of killed runs on a persistent server, distinguished from those of active runs.

A run holds an advisory lock until it ends. The lock's key is the random part of the names of its databases and roles,
so objects with miglint's names and no such lock are leftovers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from miglint.base.lazy_regex import pattern
from miglint.dryrun.postgres.connection import QueryError, Session, literal, quoted
from miglint.dryrun.postgres.server import BACKENDS, PREFIX, PostgresServer, drop_database

# "migl": the first half of the lock keys.
_CLASS = 0x6D69676C
_OURS = pattern(PREFIX + r"([0-9a-f]{10})_\d+(?:_\d+|_[a-z]+)")
_DATABASES = """SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d
  WHERE pg_catalog.starts_with(d.datname, 'miglint_')"""
_ROLES = "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE pg_catalog.starts_with(r.rolname, 'miglint_')"
_LOCKS = f"""SELECT l.objid FROM pg_catalog.pg_locks l
  WHERE l.locktype = 'advisory' AND l.classid = {_CLASS} AND l.objsubid = 2 AND l.granted"""


def _key(token: str) -> int:
    return int(token[:8], 16)


def claim(session: Session, token: str) -> None:
    """Lock a run for the lifetime of the session."""
    key = _key(token)
    session.query(f"SELECT pg_catalog.pg_advisory_lock({_CLASS}, {key - (1 << 32) if key >= 1 << 31 else key})")


def _in_use(server: PostgresServer, databases: Collection[str]) -> frozenset[str]:
    """End the sessions of dead runs' databases, and return those databases that have others.

    Raises `EngineBusyError` if a session was terminated and does not end within some seconds.
    """
    if not databases:
        return frozenset()
    condition = f"datname IN ({', '.join(map(literal, sorted(databases)))})"
    with server.admin() as admin:
        rows = admin.query(f"SELECT pid, datname FROM {BACKENDS} WHERE {condition}")[0]
        signalled = {pid or "" for pid, _ in rows if _terminated(admin, pid or "")}
    if signalled:
        listed = f"pid IN ({', '.join(signalled)})"
        server.wait_until_none(f"{listed} AND {condition}")
        with server.admin() as admin:
            server.stuck |= {int(pid or 0) for (pid,) in admin.query(f"SELECT pid FROM {BACKENDS} WHERE {listed}")[0]}
        server.need_sessions_to_end()
    return frozenset(name for pid, name in rows if name is not None and pid not in signalled)


def _terminated(admin: Session, pid: str) -> bool:
    """Send a process of the server the signal to terminate; return whether this role may."""
    with contextlib.suppress(QueryError):
        return admin.query(f"SELECT pg_catalog.pg_terminate_backend({pid})")[0][0][0] == "t"
    return False


def sweep(server: PostgresServer) -> None:
    """Drop the databases and roles of dead runs, as far as this role may.

    Raises `EngineBusyError` if a session of one does not end.
    """
    with server.admin() as admin:
        databases, roles, locks = admin.query(f"{_DATABASES};{_ROLES};{_LOCKS}")
    held = {int(row[0] or 0) for row in locks}

    def is_leftover(name: str | None) -> bool:
        found = _OURS.fullmatch(name or "")
        return found is not None and _key(found[1]) not in held

    # Only objects of this role, whatever their names.
    left = {
        name
        for name, owner in databases
        if name is not None and is_leftover(name) and (is_leftover(owner) or owner == server.access.user)
    }
    for name in sorted(left - _in_use(server, left)):
        with contextlib.suppress(QueryError):
            drop_database(server, name)
    gone = [quoted(name) for (name,) in roles if name is not None and is_leftover(name)]
    with server.admin() as admin:
        for role in gone:
            with contextlib.suppress(QueryError):
                admin.query(f"DROP OWNED BY {role}")
        for role in gone:
            with contextlib.suppress(QueryError):
                admin.query(f"DROP ROLE {role}")
