"""What the help of this project is tried on: the examples of the rule pages, and the cases."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.linter.verdict_findings import disagreements
from tests.rules.book import Example, pages

from miglint.base.findings import Finding
from miglint.base.model import Dialect, History, Migration
from miglint.base.structs import replace
from miglint.config.settings import Settings, load
from miglint.discovery import discover
from miglint.linter.paths import checked_paths, discovery_options
from miglint.linter.run import Job, baseline_schemas, check

from .engines import Postgres, Scratch, SqliteScratch, texts_of
from .trials import Tally, Trials, pieces_of

CASES = Path(__file__).parents[1] / "data" / "cases"
# Prints what a second run needs, although most tools run a script once.
_EVERYTHING = "required"
# Tables that some examples assume to be there, as the scripts of projects do.
_ASSUMED = {
    "LCK028-Bad-0": "CREATE TABLE accounts (code varchar(20))",
    "NAM004-Bad-1": "CREATE TABLE users_with_their_names_and_the_day_on_which_the_account_was_created_old ()",
    "PAI008-Bad-0": "CREATE TABLE legacy ()",
}
Lay = Callable[[Path], Settings]


def pages_to_try() -> Iterator[tuple[str, Lay]]:
    """Yield each example of the rule book: a name, and what writes its files to a folder."""
    for page in pages():
        for example in page.examples:

            def lay(folder: Path, example: Example = example) -> Settings:
                example.write(folder)
                baseline = next((str(path) for path in folder.rglob("baseline.sql")), None)
                configured = (folder / "miglint.toml").is_file()
                return replace(
                    load(cwd=str(folder)) if configured else Settings(root=str(folder)),
                    baseline_schema={} if baseline is None else {"": baseline},
                    exclude=("baseline.sql",),
                    idempotency=_EVERYTHING,
                )

            yield str(example), lay


def cases_to_try() -> Iterator[tuple[str, Lay]]:
    """Yield each case in `tests/data/cases`, likewise."""
    for file in sorted(CASES.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            case = json.loads(line)

            def lay(folder: Path, case: dict[str, str] = case) -> Settings:
                (folder / "base.sql").write_text(case["setup"])
                (folder / "001_x.up.sql").write_text(case["up"])
                (folder / "001_x.down.sql").write_text(case["down"])
                return Settings(
                    root=str(folder),
                    baseline_schema={"": str(folder / "base.sql")},
                    exclude=("base.sql",),
                    dialect=case["dialect"],
                    idempotency=_EVERYTHING,
                )

            yield f"{file.stem}/{case['name']}", lay


def try_folder(folder: Path, settings: Settings, postgres: Postgres, tally: Tally, name: str = "") -> None:
    """Check a folder and try the help of its findings. `name` is that of an example."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        report = check(Job(settings, (".",), cached=False)).report
        found = discover(checked_paths(settings, (".",)).paths, options=discovery_options(settings))
        schemas = baseline_schemas(settings)
    finally:
        os.chdir(here)
    tally.contradictions += disagreements(report)
    by_script = by_scripts(report.findings)
    for history in found.histories:
        schema = schemas.get(history.dialect.value) or schemas.get("")
        before = [_ASSUMED[name]] if name in _ASSUMED else []
        before += [] if schema is None else texts_of(schema.text, history.dialect)
        for migration in history.migrations:
            of_it = findings_of(migration, by_script)
            if of_it:
                start = _starter(history, list(before), postgres)
                Trials(migration.forward, migration.rollback, history.dialect, start, tally).run(of_it)
            before += [piece.text for piece in pieces_of(migration.forward)]


def by_scripts(findings: Iterable[Finding]) -> dict[tuple[str, str | None], list[Finding]]:
    """Return the findings with help by path and direction."""
    found: dict[tuple[str, str | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.help:
            found[finding.path, finding.direction].append(finding)
    return found


def findings_of(migration: Migration, by_script: dict[tuple[str, str | None], list[Finding]]) -> list[Finding]:
    """Return the findings about the scripts of a migration."""
    return [item for item in _of_scripts(migration, by_script) if item.dialect in (None, migration.dialect.value)]


def findings_elsewhere(migration: Migration, by_script: dict[tuple[str, str | None], list[Finding]]) -> list[Finding]:
    """Return the findings about scripts for two engines that are reported for the other one, or once for both."""
    return [item for item in _of_scripts(migration, by_script) if item.dialect not in (None, migration.dialect.value)]


def _of_scripts(migration: Migration, by_script: dict[tuple[str, str | None], list[Finding]]) -> Iterator[Finding]:
    for script in (migration.forward, migration.rollback):
        if script is not None:
            for finding in by_script.get((script.path, script.direction.value), ()):
                if finding.version in (None, migration.version):
                    yield finding


def _starter(
    history: History, before: list[str], postgres: Postgres
) -> Callable[[bool], AbstractContextManager[Scratch]]:
    @contextmanager
    def started(plain: bool) -> Iterator[Scratch]:
        if history.dialect is Dialect.SQLITE:
            scratch: Scratch = SqliteScratch()
            for text in before:
                scratch.run(text)
            yield scratch
            return
        with postgres.plain() if plain else postgres.scratch() as lent:
            for text in before:
                lent.run(text)
            lent.next_script()
            yield lent

    return started
