"""Time the dry run on SQLite of histories whose migrations each make a table. Nothing is asserted.

    python -m benchmarks.dry_run_growth [MIGRATIONS ...]

Default: 100, 200 and 400 migrations. Each has a table, an index and their rollback. `user` is the processor time of
miglint and of SQLite's process, start-up included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.run import program

_MIGRATIONS = (100, 200, 400)


def write(folder: Path, migrations: int) -> None:
    """Write a history of that many migrations."""
    for number in range(migrations):
        table = f"t{number}"
        (folder / f"{number:04d}_{table}.up.sql").write_text(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INTEGER);\n"
            f"CREATE INDEX {table}_a ON {table} (a);\n"
        )
        (folder / f"{number:04d}_{table}.down.sql").write_text(f"DROP INDEX {table}_a;\nDROP TABLE {table};\n")


def measure(migrations: int) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds of a dry run."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "migrations"
        folder.mkdir()
        write(folder, migrations)
        command = [program("miglint"), "check", str(folder), "--dialect", "sqlite", "--dry-run=sqlite", "--no-cache"]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--isolated", "--exit-zero"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=scratch
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")
        return time.perf_counter() - started, usage.ru_utime


def main() -> None:
    """Print a line for each size."""
    print(f"{'migrations':>10}  {'seconds':>8}  {'user':>8}  {'ms each':>8}")
    for migrations in map(int, sys.argv[1:]) if sys.argv[1:] else _MIGRATIONS:
        wall, user = measure(migrations)
        print(f"{migrations:>10}  {wall:>8.2f}  {user:>8.2f}  {user / migrations * 1000:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
