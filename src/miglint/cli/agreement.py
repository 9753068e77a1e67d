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

QUESTIONS = ("symmetric", "forward_idempotent", "rollback_idempotent", "rows_stable")
_ALLOWED = 2 / 1000


def disagreements(migration: MigrationReport) -> Iterator[str]:
    """Yield the verdicts that are known on both sides and differ."""
    for question in QUESTIONS:
        said, did = (migration.static_verdict or {}).get(question), migration.verdict.get(question)
        if said is not None and did is not None and said is not did:
            yield question


def count(migrations: Iterable[MigrationReport]) -> Counter[tuple[str, str]]:
    """Count agreements, disagreements and unknowns per verdict; the key `schema` counts schema comparisons."""
    found: Counter[tuple[str, str]] = Counter()
    for migration in migrations:
        if migration.static_verdict is None:
            continue
        apart = frozenset(disagreements(migration))
        for question in QUESTIONS:
            known = None not in (migration.static_verdict.get(question), migration.verdict.get(question))
            found[question, "unknown" if not known else "disagree" if question in apart else "agree"] += 1
        for execution in migration.executions:
            found["schema", "disagree" if execution["model"] else "agree"] += 1
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
            for question in disagreements(migration):
                said = str((migration.static_verdict or {}).get(question)).lower()
                print(f"{folder}: {migration.forward or migration.rollback}: {question}: static verdict is {said}")
            for execution in migration.executions:
                for change in execution["model"][:1]:
                    print(f"{folder}: {migration.forward}: {change['what']} {change['name']} {change['aspect'] or ''}")
    print(f"{'':22}{'agree':>8}{'disagree':>10}{'unknown':>9}")
    for question in (*QUESTIONS, "schema"):
        cells = [total[question, answer] for answer in ("agree", "disagree", "unknown")]
        print(f"{question:22}{cells[0]:>8,}{cells[1]:>10,}{cells[2]:>9,}")
    judged = sum(number for (question, answer), number in total.items() if answer != "unknown" and question != "schema")
    apart = sum(number for (question, answer), number in total.items() if answer == "disagree" and question != "schema")
    print(f"verdicts that disagree: {apart} of {judged:,}")
    return int(judged > 0 and apart / judged > _ALLOWED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
