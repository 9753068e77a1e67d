"""Comparison of a check with the baseline: which findings are new, accepted, or fixed."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from miglint.base.findings import Finding
from miglint.base.model import SourceFile
from miglint.base.structs import Struct
from miglint.config.settings import Settings
from miglint.linter.baseline import Accepted, Baseline
from miglint.linter.fingerprints import script_place, statements_of
from miglint.linter.relative_paths import RelativePaths
from miglint.report.value import Report

# Families whose findings are statements that fail: what follows them cannot be judged until they are mended.
_FAILING = frozenset({"SYN", "REF", "INT"})


class Checked(Struct, frozen=True):
    """What a check looked at, and can therefore report as fixed.

    `report` has all its findings, and `sources` its files, by displayed path. `folders` are the checked folders,
    relative to the configuration, and `whole` whether these are all. `runs_on` returns whether a rule was run on a
    path; it is called only if an accepted finding is missing. `executed`: there was a dry run.
    """

    report: Report
    sources: Mapping[str, SourceFile]
    settings: Settings
    folders: tuple[str, ...]
    whole: bool
    runs_on: Callable[[str, str], bool]
    executed: bool


class BaselineComparison(Struct, frozen=True):
    """The findings of a check: new, accepted (`known`), and those that were hidden by a fixed one (`uncovered`).

    `fixed` are accepted findings that no longer exist, `elsewhere` those that the check did not look at.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    uncovered: tuple[Finding, ...]
    fixed: tuple[Accepted, ...]
    elsewhere: tuple[Accepted, ...]


class _Places:
    """The identities of scripts and migrations in a report."""

    def __init__(self, checked: Checked) -> None:
        self._paths = RelativePaths(checked.settings.root)
        # Of each script, without the direction: the identity of its migration.
        self.migrations: dict[str, str] = {}
        # Of the path of each script: its identity, and that of its migration.
        self.scripts: dict[str, tuple[str, str]] = {}
        for item in checked.report.migrations:
            listed = [(path, way) for path, way in ((item.rollback, "rollback"), (item.forward, "forward")) if path]
            for path, way in listed:
                key = self.plain(path, item.version)
                migration = self.plain(listed[-1][0], item.version)
                self.migrations[key] = self.migrations[self.plain(path, None)] = migration
                self.scripts[path] = (f"{key} {way}", migration)

    def inside(self, path: str) -> str:
        """Return a displayed path relative to the configuration."""
        return self._paths.path(path) if path else ""

    def plain(self, path: str, version: str | None) -> str:
        return _plain(self.inside(path), version)

    def migration(self, path: str, version: str | None) -> str:
        key = _plain(path, version)
        return self.migrations.get(key, key)

    def of(self, finding: Finding) -> str:
        return script_place(self.inside(finding.path), finding.version, finding.direction)


def _plain(path: str, version: str | None) -> str:
    return script_place(path, version, None).rstrip("\0")


def compare(baseline: Baseline, checked: Checked) -> BaselineComparison:
    """Compare the findings of a check with the accepted ones.

    They are matched by fingerprint, then by script or migration, rule and message. One that is left is not new if its
    statement is unchanged and a fixed finding hid it: one of its family in the same migration, or one about a failing
    statement.
    """
    places = _Places(checked)
    findings = list(checked.report.findings)
    pool = list(baseline.accepted)
    known: list[Finding] = []
    by_place = (
        lambda item: (places.of(item), item.code, item.message),
        lambda item: (item.place, *_content(item)),
    )
    by_path = (
        lambda item: (places.inside(item.path), *_content(item)),
        lambda item: (item.path, *_content(item)),
    )
    # A finding about both scripts of a migration may come to stand in the other one.
    by_migration = (
        lambda item: (places.migration(places.inside(item.path), item.version), *_content(item)),
        lambda item: (places.migration(item.path, item.version), *_content(item)),
    )
    by_fingerprint = (lambda item: item.fingerprint, lambda item: item.fingerprint)
    for of_finding, of_accepted in (by_fingerprint, by_place, by_path, by_migration):
        findings, matched, pool = _matched(findings, pool, of_finding, of_accepted)
        known += matched
    fixed = tuple(item for item in pool if _covers(checked, places, item))
    gone = set(map(id, fixed))
    uncovered = _uncovered(findings, fixed, baseline, checked, places) if fixed else ()
    excused = set(map(id, uncovered))
    return BaselineComparison(
        tuple(item for item in findings if id(item) not in excused),
        tuple(known),
        tuple(uncovered),
        fixed,
        tuple(item for item in pool if id(item) not in gone),
    )


