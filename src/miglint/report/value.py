"""The report: what a run has to say, as a value that every format prints and the cache keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from miglint import __version__
from miglint.base.findings import FAMILIES, Edit, Finding, Fix, Severity
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, field, replace
from miglint.discovery.dialects import without_engine
from miglint.discovery.layouts.folders import INNER
from miglint.discovery.roots import ROLLBACK_FOLDERS

SCHEMA_VERSION = 1
_HIDERS = {"comments": "comments", "settings": "settings", "baseline": "the baseline"}
HIDING = tuple(_HIDERS)
_DIGITS = pattern(r"[^0-9]*0*([0-9]+)")


class MigrationReport(Struct, frozen=True):
    """A migration and its verdict. `static_verdict` is what the replay said, when `verdict` holds what was executed.

    `executions` is what a dry run saw on each engine, in the form of the JSON report.
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


class Hidden(Struct, frozen=True):
    """Findings in a file that are not shown: `by` is `comments`, `settings` or `baseline`."""

    by: str
    path: str
    count: int


class Report(Struct, frozen=True):
    """All that is said about a run. `notes` are remarks for people that are no findings.

    `hidden` counts findings that are not among the `findings`, and `left_out` the files that are part of no migration,
    by the reason.
    """

    migrations: tuple[MigrationReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: int = 0
    elapsed_ms: int = 0
    notes: tuple[str, ...] = field(default=())
    hidden: tuple[Hidden, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()

    def hidden_by(self) -> dict[str, int]:
        """Return how many findings are hidden by each of what can hide them."""
        return {by: sum(item.count for item in self.hidden if item.by == by) for by in HIDING}

    @property
    def files_left_out(self) -> int:
        """The number of files that are part of no migration."""
        return sum(number for _, number in self.left_out)

    def hidden_words(self) -> str:
        """Say how many findings are hidden by what; empty when none are."""
        parts = [f"{count:,} by {_HIDERS[by]}" for by, count in self.hidden_by().items() if count]
        total = sum(item.count for item in self.hidden)
        return f"{total:,} finding{'' if total == 1 else 's'} hidden: {', '.join(parts)}" if parts else ""

    def left_out_words(self) -> str:
        """Say how many files are left out and why; empty when none are."""
        parts = [f"{number:,} {reason}" for reason, number in self.left_out]
        total = self.files_left_out
        return f"{total:,} file{'' if total == 1 else 's'} left out: {', '.join(parts)}" if parts else ""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def worst(self) -> Severity | None:
        """Return the highest severity of all findings."""
        return max((finding.severity for finding in self.findings), default=None)

    def of_paths(self, paths: frozenset[str]) -> Report:
        """Return the part that is about the migrations with a script among `paths`, and about those files.

        A path of no script here is a file that is gone: it stands for the migration of its folder and version.
        """
        scripts = {path for item in self.migrations for path in (item.forward, item.rollback)}
        gone = {place for path in paths - scripts if (place := _place(path)) is not None}
        migrations = tuple(
            item
            for item in self.migrations
            if item.forward in paths
            or item.rollback in paths
            or (gone and not gone.isdisjoint((_place(item.forward or ""), _place(item.rollback or ""))))
        )
        wanted = paths.union(*((item.forward or "", item.rollback or "") for item in migrations))
        # What is said of two variants stands at one of them, and is about both.
        both = {_place(path, any_engine=True) for path in wanted} - {None}
        findings = tuple(
            finding
            for finding in self.findings
            if finding.path in wanted
            or (finding.category == FAMILIES["PAR"] and _place(finding.path, any_engine=True) in both)
        )
        hidden = tuple(item for item in self.hidden if item.path in wanted)
        return replace(self, migrations=migrations, findings=findings, files=len(wanted - {""}), hidden=hidden)

    def rules(self) -> list[tuple[str, str, int]]:
        """Return code, name and number of the findings of each rule, the most frequent first."""
        counts = Counter((finding.code, finding.name) for finding in self.findings)
        return [
            (code, name, count) for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item))
        ]


def _place(path: str, *, any_engine: bool = False) -> tuple[str, str] | None:
    """Return the folder of a script's history and the digits of its version, as far as the path alone says it.

    With `any_engine` the folder is without the words that name one.
    """
    folder, _, name = path.rpartition("/")
    if name in INNER:
        folder, _, name = folder.rpartition("/")
    elif folder.rpartition("/")[2].lower() in ROLLBACK_FOLDERS:
        folder = folder.rpartition("/")[0]
    found = _DIGITS.match(name)
    if found is None or not path.endswith(".sql"):
        return None
    if any_engine:
        folder = "/".join(filter(None, map(without_engine, folder.split("/"))))
    return folder, found[1]


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report in the form of the JSON format."""
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
        "findings": [_finding(item) for item in report.findings],
    }


def from_dict(
    value: Mapping[str, Any], notes: tuple[str, ...] = (), hidden: tuple[Hidden, ...] | None = None
) -> Report:
    """Build the report again from the form that `as_dict` gives; raises on anything else.

    That form has no files of what is `hidden`, so who needs them gives them.
    """
    summary = value["summary"]
    if hidden is None:
        hidden = tuple(Hidden(by, "", count) for by, count in summary["hidden"].items() if count)
    return Report(
        tuple(
            MigrationReport(
                item["version"],
                item["name"],
                item["dialect"],
                item["forward"],
                item["rollback"],
                item["verdict"],
                tuple(item["unknown"]),
                item.get("static_verdict"),
                tuple(item.get("executions") or [item[name] for name in ("execution",) if name in item]),
            )
            for item in value["migrations"]
        ),
        tuple(_finding_from(item) for item in value["findings"]),
        summary["files"],
        summary["elapsed_ms"],
        notes,
        hidden,
        tuple((item["reason"], item["files"]) for item in value["left_out"]),
    )


def _migration(item: MigrationReport) -> dict[str, Any]:
    value: dict[str, Any] = {
        "version": item.version,
        "name": item.name,
        "dialect": item.dialect,
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


def _finding(item: Finding) -> dict[str, Any]:
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
        "fix": None if item.fix is None else _fix(item.fix),
        "fingerprint": item.fingerprint,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _finding_from(item: Mapping[str, Any]) -> Finding:
    fix = item["fix"]
    edits = () if fix is None else tuple(Edit(edit["start"], edit["end"], edit["text"]) for edit in fix["edits"])
    return Finding(
        **{
            **item,
            "severity": Severity[item["severity"].upper()],
            "fix": None if fix is None else Fix(fix["title"], edits, fix["safe"]),
        }
    )
