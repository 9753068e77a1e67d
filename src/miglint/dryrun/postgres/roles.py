"""The roles of one history in one run, and auditing of changes by scripts.

Scripts run as `owner`, which cannot log in and owns everything they create. Each lane (the history itself, the copies
with rows) has its own login that is a member of `owner`, so that scripts cannot end sessions of other lanes or
histories: that requires membership in the login's role. `reader` reads the catalog and has no other privileges.

A script can change server-wide properties of its own roles and databases: settings, passwords, memberships, database
properties. `Roles.audit` detects such changes, reverts them, and describes them.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.postgres.connection import QueryError, Row, Session, literal, quoted
from miglint.dryrun.postgres.server import PostgresServer

_GRANT_OPTIONS_SINCE = 160000
_PARAMETERS_SINCE = 150000
_REPLICATION_ROLE = "session_replication_role"
# Maximum time of reading the catalog, and of internal queries in script sessions.
READ_SECONDS = 60.0
_LEAST_SECONDS = 5.0
# For what ends a run.
_ENDING_SECONDS = 15.0
_LONGEST_NAME = 63


class Login(Struct, frozen=True):
    """A role for sessions."""

    name: str
    password: str


class Roles:
    """The roles for the scripts of one history. With `shared`, all of them are the connection's role, as allowed by the
    user.
    """

    def __init__(self, server: PostgresServer, prefix: str, owner: str, *, shared: bool) -> None:
        self.server = server
        self.shared = shared
        self.owner = owner
        self._prefix = prefix
        self._lock = threading.Lock()
        # Databases in which scripts are running.
        self._busy: set[str] = set()
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
        """All roles."""
        return tuple(dict.fromkeys((self.owner, self.main.name, self.rows.name, self.reader.name)))

    def _make(self) -> None:
        server, owner = self.server, quoted(self.owner)
        nothing = "NOSUPERUSER NOCREATEDB NOCREATEROLE"
        logins = (self.main, self.rows, self.reader)
        kept = server.template is not None and server.template.owner == self.owner
        statements = [] if kept else [f"CREATE ROLE {owner} NOLOGIN {nothing}"]
        statements += [
            f"CREATE ROLE {quoted(login.name)} LOGIN {nothing} CONNECTION LIMIT 10 PASSWORD {literal(login.password)}"
            for login in logins
        ]
        statements += [f"GRANT {owner} TO {quoted(login.name)}" for login in (self.main, self.rows)]
        if server.superuser and server.version >= _PARAMETERS_SINCE:
            # For generated rows; disabling triggers affects only the role's own database.
            statements.append(f"GRANT SET ON PARAMETER {_REPLICATION_ROLE} TO {owner}")
        if not server.superuser:
            # Required to assign databases to the owner, and to terminate sessions of the logins.
            options = " WITH INHERIT TRUE, SET TRUE" if server.version >= _GRANT_OPTIONS_SINCE else ""
            statements += [f"GRANT {quoted(name)} TO CURRENT_USER{options}" for name in self.names]
        with server.admin() as admin:
            admin.query(";".join(statements))

    def stand_in(self, names: Iterable[str]) -> tuple[str, ...]:
        """Create the roles that the server lacks, without privileges, and let the owner give objects to them."""
        made: list[str] = []
        with self._lock, self.server.admin() as admin:
            for name in names:
                if len(name.encode()) > _LONGEST_NAME:
                    continue
                rows = admin.query(f"SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = {literal(name)}")[0]
                if rows and name not in self.server.stand_in_roles:
                    continue
                if not rows:
                    # Another history may create it at the same time.
                    with contextlib.suppress(QueryError):
                        admin.query(f"CREATE ROLE {quoted(name)} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
                self.server.stand_in_roles.add(name)
                admin.query(f"GRANT {quoted(name)} TO {quoted(self.owner)}")
                made.append(name)
            if made:
                self._settings, self._members, self._rights, self._passwords = self._state(())[:4]
                self._last_mark = self._mark()
        return tuple(made)

    @property
    def _unusual(self) -> str:
        """The condition for databases with unexpected properties."""
        # A database that is being dropped has the connection limit -2.
        return f"""d.datconnlimit <> -2 AND (pg_catalog.pg_get_userbyid(d.datdba) <> {literal(self.owner)}
          OR NOT (pg_catalog.acldefault('d', d.datdba) @> coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))
            AND coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) @> pg_catalog.acldefault('d', d.datdba))
          OR d.datconnlimit <> -1 OR NOT d.datallowconn OR d.datistemplate)"""

    @property
    def _given(self) -> str:
        """The query for databases with objects owned by a login, which the other logins cannot change."""
        logins = ", ".join(literal(login.name) for login in (self.main, self.rows, self.reader))
        if self.shared:
            return "SELECT 1 WHERE false"
        return f"""SELECT DISTINCT b.datname, r.rolname FROM pg_catalog.pg_shdepend d
          JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid JOIN pg_catalog.pg_database b ON b.oid = d.dbid
          WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.deptype = 'o'
          AND d.refobjid = ANY (ARRAY(SELECT l.oid FROM pg_catalog.pg_roles l WHERE l.rolname IN ({logins})))"""

    def _state(self, databases: Iterable[str]) -> tuple[frozenset[Row], ...]:
        """Return what scripts may change, as sets of rows.

        These are the roles' settings, memberships, parameter privileges, passwords, unexpected database properties,
        objects that belong to a login, and the databases' settings.
        """
        ours = ", ".join(map(literal, self.names))
        bases = ", ".join(map(literal, databases)) or "NULL"
        members = f"""SELECT r.rolname, m.rolname FROM pg_catalog.pg_auth_members a
          JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
          WHERE r.rolname IN ({ours}) OR m.rolname IN ({ours})"""
        settings = f"""SELECT r.rolname, d.datname, pg_catalog.array_to_string(s.setconfig, ', ')
          FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
          LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
          WHERE r.rolname IN ({ours})"""
        of_databases = f"""SELECT d.datname, pg_catalog.array_to_string(s.setconfig, ', ')
          FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
          WHERE s.setrole = 0 AND d.datname IN ({bases})"""
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
            found = admin.query(";".join((settings, members, rights, passwords, properties, self._given, of_databases)))
        return tuple(frozenset(rows) for rows in found)

    def enter(self, database: str) -> None:
        """Note that a script begins to run in a database; `audit` ends this."""
        with self._lock:
            self._busy.add(database)

    def audit(self, databases: Iterable[str], current: str) -> tuple[str, ...]:
        """Revert changes that scripts made outside of their database, and return descriptions of them.

        `databases` are all databases of the roles. Settings of `current`, in which the script ran, are reverted without
        a description; those of a database in which another script is running are left to that one.
        """
        with self._lock:
            self._busy.discard(current)
            mark = self._mark()
            if mark == self._last_mark:
                return ()
            settings, members, rights, passwords, properties, given, of_databases = self._state(databases)
            own = frozenset(row for row in of_databases if row[0] == current)
            others = frozenset(row for row in of_databases if row[0] in self._busy)
            settings |= frozenset((None, *row) for row in of_databases - own - others)
            if not own and (settings, members, rights, passwords) == (
                self._settings, self._members, self._rights, self._passwords,
            ) and not properties and not given:  # fmt: skip
                # What is left to another script, that one has to find.
                self._last_mark = () if others else mark
                return ()
            changes: list[str] = []
            repairs = [f"ALTER DATABASE {quoted(current)} RESET ALL"] if own else []
            self._settings_back(settings, changes, repairs)
            self._members_back(members, changes, repairs)
            if rights != self._rights:
                changes.append(f"revokes a privilege of role {self.owner}")
                repairs.append(f"GRANT SET ON PARAMETER {_REPLICATION_ROLE} TO {quoted(self.owner)}")
            self._passwords_back(passwords, changes, repairs)
            for row in sorted(properties, key=str):
                changes.append(f"changes the owner or access of database {row[0]}")
                repairs += self._database_back(row)
            self._repair(repairs)
            for database, login in sorted(given, key=str):
                changes.append(f"creates or assigns objects owned by role {login}")
                self._ownership_back(database or "", login or "")
            self._passwords = self._state(())[3]
            self._last_mark = () if others else self._mark()
            return tuple(changes)

    def _passwords_back(self, passwords: frozenset[Row], changes: list[str], repairs: list[str]) -> None:
        for name in sorted({str(row[0]) for row in passwords ^ self._passwords}):
            changes.append(f"changes the password of role {name}")
            if not self.shared:
                repairs.append(self._password(name))

    def _ownership_back(self, database: str, login: str) -> None:
        with (
            contextlib.suppress(QueryError, EngineLostError),
            contextlib.closing(self.server.admin_in(database)) as session,
        ):
            session.query(f"REASSIGN OWNED BY {quoted(login)} TO {quoted(self.owner)}")

    def _mark(self) -> tuple[Row, ...]:
        """Return the changed properties if anything on the server changed that a script may change."""
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

    def _settings_back(self, settings: frozenset[Row], changes: list[str], repairs: list[str]) -> None:
        for role, database, values in sorted(settings - self._settings, key=str):
            where = f" in database {database}" if database is not None else ""
            changes.append(f"sets {values} for {f'the role {role}' if role is not None else 'all roles'}{where}")
        for role, database, _ in settings ^ self._settings:
            if role is None:
                repairs.append(f"ALTER DATABASE {quoted(database or '')} RESET ALL")
            else:
                where = f" IN DATABASE {quoted(database)}" if database is not None else ""
                repairs.append(f"ALTER ROLE {quoted(role)}{where} RESET ALL")
        for role, database, values in self._settings - settings:
            # Only a role of the user has previous settings.
            changes.append(f"resets the settings of role {role}")
            where = f" IN DATABASE {quoted(database)}" if database is not None else ""
            for part in (values or "").split(", "):
                name, _, value = part.partition("=")
                repairs.append(f"ALTER ROLE {quoted(role or '')}{where} SET {quoted(name)} = {literal(value)}")

    def _members_back(self, members: frozenset[Row], changes: list[str], repairs: list[str]) -> None:
        for role, member in sorted(members - self._members, key=str):
            changes.append(f"adds {member} as a member of role {role}")
            repairs.append(f"REVOKE {quoted(role or '')} FROM {quoted(member or '')} CASCADE")
        for role, member in sorted(self._members - members, key=str):
            changes.append(f"removes {member} from role {role}")
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
        """Return the roles with privileges on a database, as `REVOKE` names them."""
        with self.server.admin() as admin:
            rows = admin.query(
                "SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE"
                " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END FROM pg_catalog.pg_database d"
                f" CROSS JOIN pg_catalog.aclexplode(d.datacl) a WHERE d.datname = {literal(database)}"
            )
        return [row[0] or "" for row in rows[0]]

    def _repair(self, statements: Iterable[str]) -> None:
        for statement in statements:
            # Changes that this role cannot revert disappear with the roles and databases. A database dropped at this
            # moment ends the session.
            with contextlib.suppress(QueryError, EngineLostError), self.server.admin() as admin:
                admin.query(statement)

    def _password_back(self) -> None:
        """Restore the password of the user's own role after a script may have changed it."""
        access = self.server.access
        try:
            self.server.open(access.conninfo(access.user, access.password, access.database)).close()
        except EngineLostError:
            if access.password:
                self._repair([f"ALTER ROLE {quoted(access.user)} PASSWORD {literal(access.password)}"])

    def refresh(self, login: Login) -> None:
        """Restore the password of a login after a script may have changed it."""
        if not self.shared:
            self._repair([self._password(login.name), f"ALTER ROLE {quoted(login.name)} RESET ALL"])

    def settings_of_login(self) -> dict[str, str]:
        """Return the session settings of a login; they take precedence over those of roles and databases."""
        limits = self.server.limits
        times = {
            "statement_timeout": str(int(limits.statement * 1000)),
            "lock_timeout": str(int(limits.lock * 1000)),
            "local_preload_libraries": "",
        }
        return times if self.shared else times | {"role": self.owner}

    def settings_of_reader(self) -> dict[str, str]:
        """Return the session settings of the catalog reader."""
        return {
            "search_path": "pg_catalog,pg_temp",
            "default_transaction_read_only": "on",
            "statement_timeout": str(int(max(READ_SECONDS, self.server.limits.statement) * 1000)),
            "local_preload_libraries": "",
            # Compiling the long queries of the catalog takes a hundred times longer than running them.
            "jit": "off",
            "role": "none",
        }

    def drop(self) -> bool:
        """Remove the roles with all their objects and privileges; return whether they are gone.

        Their databases must be dropped before.
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
    """Open a session for scripts in a database.

    Internal queries in it have the time limit of a statement, and after the total time some seconds all together.
    """

    def seconds() -> float:
        deadline = server.deadline
        ending = min(_LEAST_SECONDS, _ENDING_SECONDS - deadline.past)
        return max(ending, min(server.limits.statement + _LEAST_SECONDS, deadline.left))

    conninfo = server.access.conninfo(login.name, login.password, database, roles.settings_of_login())
    return server.open(conninfo, seconds)


def reading_session_of(server: PostgresServer, roles: Roles, database: str) -> Session:
    """Open a session of the reader role in a database."""
    login = roles.reader
    conninfo = server.access.conninfo(login.name, login.password, database, roles.settings_of_reader())
    return server.open(conninfo, lambda: max(READ_SECONDS, server.limits.statement) + _LEAST_SECONDS)
