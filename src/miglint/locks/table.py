"""The table of facts: for each situation and version, the lock on each relation and the work done under it.

Each row is measured on real servers by `tests/locks`. `on` is the relation concerned: `table` (the one that the
statement names), `referenced` (the other side of a foreign key), `partition`, `parent`, `default` (the default
partition), `users` (the tables with a column of the domain).
"""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.locks.levels import Lock, Work

ACCESS_EXCLUSIVE, SHARE = Lock.ACCESS_EXCLUSIVE, Lock.SHARE
SHARE_ROW_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE = Lock.SHARE_ROW_EXCLUSIVE, Lock.SHARE_UPDATE_EXCLUSIVE
SCAN, REWRITE, INDEX = Work.SCAN, Work.REWRITE, Work.INDEX
ALWAYS = (0, 99)


class LockFact(Struct, frozen=True):
    """One fact. It holds from server version `versions[0]` to `versions[1]`, inclusive."""

    lock: Lock
    work: Work = Work.NONE
    on: str = "table"
    versions: tuple[int, int] = ALWAYS


def _brief(lock: Lock = ACCESS_EXCLUSIVE) -> tuple[LockFact, ...]:
    return (LockFact(lock),)


_REWRITES = (LockFact(ACCESS_EXCLUSIVE, REWRITE),)
_SCANS = (LockFact(ACCESS_EXCLUSIVE, SCAN),)

