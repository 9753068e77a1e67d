"""Rounds of fixes: apply what is offered, check again, until nothing changes; withhold what makes anything worse.

A fix is withheld if its finding remains, or if a file then has more findings of a rule, of a warning or above, than
before. Which of several fixes is at fault is found by trying each rule's alone; which migration is, where a later one
has more findings, by applying the fixes up to one in the middle, and so on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from posixpath import dirname
from typing import NamedTuple

from miglint.base.findings import Edit, Finding, NewFile, Severity
from miglint.base.structs import Struct, field
from miglint.fixes.edits import EditedPlaces, edits_of, with_edits
from miglint.report.value import MigrationReport, Report

MOST_ROUNDS = 10
# Each rule that is tried alone costs a check: a file with fixes of more rules keeps none of them.
_MOST_TRIED = 2
# Each migration at fault for what another one has costs dozens of checks: with more, a folder keeps no fix.
_MOST_SOUGHT = 4
_MOST_RULES = 12
# A fix may lead to another finding of its rule once or twice.
_MOST_IN_VAIN = 2

# The texts of changed files by path, and the files whose findings are needed (None: all), to a report.
Check = Callable[[Mapping[str, str], frozenset[str] | None], Report]
# Whether to apply the fix of a finding, which may be in a file that another fix has created.
Wanted = Callable[[Finding, bool], bool]


class RuleInFile(NamedTuple):
    """A rule's findings in one file."""

    path: str
    code: str


class Fixed(Struct, frozen=True):
    """The result of fixing.

    `texts` are the new texts of the changed files, `creates` those of new files. `applied` are the findings whose fixes
    were applied, in order; `gone` is the number of findings of the first report with a wanted fix that are no longer
    found, by whichever fix. `withheld` has a reason for each rule and file whose fixes would make things worse. `first`
    and `last` are the reports before and after. `rounds` is the number of rounds that changed something.
    """

    first: Report
    last: Report
    texts: Mapping[str, str] = field(default_factory=dict)
    creates: Mapping[str, str] = field(default_factory=dict)
    applied: tuple[Finding, ...] = ()
    gone: int = 0
    withheld: Mapping[RuleInFile, str] = field(default_factory=dict)
    rounds: int = 0


def fix_all(check: Check, text_of: Callable[[str], str], wanted: Wanted) -> Fixed:
    """Apply the wanted fixes in rounds; nothing is written. `text_of` returns the stored text of a file."""
    first = check({}, None)
    run = _Fixing(check, text_of, wanted, first)
    reached = run.rounds()
    reached = run.without(reached, run.endless(reached))
    # Each blame is wider than the one before: the file's own fixes, those of its migration, those of the folder.
    for blamed in (run.tried_alone, run.of_migrations):
        reached = run.without(reached, blamed(reached, run.worse_by_itself(reached)))
    last = run.report(reached)
    for blamed in (*[run.at_fault] * _MOST_SOUGHT, run.of_migrations, run.of_folders):
        worse = run.worse(reached._replace(findings=last.findings))
        if worse:
            reached = run.without(reached, blamed(reached, worse))
            last = run.report(reached)
    left = Counter(map(_alike, last.findings))
    offered = Counter(_alike(item) for item in first.findings if item.fix is not None and wanted(item, False))
    return Fixed(
        first,
        last,
        reached.texts,
        reached.creates,
        reached.applied,
        (offered - left).total(),
        {**run.useless, **run.withheld},
        reached.rounds,
    )


class _Reached(NamedTuple):
    """What rounds have led to."""

    findings: tuple[Finding, ...]
    texts: dict[str, str]
    creates: dict[str, str]
    applied: tuple[Finding, ...]
    rounds: int


