"""Every attack, one by one, on PostgreSQL 15 and 18: it ends in a finding or does no harm.

`make test` takes a sample; `make attacks`, which sets MIGLINT_ATTACKS, takes all of them.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import pytest

from miglint.base.model import Migration
from miglint.dryrun.interfaces import Database
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.connection import QueryError, Session
from miglint.dryrun.postgres.embedded import embedded_programs, start_cluster
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.programs import programs_in
from miglint.dryrun.results import Execution, MigrationRun, RowRun
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.steps import Scripts, run_steps
from miglint.schema.value import Schema

from .attacks import ATTACKS, Attack
from .histories import forward_of, migration

OLDER = Path("/usr/lib/postgresql/15/bin")
_LIMITS = Limits(statement=1.0, lock=0.5, total=3600.0, disk=64 << 20, notices=2000)
_LONGEST = 60.0
USERS = migration(
    "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, nick text); INSERT INTO users VALUES (1, 'a');"
)
FIRST = migration("CREATE TABLE IF NOT EXISTS first_one (x int);", "DROP TABLE IF EXISTS first_one;")
PAIR = migration("CREATE TABLE IF NOT EXISTS next_one (x int);", "DROP TABLE IF EXISTS next_one;")


def chosen() -> list[str]:
    """Return the names of the attacks to run: all, or two of each kind, the same each time."""
    if os.environ.get("MIGLINT_ATTACKS"):
        return list(ATTACKS)
    chance = random.Random(8)
    kinds = groupby(ATTACKS, lambda name: name.partition(":")[0])
    return [name for _, names in kinds for name in chance.sample(list(names), 2)]


class Ground:
    """A server with a victim: another history's database, with a session that is open all the while."""

    def __init__(self, major: int) -> None:
        programs = embedded_programs() if major == 18 else programs_in(OLDER)
        if programs is None:
            pytest.skip(f"PostgreSQL {major} is not installed on this machine")
        self.engine = start_cluster(programs, "local", _LIMITS, Deadline.after(3600), "to be attacked")
        # Where the server's own account may write.
        self.folder = Path(tempfile.mkdtemp(prefix="attacked-"))
        self.folder.chmod(0o777)
        self.trace = self.folder / "trace"
        # The first history has the usual name of the role, which the attacker has on a server of its own.
        attacker = self.engine.create()
        self.victim = self.engine.create()
        attacker.drop()
        assert self.victim.run(forward_of(USERS)).ok
        self.sentinel: Session = self.victim.session
        self.pid = self.sentinel.pid
        self.before = self.state()

    def state(self) -> tuple[object, ...]:
        """Return what of the server no attack may change."""
        with self.engine.server.admin() as admin:
            return tuple(
                tuple(sorted(rows, key=str))
                for rows in admin.query(
                    "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolconnlimit, rolpassword,"
                    " rolvaliduntil FROM pg_authid; SELECT roleid, member FROM pg_auth_members;"
                    " SELECT * FROM pg_db_role_setting;"
                    " SELECT datname, datdba, coalesce(datacl, acldefault('d', datdba)), datconnlimit,"
                    " datallowconn, datistemplate FROM pg_database; SELECT spcname FROM pg_tablespace;"
                    " SELECT gid FROM pg_prepared_xacts; SELECT parname, paracl FROM pg_parameter_acl;"
                    " SELECT slot_name FROM pg_replication_slots; SHOW archive_command; SELECT subname FROM"
                    " pg_subscription; SELECT description FROM pg_shdescription"
                )
            )

    def close(self) -> None:
        self.engine.close()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module", params=[15, 18])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    found = Ground(request.param)
    yield found
    found.close()


def attacked(
    engine: PostgresEngine, attack: Migration, *, reused: bool = False
) -> tuple[MigrationRun, RowRun | None, MigrationRun, RowRun]:
    """Run an attack behind a table, with rows beside it, and an ordinary migration behind it."""
    database = engine.create()
    twin: Database | None = None
    try:
        assert database.run(forward_of(USERS)).ok
        before = database.schema()
        if reused:
            before = run_steps(FIRST, Scripts.of(FIRST), database, before).after or before
        twin = database.twin()
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(rows_of, attack, twin, before)
            run = run_steps(attack, Scripts.of(attack), database, before)
            rows = beside.result()
        twin.drop()
        twin = database.twin()
        after = run.after or before
        with ThreadPoolExecutor(1) as pool:
            following = pool.submit(run_rows, Scripts.of(PAIR), twin, after, 5, 0)
            return run, rows, run_steps(PAIR, Scripts.of(PAIR), database, after), following.result()
    finally:
        if twin is not None:
            twin.drop()
        database.drop()


def rows_of(attack: Migration, twin: Database, before: Schema) -> RowRun | None:
    """Run an attack on rows; None when looking at them was stopped at a limit, which the runner reports."""
    try:
        return run_rows(Scripts.of(attack), twin, before, 5, 0)
    except QueryError as stopped:
        assert stopped.error.limit is not None, stopped
        return None


def executions(run: MigrationRun, rows: RowRun | None) -> list[Execution]:
    found = [run.forward, run.rollback]
    if rows is not None:
        found += [rows.forward, rows.rollback]
    return [execution for execution in found if execution is not None]


def expected(attack: Attack, run: MigrationRun, rows: RowRun | None) -> bool:
    """Tell whether what came of an attack is what has to."""
    errors = [execution.error for execution in executions(run, rows) if execution.error is not None]
    match attack.expect:
        case "harmless":
            return True
        case "error":
            return run.forward is not None and run.forward.error is not None
        case "bounded":
            limits = ("statement time-out", "disk", "notices", "message size")
            return any(error.limit in limits for error in errors)
        case "asymmetric":
            return run.verdict.symmetric is False
        case "lost":
            return run.verdict.symmetric is False or bool(rows is None or rows.losses or rows.error or errors)
        case words:
            return any(words in said for execution in executions(run, rows) for said in execution.beyond)


@pytest.mark.parametrize("name", chosen())
def test_an_attack_is_found_or_does_no_harm(ground: Ground, name: str) -> None:
    attack = ATTACKS[name]

    def text(script: str) -> str:
        return script.replace("{trace}", str(ground.trace)).replace("{victim}", ground.victim.name)

    one = migration(text(attack.forward), text(attack.rollback), transaction=not attack.loose)
    started = time.monotonic()
    run, rows, following, with_rows = attacked(ground.engine, one, reused=attack.reused)
    assert time.monotonic() - started < _LONGEST
    assert expected(attack, run, rows), (run.forward, run.rollback, run.verdict, rows)
    # No file, no program, nothing of the server, no other database, no other session.
    assert not ground.trace.exists()
    assert ground.state() == ground.before
    assert ground.sentinel.alive and ground.sentinel.pid == ground.pid
    assert ground.sentinel.query("SELECT count(*) FROM users")[0] == [("1",)]
    # The next migration is as if there had been no attack.
    assert [
        (step.name, step.ok, step.error, step.changes, step.reason) for step in following.steps if not step.ok
    ] == []
    assert with_rows.error is None and not with_rows.losses and with_rows.rows_stable is not False, with_rows


def test_there_are_enough_of_them() -> None:
    assert len(ATTACKS) >= 120
