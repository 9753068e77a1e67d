"""Run every statement that help offers on real projects: `make truth CORPORA="..."`.

    python -m tests.help.corpora [-v] [--every N] FOLDER...

Each history runs on its engine, as in a dry run; before each migration, or each N-th, the help of its findings is
tried, and taken back. Printed are the counts, those of each rule, and with `-v` each statement that does not run.
Nothing of a project enters this one. Exit status 1: a statement does not run, or a verdict and its findings disagree.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from tests.linter.verdict_findings import disagreements

from miglint.base.model import Dialect, History, Migration
from miglint.base.structs import replace
from miglint.config.settings import load
from miglint.discovery import discover
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.interfaces import Database, Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.catalog_reader import Reader
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.prerequisites import bookkeeping, missing_extensions, missing_roles, missing_schemas, script_of
from miglint.dryrun.statements import prepare
from miglint.linter.paths import checked_paths, discovery_options
from miglint.linter.run import Job, check

from .engines import PostgresScratch, Scratch, SqliteScratch
from .sources import by_scripts, findings_elsewhere, findings_of
from .trials import Tally, Trials, pieces_of

Start = Callable[[bool], AbstractContextManager[Scratch]]
State = tuple[Migration, Start, Callable[[], None]]


def main(arguments: list[str]) -> int:
    """Try the help of each folder, and print what became of it."""
    verbose = "-v" in arguments
    every = 1
    if "--every" in arguments:
        at = arguments.index("--every")
        every = int(arguments[at + 1])
        arguments = arguments[:at] + arguments[at + 2 :]
    total = Tally()
    engine: Engine | None = None
    try:
        for folder in (Path(item) for item in arguments if item != "-v"):
            settings = replace(load(cwd=str(folder)), idempotency="required", root=str(folder))
            report = check(Job(settings, (str(folder),), cached=False)).report
            findings = by_scripts(report.findings)
            tally = Tally()
            tally.contradictions += disagreements(report)
            found = discover(checked_paths(settings, (str(folder),)).paths, options=discovery_options(settings))
            for history in found.histories:
                if history.dialect is Dialect.POSTGRES and engine is None:
                    engine = choices(history.dialect, DryRunOptions())[0].start(Deadline.after(7200))
                for number, (migration, start, advance) in enumerate(_states(history, engine)):
                    of_it = findings_of(migration, findings)
                    if of_it and number % every == 0:
                        trials = Trials(migration.forward, migration.rollback, history.dialect, start, tally)
                        trials.run(of_it, findings_elsewhere(migration, findings))
                    advance()
            print(f"{folder.name}: {_shares(tally)}", flush=True)
            for problem in (*tally.problems, *tally.contradictions) if verbose else ():
                print(f"  {problem}")
            total.counts += tally.counts
            total.by_code += tally.by_code
            total.problems += tally.problems
            total.contradictions += tally.contradictions
    finally:
        if engine is not None:
            engine.close()
    print(f"all: {_shares(total)}; {len(total.contradictions)} verdicts that no finding explains, or one contradicts")
    for (code, what), count in sorted(total.by_code.items()):
        if what == "failed":
            print(f"  {code}: {count} of {total.by_code[code, 'complete']} failed")
    return 1 if total.problems or total.contradictions else 0


def _shares(tally: Tally) -> str:
    counts = tally.counts
    tried = counts["ran"] + counts["failed"]
    share = f"{counts['ran'] / tried:.4f}" if tried else "none"
    return f"{dict(sorted(counts.items()))}; of those tried ran {share}"


def _states(history: History, engine: Engine | None) -> Iterator[State]:
    """Yield each migration with the database before it, and what runs the migration."""
    if history.dialect is Dialect.SQLITE:
        yield from _sqlite_states(history)
        return
    assert engine is not None
    database = engine.create()
    assert isinstance(database, PostgresDatabase)
    _surround(history, database)
    reader = Reader()

    @contextlib.contextmanager
    def start(plain: bool) -> Iterator[Scratch]:
        used = database.copy() if plain else database
        session = used.tenant.session(used.name, used.login)
        scratch = PostgresScratch(session, reader if not plain else Reader(), plain=plain)
        try:
            yield scratch
        finally:
            session.close()
            if plain:
                used.drop()

    for migration in history.migrations:

        def advance(migration: Migration = migration) -> None:
            if migration.forward is not None:
                database.run(prepare(migration.forward, history.layout))
                database._leave()

        database._leave()
        yield migration, start, advance
    database.drop()


def _sqlite_states(history: History) -> Iterator[State]:
    own = SqliteScratch()

    @contextlib.contextmanager
    def start(_: bool) -> Iterator[Scratch]:
        scratch = SqliteScratch(own)
        try:
            yield scratch
        finally:
            scratch.close()

    for migration in history.migrations:

        def advance(migration: Migration = migration) -> None:
            for piece in pieces_of(migration.forward):
                own.run(piece.text)

        yield migration, start, advance
    own.close()


def _surround(history: History, database: Database) -> None:
    for name in missing_extensions(history):
        database.run(prepare(script_of(f'CREATE EXTENSION IF NOT EXISTS "{name}"', history.dialect)))
    for made in (missing_schemas(history), bookkeeping(history)):
        if made is not None:
            database.run(prepare(made))
    if isinstance(database, PostgresDatabase):
        database.stand_in_roles(missing_roles(history))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
