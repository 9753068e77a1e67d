"""The verdict in one line: how many migrations were checked, and what is wrong with them, the worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from miglint.base.findings import Finding, Severity
from miglint.base.inert import one_line
from miglint.base.lazy_regex import pattern
from miglint.report.value import Report

_MOST_PHRASES = 4
_MOST_NAMES = 2
_LOCKED = pattern(r'\bon ("[^"]+"|[\w.$]+)(?: and ("[^"]+"|[\w.$]+))?(?::| is held)')


def count_of(number: int, word: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def headline(report: Report) -> str:
    """Return the verdict on the checked migrations in one line."""
    if not report.migrations and report.since and report.looked_at:
        return f"no migration changed since {one_line(report.since)} ({report.looked_at:,} looked at)"
    if not report.migrations and not report.findings:
        return "no migrations found"
    if report.since and report.looked_at:
        scope = f"{count_of(report.looked_at, 'migration')}, {len(report.migrations):,} changed"
    else:
        scope = count_of(len(report.migrations), "migration")
    phrases = list(_phrases(report))
    if len(phrases) > _MOST_PHRASES:
        more = count_of(len(phrases) - _MOST_PHRASES, "more kind")
        phrases = [*phrases[:_MOST_PHRASES], f"{more} of findings"]
    if not phrases:
        infos = report.count(Severity.INFO)
        phrases = [f"no errors or warnings, {count_of(infos, 'info')}" if infos else "no findings"]
    return f"{scope}: {', '.join(phrases)}"


def _by_family(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    families: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.severity > Severity.INFO:
            families[finding.code[:3]].append(finding)
    return families


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [item for item in findings if item.severity is Severity.ERROR]


def _phrases(report: Report) -> Iterator[str]:
    families = _by_family(report.findings)
    if failing := _scripts(_errors(families["SYN"] + families["REF"] + families["RUN"])):
        yield f"{count_of(failing, 'script')} fail{_s(failing)}"
    restored = sum(item.verdict.get("symmetric") is False for item in report.migrations)
    if restored:
        yield f"{count_of(restored, 'rollback')} {_do(restored)} not restore the schema"
    for family, phrase in _PHRASES:
        if number := _scripts(families[family]):
            yield phrase(number, families[family])
    if reruns := _scripts(_errors(families["IDM"])):
        yield f"{count_of(reruns, 'script')} cannot run twice"
    others = sum(len(families[family]) for family in families.keys() - _COVERED)
    if others:
        found = [item for listed in families.values() for item in listed]
        yield count_of(others, "other finding" if others < len(found) or restored else "finding")


def _scripts(findings: list[Finding]) -> int:
    return len({item.path for item in findings})


def _s(number: int) -> str:
    return "s" if number == 1 else ""


def _do(number: int) -> str:
    return "does" if number == 1 else "do"


def _locks(number: int, findings: list[Finding]) -> str:
    names = dict.fromkeys(
        name for item in findings for found in _LOCKED.finditer(item.message) for name in found.groups() if name
    )
    if not names or len(names) > _MOST_NAMES:
        return f"{number:,} will lock tables"
    return f"{number:,} will lock {one_line(' and '.join(names))}"


_PHRASES: tuple[tuple[str, Callable[[int, list[Finding]], str]], ...] = (
    ("DAT", lambda number, _: f"{number:,} lose{_s(number)} rows or values"),
    ("PAI", lambda number, _: f"{number:,} with a missing or misplaced script"),
    ("NAM", lambda number, _: f"{number:,} with colliding or misleading names"),
    ("LCK", _locks),
    ("BWC", lambda number, _: f"{number:,} can break the running application"),
    ("LIT", lambda number, _: f"{number:,} {_do(number)} not run on SQLite"),
)
_COVERED = frozenset({"SYN", "REF", "RUN", "SYM", "IDM", *(family for family, _ in _PHRASES)})
