"""A server named by the user: miglint's databases and roles on it; nothing else is touched."""

from __future__ import annotations

import os

from miglint.dryrun.interfaces import EngineLostError, EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.connection import QueryError, Session, quoted
from miglint.dryrun.postgres.embedded import need_driver
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.leftovers import claim, sweep
from miglint.dryrun.postgres.server import Access, PostgresServer
from miglint.dryrun.results import EngineInfo

_RIGHTS = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolname FROM pg_catalog.pg_roles WHERE rolname = current_user"


def connect_url(url: str, limits: Limits, deadline: Deadline, *, as_its_role: bool = False) -> PostgresEngine:
    """Use the server at `url`, and remove leftovers of killed runs.

    Rejects a role that may create neither databases nor roles for scripts; messages do not contain the password. With
    `as_its_role`, scripts run as the role of the URL.
    """
    need_driver()
    access = access_of(url)
    where = f"{access.host}:{access.port}"
    try:
        session = Session(access.conninfo(access.user, access.password, access.database), lambda _: None)
    except EngineLostError as lost:
        raise EngineMissingError(f"cannot connect to the server at {where}: {lost}") from None
    try:
        superuser, may_create, may_make_roles, name = session.query(_RIGHTS)[0][0]
        version = session.query("SHOW server_version")[0][0][0] or ""
    except (QueryError, EngineLostError) as failed:
        session.close()
        raise EngineMissingError(f"cannot use the server at {where}: {failed}") from None
    refused = None
    if "t" not in (superuser, may_create):
        refused = (
            f"role {name} may not create databases on {where}, which a dry run requires;"
            f" a superuser can grant it with: ALTER ROLE {quoted(name or '')} CREATEDB"
        )
    elif "t" not in (superuser, may_make_roles) and not as_its_role:
        refused = (
            f"role {name} may not create roles on {where}, and scripts do not run with its privileges: they could drop"
            f" its databases; a superuser can grant it with: ALTER ROLE {quoted(name or '')} CREATEROLE"
        )
    if refused is not None:
        session.close()
        raise EngineMissingError(refused)
    server = PostgresServer(access, limits, deadline, runner=None, shares_role=as_its_role)
    try:
        claim(session, server.token)
        sweep(server)
    except (QueryError, EngineLostError) as failed:
        session.close()
        server.close(throw_away=True)
        raise EngineMissingError(f"cannot use the server at {where}: {failed}") from None
    server.claim = session
    server.notes = ("--max-memory has no effect: miglint did not start the server",)
    info = EngineInfo("url", "PostgreSQL", version.split(" ")[0], f"the server at {where}, as requested")
    return PostgresEngine(server, info, None)


def access_of(url: str) -> Access:
    """Parse a URL or a libpq connection string; missing parts come from libpq's environment variables."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError as error:
        raise EngineMissingError(f"invalid database URL: {str(error).strip()}") from None
    host = parts.pop("host", None) or os.environ.get("PGHOST") or "localhost"
    port = parts.pop("port", None) or os.environ.get("PGPORT") or "5432"
    user = parts.pop("user", None) or os.environ.get("PGUSER") or "postgres"
    password = parts.pop("password", None) or os.environ.get("PGPASSWORD") or ""
    database = parts.pop("dbname", None) or os.environ.get("PGDATABASE") or user
    return Access(host, int(port.split(",")[0]), user, password, database, make_conninfo("", **parts))
