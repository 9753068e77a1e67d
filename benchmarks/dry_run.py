"""Time the dry run on PostgreSQL (embedded): first, unchanged, and with one script changed. Nothing is asserted.

    python -m benchmarks.dry_run [--rounds N] [--pairs N] [FOLDER ...]

A history of 100 pairs is generated, each of which creates or alters one small table; copies of the folders are measured
beside it. In each round, all histories run in turn:

- first: with a new cache of results; the server's empty files, which every first run of a user makes, are there
- unchanged: again, with what the first run has kept
- one changed: with a comment more in the last forward script

Times are medians of wall-clock seconds of whole processes, start-up and static analysis included. The first round does
not count.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.run import ROOT, program, timed

_TABLE = """CREATE TABLE {0} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    amount int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""
# What a pair does to a table that the one before it has made, and its rollback.
_CHANGES = (
    ("ALTER TABLE {0} ADD COLUMN note text;\n", "ALTER TABLE {0} DROP COLUMN note;\n"),
    ("CREATE INDEX {0}_name ON {0} (name);\n", "DROP INDEX {0}_name;\n"),
    (
        "ALTER TABLE {0} ADD CONSTRAINT {0}_amount CHECK (amount >= 0);\n",
        "ALTER TABLE {0} DROP CONSTRAINT {0}_amount;\n",
    ),
    ("ALTER TABLE {0} ALTER COLUMN name DROP NOT NULL;\n", "ALTER TABLE {0} ALTER COLUMN name SET NOT NULL;\n"),
)
_KINDS = ("first", "unchanged", "one changed")


def write_tables(folder: Path, pairs: int) -> None:
    """Write a history of that many pairs, of which every second one creates a table, and the next one alters it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(pairs):
        table = f"table{number // 2}"
        forward, rollback = _TABLE, "DROP TABLE {0};\n"
        if number % 2:
            forward, rollback = _CHANGES[number // 2 % len(_CHANGES)]
        for direction, text in (("up", forward), ("down", rollback)):
            (folder / f"{number:04d}_{table}.{direction}.sql").write_text(text.format(table))


class Measured:
    """A history that is measured, in a folder of its own, with a cache of its own."""

    def __init__(self, name: str, place: Path, home: Path) -> None:
        self.name = name
        self.folder = place / "project" / "migrations"
        self.seconds: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        self._place = place
        self._cache = place / "cache"
        self._environment = {**os.environ, "XDG_CACHE_HOME": str(home), "MIGLINT_CACHE_DIR": str(self._cache)}
        for variable in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "COVERAGE_PROCESS_START"):
            self._environment.pop(variable, None)
        forwards = [path for path in self.folder.rglob("*.sql") if not path.name.endswith("down.sql")]
        self._last = max(forwards, key=lambda path: path.relative_to(self.folder).as_posix())
        self.pairs = len(forwards)

    def round(self, *, counts: bool) -> None:
        """Run it first, unchanged, and with one script changed."""
        shutil.rmtree(self._cache, ignore_errors=True)
        text = self._last.read_bytes()
        for kind in _KINDS:
            if kind == "one changed":
                self._last.write_bytes(text + b"-- one more line\n")
            command = [program("miglint"), "check", "migrations", "--dialect", "postgres", "--dry-run=embedded"]
            # The cache has to be outside of the folder that the check runs in.
            run = timed([*command, "--isolated", "--exit-zero"], self._environment, self.folder.parent)
            if counts:
                self.seconds[kind].append(run.seconds)
        self._last.write_bytes(text)

    def line(self) -> str:
        """Return the medians."""
        middle = {kind: median(self.seconds[kind]) for kind in _KINDS}
        listed = "  ".join(f"{kind} {middle[kind]:6.2f} s" for kind in _KINDS)
        return f"dry run, {self.name:<16} {self.pairs:>5,} pairs  {listed}  a pair {middle['first'] / self.pairs:.3f} s"


def _copied(folder: Path) -> Callable[[Path], object]:
    return lambda place: shutil.copytree(folder, place)


def main() -> None:
    """Measure what the command line names, and print a line for each history."""
    parser = argparse.ArgumentParser(description="Time the dry run on PostgreSQL.")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of migrations, besides a generated one")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (default: 5)")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of the generated history (default: 100)")
    given = parser.parse_args()
    compileall.compile_dir(str(ROOT / "src"), quiet=1)
    with tempfile.TemporaryDirectory(prefix="miglint-bench-") as scratch:
        wanted = [("one table a pair", lambda place: write_tables(place, given.pairs))]
        wanted += [(folder.resolve().name, _copied(folder)) for folder in given.folders]
        histories = []
        for number, (name, make) in enumerate(wanted):
            place = Path(scratch) / f"history{number}"
            make(place / "project" / "migrations")
            histories.append(Measured(name, place, Path(scratch) / "home"))
        for turn in range(given.rounds + 1):
            for history in histories:
                history.round(counts=turn > 0)
        for history in histories:
            print(history.line(), flush=True)


if __name__ == "__main__":
    main()