class _Fixing:
    def __init__(self, check: Check, text_of: Callable[[str], str], wanted: Wanted, first: Report) -> None:
        self._check = check
        self._text_of = text_of
        self._wanted = wanted
        self._first = first
        self._partners = _partners(first)
        # The files that fixes created, each with the one that it was made for.
        self._origins: dict[str, str] = {}
        # Reports about some files alone have the findings that others stand for in the first one.
        self._before = _counts((*first.findings, *first.summarized))
        # The rules and files whose fixes are not applied, and those that did not help, with the reason.
        self.withheld: dict[RuleInFile, str] = {}
        self.useless: dict[RuleInFile, str] = {}
        self._remaining = frozenset[str]()
        # The last report about all files, with the texts that it is about.
        self._whole: tuple[Mapping[str, str], Report] = ({}, first)

    def rounds(self) -> _Reached:
        """Apply all wanted fixes in rounds."""
        return self._rounds(_Reached(self._first.findings, {}, {}, (), 0), {}, None)

    def endless(self, reached: _Reached) -> dict[RuleInFile, str]:
        """Return the fixes that could be applied in one more round: each leads to another."""
        more = self._chosen(reached, {}, None)
        return {_target(item): f"it would cause {item.code} again, and so on" for item in more}

    def without(self, reached: _Reached, withheld: Mapping[RuleInFile, str]) -> _Reached:
        """Apply the fixes of the files that have one of the targets again, without these."""
        self.withheld |= withheld
        paths = frozenset(target.path for target in withheld)
        if not paths:
            return reached
        again = self._rounds(self._reset(reached, paths), {}, paths)
        return again._replace(rounds=max(reached.rounds, again.rounds))

    def report(self, reached: _Reached) -> Report:
        """Return the report about all files as they are then."""
        texts = {**reached.texts, **reached.creates}
        if self._whole[0] != texts:
            self._whole = texts, self._check(texts, None)
        return self._whole[1]

    def worse(self, reached: _Reached, paths: frozenset[str] | None = None) -> dict[str, str]:
        """Return the files that have more findings of a rule than before, each with the reason as words."""
        more = _counts(reached.findings)
        found: dict[str, str] = {}
        for finding in reached.findings:
            target = _target(finding)
            known = self._before[target] + self._moved(target, more)
            if more[target] > known and (paths is None or finding.path in paths):
                found.setdefault(finding.path, f"it would cause {finding.code}: {finding.message}")
        return found

    def worse_by_itself(self, reached: _Reached) -> dict[str, str]:
        """Return the files that are worse, but would not be if the fixes of their migrations alone were not applied."""
        worse = self.worse(reached)
        if not worse:
            return worse
        paths = frozenset(worse)
        stored = self._reset(reached, paths)
        around = self._with_partners(paths)
        left = self._checked({**stored.texts, **stored.creates}, stored.findings, around)
        others = self.worse(reached._replace(findings=left), paths)
        return {path: why for path, why in worse.items() if path not in others}

    def _moved(self, target: RuleInFile, now: Counter[RuleInFile]) -> int:
        """Return how many findings of a rule the file that a fix created may have from the one that it was made for."""
        origin = self._origins.get(target.path)
        if origin is None:
            return 0
        there = RuleInFile(origin, target.code)
        return max(0, self._before[there] - now[there])

    # --- blame -------------------------------------------------------------------------------------------------------

    def tried_alone(self, reached: _Reached, worse: Mapping[str, str]) -> dict[RuleInFile, str]:
        """Return the fixes that make their own file worse when each rule's are applied alone."""
        codes = {path: sorted({item.code for item in reached.applied if item.path == path}) for path in worse}
        found = {
            RuleInFile(path, code): worse[path]
            for path, listed in codes.items()
            if len(listed) > _MOST_TRIED
            for code in listed
        }
        codes = {path: listed for path, listed in codes.items() if 0 < len(listed) <= _MOST_TRIED}
        paths = frozenset(codes)
        for number in range(max(map(len, codes.values()), default=0)):
            others = {
                RuleInFile(path, code): ""
                for path, listed in codes.items()
                for place, code in enumerate(listed)
                if place != number
            }
            tried = self._rounds(self._reset(reached, paths), others, paths)
            for path, why in self.worse(tried, paths).items():
                if number < len(codes[path]):
                    found[RuleInFile(path, codes[path][number])] = why
        return found

    def of_migrations(self, reached: _Reached, worse: Mapping[str, str]) -> dict[RuleInFile, str]:
        """Return all fixes in the files that are worse and in those paired with them."""
        return {
            _target(item): worse.get(item.path) or worse[other]
            for item in reached.applied
            for other in self._partners.get(item.path, {item.path})
            if item.path in worse or other in worse
        }

    def at_fault(self, reached: _Reached, worse: Mapping[str, str]) -> dict[RuleInFile, str]:
        """Return the fixes of one migration, it may be an earlier one, that make the first of the files worse."""
        path, why = next(iter(worse.items()))
        order = {each: number for number, item in enumerate(self._first.migrations) for each in _paths(item)}
        folder = dirname(dirname(path))
        of_folder = [item for item in reached.applied if item.path.startswith(folder) and item.path in order]
        fixed = sorted({order[item.path] for item in of_folder})

        def is_worse(last: int, state: _Reached) -> bool:
            """Return whether the fixes up to a migration make the file worse."""
            kept = {each for each, number in order.items() if number <= last}
            texts = {each: text for each, text in state.texts.items() if each in kept}
            texts |= {each: text for each, text in state.creates.items() if self._origins.get(each) in kept}
            only = frozenset({path})
            return path in self.worse(state._replace(findings=self._check(texts, only).findings), only)

        place = bisect_left(fixed, True, key=lambda last: is_worse(last, reached))
        if place == len(fixed):
            return {}
        targets = sorted({_target(item) for item in of_folder if order[item.path] == fixed[place]})
        found = dict.fromkeys(targets, f"{why} (in {path})")
        paths = frozenset(target.path for target in targets)
        for target in targets if len(targets) <= _MOST_RULES else ():
            others = {other: reason for other, reason in found.items() if other != target}
            tried = self._rounds(self._reset(reached, paths), others, paths)
            if not is_worse(fixed[place], tried):
                found = others
        return found or dict.fromkeys(targets, why)

    def of_folders(self, reached: _Reached, worse: Mapping[str, str]) -> dict[RuleInFile, str]:
        """Return all fixes in the folders of what is worse: an earlier migration is at fault."""
        folders = {dirname(dirname(path)): why for path, why in worse.items()}
        return {
            _target(item): why
            for item in reached.applied
            for folder, why in folders.items()
            if item.path.startswith(folder)
        }

    # --- rounds ------------------------------------------------------------------------------------------------------

    def _reset(self, reached: _Reached, paths: frozenset[str]) -> _Reached:
        """Return the state in which some files are as they are stored, and what their fixes created is not there."""
        around = self._with_partners(paths)
        known = (item for item in reached.findings if item.path not in around)
        kept = tuple(item for item in reached.applied if item.path not in around)
        return _Reached(
            (*known, *(item for item in self._first.findings if item.path in around)),
            {path: text for path, text in reached.texts.items() if path not in around},
            {new.path: reached.creates[new.path] for item in kept if item.fix is not None for new in item.fix.creates},
            kept,
            0,
        )

    def _rounds(self, start: _Reached, others: Mapping[RuleInFile, str], only: frozenset[str] | None) -> _Reached:
        """Apply fixes in rounds, but not `others`, in some files only; those whose findings remain are taken back."""
        reached = start
        only = None if only is None else self._with_partners(only)
        numbers: dict[RuleInFile, list[int]] = {}
        while reached.rounds < MOST_ROUNDS:
            chosen = self._chosen(reached, {**others, **dict.fromkeys(_endless(numbers), "")}, only)
            if not chosen:
                break
            found = Counter(map(_target, reached.findings))
            for target in set(map(_target, chosen)):
                numbers.setdefault(target, []).append(found[target])
            # The first round changes many files, and each may have an effect on later migrations.
            whole = reached.rounds == 0 and only is None
            texts, creates = self._edited(reached, chosen)
            paths = None if whole else self._with_partners(item.path for item in chosen)
            findings = self._checked({**texts, **creates}, reached.findings, paths)
            while remaining := _remaining(chosen, reached.findings, findings):
                self._remaining |= {item.fingerprint for item in remaining}
                self.useless |= {_target(item): "a finding would remain" for item in remaining}
                chosen = [item for item in chosen if item.fingerprint not in self._remaining]
                texts, creates = self._edited(reached, chosen)
                paths = self._with_partners(item.path for item in remaining)
                findings = self._checked({**texts, **creates}, findings, paths)
            if chosen:
                reached = _Reached(findings, texts, creates, (*reached.applied, *chosen), reached.rounds + 1)
        return reached

    def _chosen(
        self, reached: _Reached, others: Mapping[RuleInFile, str], only: frozenset[str] | None
    ) -> list[Finding]:
        """Return the findings whose fixes can be applied together; others wait for the next round."""
        places = EditedPlaces()
        return [
            item
            for item in reached.findings
            if item.fix is not None
            and (only is None or item.path in only or item.path in reached.creates)
            and _target(item) not in others
            and _target(item) not in self.withheld
            and item.fingerprint not in self._remaining
            and self._wanted(item, item.path in reached.creates)
            and places.take(item)
        ]

    def _edited(self, reached: _Reached, chosen: Iterable[Finding]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the texts of edited files and of new ones after the fixes of some findings."""
        edits: dict[str, set[Edit]] = {}
        creates = dict(reached.creates)
        for finding in chosen:
            for path, edit in edits_of(finding):
                edits.setdefault(path, set()).add(edit)
            if finding.fix is not None and finding.fix.creates:
                creates |= {new.path: new.text for new in finding.fix.creates}
                self._belong_together(finding.path, finding.fix.creates)
        texts = dict(reached.texts)
        for path, listed in edits.items():
            if path in creates:
                creates[path] = with_edits(creates[path], listed)
            else:
                texts[path] = with_edits(texts[path] if path in texts else self._text_of(path), listed)
        return texts, creates

    def _belong_together(self, path: str, created: Iterable[NewFile]) -> None:
        """Make created files partners of the file whose fix created them: what is wrong in one is wrong with all."""
        together = self._partners.setdefault(path, {path})
        together.update(new.path for new in created)
        self._origins |= {new.path: path for new in created}
        for other in list(together):
            self._partners[other] = together

    def _checked(
        self, texts: Mapping[str, str], known: tuple[Finding, ...], paths: frozenset[str] | None
    ) -> tuple[Finding, ...]:
        """Return the findings with new texts: some files (None: all) are checked again, of others they are known."""
        report = self._check(texts, paths)
        new = report.findings
        if paths is None:
            self._whole = dict(texts), report
            return new
        return (*(item for item in known if item.path not in paths), *(item for item in new if item.path in paths))

    def _with_partners(self, paths: Iterable[str]) -> frozenset[str]:
        """Return the files of the migrations that have one of the files."""
        return frozenset(partner for path in paths for partner in self._partners.get(path, {path}))


def _endless(numbers: Mapping[RuleInFile, Sequence[int]]) -> Iterator[RuleInFile]:
    """Yield the rules and files whose fixes do not make the findings fewer, given their numbers before each round."""
    return (target for target, listed in numbers.items() if len(listed) > _MOST_IN_VAIN and listed[-1] >= listed[0])


def _remaining(chosen: list[Finding], before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are still there although their fixes were applied.

    Fingerprints number findings that are alike, so that the number of those that are left decides.
    """
    there = {item.fingerprint for item in after}
    found = [item for item in chosen if item.fingerprint in there]
    if not found:
        return found
    left = Counter(map(_alike, after))
    left.subtract(Counter(map(_alike, before)))
    left.update(Counter(map(_alike, chosen)))
    return [item for item in found if left[_alike(item)] > 0]


def _alike(finding: Finding) -> tuple[str, str, str]:
    return finding.path, finding.code, finding.message


def _target(finding: Finding) -> RuleInFile:
    return RuleInFile(finding.path, finding.code)


def _counts(findings: Iterable[Finding]) -> Counter[RuleInFile]:
    return Counter(_target(item) for item in findings if item.severity >= Severity.WARNING)


def _partners(report: Report) -> dict[str, set[str]]:
    """Return the files of its migrations for each file, itself among them."""
    found: dict[str, set[str]] = {}
    for item in report.migrations:
        paths = _paths(item)
        for path in paths:
            found.setdefault(path, set()).update(paths)
    return found


def _paths(item: MigrationReport) -> set[str]:
    return {path for path in (item.forward, item.rollback) if path is not None}
