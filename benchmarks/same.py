"""Check that a report depends on its input alone: `make same FOLDERS="..."`.

Each folder, the cases in `tests/data/cases` and the examples of the rule book are checked once with this interpreter
and hash seed 0; then with every other seed, interpreter and SQLite library that is named. The whole JSON reports must
be equal, apart from the time that a run took. Exit status 1: a report differs, and its first difference is printed.

    python benchmarks/same.py [--seeds N] [--python PATH]... [--sqlite FOLDER]... [FOLDER]...

`--python` names an interpreter that has miglint's dependencies; the sources are those of this checkout. `--sqlite`
names a folder with another SQLite library: `libsqlite3.so.0`, which the interpreter loads instead of the system's, or
the module `pysqlite3`, a build of Python's `sqlite3`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "data" / "cases"
EXAMPLE = re.compile(r'^```sql title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
# Style is left to sqlfluff, whose time would be most of the run.
OPTIONS = ("--no-cache", "--isolated", "--format", "json", "--select", "ALL", "--ignore", "STY", "--exit-zero")
VERSIONS = "import sys, sqlite3; print('Python %d.%d.%d' % sys.version_info[:3], 'SQLite', sqlite3.sqlite_version)"
SHARED = "libsqlite3.so.0"
# Makes `import sqlite3` find the other build.
ALIAS = """
import sys, pysqlite3, pysqlite3.dbapi2
sys.modules["sqlite3"], sys.modules["sqlite3.dbapi2"] = pysqlite3, pysqlite3.dbapi2
"""


class Variant(NamedTuple):
    """What a report must not depend on."""

    name: str
    python: str = sys.executable
    seed: int = 0
    path: tuple[str, ...] = ()
    library: str | None = None


def variants(seeds: int, pythons: list[str], libraries: list[Path], alias: Path) -> Iterator[Variant]:
    """Return what is compared with the first of them."""
    for seed in range(seeds):
        yield Variant(f"hash seed {seed}", seed=seed)
    for python in pythons:
        yield Variant(python, python)
    for library in libraries:
        if (library / SHARED).is_file():
            yield Variant(str(library), library=str(library.resolve()))
        elif (library / "pysqlite3").is_dir():
            yield Variant(str(library), path=(str(alias), str(library.resolve())))
        else:
            sys.exit(f"{library}: neither {SHARED} nor pysqlite3 is there")


def run(variant: Variant, folder: Path, *arguments: str) -> str:
    """Run Python in a folder as the variant says; return what it prints."""
    path = [*variant.path, str(ROOT / "src")]
    if inherited := os.environ.get("PYTHONPATH"):
        path.append(inherited)
    environment = {**os.environ, "PYTHONHASHSEED": str(variant.seed), "PYTHONPATH": os.pathsep.join(path)}
    environment.pop("COVERAGE_PROCESS_START", None)
    if variant.library is not None:
        environment["LD_LIBRARY_PATH"] = variant.library
    command = [variant.python, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{variant.name}: exit status {done.returncode} in {folder}\n{done.stderr[-2000:]}")
    return done.stdout


def report(variant: Variant, folder: Path, dialect: str | None) -> object:
    """Check a folder and return its report without the time that it took."""
    chosen = ("--dialect", dialect) if dialect else ()
    found = json.loads(run(variant, folder, "-m", "miglint", "check", *OPTIONS, *chosen, "."))
    found["summary"].pop("elapsed_ms", None)
    return found


def difference(one: object, other: object, place: str = "report") -> str | None:
    """Return where two values of JSON differ first, with both values."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        pairs = [(f"{place}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{place}[{index}]", *both) for index, both in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else f"{place}:\n  - {json.dumps(one)[:600]}\n  + {json.dumps(other)[:600]}"
    return next((found for pair in pairs if (found := difference(pair[1], pair[2], pair[0]))), None)


def lay_out_cases(root: Path) -> Iterator[tuple[Path, str]]:
    """Write the cases to folders, one history for each; return the folder of each file, with its dialect."""
    for file in sorted(CASES.glob("*.jsonl")):
        cases = [json.loads(line) for line in file.read_text().splitlines()]
        for case in cases:
            folder = root / file.stem / case["name"]
            folder.mkdir(parents=True)
            (folder / "001_setup.up.sql").write_text(case["setup"])
            (folder / "001_setup.down.sql").write_text("SELECT 1;\n")
            (folder / "002_case.up.sql").write_text(case["up"])
            (folder / "002_case.down.sql").write_text(case["down"])
        yield root / file.stem, cases[0]["dialect"]


def lay_out_pages(root: Path) -> Path:
    """Write the examples of the rule book to folders, one history for each; return the folder."""
    for page in sorted((ROOT / "rules").glob("*/*.md")):
        for number, part in enumerate(page.read_text().split("\n### ")):
            for title, text in EXAMPLE.findall(part):
                file = root / page.stem / str(number) / title
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
    return root


def main() -> int:
    """Run from the command line; 1 when a report differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=5, help="how many hash seeds")
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument("--sqlite", action="append", default=[], type=Path, metavar="FOLDER")
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as made:
        alias = Path(made) / "alias"
        alias.mkdir()
        (alias / "sitecustomize.py").write_text(ALIAS)
        first, *others = variants(given.seeds, given.python, given.sqlite, alias)
        for variant in (first, *others):
            print(f"{variant.name}: {run(variant, Path(made), '-c', VERSIONS).strip()}", flush=True)
        folders = (lay_out_pages(Path(made) / "pages"), *given.folders)
        places = [*lay_out_cases(Path(made) / "cases"), *((folder, None) for folder in folders)]
        for folder, dialect in places:
            expected = report(first, folder, dialect)
            for variant in others:
                found = difference(expected, report(variant, folder, dialect))
                bad += found is not None
                if found is not None:
                    print(f"{folder}: {variant.name} differs from {first.name}: {found}", flush=True)
    print(f"{len(places)} folders, {len(others)} variants each, {bad} reports differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
