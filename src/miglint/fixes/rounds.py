"""Rounds of fixes: apply what is offered, check again, until nothing changes; withhold what makes anything worse.

A fix is withheld if its finding remains, or if a file then has more findings of a rule, of a warning or above, than
before. Which of several fixes is at fault is found by trying each rule's alone; which migration is, where a later one
has more findings, by applying the fixes up to one in the middle, and so on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from posixpath import dirname
from typing import NamedTuple

from miglint.base.findings import Edit, Finding, NewFile
from miglint.base.structs import Struct, field
from miglint.fixes.comparison import (
    RuleInFile,
    alike,
    counts_of,
    endless_targets,
    files_of,
    partners_of,
    remaining_of,
    target_of,
)
from miglint.fixes.edits import EditedPlaces, edits_of, with_edits
from miglint.report.value import Report

MOST_ROUNDS = 10
# Each round creates one migration at most, for which there may be as many rounds more.
_MOST_CREATED = 100
# Each rule that is tried alone costs a check: a file with fixes of more rules keeps none of them.
_MOST_TRIED = 2
# Each migration at fault for what another one has costs dozens of checks: with more, a folder keeps no fix.
_MOST_SOUGHT = 4
_MOST_RULES = 12

# The texts of changed files by path, and the files whose findings are needed (None: all), to a report.
Check = Callable[[Mapping[str, str], frozenset[str] | None], Report]
# Whether to apply the fix of a finding, which may be in a file that another fix has created.
Wanted = Callable[[Finding, bool], bool]


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
    left = Counter(map(alike, last.findings))
    offered = Counter(alike(item) for item in first.findings if item.fix is not None and wanted(item, False))
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
        self._partners = partners_of(first)
        # The files that fixes created, each with the one that it was made for.
        self._origins: dict[str, str] = {}
        # Reports about some files alone have the findings that others stand for in the first one.
        self._before = counts_of((*first.findings, *first.summarized))
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
        return {target_of(item): f"it would cause {item.code} again, and so on" for item in more}

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
        more = counts_of(reached.findings)
        found: dict[str, str] = {}
        for finding in reached.findings:
            target = target_of(finding)
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
            target_of(item): worse.get(item.path) or worse[other]
            for item in reached.applied
            for other in self._partners.get(item.path, {item.path})
            if item.path in worse or other in worse
        }

    def at_fault(self, reached: _Reached, worse: Mapping[str, str]) -> dict[RuleInFile, str]:
        """Return the fixes of one migration, it may be an earlier one, that make the first of the files worse."""
        path, why = next(iter(worse.items()))
        order = {each: number for number, item in enumerate(self._first.migrations) for each in files_of(item)}
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
        targets = sorted({target_of(item) for item in of_folder if order[item.path] == fixed[place]})
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
            target_of(item): why
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
        while reached.rounds < MOST_ROUNDS + min(len(reached.creates), _MOST_CREATED):
            reached = self._with_free_versions(reached)
            chosen = self._chosen(reached, {**others, **dict.fromkeys(endless_targets(numbers), "")}, only)
            if not chosen:
                break
            found = Counter(map(target_of, reached.findings))
            for target in set(map(target_of, chosen)):
                numbers.setdefault(target, []).append(found[target])
            # The first round changes many files, and each may have an effect on later migrations.
            whole = reached.rounds == 0 and only is None
            texts, creates = self._edited(reached, chosen)
            paths = None if whole else self._with_partners(item.path for item in chosen)
            findings = self._checked({**texts, **creates}, reached.findings, paths)
            while left := remaining_of(chosen, reached.findings, findings):
                self._remaining |= {item.fingerprint for item in left}
                self.useless |= {target_of(item): "a finding would remain" for item in left}
                chosen = [item for item in chosen if item.fingerprint not in self._remaining]
                texts, creates = self._edited(reached, chosen)
                paths = self._with_partners(item.path for item in left)
                findings = self._checked({**texts, **creates}, findings, paths)
            if chosen:
                reached = _Reached(findings, texts, creates, (*reached.applied, *chosen), reached.rounds + 1)
        return reached

    def _with_free_versions(self, reached: _Reached) -> _Reached:
        """Check the files again whose fixes would create a migration that now has the version of another one."""
        places = EditedPlaces(reached.creates)
        stale = [item.path for item in reached.findings if not places.may_create(item)]
        if not stale:
            return reached
        texts = {**reached.texts, **reached.creates}
        return reached._replace(findings=self._checked(texts, reached.findings, self._with_partners(stale)))

    def _chosen(
        self, reached: _Reached, others: Mapping[RuleInFile, str], only: frozenset[str] | None
    ) -> list[Finding]:
        """Return the findings whose fixes can be applied together; others wait for the next round."""
        places = EditedPlaces(reached.creates)
        return [
            item
            for item in reached.findings
            if item.fix is not None
            and (only is None or item.path in only or item.path in reached.creates)
            and target_of(item) not in others
            and target_of(item) not in self.withheld
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
