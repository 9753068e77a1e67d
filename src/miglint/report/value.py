"""The report of a run, as a value that all formats render and the cache stores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from miglint import __version__
from miglint.base.digits import whole_number
from miglint.base.findings import FAMILIES, Edit, Finding, Fix, Severity
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, field, replace
from miglint.discovery.version_place import version_place

SCHEMA_VERSION = 1
_DIGITS = pattern(r"(\d+)")
_HIDERS = {"comments": "comments", "settings": "settings", "baseline": "the baseline"}
HIDING = tuple(_HIDERS)


class MigrationReport(Struct, frozen=True, array_like=True):
    """A migration and its verdict. With a dry run, `verdict` has its results and `static_verdict` those of the replay.

    `executions` has the dry run on each engine, in the form of the JSON report. `history` is the folder of its history.
    `pending` says that SQLite was not asked yet whether it accepts the script.
    """

    version: str
    name: str
    dialect: str
    forward: str | None
    rollback: str | None
    verdict: Mapping[str, bool | None]
    unknown: tuple[str, ...] = ()
    static_verdict: Mapping[str, bool | None] | None = None
    executions: tuple[Mapping[str, Any], ...] = ()
    history: str = "."
    pending: bool = False


class Hidden(Struct, frozen=True, array_like=True):
    """Number of hidden findings in a file: `by` is `comments`, `settings` or `baseline`."""

    by: str
    path: str
    count: int


class Report(Struct, frozen=True):
    """All results of a run. `notes` are messages for the user that are not findings.

    `hidden` counts findings that are not among the `findings`, and `left_out` the files that are part of no migration,
    by the reason. With `since`, a git revision, the migrations are those changed since then, of `looked_at`.
    `summarized` are findings that another one stands for, unless the report is about their migrations
    alone.
    """

    migrations: tuple[MigrationReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: int = 0
    elapsed_ms: int = 0
    notes: tuple[str, ...] = field(default=())
    hidden: tuple[Hidden, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    summarized: tuple[Finding, ...] = ()
    since: str = ""
    looked_at: int = 0

    def hidden_by(self) -> dict[str, int]:
        """Return the number of hidden findings by `comments`, `settings` and `baseline`."""
        return {by: sum(item.count for item in self.hidden if item.by == by) for by in HIDING}

    @property
    def files_left_out(self) -> int:
        """The number of files that are part of no migration."""
        return sum(number for _, number in self.left_out)

    def hidden_words(self) -> str:
        """Return a summary of hidden findings; empty if there are none."""
        parts = [f"{count:,} by {_HIDERS[by]}" for by, count in self.hidden_by().items() if count]
        total = sum(item.count for item in self.hidden)
        return f"{total:,} finding{'' if total == 1 else 's'} hidden: {', '.join(parts)}" if parts else ""

    def left_out_words(self) -> str:
        """Return a summary of the files left out, with reasons; empty if there are none."""
        parts = [f"{number:,} {reason}" for reason, number in self.left_out]
        total = self.files_left_out
        return f"{total:,} file{'' if total == 1 else 's'} left out: {', '.join(parts)}" if parts else ""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def worst(self) -> Severity | None:
        """Return the highest severity among the findings."""
        return max((finding.severity for finding in self.findings), default=None)

    def of_paths(self, paths: frozenset[str]) -> Report:
        """Return the part of the report about the migrations with a script in `paths`, and about those files.

        A path that is no script in the report is a deleted file: it selects the migration with its folder and version.
        """
        migrations = tuple(self._migrations_of(paths))
        wanted = paths.union(*map(_scripts, migrations))
        # Findings about two variants are located in one of them and concern both.
        both = {version_place(path, any_engine=True) for path in wanted} - {None}

        def is_wanted(finding: Finding) -> bool:
            if finding.path in wanted:
                return True
            return finding.category == FAMILIES["PAR"] and version_place(finding.path, any_engine=True) in both

        found = (*self.findings, *self.summarized)
        findings = tuple(filter(is_wanted, by_place(found) if self.summarized else found))
        hidden = tuple(item for item in self.hidden if item.path in wanted)
        return replace(
            self, migrations=migrations, findings=findings, files=len(wanted - {""}), hidden=hidden, summarized=()
        )

    def _migrations_of(self, paths: frozenset[str]) -> Iterator[MigrationReport]:
        gone = {version_place(path) for path in paths.difference(*map(_scripts, self.migrations))} - {None}
        for item in self.migrations:
            scripts = _scripts(item)
            if not paths.isdisjoint(scripts) or (gone and not gone.isdisjoint(map(version_place, scripts))):
                yield item

    def rules(self) -> list[tuple[str, str, int]]:
        """Return code, name and number of findings of each rule, the most frequent first."""
        counts = Counter((finding.code, finding.name) for finding in self.findings)
        return [
            (code, name, count) for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item))
        ]


def _scripts(migration: MigrationReport) -> tuple[str, ...]:
    return tuple(filter(None, (migration.forward, migration.rollback)))


def by_place(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in order: by position, then by descending severity; otherwise in the given order."""
    places: dict[tuple[str | int, ...], list[Finding]] = defaultdict(list)
    for path, listed in groupby(findings, _path):
        # Two paths may be at one place: `1_a.sql` and `01_a.sql`.
        places[_place(path)] += listed
    return [item for place in sorted(places) for item in sorted(places[place], key=_within_file)]


