"""Draw errors at random from checks of many projects, for people to judge whether a maintainer would mend them.

    python benchmarks/draw_errors.py --seed 1 --count 100 --output /tmp/drawn.md FOLDER...

Each folder is a project, checked with the defaults. The output, which has excerpts of these projects, is written
outside of this one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.findings import Finding, Severity
from miglint.base.model import SourceFile
from miglint.base.structs import Struct
from miglint.config.settings import Settings
from miglint.linter.paths import checked_paths
from miglint.linter.run import Job, check

ROOT = Path(__file__).parents[1]
_EXCERPT_LINES = 14


class DrawnError(Struct, frozen=True):
    """An error of a project, with the text of its script."""

    project: str
    finding: Finding
    source: SourceFile | None


def main() -> int:
    """Check the projects, print counts by rule, and write the drawn errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    output = options.output.resolve()
    if output.is_relative_to(ROOT):
        parser.error(f"{options.output}: is inside of this project, where nothing of other projects belongs")
    errors: list[DrawnError] = []
    migrations = 0
    for folder in options.folders:
        found, size = _errors(folder.resolve())
        errors += found
        migrations += size
    drawn = random.Random(options.seed).sample(errors, min(options.count, len(errors)))
    output.write_text("\n".join(_entry(number, item) for number, item in enumerate(drawn, 1)), encoding="utf-8")
    print(f"{len(errors):,} errors in {migrations:,} migrations of {len(options.folders)} projects")
    for code, count in Counter(item.finding.code for item in errors).most_common():
        print(f"{count:>7,}  {code}")
    return 0


def _errors(folder: Path) -> tuple[list[DrawnError], int]:
    settings = Settings(str(folder))
    try:
        outcome = check(Job(settings, checked_paths(settings, ()).paths, cached=False))
    except UsageError as error:
        print(f"{folder.name}: {error}", file=sys.stderr)
        return [], 0
    found = [item for item in outcome.report.findings if item.severity is Severity.ERROR]
    errors = [DrawnError(folder.name, item, outcome.sources.get(item.path)) for item in found]
    return errors, len(outcome.report.migrations)


def _entry(number: int, item: DrawnError) -> str:
    finding = item.finding
    lines = [] if item.source is None else item.source.text.splitlines()
    first = max(0, finding.line - 3)
    excerpt = "\n".join(
        f"{at:>5} | {line[:160]}" for at, line in enumerate(lines[first : first + _EXCERPT_LINES], first + 1)
    )
    return (
        f"## {number}. {item.project}: {finding.code} {finding.name}\n\n"
        f"{finding.path}:{finding.line}:{finding.column} ({finding.direction}, {finding.dialect})\n\n"
        f"{finding.message}\n\n{finding.help}\n\n```\n{excerpt}\n```\n\nuseful / not useful / false: \n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
