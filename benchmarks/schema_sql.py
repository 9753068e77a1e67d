"""Print the schema of each history as SQL, run it on an empty database of its engine, and compare what that made.

    python benchmarks/schema_sql.py [-v] FOLDER ...

For each history: the statements that failed, and the differences between the schema that its migrations make on the
engine and the one that the printed SQL makes there. Then the commands: what `miglint schema --format sql -o FILE`
writes is the `baseline-schema` of another migration, which `miglint check --dry-run` accepts. The status is 1 if a
history has differences, or its baseline is refused.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from miglint.base.model import Dialect, History
from miglint.config.settings import Settings
from miglint.discovery import discover
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.interfaces import Database, Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.prerequisites import bookkeeping, missing_extensions, missing_schemas, script_of
from miglint.dryrun.statements import prepare
from miglint.linter.findings_builder import steps_of
from miglint.replay.apply import run
from miglint.replay.apply.tracking import is_tracking_table
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.sql import parse
from miglint.writer.schema_sql import to_sql


def main(arguments: list[str]) -> int:
    """Print a line for each history, and with `-v` each difference."""
    verbose = "-v" in arguments
    engines: dict[Dialect, Engine] = {}
    wrong = 0
    try:
        for folder in (item for item in arguments if item != "-v"):
            for history in discover([folder]).histories:
                if not history.migrations:
                    continue
                if history.dialect not in engines:
                    choice = choices(history.dialect, DryRunOptions())[0]
                    engines[history.dialect] = choice.start(Deadline.after(3600))
                wrong += bool(_compare(history, engines[history.dialect], verbose, Path(folder).name))
                refused = _refused(history)
                wrong += refused is not None
                print(f"    as a baseline: {refused or 'accepted'}", flush=True)
    finally:
        for engine in engines.values():
            engine.close()
    return 1 if wrong else 0


def _of_tool(line: str) -> bool:
    found = re.match(r"-- table (?:[^.:]+\.)?([^.:]+):", line)
    return found is not None and is_tracking_table(found[1])


def _refused(history: History) -> str | None:
    """Return why the commands do not take the printed schema as a baseline, None if they do."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        baseline = folder / "baseline.sql"
        dialect = ("--dialect", history.dialect.value)
        done = _miglint(folder, "schema", str(Path(history.root).absolute()), *dialect, "-o", str(baseline))
        if done.returncode:
            return f"schema: {done.stderr[-500:]}"
        (folder / "001_next.up.sql").write_text("CREATE TABLE of_the_next_migration (id integer PRIMARY KEY);\n")
        (folder / "001_next.down.sql").write_text("DROP TABLE of_the_next_migration;\n")
        (folder / "miglint.toml").write_text('baseline-schema = "baseline.sql"\nexclude = ["baseline.sql"]\n')
        done = _miglint(folder, "check", "--dry-run", "--no-cache", *dialect, "--format", "json", "--exit-zero")
        if done.returncode:
            return f"check: {done.stderr[-500:]}"
        report = json.loads(done.stdout)
        (migration,) = report["migrations"]
        found = [item["message"] for item in report["findings"] if item["code"].startswith("RUN")]
        accepted = migration["verdict"]["symmetric"] is True and not found
        return None if accepted else f"{migration['verdict']} {migration['unknown']} {found}"[:500]


def _miglint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "miglint", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def surround(history: History, database: Database) -> None:
    """Make in a database what the migrations of a history need and do not make."""
    for name in missing_extensions(history):
        database.run(prepare(script_of(f'CREATE EXTENSION IF NOT EXISTS "{name}"', history.dialect)))
    for made in (missing_schemas(history), bookkeeping(history)):
        if made is not None:
            database.run(prepare(made))


def _compare(history: History, engine: Engine, verbose: bool, label: str) -> list[str]:
    wrong: list[str] = []
    own = engine.create()
    surround(history, own)
    last, whole = None, True
    for step in steps_of(history, Settings(root="."), {}):
        if step.migration.forward is not None:
            done = own.run(prepare(step.migration.forward, history.layout))
            if done.error is not None:
                whole = False
            last = step
    if last is None:
        return wrong
    text = to_sql(last.after)
    other = engine.create()
    surround(history, other)
    script = script_of(text, history.dialect)
    # The table in which the migration tool keeps its versions is its own, not of the schema.
    wrong += [f"not printed: {line}" for line in text.splitlines() if line.startswith("-- ") and not _of_tool(line)]
    prepared = prepare(script)
    done = other.run(prepared)
    if done.error is not None:
        wrong.append(f"does not run: {done.error} {done}"[:1500])
    else:
        # Where the migrations need their program to run, the replay tells what they make.
        sought, made_here = (
            (own.schema(), other.schema())
            if whole
            else (last.after, run(empty_schema(history.dialect), parse(script)).schema)
        )
        for change in diff(sought, made_here):
            if change.counts:
                wrong.append(
                    f"{change.kind} {change.what} {change.name} {change.aspect}: {change.before!r} {change.after!r}"[
                        :400
                    ]
                )
    own.drop()
    other.drop()
    print(f"{label} {history.root} ({history.dialect.value}): {len(wrong)} differences, {len(text.splitlines())} lines")
    if verbose:
        for line in wrong[:40]:
            print(f"    {line}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
