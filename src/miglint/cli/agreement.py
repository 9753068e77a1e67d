"""Measure how often replay and dry run agree, per verdict: `python -m miglint.cli.agreement FOLDER...`.

Checks each folder as `miglint check --dry-run` does, with its own settings. Verdicts that are unknown on either side
are counted separately. Prints each disagreement; exits with 1 when more than 2 in 1,000 verdicts disagree.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from miglint.config.settings import load
from miglint.dryrun.options import DryRunOptions
from miglint.linter.run import Job, check
from miglint.report.value import MigrationReport

VERDICTS = ("symmetric", "forward_idempotent", "rollback_idempotent", "rows_stable")
_ALLOWED = 2 / 1000
# The step of a dry run that runs the forward.
FORWARD_STEP = 2


def disagreements(migration: MigrationReport) -> Iterator[str]:
    """Yield the verdicts that are known on both sides and differ."""
    for name in VERDICTS:
        replayed, executed = (migration.static_verdict or {}).get(name), migration.verdict.get(name)
        if replayed is not None and executed is not None and replayed is not executed:
            yield name


def count(migrations: Iterable[MigrationReport]) -> Counter[tuple[str, str]]:
    """Count agreements, disagreements and unknowns per verdict; the key `schema` counts schema comparisons."""
    found: Counter[tuple[str, str]] = Counter()
    for migration in migrations:
        if migration.static_verdict is None:
            continue
        apart = frozenset(disagreements(migration))
        for name in VERDICTS:
            known = None not in (migration.static_verdict.get(name), migration.verdict.get(name))
            found[name, "unknown" if not known else "disagree" if name in apart else "agree"] += 1
        for execution in migration.executions:
            # Where the engine stopped, there is no schema to compare with.
            failed = not any(step["ok"] for step in execution["steps"] if step["number"] == FORWARD_STEP)
            found["schema", "unknown" if failed else "disagree" if execution["model"] else "agree"] += 1
    return found


def _check(folder: Path) -> tuple[MigrationReport, ...]:
    here = Path.cwd()
    os.chdir(folder)
    try:
        return check(Job(load(None), (".",), dry_run=DryRunOptions())).report.migrations
    finally:
        os.chdir(here)


def main(folders: list[str]) -> int:
    """Print the agreement over all folders and return the exit status."""
    total: Counter[tuple[str, str]] = Counter()
    for folder in folders:
        migrations = _check(Path(folder))
        total += count(migrations)
        for migration in migrations:
            for line in _differences(migration):
                print(f"{folder}: {line}")
    print(f"{'':22}{'agree':>8}{'disagree':>10}{'unknown':>9}")
    for verdict in (*VERDICTS, "schema"):
        agree, disagree, unknown = (total[verdict, result] for result in ("agree", "disagree", "unknown"))
        print(f"{verdict:22}{agree:>8,}{disagree:>10,}{unknown:>9,}")
    disagreeing = sum(total[verdict, "disagree"] for verdict in VERDICTS)
    judged = disagreeing + sum(total[verdict, "agree"] for verdict in VERDICTS)
    print(f"verdicts that disagree: {disagreeing} of {judged:,}")
    return int(judged > 0 and disagreeing / judged > _ALLOWED)


def _differences(migration: MigrationReport) -> Iterator[str]:
    for verdict in disagreements(migration):
        replayed = str((migration.static_verdict or {}).get(verdict)).lower()
        yield f"{migration.forward or migration.rollback}: {verdict}: static verdict is {replayed}"
    for execution in migration.executions:
        for change in execution["model"][:1]:
            yield f"{migration.forward}: {change['what']} {change['name']} {change['aspect'] or ''}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
