"""Benchmark miglint against squawk, in alternation, and print medians and ratios. Nothing is asserted.

    python benchmarks/run.py [--rounds N] [--scale] [FOLDER ...]

Without folders, 1,554 files are generated. For each set, these are measured:

- first run: without cache (`--no-cache`)
- second run: unchanged files, with cached output
- one changed: a comment, or a column of its table, added to the first, the middle or the last forward script, after a
  run without that; squawk reads all files
- last one asked for: the last forward script with a new comment, after a run over all, and no other file asked for
- one in its history: the largest forward script of the set, with its history read for the schema
- one alone: that file in a separate folder

With `--scale` (implied without folders), 1,000 to 30,000 generated files show the growth of time and memory.
squawk reads the same `.sql` files. Times are wall-clock seconds of whole processes, start-up included.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.generate import write  # noqa: E402 - the folder is a package only from the project's root

_FILES = 1_554
# A column more, in a table that the script makes or changes, or in one that no script makes.
_COLUMN = "ALTER TABLE seen ADD COLUMN c{0} int;"
_TABLE = re.compile(
    r"^(?:CREATE|ALTER) TABLE (?:IF (?:NOT )?EXISTS )?(?:ONLY )?([\w.\"]+)", re.MULTILINE | re.IGNORECASE
)
_SCALE = (1_000, 3_000, 10_000, 30_000)
# Of so many files, one run takes minutes.
_MANY = 10_000


class Run(NamedTuple):
    """Cost of a process: wall-clock seconds, and the maximum resident memory of it and its children in MB."""

    seconds: float
    megabytes: float


def program(name: str) -> str:
    """Return the path of an installed command: beside this Python, or on the search path."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        sys.exit(f"{name} is not installed: install the development dependencies (make test does)")
    return found


