"""Random edits of histories, and runs with the steps of earlier runs beside fresh ones.

    python -m tests.linter.increments [--seeds N] [--edits N] [--dry-run] [FOLDER ...]

Without folders, histories are generated. Each is copied, edited, and compared after each edit. With `--dry-run`, they
are executed as well, without rows.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.generate import write

from miglint.base.errors import UsageError
from miglint.config.settings import load
from miglint.dryrun.options import DryRunOptions
from miglint.linter.history_walk import HistoryWalk
from miglint.linter.incremental.earlier_run import EarlierRun
from miglint.linter.incremental.step_findings import EncodedStep
from miglint.linter.incremental.step_memory import HistoryMemory
from miglint.linter.run import Job, check
from miglint.report.value import as_dict, finding_as_dict

_STATEMENTS = (
    'CREATE TABLE extra{0} (id int PRIMARY KEY, "Mixed{1}" text, mixed{1} text);',
    "ALTER TABLE extra{1} ADD COLUMN c{0} int NOT NULL DEFAULT 1;",
    "ALTER TABLE extra{1} ADD CONSTRAINT same_name CHECK (id > {0});",
    "CREATE INDEX i{0} ON extra{1} (id);",
    "CREATE INDEX CONCURRENTLY i{0} ON extra{1} (id);",
    "ALTER TABLE extra{1} ALTER COLUMN id SET NOT NULL;",
    "ALTER TABLE extra{1} RENAME TO extra{0};",
    "DROP TABLE IF EXISTS extra{1} CASCADE;",
    "INSERT INTO extra{1} (id) VALUES ({0}), ({1});",
    "CREATE FUNCTION f{0}() RETURNS int LANGUAGE sql AS 'SELECT max(id) FROM extra{1}';",
    "SELECT f{1}();",
    "CREATE VIEW v{0} AS SELECT * FROM extra{1};",
    "DO $$ BEGIN IF EXISTS (SELECT 1) THEN CREATE TABLE extra{0} (id int); END IF; END $$;",
    "DO $$ BEGIN EXECUTE 'drop table extra{1}'; END $$;",
    "SELECT uuid_generate_v4();",
    "CREATE TABLE miglint_set_aside_{0} AS SELECT * FROM extra{1};",
    "ALTER TABLE extra{1} ADD ;",
    "SET search_path TO other{1}, public;",
    "CREATE SCHEMA other{0};",
    "CREATE TYPE e{0} AS ENUM ('a', 'b');",
    "COMMENT ON TABLE extra{1} IS 'x{0}';",
)
# About a table of the history, and a name that a script gives.
_ALTERATIONS = (
    "ALTER TABLE {0} ADD COLUMN one_more int;",
    "ALTER TABLE {0} RENAME TO {0}_before;",
    "DROP TABLE {0};",
    "CREATE VIEW {1} AS SELECT * FROM {0};",
    "CREATE INDEX {1} ON {0} (id);",
    "ALTER TABLE {0} ADD CONSTRAINT {1} CHECK (id > 0);",
    "ALTER TABLE {0} ALTER COLUMN id TYPE text;",
    "ALTER TABLE {0} RENAME COLUMN id TO ident;",
    "INSERT INTO {0} (id) VALUES (1);",
    "CREATE FUNCTION {1}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
    "CREATE TABLE {1} (id int REFERENCES {0});",
    "CREATE TYPE {1} AS ENUM ('a');",
    "COMMENT ON TABLE {0} IS 'one';",
    "GRANT SELECT ON {0} TO {1};",
    "ALTER TABLE {0} DROP COLUMN name;",
    "ALTER TABLE {0} SET SCHEMA other;",
)
_TABLE = re.compile(r"TABLE (?:IF NOT EXISTS )?(\w+)")
_NAME = re.compile(r"(?:TABLE|INDEX|CONSTRAINT|FUNCTION|VIEW|COLUMN|TRIGGER)(?: IF NOT EXISTS)? (\w+)")
# Those of dry runs, whose notes have them too.
_TIMES = re.compile(r'(?<="seconds": )[0-9.e-]+|(?<= in )[0-9.]+(?= s\b)')
_SETTINGS = (
    "",
    'idempotency = "required"\n',
    'ignore = ["LCK"]\n',
    'rollbacks = "none"\n',
    'transaction = "none"\n',
    'runner = "golang-migrate"\n',
    'targets = ["postgres>=12", "sqlite>=3.35"]\n',
    '[severity]\nNAM = "error"\n',
    '[[per-path]]\npaths = ["**/*_a*.sql"]\nignore = ["IDM", "TYP"]\n',
    'baseline-schema = "schema.sql"\n',
)


class Project:
    """A folder with migrations, whose steps are kept in `cache`; with `dry_run`, checks run them.

    `statements` are those that edits add, with two numbers to fill in.
    """

    def __init__(self, root: Path, cache: Path, dry_run: DryRunOptions | None = None) -> None:
        self.root = root
        self.folder = root / "migrations"
        self.cache = cache
        self.dry_run = dry_run
        self.statements: Sequence[str] = _STATEMENTS
        self.number = 0
        (root / "schema.sql").write_text("CREATE TABLE extra0 (id int);\nCREATE EXTENSION pgcrypto;\n")

    def generate(self, chance: random.Random, count: int) -> None:
        """Write a history, and at random the beginning of one for SQLite beside it."""
        write(self.folder, 2 * count, chance.randrange(1_000))
        if chance.random() < 0.4:
            shutil.move(self.folder, self.root / "postgres")
            self.folder.mkdir()
            shutil.move(self.root / "postgres", self.folder / "postgres")
            other = self.folder / "sqlite"
            other.mkdir()
            for path in sorted((self.folder / "postgres").iterdir())[:8]:
                text = path.read_text() if "CREATE TABLE" in path.read_text() else "SELECT 1;\n"
                (other / path.name).write_text(text.replace("IF NOT EXISTS ", "") + "-- sqlite\n")

    def write(self, name: str, text: str) -> None:
        """Write a script."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def settings(self, text: str) -> None:
        """Replace the settings."""
        (self.root / "miglint.toml").write_text(text)

    def files(self) -> list[Path]:
        """Return all scripts."""
        return sorted(self.folder.rglob("*.sql"))

    def edit(self, name: str, chance: random.Random) -> None:
        """Change something at random."""
        self.number += 1
        path = chance.choice(self.files())
        text = path.read_bytes().decode("utf-8", "replace")
        if name == "comment":
            path.write_text(f"-- {chance.random()}\n{text}")
        elif name == "statement":
            one = chance.choice(self.statements).format(chance.randrange(6), chance.randrange(6))
            path.write_text(f"{text}\n{one}\n" if chance.random() < 0.7 else f"{one}\n{text}")
        elif name == "alter":
            whole = "\n".join(one.read_bytes().decode("utf-8", "replace") for one in self.files())
            tables, names = (sorted(set(found.findall(whole))) or ["extra1"] for found in (_TABLE, _NAME))
            one = chance.choice(_ALTERATIONS).format(chance.choice(tables), chance.choice(names))
            path.write_text(f"{text}\n{one}\n")
        elif name == "suppress":
            path.write_text(f"-- miglint: ignore-file {chance.choice(('LCK001', 'IDM', 'NAM006'))}\n{text}")
        elif name == "empty":
            path.write_text("")
        elif name == "remove":
            path.unlink()
        elif name == "rename":
            path.rename(path.with_name(path.name.replace("0", "1", 1)))
        elif name == "swap":
            other = chance.choice(self.files())
            one, two = path.read_bytes(), other.read_bytes()
            path.write_bytes(two)
            other.write_bytes(one)
        elif name == "add":
            for direction in ("up", "down"):
                one = chance.choice(self.statements).format(chance.randrange(6), chance.randrange(6))
                version = chance.choice((f"9{self.number:05d}", f"{chance.randrange(30):06d}"))
                (path.parent / f"{version}_added{self.number}.{direction}.sql").write_text(f"{one}\n")
        elif name == "settings":
            self.settings(chance.choice(_SETTINGS))
        elif name == "schema":
            (self.root / "schema.sql").write_text(f"CREATE TABLE extra{chance.randrange(6)} (id int);\n")

    def check(self, *paths: Path, cached: bool = True, verdicts: bool = True) -> str:
        """Return the report as text, or the error that the user has made."""
        given = tuple(os.path.relpath(path, self.root) for path in paths or (self.folder,))
        try:
            job = Job(load(cwd=str(self.root)), given, cached=cached, verdicts=verdicts, dry_run=self.dry_run)
            report = check(job).report
        except UsageError as error:
            return str(error)
        content = as_dict(report)
        content["summary"].pop("elapsed_ms", None)
        summarized = [finding_as_dict(item) for item in report.summarized]
        text = json.dumps([content, report.notes, report.hidden_by(), summarized], indent=1)
        return _TIMES.sub("", text)

    def compare(self, *paths: Path) -> str:
        """Return the lines by which a run with the steps of earlier runs differs from a fresh one."""
        if self.number % 2:
            # What is not needed for a report in text, another run may need.
            self.check(*paths, verdicts=False)
        with _confirmed():
            mine = self.check(*paths)
        fresh = self.check(*paths, cached=False)
        if mine == fresh:
            return ""
        pairs = zip(mine.splitlines(), fresh.splitlines(), strict=False)
        return "\n".join(f"{one}\n{two}" for one, two in pairs if one != two)[:2_000] or "another length"

    def replayed(self, *paths: Path) -> int:
        """Return how many migrations a run replays."""
        reached = HistoryWalk._reached
        numbers = []

        def counted(walk: HistoryWalk, number: int, *given: object) -> object:
            numbers.append(number)
            return reached(walk, number, *given)

        with patch.object(HistoryWalk, "_reached", counted):
            self.check(*paths)
        return len(numbers)

    def damage(self, kind: str) -> None:
        """Damage all entries of steps."""
        for entry in self.cache.glob("steps-*"):
            data = entry.read_bytes()
            middle = len(data) // 2
            changed = {
                "cut": data[:middle],
                "flip": data[:middle] + bytes((data[middle] ^ 1,)) + data[middle + 1 :],
                "empty": b"",
                "text": b"[]",
            }
            entry.write_bytes(changed[kind])


