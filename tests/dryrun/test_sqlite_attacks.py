"""Each attack of the table ends in a finding or does no harm, and reaches nothing beside its own database.

`make test` runs each with one library of SQLite; `make attacks`, which sets MIGLINT_ATTACKS, with both.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.dryrun import engine_choice
from miglint.dryrun.limits import Limits
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.results import EngineError, HistoryRun
from miglint.dryrun.runner import dry_run

from .histories import history, migration
from .sqlite_attacks import ATTACKS, BOUNDS, DEPTHS, FILES, LEFTOVERS, NOTHING, PROGRAMS, SCHEMA, TIMES, Attack

LIMITS = Limits(statement=0.5, total=120.0, disk=24 << 20, memory=128 << 20)
BEFORE = migration(
    "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);",
    "DROP TABLE IF EXISTS users;",
    dialect=Dialect.SQLITE,
)
AFTER = migration(
    "ALTER TABLE users ADD COLUMN age INTEGER; CREATE TABLE IF NOT EXISTS pets (x TEXT CHECK (x <> ''));",
    "DROP TABLE pets; ALTER TABLE users DROP COLUMN age;",
    dialect=Dialect.SQLITE,
    name="3",
)


def children() -> set[str]:
    """Return the processes that this one has started and that are still there."""
    found = set()
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            found |= set((thread / "children").read_text().split())
    return found


def attacked(attack: Attack, folder: Path) -> HistoryRun:
    """Run an attack between two migrations that mean no harm."""
    text = [sql.replace("{file}", str(folder / "trace")).replace("{folder}", str(folder))
            for sql in (attack.forward, attack.rollback)]  # fmt: skip
    evil = migration(*text, dialect=Dialect.SQLITE, transaction=attack.wrapped, name="2")
    options = DryRunOptions(engine="sqlite", rows=attack.rows, limits=LIMITS)
    return dry_run([history(BEFORE, evil, AFTER)], options).histories[0]


def ending(error: EngineError | None) -> str:
    return "nothing" if error is None else error.limit or "error"


def peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


# Where time or memory runs out it does so in the same process with the same limits: a third of these is enough.
WITH_STANDARD = [*FILES, *PROGRAMS, *SCHEMA, *DEPTHS, *LEFTOVERS, *BOUNDS[::3], *TIMES[::3]]


def chosen() -> list[tuple[str, Attack]]:
    """Return the attacks with their libraries: with all (`make attacks`), or each once, with one or the other."""
    if os.environ.get("MIGLINT_ATTACKS"):
        return [("apsw", attack) for attack in ATTACKS] + [("sqlite3", attack) for attack in WITH_STANDARD]
    odd = {attack.name for attack in WITH_STANDARD[1::2]}
    return [("sqlite3" if attack.name in odd else "apsw", attack) for attack in ATTACKS]


CASES = chosen()


@pytest.mark.parametrize(("library", "attack"), CASES, ids=[f"{attack.name}-{library}" for library, attack in CASES])
def test_an_attack_ends_in_a_finding_or_does_no_harm(
    attack: Attack, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if library == "sqlite3":
        monkeypatch.setattr(engine_choice, "apsw_version", lambda: None)
    monkeypatch.chdir(tmp_path)
    started, most = children(), peak()
    ran = attacked(attack, tmp_path)
    assert ran.stopped is None
    first, evil, last = ran.migrations
    assert evil.forward is not None
    assert ending(evil.forward.error) in attack.ends, evil.forward.error
    if evil.forward.error is not None:
        assert evil.forward.error.span is not None
        # Of what is undone as a whole no statement is listed.
        statements = evil.forward.statements
        assert evil.forward.error.index >= -1 and (not statements or evil.forward.error.index < len(statements))
    # The other migrations are what they are without it.
    assert [step.ok for step in first.steps] == [True] * 7
    assert first.verdict.symmetric is True
    assert last.forward is not None and last.forward.error is None, last.forward
    assert last.verdict.symmetric is True, last.changes
    assert last.rows is None or last.rows.error is None
    # No file, no process, and no memory of the parent's.
    assert list(tmp_path.iterdir()) == []
    assert children() <= started
    assert peak() - most < 200 << 20


OPEN = {
    "a table is not dropped": ("CREATE TABLE IF NOT EXISTS kept (x);", "BEGIN; DROP TABLE IF EXISTS kept;"),
    "a table is not taken back": ("SELECT 1;", "CREATE TABLE IF NOT EXISTS kept (x); BEGIN; DROP TABLE kept;"),
    "the second transaction": (
        "CREATE TABLE IF NOT EXISTS kept (x);",
        "BEGIN; SELECT 1; COMMIT; BEGIN IMMEDIATE; DROP TABLE IF EXISTS kept;",
    ),
    "a savepoint in it": ("CREATE TABLE IF NOT EXISTS kept (x);", "BEGIN; SAVEPOINT s; DROP TABLE kept; RELEASE s;"),
}


@pytest.mark.parametrize("library", ["apsw", "sqlite3"])
@pytest.mark.parametrize("pair", OPEN.values(), ids=OPEN)
def test_a_transaction_that_a_rollback_leaves_open_restores_nothing(
    pair: tuple[str, str], library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool's connection closes, and SQLite rolls it back."""
    if library == "sqlite3":
        monkeypatch.setattr(engine_choice, "apsw_version", lambda: None)
    _, evil, last = attacked(Attack("", pair[0], NOTHING, pair[1], rows=0), tmp_path).migrations
    assert evil.verdict.symmetric is False
    assert [change.name for change in evil.changes] == ["kept"]
    assert last.verdict.symmetric is True


def test_there_are_as_many_attacks_as_are_promised() -> None:
    assert len(ATTACKS) >= 40
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
