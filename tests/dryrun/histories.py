"""Migrations and histories from texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from miglint.base.model import Dialect, Direction, History, Migration, Script, SourceFile, Span
from miglint.dryrun.interfaces import Engine
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.results import EngineInfo, MigrationRun, RowRun
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.sqlite.engine import SqliteEngine
from miglint.dryrun.sqlite.library import Opener
from miglint.dryrun.statements import Prepared
from miglint.dryrun.steps import Scripts, run_steps

LIMITS = Limits(statement=2.0, lock=1.0, total=3600.0, disk=256 << 20, notices=2000)


def migration(
    forward: str,
    rollback: str | None = "",
    *,
    dialect: Dialect = Dialect.POSTGRES,
    transaction: bool = True,
    name: str = "1",
) -> Migration:
    def script(text: str | None, direction: Direction) -> Script | None:
        if text is None:
            return None
        file = SourceFile(f"{name}.{direction.value}.sql", text)
        return Script(file, Span(0, len(text)), direction, dialect, transaction)

    return Migration(name, "", dialect, script(forward, Direction.FORWARD), script(rollback, Direction.ROLLBACK))


def history(*migrations: Migration, layout: str = "plain") -> History:
    dialect = migrations[0].dialect if migrations else Dialect.POSTGRES
    return History("migrations", layout, dialect, migrations)


def forward_of(one: Migration) -> Prepared:
    """Return the forward of a migration, split into statements."""
    forward = Scripts.of(one).forward
    assert forward is not None
    return forward


def executed(engine: Engine, one: Migration, before: str = "", *, layout: str = "") -> MigrationRun:
    """Run the seven steps of a migration on a database that `before` made."""
    database = engine.create()
    try:
        if before:
            made = database.run(forward_of(migration(before, dialect=engine.dialect)))
            assert made.ok, made.error
        return run_steps(one, Scripts.of(one, layout), database, database.schema())
    finally:
        database.drop()


def dry_run_on(engine: Engine, *migrations: Migration, layout: str = "") -> list[MigrationRun]:
    """Run the seven steps of some migrations one after the other, each on what the one before left."""
    database = engine.create()
    try:
        runs: list[MigrationRun] = []
        before = database.schema()
        for one in migrations:
            runs.append(run_steps(one, Scripts.of(one, layout), database, before))
            before = runs[-1].after or before
        return runs
    finally:
        database.drop()


def with_rows(engine: Engine, one: Migration, before: str, rows: int = 50, seed: int = 0) -> RowRun:
    """Run a migration on tables with rows."""
    database = engine.create()
    try:
        made = database.run(forward_of(migration(before, dialect=engine.dialect)))
        assert made.ok, made.error
        return run_rows(Scripts.of(one), database.twin(), database.schema(), rows, seed)
    finally:
        database.drop()


def sqlite_engine(opener: Opener, limits: Limits = LIMITS) -> SqliteEngine:
    return SqliteEngine(opener, EngineInfo("sqlite", "SQLite", ""), limits, Deadline.after(3600))


def record_runs(monkeypatch: pytest.MonkeyPatch, database: type, what: Callable[[Script], str]) -> list[str]:
    """Return a list that grows by what is asked of each script that runs in databases of a type."""
    found: list[str] = []
    real: Callable[..., Any] = vars(database)["run"]

    def run(self: object, script: Prepared, **named: Any) -> Any:
        found.append(what(script.script))
        return real(self, script, **named)

    monkeypatch.setattr(database, "run", run)
    return found