@contextmanager
def _confirmed() -> Iterator[None]:
    """Compare in full what each step has read that is known by its bytes alone."""
    agreed = []
    agrees, fits = EarlierRun.agrees, HistoryMemory._fits

    def asked(*given: Any) -> bool:
        agreed.append(agrees(*given))
        return agreed[-1]

    def confirmed(memory: HistoryMemory, name: bytes, step: EncodedStep, *given: Any) -> bool:
        agreed.clear()
        found = fits(memory, name, step, *given)
        if any(agreed):
            trace, state = step.read_trace(), given[-1]
            assert trace is not None
            assert memory._tracer.fits(trace, state.schema, doubted=state.doubted), "it has read what differs"
        return found

    with patch.object(EarlierRun, "agrees", asked), patch.object(HistoryMemory, "_fits", confirmed):
        yield


_EDITS = {
    "comment": 3,
    "statement": 6,
    "alter": 8,
    "suppress": 1,
    "empty": 1,
    "remove": 2,
    "rename": 1,
    "swap": 1,
    "add": 3,
    "settings": 2,
    "schema": 1,
}


def edits(chance: random.Random, count: int) -> Iterator[str]:
    """Yield kinds of edits at random."""
    yield from chance.choices(list(_EDITS), list(_EDITS.values()), k=count)