def timed(command: list[str], environment: dict[str, str], folder: Path) -> Run:
    """Run a command without its output. A status above 1 (0: clean, 1: findings) stops the measurement."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=folder
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command[:4])} ... ended with {process.returncode}")
    # Linux counts kilobytes, macOS bytes.
    return Run(seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))


def alternate(rounds: int, *runs: Callable[[], Run]) -> list[list[Run]]:
    """Run all of them in turn, so that whatever else the machine does hits all alike; the first turn is not counted."""
    results: list[list[Run]] = [[] for _ in runs]
    for turn in range(rounds + 1):
        for place, run in enumerate(runs):
            result = run()
            if turn:
                results[place].append(result)
    return results


def middle(runs: list[Run]) -> float:
    return median(run.seconds for run in runs)


class Bench:
    """Both programs, and a cache folder of the measurement's own."""

    def __init__(self, rounds: int, scratch: Path) -> None:
        self.rounds = rounds
        # No configuration is there or above: not even that of this project. The cache has to be outside of it.
        self.place = scratch / "place"
        self.place.mkdir()
        self.miglint = program("miglint")
        self.squawk = program("squawk")
        # As installed: compiled modules, and output that is no terminal's.
        self.environment = {**os.environ, "MIGLINT_CACHE_DIR": str(scratch / "cache")}
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "COVERAGE_PROCESS_START"):
            self.environment.pop(name, None)

    def check(self, *arguments: str) -> Run:
        return timed([self.miglint, "check", *arguments], self.environment, self.place)

    def lint(self, files: list[str]) -> Run:
        return timed([self.squawk, *files], self.environment, self.place)

    def folder(self, name: str, folder: Path) -> None:
        """Measure one set of files, and print a line for each question."""
        files = sorted(str(path.resolve()) for path in folder.rglob("*.sql") if path.is_file())
        if not files:
            sys.exit(f"{folder}: no .sql files")
        largest = max((path for path in files if "down" not in Path(path).name), key=os.path.getsize, default=files[0])
        first, squawk = alternate(
            self.rounds, lambda: self.check("--no-cache", str(folder.resolve())), lambda: self.lint(files)
        )
        again, squawk_again = alternate(
            self.rounds, lambda: self.check(str(folder.resolve())), lambda: self.lint(files)
        )
        one, squawk_one = alternate(
            self.rounds, lambda: self.check("--no-cache", largest), lambda: self.lint([largest])
        )
        alone = self.place / f"{name}-alone"
        # In some layouts the folder has the name of the migration.
        own = alone / Path(largest).parent.name
        own.mkdir(parents=True)
        shutil.copy(largest, own)
        single, squawk_single = alternate(
            self.rounds, lambda: self.check("--no-cache", str(alone)), lambda: self.lint([largest])
        )
        for label, ours, theirs, goal in (
            ("first run", first, squawk, "1.00"),
            ("second run", again, squawk_again, "0.33"),
            ("one in its history", one, squawk_one, ""),
            ("one alone", single, squawk_single, ""),
        ):
            ratio = middle(ours) / middle(theirs)
            wanted = f"  (goal {goal})" if goal else "  (goal 0.2 s)"
            print(
                f"{name:<24} {len(files):>6,} files  {label:<18}  squawk {middle(theirs):7.3f} s"
                f"  miglint {middle(ours):7.3f} s  ratio {ratio:5.2f}{wanted}",
                flush=True,
            )

    def changed(self, name: str, folder: Path) -> None:
        """Measure runs after one file has changed, and print a line for each place and kind of change."""
        copy = self.place / f"{name}-changed"
        shutil.copytree(folder, copy)
        files = sorted(str(path) for path in copy.rglob("*.sql") if path.is_file())
        forwards = [path for path in files if "down" not in Path(path).name]
        given = str(copy)
        for place, path in (("first", 0), ("middle", len(forwards) // 2), ("last", -1)):
            for kind, line in (("comment", "-- {0}"), ("column", _COLUMN)):
                self._changed(f"{place} one, {kind}", name, files, forwards[path], line, given)
        self._changed("last one asked for", name, files, forwards[-1], "-- {0}", forwards[-1])

    def _changed(self, label: str, name: str, files: list[str], path: str, line: str, given: str) -> None:
        folder, text = str(self.place / f"{name}-changed"), Path(path).read_text()
        turns = iter(range(100_000, 200_000))
        if (table := _TABLE.search(text)) is not None:
            line = line.replace("seen", table[1])

        def ours() -> Run:
            Path(path).write_text(text)
            self.check(folder)
            added = line.format(next(turns))
            Path(path).write_text(f"{added}\n{text}" if line.startswith("--") else f"{text}\n{added}\n")
            return self.check(given)

        mine, theirs = alternate(self.rounds, ours, lambda: self.lint(files))
        Path(path).write_text(text)
        print(
            f"{name:<24} {len(files):>6,} files  {label:<20}  squawk {middle(theirs):7.3f} s"
            f"  miglint {middle(mine):7.3f} s  ratio {middle(mine) / middle(theirs):5.2f}  (goal 0.45)",
            flush=True,
        )

    def scale(self, scratch: Path) -> None:
        """Show how time and memory grow with the number of files."""
        print(f"\n{'files':>6}  {'seconds':>8}  {'ms/file':>8}  {'peak MB':>8}")
        for files in _SCALE:
            folder = scratch / f"generated-{files}"
            write(folder, files)
            rounds = min(3, self.rounds) if files < _MANY else 1
            runs = [self.check("--no-cache", str(folder.resolve())) for _ in range(rounds)]
            seconds = middle(runs)
            peak = max(run.megabytes for run in runs)
            print(f"{files:>6,}  {seconds:>8.2f}  {seconds / files * 1000:>8.3f}  {peak:>8.0f}", flush=True)
            shutil.rmtree(folder)


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description="Measure miglint beside squawk.")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of migrations (default: a generated one)")
    parser.add_argument("--rounds", type=int, default=5, help="turns that count (default: 5)")
    parser.add_argument("--scale", action="store_true", help="1,000 to 30,000 files too")
    given = parser.parse_args()
    compileall.compile_dir(str(ROOT / "src"), quiet=1)
    with tempfile.TemporaryDirectory(prefix="miglint-bench-") as place:
        scratch = Path(place)
        bench = Bench(given.rounds, scratch)
        for folder in given.folders:
            bench.folder(folder.resolve().name, folder)
            bench.changed(folder.resolve().name, folder)
        if not given.folders:
            write(scratch / "generated", _FILES)
            bench.folder("generated", scratch / "generated")
            bench.changed("generated", scratch / "generated")
        if given.scale or not given.folders:
            bench.scale(scratch)


if __name__ == "__main__":
    main()