def renewed(baseline: Baseline, checked: Checked, comparison: BaselineComparison, *, with_new: bool) -> Baseline:
    """Return the baseline without fixed findings; with all findings of the check, or the accepted ones."""
    places = _Places(checked)
    findings = (*comparison.known, *comparison.uncovered, *(comparison.new if with_new else ()))
    accepted = (*(Accepted.of(item, places.inside(item.path)) for item in findings), *comparison.elsewhere)
    wanted = {places.migration(item.path, item.version) for item in accepted}
    statements = {
        script: digests
        for script, digests in baseline.statements.items()
        if (key := script.rpartition(" ")[0]) in wanted or places.migrations.get(key) in wanted
    }
    for path, (script, migration) in places.scripts.items():
        if migration in wanted and path in checked.sources:
            statements[script] = tuple(statements_of(checked.sources[path].text)[1])
    return Baseline(accepted, statements)


def _content(item: Finding | Accepted) -> tuple[str, str]:
    return item.code, item.message


def _matched(
    findings: list[Finding],
    accepted: list[Accepted],
    of_finding: Callable[[Finding], object],
    of_accepted: Callable[[Accepted], object],
) -> tuple[list[Finding], list[Finding], list[Accepted]]:
    """Return the findings without a counterpart, those with one, and the accepted ones without one."""
    if not accepted or not findings:
        return findings, [], accepted
    free: dict[object, list[int]] = defaultdict(list)
    for number in range(len(accepted) - 1, -1, -1):
        free[of_accepted(accepted[number])].append(number)
    left: list[Finding] = []
    matched: list[Finding] = []
    used: set[int] = set()
    for finding in findings:
        candidates = free.get(of_finding(finding))
        if candidates:
            used.add(candidates.pop())
            matched.append(finding)
        else:
            left.append(finding)
    return left, matched, [item for number, item in enumerate(accepted) if number not in used]


def _covers(checked: Checked, places: _Places, item: Accepted) -> bool:
    """Return whether the check would have reported an accepted finding, if it still existed."""
    looked = (
        _plain(item.path, item.version) in places.migrations
        or any(_is_in(item.path, folder) for folder in checked.folders)
        or (checked.whole and not Path(checked.settings.at(item.path)).exists())
    )
    if not looked or (item.evidence == "executed" and not checked.executed):
        return False
    return checked.runs_on(item.code, item.path)


def _is_in(path: str, folder: str) -> bool:
    return folder in ("", ".") or path == folder or path.startswith(f"{folder}/")


def _uncovered(
    findings: Iterable[Finding], fixed: Iterable[Accepted], baseline: Baseline, checked: Checked, places: _Places
) -> tuple[Finding, ...]:
    """Return the findings that a fixed one in their migration hid.

    Their statement is unchanged, or it is the one that failed.
    """
    families: dict[str, set[str]] = defaultdict(set)
    for item in fixed:
        families[places.migration(item.path, item.version)].add(item.code[:3])
    changes: dict[str, _Statements] = {}
    found: list[Finding] = []
    for finding in findings:
        script, migration = places.scripts.get(finding.path, ("", ""))
        gone = families.get(migration, set())
        source = checked.sources.get(finding.path)
        failed = not gone.isdisjoint(_FAILING)
        if source is None or not (failed or finding.code[:3] in gone):
            continue
        if finding.path not in changes:
            changes[finding.path] = _Statements(source, baseline.statements.get(script, ()))
        if changes[finding.path].is_known(finding, mended=failed):
            found.append(finding)
    return tuple(found)


class _Statements:
    """The statements of a script that were there before: unchanged ones, and those with a counterpart."""

    def __init__(self, source: SourceFile, before: tuple[str, ...]) -> None:
        from difflib import SequenceMatcher  # needed only after a fix

        self._source = source
        self._ends, after = statements_of(source.text)
        self._same: set[int] = set()
        self._mended: set[int] = set()
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for kind, first, last, start, end in matcher.get_opcodes() if before else ():
            if kind == "equal":
                self._same.update(range(start, end))
            elif kind == "replace":
                self._mended.update(range(start, min(end, start + last - first)))

    def is_known(self, finding: Finding, *, mended: bool) -> bool:
        """Return whether the statement of a finding was there before; with `mended`, it may have changed."""
        place = self._source.line_start(finding.line) + finding.column - 1
        number = bisect_right(self._ends, place)
        return number in self._same or (mended and number in self._mended)