def together(parts: Iterable[Sequence[Finding]]) -> list[Finding]:
    """Return the findings of several parts in order, each of which is in order.

    Findings at one place are in the order of their paths.
    """
    runs: dict[str, list[Sequence[Finding]]] = defaultdict(list)
    for part in parts:
        for path, listed in groupby(part, _path):
            runs[path].append(tuple(listed))
    paths = sorted(runs)
    if len({_place(path) for path in paths}) < len(paths) or any(len(several) > 1 for several in runs.values()):
        return by_place(item for path in paths for several in runs[path] for item in several)
    return [item for path in sorted(paths, key=_place) for item in runs[path][0]]


_path = attrgetter("path")


def _within_file(item: Finding) -> tuple[int, int, int, str]:
    return item.line, item.column, -item.severity, item.code


@lru_cache(maxsize=4096)
def _place(path: str) -> tuple[str | int, ...]:
    """Return the sort key of a path: `2_users.up.sql` before `10_posts.up.sql`."""
    return tuple(whole_number(part) if part.isdecimal() else part for part in _DIGITS.split(path))


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report in its JSON form."""
    return {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "summary": {
            "migrations": len(report.migrations),
            "files": report.files,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "elapsed_ms": report.elapsed_ms,
            "hidden": report.hidden_by(),
            "files_left_out": report.files_left_out,
        },
        "left_out": [{"reason": reason, "files": number} for reason, number in report.left_out],
        "migrations": [_migration(item) for item in report.migrations],
        "findings": [finding_as_dict(item) for item in report.findings],
    }


def _migration(item: MigrationReport) -> dict[str, Any]:
    value: dict[str, Any] = {
        "version": item.version,
        "name": item.name,
        "dialect": item.dialect,
        "history": item.history,
        "forward": item.forward,
        "rollback": item.rollback,
        "verdict": dict(item.verdict),
    }
    if item.static_verdict is not None:
        value["static_verdict"] = dict(item.static_verdict)
    value["unknown"] = list(item.unknown)
    if item.executions:
        value["execution"] = dict(item.executions[0])
    if len(item.executions) > 1:
        value["executions"] = [dict(execution) for execution in item.executions]
    return value


def finding_as_dict(item: Finding) -> dict[str, Any]:
    """Return a finding in its JSON form."""
    return {
        "code": item.code,
        "name": item.name,
        "category": item.category,
        "severity": str(item.severity),
        "path": item.path,
        "line": item.line,
        "column": item.column,
        "end_line": item.end_line,
        "end_column": item.end_column,
        "direction": item.direction,
        "version": item.version,
        "dialect": item.dialect,
        "message": item.message,
        "help": item.help,
        "evidence": item.evidence,
        "fix": None if item.fix is None else _fix(item.fix, item.path),
        "fingerprint": item.fingerprint,
    }


def _fix(fix: Fix, path: str) -> dict[str, Any]:
    return {
        "title": fix.title,
        "safe": fix.safe,
        "reason": fix.reason,
        "edits": [_edit(edit, path) for edit in fix.edits],
        "creates": [{"path": new.path, "text": new.text} for new in fix.creates],
    }


def _edit(edit: Edit, path: str) -> dict[str, Any]:
    where = path if edit.path is None else edit.path
    value = {"path": where, "start": edit.start, "end": edit.end, "text": edit.text}
    return value if edit.order is None else {**value, "order": edit.order}
