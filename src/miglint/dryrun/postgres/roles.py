"""The roles of one history in one run, and what scripts did to them.

Scripts run as `owner`, which cannot log in and owns all that they make. Each lane (the history itself, the copies with
rows) has a login of its own that is a member of it, so that no session of another lane or history can be ended by a
script: that takes membership in the login's role. `reader` reads the catalog and may do nothing else.

A script can change what belongs to the whole server and is its own: settings and passwords of these roles, memberships,
properties of its databases. `Roles.audit` finds that, puts it back, and says in words what it was.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import QueryError, Row, Session, literal, quoted

if TYPE_CHECKING:
    from miglint.dryrun.postgres.engine import PostgresServer

_GRANT_OPTIONS_SINCE = 160000
_PARAMETERS_SINCE = 150000
_REPLICATION_ROLE = "session_replication_role"
# What a reading of the catalog, and what our own queries in a session of scripts may take in any case.
READ_SECONDS = 60.0
_LEAST_SECONDS = 5.0


class Login(Struct, frozen=True):
    """A role that sessions are opened as."""

    name: str
    password: str


class Roles:
    """The roles that scripts of one history run as. With `shared` all of them are the role that the server is reached
    with, which the user allowed.
    """

    def __init__(self, server: PostgresServer, prefix: str, owner: str, *, shared: bool) -> None:
        self.server = server
        self.shared = shared
        self.owner = owner
        self._prefix = prefix
        self._lock = threading.Lock()
        access = server.access
        if shared:
            self.main = self.rows = self.reader = Login(access.user, access.password)
        else:
            self.main, self.rows, self.reader = (
                Login(f"{prefix}_{lane}", secrets.token_urlsafe(24)) for lane in ("main", "rows", "reader")
            )
            self._make()
        self._settings, self._members, self._rights, self._passwords = self._state(())[:4]
        self._last_mark = self._mark()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(dict.fromkeys((self.owner, self.main.name, self.rows.name, self.reader.name)))

    def _make(self) -> None:
        server, owner = self.server, quoted(self.owner)
        nothing = "NOSUPERUSER NOCREATEDB NOCREATEROLE"
        logins = (self.main, self.rows, self.reader)
        statements = [f"CREATE ROLE {owner} NOLOGIN {nothing}"]
        statements += [
            f"CREATE ROLE {quoted(login.name)} LOGIN {nothing} CONNECTION LIMIT 10 PASSWORD {literal(login.password)}"
            for login in logins
        ]
        statements += [f"GRANT {owner} TO {quoted(login.name)}" for login in (self.main, self.rows)]
        if server.superuser and server.version >= _PARAMETERS_SINCE:
            # For the rows that we generate; what it switches off stays within the role's own database.
            statements.append(f"GRANT SET ON PARAMETER {_REPLICATION_ROLE} TO {owner}")
        if not server.superuser:
            # To give databases to the owner, and to end sessions of the logins.
            options = " WITH INHERIT TRUE, SET TRUE" if server.version >= _GRANT_OPTIONS_SINCE else ""
            statements += [f"GRANT {quoted(name)} TO CURRENT_USER{options}" for name in self.names]
        with server.admin() as admin:
            admin.query(";".join(statements))

    @property
    def _unusual(self) -> str:
        """The condition for databases whose properties are not those that they are made with."""
        # A database that is being dropped has the limit -2.
        return f"""d.datconnlimit <> -2 AND (pg_catalog.pg_get_userbyid(d.datdba) <> {literal(self.owner)}
          OR NOT (pg_catalog.acldefault('d', d.datdba) @> coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))
            AND coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) @> pg_catalog.acldefault('d', d.datdba))
          OR d.datconnlimit <> -1 OR NOT d.datallowconn OR d.datistemplate)"""

    @property
    def _given(self) -> str:
        """The query for databases in which something belongs to a login, out of reach of the other ones."""
        logins = ", ".join(literal(login.name) for login in (self.main, self.rows, self.reader))
        if self.shared:
            return "SELECT 1 WHERE false"
        return f"""SELECT DISTINCT b.datname, r.rolname FROM pg_catalog.pg_shdepend d
          JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid JOIN pg_catalog.pg_database b ON b.oid = d.dbid
          WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.deptype = 'o'
          AND r.rolname IN ({logins})"""

    def _state(self, databases: Iterable[str]) -> tuple[frozenset[Row], ...]:
        """Return settings, memberships, rights on parameters, passwords, and unusual properties of databases."""
        ours = ", ".join(map(literal, self.names))
        bases = ", ".join(map(literal, databases)) or "NULL"
        members = f"""SELECT r.rolname, m.rolname FROM pg_catalog.pg_auth_members a
          JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
          WHERE r.rolname IN ({ours}) OR m.rolname IN ({ours})"""
        settings = f"""SELECT r.rolname, d.datname, pg_catalog.array_to_string(s.setconfig, ', ')
          FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
          LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
          WHERE r.rolname IN ({ours}) OR (s.setrole = 0 AND d.datname IN ({bases}))"""
        rights = "SELECT 1 WHERE false"
        if self.server.version >= _PARAMETERS_SINCE:
            # Other histories are given and lose theirs meanwhile.
            rights = f"""SELECT p.parname, r.rolname, a.privilege_type FROM pg_catalog.pg_parameter_acl p
              CROSS JOIN pg_catalog.aclexplode(p.paracl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
              WHERE r.rolname IN ({ours})"""
        passwords = "SELECT 1 WHERE false"
        if self.server.superuser:
            passwords = f"""SELECT rolname, rolpassword, rolvaliduntil::text FROM pg_catalog.pg_authid
              WHERE rolname IN ({ours})"""
        properties = f"""SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), d.datacl::text, d.datconnlimit::text,
          d.datallowconn::text, d.datistemplate::text FROM pg_catalog.pg_database d WHERE d.datname IN ({bases})
          AND {self._unusual}"""
        with self.server.admin() as admin:
            found = admin.query(";".join((settings, members, rights, passwords, properties, self._given)))
        return tuple(frozenset(rows) for rows in found)

    def audit(self, databases: Iterable[str], current: str) -> tuple[str, ...]:
        """Put back what scripts changed outside of their database, and return what that was, in words.

        `databases` are all that belong to the roles; settings of `current`, where the script ran, are its own.
        """
        with self._lock:
            mark = self._mark()
            if mark == self._last_mark:
                return ()
            settings, members, rights, passwords, properties, given = self._state(databases)
            own = frozenset(row for row in settings if row[0] is None and row[1] == current)
            if (settings - own, members, rights, passwords) == (
                self._settings, self._members, self._rights, self._passwords,
            ) and not properties and not given:  # fmt: skip
                self._last_mark = mark
                return ()
            said: list[str] = []
            repairs: list[str] = []
            self._settings_back(settings - own, said, repairs)
            self._members_back(members, said, repairs)
            if rights != self._rights:
                said.append(f"takes a right from the role {self.owner}")
                repairs.append(f"GRANT SET ON PARAMETER {_REPLICATION_ROLE} TO {quoted(self.owner)}")
            for name in sorted({str(row[0]) for row in passwords ^ self._passwords}):
                said.append(f"changes the password of the role {name}")
                if not self.shared:
                    repairs.append(self._password(name))
            for row in sorted(properties, key=str):
                said.append(f"changes who may use or connect to the database {row[0]}")
                repairs += self._database_back(row)
            self._repair(repairs)
            for database, login in sorted(given, key=str):
                said.append(f"makes or gives away what belongs to the role {login}")
                with (
                    contextlib.suppress(QueryError, EngineLostError),
                    contextlib.closing(self.server.admin_in(database or "")) as session,
                ):
                    session.query(f"REASSIGN OWNED BY {quoted(login or '')} TO {quoted(self.owner)}")
            self._passwords = self._state(())[3]
            self._last_mark = self._mark()
            return tuple(said)

    def _mark(self) -> tuple[Row, ...]:
        """Return what is other than before when anything on the server changed that a script may have changed."""
        catalogs = ["pg_db_role_setting", "pg_auth_members"]
        catalogs += ["pg_parameter_acl"] if self.server.version >= _PARAMETERS_SINCE else []
        catalogs += ["pg_authid"] if self.server.superuser else []
        changes = ", ".join(
            f"(SELECT count(*) || ' ' || sum(pg_catalog.hashint8extended(x.xmin::text::int8, 0))"
            f" || ' ' || max(x.ctid::text) FROM pg_catalog.{catalog} x)"
            for catalog in catalogs
        )
        unusual = f"""SELECT d.datname FROM pg_catalog.pg_database d
          WHERE pg_catalog.starts_with(d.datname, {literal(self._prefix + "_")}) AND {self._unusual}"""
        with self.server.admin() as admin:
            found = admin.prepared(self._prefix, f"SELECT {changes}", unusual, self._given)
        return tuple(row for rows in found for row in rows)

    def _settings_back(self, settings: frozenset[Row], said: list[str], repairs: list[str]) -> None:
        for role, database, values in sorted(settings - self._settings, key=str):
            where = f" in the database {database}" if database is not None else ""
            said.append(f"sets {values} for {f'the role {role}' if role is not None else 'all roles'}{where}")
        for role, database, _ in settings ^ self._settings:
            if role is None:
                repairs.append(f"ALTER DATABASE {quoted(database or '')} RESET ALL")
            else:
                where = f" IN DATABASE {quoted(database)}" if database is not None else ""
                repairs.append(f"ALTER ROLE {quoted(role)}{where} RESET ALL")
        for role, database, values in self._settings - settings:
            # Only a role of the user's own had settings before.
            said.append(f"takes the settings from the role {role}")
            where = f" IN DATABASE {quoted(database)}" if database is not None else ""
            for part in (values or "").split(", "):
                name, _, value = part.partition("=")
                repairs.append(f"ALTER ROLE {quoted(role or '')}{where} SET {quoted(name)} = {literal(value)}")

    def _members_back(self, members: frozenset[Row], said: list[str], repairs: list[str]) -> None:
        for role, member in sorted(members - self._members, key=str):
            said.append(f"makes {member} a member of the role {role}")
            repairs.append(f"REVOKE {quoted(role or '')} FROM {quoted(member or '')} CASCADE")
        for role, member in sorted(self._members - members, key=str):
            said.append(f"takes {member} out of the role {role}")
            repairs.append(f"GRANT {quoted(role or '')} TO {quoted(member or '')}")

    def _password(self, name: str) -> str:
        known = {login.name: login.password for login in (self.main, self.rows, self.reader)}
        password = literal(known[name]) if name in known else "NULL"
        return f"ALTER ROLE {quoted(name)} PASSWORD {password} VALID UNTIL 'infinity'"

    def _database_back(self, row: Row) -> list[str]:
        name = quoted(row[0] or "")
        return [
            f"ALTER DATABASE {name} OWNER TO {quoted(self.owner)}",
            f"ALTER DATABASE {name} CONNECTION LIMIT -1 ALLOW_CONNECTIONS true IS_TEMPLATE false",
            *(f"REVOKE ALL ON DATABASE {name} FROM {grantee} CASCADE" for grantee in self._grantees(row[0] or "")),
            f"GRANT ALL ON DATABASE {name} TO {quoted(self.owner)}",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO PUBLIC",
        ]

    def _grantees(self, database: str) -> list[str]:
        """Return who has rights on a database, as `REVOKE` names them."""
        with self.server.admin() as admin:
            rows = admin.query(
                "SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE"
                " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END FROM pg_catalog.pg_database d"
                f" CROSS JOIN pg_catalog.aclexplode(d.datacl) a WHERE d.datname = {literal(database)}"
            )
        return [row[0] or "" for row in rows[0]]

    def _repair(self, statements: Iterable[str]) -> None:
        for statement in statements:
            # What cannot be put back by this role goes with the roles and databases themselves. A database that goes
            # at this moment ends the session.
            with contextlib.suppress(QueryError, EngineLostError), self.server.admin() as admin:
                admin.query(statement)

    def _password_back(self) -> None:
        """Give the user's own role its password again, where a script changed it and nobody could see that."""
        access = self.server.access
        try:
            self.server.open(access.conninfo(access.user, access.password, access.database)).close()
        except EngineLostError:
            if access.password:
                self._repair([f"ALTER ROLE {quoted(access.user)} PASSWORD {literal(access.password)}"])

    def refresh(self, login: Login) -> None:
        """Give a login its password again, after a script changed it where no one may look at it."""
        if not self.shared:
            self._repair([self._password(login.name), f"ALTER ROLE {quoted(login.name)} RESET ALL"])

    def settings_of(self, login: Login) -> dict[str, str]:
        """Return the settings that a session of a login starts with; those of roles and databases count for less."""
        limits = self.server.limits
        times = {
            "statement_timeout": str(int(limits.statement * 1000)),
            "lock_timeout": str(int(limits.lock * 1000)),
            "local_preload_libraries": "",
        }
        return times if self.shared else times | {"role": self.owner}

    def settings_of_reader(self) -> dict[str, str]:
        """Return the settings that a session which reads the catalog starts with."""
        return {
            "search_path": "pg_catalog,pg_temp",
            "default_transaction_read_only": "on",
            "statement_timeout": str(int(max(READ_SECONDS, self.server.limits.statement) * 1000)),
            "local_preload_libraries": "",
            "role": "none",
        }

    def drop(self) -> bool:
        """Remove the roles, and all that they still own or may do; tell whether they are gone.

        Databases of theirs have to be gone.
        """
        if self.shared:
            self._password_back()
            return True
        listed = ", ".join(map(quoted, self.names))
        gone = False
        with self.server.admin() as admin:
            for statement in (f"DROP OWNED BY {listed}", f"DROP ROLE IF EXISTS {listed}"):
                try:
                    admin.query(statement)
                    gone = True
                except QueryError:
                    gone = False
        return gone


def session_of(server: PostgresServer, roles: Roles, login: Login, database: str) -> Session:
    """Open a session for scripts in a database. Our own queries in it may take as long as a statement."""

    def seconds() -> float:
        return max(_LEAST_SECONDS, min(server.limits.statement + _LEAST_SECONDS, server.deadline.left))

    conninfo = server.access.conninfo(login.name, login.password, database, roles.settings_of(login))
    return server.open(conninfo, seconds)


def reading_session_of(server: PostgresServer, roles: Roles, database: str) -> Session:
    """Open a session that reads the catalog of a database, of a role that may do nothing else."""
    login = roles.reader
    conninfo = server.access.conninfo(login.name, login.password, database, roles.settings_of_reader())
    return server.open(conninfo, lambda: max(READ_SECONDS, server.limits.statement) + _LEAST_SECONDS)