SITUATIONS: dict[str, tuple[LockFact, ...]] = {
    # indexes
    "create index": (LockFact(SHARE, INDEX),),
    "create index concurrently": (LockFact(SHARE_UPDATE_EXCLUSIVE, INDEX),),
    "drop index": _brief(),
    "drop index concurrently": _brief(SHARE_UPDATE_EXCLUSIVE),
    "reindex": (LockFact(SHARE, INDEX),),
    "reindex concurrently": (LockFact(SHARE_UPDATE_EXCLUSIVE, INDEX),),
    # constraints
    "add foreign key": (LockFact(SHARE_ROW_EXCLUSIVE, SCAN), LockFact(SHARE_ROW_EXCLUSIVE, SCAN, "referenced")),
    "add foreign key not valid": (LockFact(SHARE_ROW_EXCLUSIVE), LockFact(SHARE_ROW_EXCLUSIVE, on="referenced")),
    "add check": _SCANS,
    "add check not valid": _brief(),
    "add not null not valid": _brief(),
    "add unique": (LockFact(ACCESS_EXCLUSIVE, INDEX),),
    "add unique using index": _brief(),
    "add primary key": (LockFact(ACCESS_EXCLUSIVE, INDEX),),
    "add primary key using index": _brief(),
    "add primary key using index on nullable columns": _SCANS,
    "add exclusion constraint": (LockFact(ACCESS_EXCLUSIVE, INDEX),),
    "validate check": (LockFact(SHARE_UPDATE_EXCLUSIVE, SCAN),),
    "validate foreign key": (LockFact(SHARE_UPDATE_EXCLUSIVE, SCAN), LockFact(Lock.ROW_SHARE, SCAN, "referenced")),
    "drop constraint": _brief(),
    "drop foreign key": (LockFact(ACCESS_EXCLUSIVE), LockFact(ACCESS_EXCLUSIVE, on="referenced")),
    "enforce foreign key": (LockFact(ACCESS_EXCLUSIVE, SCAN), LockFact(SHARE_ROW_EXCLUSIVE, SCAN, "referenced")),
    # columns
    "set not null": _SCANS,
    "set not null proven": _brief(),
    "add column": _brief(),
    "add column constant default": (
        LockFact(ACCESS_EXCLUSIVE, REWRITE, versions=(0, 10)),
        LockFact(ACCESS_EXCLUSIVE, versions=(11, 99)),
    ),
    "add column volatile default": _REWRITES,
    "add column stored generated": _REWRITES,
    "add column virtual generated": _brief(),
    "add column serial": _REWRITES,
    "add column identity": _REWRITES,
    "add column check": _SCANS,
    "add column unique": (LockFact(ACCESS_EXCLUSIVE, INDEX),),
    "add column references": (LockFact(ACCESS_EXCLUSIVE), LockFact(SHARE_ROW_EXCLUSIVE, on="referenced")),
    "add column references with default": (
        LockFact(ACCESS_EXCLUSIVE, SCAN),
        LockFact(SHARE_ROW_EXCLUSIVE, SCAN, "referenced"),
    ),
    "drop column": _brief(),
    "drop column of foreign key": (LockFact(ACCESS_EXCLUSIVE, on="referenced"),),
    "alter type rewriting": _REWRITES,
    "alter type compatible": _brief(),
    "alter type checking": _SCANS,
    "alter type reindexing": (LockFact(ACCESS_EXCLUSIVE, INDEX),),
    "alter type of foreign key": (LockFact(ACCESS_EXCLUSIVE, SCAN, "referenced"),),
    "alter type of foreign key compatible": (LockFact(ACCESS_EXCLUSIVE, on="referenced"),),
    "set default": _brief(),
    "drop not null": _brief(),
    "set statistics": _brief(SHARE_UPDATE_EXCLUSIVE),
    "set storage": _brief(),
    "set generated expression": _REWRITES,
    "alter column": _brief(),
    # tables
    "set logged": _REWRITES,
    "set logged unchanged": _brief(),
    "set access method": _REWRITES,
    "set tablespace": _REWRITES,
    "set storage parameter": _brief(SHARE_UPDATE_EXCLUSIVE),
    "alter table": _brief(),
    "rename": _brief(),
    "set schema": _brief(),
    "drop table": _brief(),
    "truncate": _brief(),
    "drop partition": (LockFact(ACCESS_EXCLUSIVE, on="parent"), LockFact(ACCESS_EXCLUSIVE, on="default")),
    "create table references": (LockFact(SHARE_ROW_EXCLUSIVE, on="referenced"),),
    "create child": (LockFact(SHARE_UPDATE_EXCLUSIVE, on="parent"),),
    "create partition": (LockFact(ACCESS_EXCLUSIVE, on="parent"), LockFact(ACCESS_EXCLUSIVE, SCAN, "default")),
    "attach partition": (
        LockFact(SHARE_UPDATE_EXCLUSIVE),
        LockFact(ACCESS_EXCLUSIVE, SCAN, "partition"),
        LockFact(ACCESS_EXCLUSIVE, SCAN, "default"),
    ),
    "attach partition proven": (
        LockFact(SHARE_UPDATE_EXCLUSIVE),
        LockFact(ACCESS_EXCLUSIVE, on="partition"),
        LockFact(ACCESS_EXCLUSIVE, SCAN, "default"),
    ),
    "detach partition": (
        LockFact(ACCESS_EXCLUSIVE),
        LockFact(ACCESS_EXCLUSIVE, on="partition"),
        LockFact(ACCESS_EXCLUSIVE, on="default"),
    ),
    "detach partition concurrently": _brief(SHARE_UPDATE_EXCLUSIVE),
    # what belongs to a table
    "create trigger": _brief(SHARE_ROW_EXCLUSIVE),
    "drop trigger": _brief(),
    "switch trigger": _brief(SHARE_ROW_EXCLUSIVE),
    "switch rule": _brief(),
    "create rule": _brief(),
    "create policy": _brief(),
    "comment": _brief(SHARE_UPDATE_EXCLUSIVE),
    "create statistics": _brief(SHARE_UPDATE_EXCLUSIVE),
    "publish": _brief(SHARE_UPDATE_EXCLUSIVE),
    # domains
    "add domain constraint": (LockFact(SHARE, SCAN, "users"),),
    # maintenance
    "refresh materialized view": _REWRITES,
    "refresh materialized view concurrently": (LockFact(Lock.EXCLUSIVE, SCAN),),
    "vacuum full": _REWRITES,
    "cluster": _REWRITES,
    "analyze": _brief(SHARE_UPDATE_EXCLUSIVE),
    # rows
    "change rows": _brief(Lock.ROW_EXCLUSIVE),
}


def rows(situation: str, major: int) -> tuple[LockFact, ...]:
    """Return the facts of a situation for servers of a major version."""
    return tuple(row for row in SITUATIONS[situation] if row.versions[0] <= major <= row.versions[1])