def main() -> None:
    """Edit and compare what the command line names."""
    parser = argparse.ArgumentParser(description="Compare runs with the steps of earlier runs with fresh ones.")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of migrations (default: generated ones)")
    parser.add_argument("--seeds", type=int, default=20, help="histories to generate, or copies of each folder")
    parser.add_argument("--edits", type=int, default=20, help="edits of each")
    parser.add_argument("--dry-run", action="store_true", help="execute them as well")
    given = parser.parse_args()
    wrong = 0
    for folder in given.folders or (None,):
        for seed in range(given.seeds):
            wrong += _tried(folder, seed, given.edits, DryRunOptions(rows=0) if given.dry_run else None)
    print(f"{wrong} of the runs differ from a fresh one")
    sys.exit(1 if wrong else 0)


def _tried(folder: Path | None, seed: int, count: int, dry_run: DryRunOptions | None) -> int:
    chance = random.Random(seed)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="miglint-increments-") as place:
        root = Path(place) / "p"
        root.mkdir()
        os.environ["MIGLINT_CACHE_DIR"] = f"{place}/cache"
        os.environ["XDG_CACHE_HOME"] = f"{place}/home"
        os.chdir(root)
        project = Project(root, Path(place) / "cache", dry_run)
        if folder is None:
            project.generate(chance, 40)
        else:
            shutil.copytree(folder, project.folder)
        done = []
        for name in ("", *edits(chance, count)):
            if name:
                project.edit(name, chance)
            done.append(name)
            only = (chance.choice(project.files()),) if chance.random() < 0.2 else ()
            difference = project.compare(*only)
            if difference:
                wrong += 1
                print(f"{folder or 'generated'}, seed {seed}, after {', '.join(done[1:])}:\n{difference}\n", flush=True)
        os.chdir("/")
    return wrong


if __name__ == "__main__":
    main()
