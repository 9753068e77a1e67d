"""Fix the scripts of projects and run them: which findings have a safe fix, and what the engine says of the fixed ones.

    python -m benchmarks.fix_bench [--unsafe] [-v] FOLDER ...

With `idempotency = "required"`, prints for each folder: the share of IDM and SYM errors with a safe fix and of those
fixed; the forwards that run twice on the engine, leaving the same schema, before and after; the first runs that leave
another schema or fail only when fixed; new findings of a warning or above; seconds. Status 1 if a first run changed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter

from benchmarks.schema_sql import surround
from miglint.base.findings import Finding, Severity
from miglint.base.model import Dialect, History, Migration
from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.discovery import discover
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.interfaces import Database, Engine
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.statements import Prepared, prepare
from miglint.fixes.files import StoredTexts
from miglint.fixes.rounds import Fixed, fix_all
from miglint.fixes.wanted import WantedFixes
from miglint.linter.run import Job, check
from miglint.report.value import Report
from miglint.schema.diff import diff


def main(arguments: list[str]) -> int:
    """Print a block of lines for each folder."""
    flags = [item for item in arguments if item.startswith("-")]
    engines: dict[Dialect, Engine] = {}
    changed = 0
    try:
        for folder in (item for item in arguments if not item.startswith("-")):
            started = perf_counter()
            fixed = _fixed(folder, unsafe="--unsafe" in flags)
            seconds = perf_counter() - started
            counts = Counter[str]()
            for line in _executed(folder, {**fixed.texts, **fixed.creates}, engines, counts):
                if "-v" in flags:
                    print(f"    {line}")
            changed += counts["first run changed"]
            _print(folder, fixed, counts, seconds)
    finally:
        for engine in engines.values():
            engine.close()
    return 1 if changed else 0


def _fixed(folder: str, *, unsafe: bool) -> Fixed:
    settings = replace(Settings(root=folder), idempotency="required")
    job = Job(settings, (folder,), cached=False)
    wanted = WantedFixes(unsafe, reruns=True)
    stored = StoredTexts()

    def checked(texts: Mapping[str, str], only: frozenset[str] | None) -> Report:
        return check(replace(job, texts=texts, report_only=only)).report

    def wants(finding: Finding, new: bool) -> bool:
        return wanted.wants(finding) and (new or stored.is_text(finding.path))

    return fix_all(checked, stored.text, wants)


def _print(folder: str, fixed: Fixed, counts: Counter[str], seconds: float) -> None:
    print(f"{Path(folder).name}: {len(fixed.applied):,} fixes, {fixed.rounds} rounds, {seconds:.1f} s")
    for family in ("IDM", "SYM"):
        before, after = (_errors(report, family) for report in (fixed.first, fixed.last))
        safe = [item for item in before if item.fix is not None and item.fix.safe]
        print(
            f"  {family} errors: {len(before):,}, {_share(len(safe), len(before))} with a safe fix, {len(after):,} left"
        )
    print(f"  withheld: {len(fixed.withheld):,}; new findings: {len(_new(fixed)):,}")
    total = counts["run"]
    twice = [_share(counts[name], total) for name in ("twice before", "twice after")]
    print(f"  forwards that run twice: {twice[0]} before, {twice[1]} after (of {total:,})")
    print(f"  first runs changed: {counts['first run changed']:,}")


def _errors(report: Report, family: str) -> list[Finding]:
    return [item for item in report.findings if item.code.startswith(family) and item.severity is Severity.ERROR]


def _new(fixed: Fixed) -> Counter[tuple[str, str]]:
    # What a fix creates has the findings of the script that it was made for.
    origins = {new.path: item.path for item in fixed.applied if item.fix for new in item.fix.creates}
    before, after = (
        Counter(
            (origins.get(item.path, item.path), item.code)
            for item in report.findings
            if item.severity >= Severity.WARNING
        )
        for report in (fixed.first, fixed.last)
    )
    return after - before


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _executed(
    folder: str, texts: Mapping[str, str], engines: dict[Dialect, Engine], counts: Counter[str]
) -> Iterator[str]:
    """Run every history as it is and as it is fixed; yield what differs, and count."""
    for stored, changed in zip(discover([folder]).histories, discover([folder], texts=texts).histories, strict=True):
        if not stored.migrations:
            continue
        if stored.dialect not in engines:
            choice = choices(stored.dialect, DryRunOptions())[0]
            engines[stored.dialect] = choice.start(Deadline.after(3600))
        engine = engines[stored.dialect]
        one, other = engine.create(), engine.create()
        surround(stored, one)
        surround(stored, other)
        pairs = {item.version: item for item in stored.migrations}
        in_two_steps = len(changed.migrations) > len(stored.migrations)
        for after in changed.migrations:
            before = pairs.get(after.version)
            if before is not None:
                yield from _compared(stored, before, after, one, other, counts, same=not in_two_steps)
            elif after.forward is not None:
                yield from _run(other, prepare(after.forward, stored.layout), counts)
        if in_two_steps:
            yield from _differing(one, other, f"{stored.root}: in the end", counts)
        one.drop()
        other.drop()


def _run(database: Database, script: Prepared, counts: Counter[str]) -> Iterator[str]:
    """Run the second step of a fix, which is a migration of its own."""
    counts["second steps"] += 1
    done = database.run(script)
    if done.error is not None:
        counts["first run changed"] += 1
        yield f"a second step fails: {done.error}"


def _differing(one: Database, other: Database, where: str, counts: Counter[str]) -> Iterator[str]:
    wrong = [item for item in diff(one.schema(), other.schema()) if item.counts]
    if wrong:
        counts["first run changed"] += 1
        yield f"{where}: leaves another schema: {'; '.join(f'{it.kind} {it.what} {it.name}' for it in wrong[:3])}"


def _compared(
    history: History,
    before: Migration,
    after: Migration,
    one: Database,
    other: Database,
    counts: Counter[str],
    *,
    same: bool,
) -> Iterator[str]:
    """Run a migration as it is and as it is fixed; `same` leaves no difference for second steps that come later."""
    if before.forward is None or after.forward is None:
        return
    original, fixed = prepare(before.forward, history.layout), prepare(after.forward, history.layout)
    first, second = one.run(original), other.run(fixed)
    if first.error is not None:
        return
    counts["run"] += 1
    if second.error is not None:
        counts["first run changed"] += 1
        yield f"{after.forward.path}: fails only when fixed: {second.error}"
        return
    if same:
        yield from _differing(one, other, after.forward.path, counts)
    for database, script, schema, name in (
        (one, original, one.schema(), "twice before"),
        (other, fixed, other.schema(), "twice after"),
    ):
        copy = database.copy()
        again = copy.run(script)
        if again.error is None and not any(item.counts for item in diff(schema, copy.schema())):
            counts[name] += 1
        elif name == "twice after":
            yield f"{after.forward.path}: not repeatable: {again.error or 'leaves another schema'}"
        copy.drop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
