"""What must hold of a server whose files are kept: one history's database and role, and nothing else of any script."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from miglint.dryrun.postgres.connection import QueryError, Session, literal, quoted
from miglint.dryrun.postgres.tenant import SET_ASIDE

# The first oid of objects that are not the server's own.
_FIRST = 16384
_DATABASES = {"postgres", "template0", "template1", SET_ASIDE}
# What a server has of these is left by a script, or by a run that has not ended.
_NOTHING = (
    "pg_db_role_setting", "pg_replication_slots", "pg_subscription", "pg_replication_origin", "pg_prepared_xacts",
    "pg_shseclabel", "pg_parameter_acl",
)  # fmt: skip


def tidied(admin: Session, stand_ins: Collection[str]) -> tuple[str, frozenset[str]] | None:
    """Drop the roles of sessions, and return the scripts' role, and the log files that a start needs.

    Returns None if the server has anything else than the history's database, the scripts' role and `stand_ins`.
    """
    made = [row[0] or "" for row in admin.query(f"SELECT rolname FROM pg_catalog.pg_roles WHERE oid >= {_FIRST}")[0]]
    for name in made:
        if name not in stand_ins:
            # The role that owns the history's objects cannot be dropped.
            with contextlib.suppress(QueryError):
                admin.query(f"DROP OWNED BY {quoted(name)}; DROP ROLE {quoted(name)}")
    state = (
        f"SELECT rolname, rolcanlogin OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
        f" FROM pg_catalog.pg_roles WHERE oid >= {_FIRST};"
        "SELECT datname, pg_catalog.pg_get_userbyid(datdba) = current_user, datallowconn, datacl IS NULL"
        f" FROM pg_catalog.pg_database WHERE datname = {literal(SET_ASIDE)};"
        "SELECT datname FROM pg_catalog.pg_database;"
        "SELECT spcname FROM pg_catalog.pg_tablespace;"
        f"SELECT {' + '.join(f'(SELECT count(*) FROM pg_catalog.{catalog})' for catalog in _NOTHING)}"
    )
    roles, kept, databases, spaces, others = admin.query(state)
    owners = [name or "" for name, _ in roles if name not in stand_ins]
    if len(owners) != 1 or any(may != "f" for _, may in roles) or kept != [(SET_ASIDE, "t", "f", "t")]:
        return None
    if {row[0] for row in databases} != _DATABASES or len(spaces) != 2 or others != [("0",)]:
        return None
    admin.query("CHECKPOINT")
    here = "pg_catalog.pg_current_wal_insert_lsn()"
    size = "pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))"
    rows = admin.query(f"SELECT pg_catalog.pg_walfile_name({here}), pg_catalog.pg_walfile_name({here} + {size})")[0]
    return owners[0], frozenset(name or "" for name in rows[0])
