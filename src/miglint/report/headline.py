"""The verdict in one line: how many migrations were checked, and what is wrong with them, the worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from miglint.base.findings import Finding, Severity
from miglint.base.inert import one_line
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
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
    phrases = _phrases(report)
    if not phrases:
        infos = report.count(Severity.INFO)
        phrases = [f"no errors or warnings, {count_of(infos, 'info')}" if infos else "no findings"]
    return f"{scope}: {', '.join(phrases)}"


class _Phrase(Struct, frozen=True):
    """What is wrong in some migrations, and the findings that say so."""

    text: str
    findings: list[Finding]

    @property
    def severity(self) -> Severity:
        return max((item.severity for item in self.findings), default=Severity.WARNING)


def _phrases(report: Report) -> list[str]:
    """Return what is wrong, errors first; what has no words of its own, or no room, is a number of other findings."""
    found = [item for item in report.findings if item.severity > Severity.INFO]
    named = sorted(_named(report, found), key=lambda phrase: -phrase.severity)
    said = {id(item) for phrase in named[:_MOST_PHRASES] for item in phrase.findings}
    others = sum(id(item) not in said for item in found)
    if others:
        rest = count_of(others, "other finding" if named else "finding")
        return [*(phrase.text for phrase in named[:_MOST_PHRASES]), rest]
    return [phrase.text for phrase in named[:_MOST_PHRASES]]


def _named(report: Report, found: list[Finding]) -> Iterator[_Phrase]:
    families: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        families[finding.code[:3]].append(finding)
    failing = _errors(families["SYN"] + families["REF"] + families["RUN"])
    if number := _scripts(failing):
        yield _Phrase(f"{count_of(number, 'script')} fail{_s(number)}", failing)
    restored = sum(item.verdict.get("symmetric") is False for item in report.migrations)
    if restored:
        yield _Phrase(f"{count_of(restored, 'rollback')} {_do(restored)} not restore the schema", families["SYM"])
    for family, codes, phrase in _PHRASES:
        about = [item for item in families[family] if not codes or item.code in codes]
        if number := _scripts(about):
            yield _Phrase(phrase(number, about), about)
    reruns = _errors(families["IDM"])
    if number := _scripts(reruns):
        yield _Phrase(f"{count_of(number, 'script')} cannot run twice", reruns)


def _errors(findings: list[Finding]) -> list[Finding]:
    return [item for item in findings if item.severity is Severity.ERROR]


def _scripts(findings: list[Finding]) -> int:
    return len({item.path for item in findings})


def _s(number: int) -> str:
    return "s" if number == 1 else ""


def _do(number: int) -> str:
    return "does" if number == 1 else "do"


def _locks(number: int, findings: list[Finding]) -> str:
    names: dict[str, None] = {}
    for item in findings:
        names.update((name, None) for found in _LOCKED.finditer(item.message) for name in found.groups() if name)
        if len(names) > _MOST_NAMES:
            break
    if not names or len(names) > _MOST_NAMES:
        return f"{number:,} will lock tables"
    return f"{number:,} will lock {one_line(' and '.join(names))}"


_ANY: frozenset[str] = frozenset()
_LOSING = frozenset(f"DAT{number:03}" for number in (*range(1, 10), *range(23, 28), 30, 31))
_FAILING_ON_ROWS = frozenset(f"DAT{number:03}" for number in (10, 11, 20, 21, 22, 35, 40, 43))
_PHRASES: tuple[tuple[str, frozenset[str], Callable[[int, list[Finding]], str]], ...] = (
    ("DAT", _FAILING_ON_ROWS, lambda number, _: f"{count_of(number, 'script')} can fail on existing rows"),
    ("DAT", _LOSING, lambda number, _: f"{number:,} lose{_s(number)} rows or values"),
    ("PAI", _ANY, lambda number, _: f"{number:,} with a missing or misplaced script"),
    ("NAM", _ANY, lambda number, _: f"{number:,} with colliding or misleading names"),
    ("LCK", _ANY, _locks),
    ("BWC", _ANY, lambda number, _: f"{number:,} can break the running application"),
    ("LIT", _ANY, lambda number, _: f"{number:,} {_do(number)} not run on SQLite"),
)
