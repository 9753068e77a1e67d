"""`--format sarif`: SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from miglint import __version__
from miglint.base.findings import Finding, Fix, Severity
from miglint.base.inert import inert_json
from miglint.report.value import Report
from miglint.report.view import DisplayOptions, RuleDescription

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report, view: DisplayOptions) -> str:
    """Return a SARIF log with one run."""
    codes = sorted({finding.code for finding in report.findings})
    taxonomies = _taxonomies([rule for code in codes if (rule := view.rules.get(code)) is not None])
    rules = [_rule(code, rule, taxonomies) for code in codes if (rule := view.rules.get(code)) is not None]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "miglint", "version": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The folder in which the check was run."}}},
                "taxonomies": [
                    {"name": tool, "taxa": [{"id": name} for name in names]} for tool, names in taxonomies.items()
                ],
                "results": [_result(finding, places, view) for finding in report.findings],
                "properties": {
                    "hidden": report.hidden_by(),
                    "filesLeftOut": report.files_left_out,
                    "leftOut": [{"reason": reason, "files": number} for reason, number in report.left_out],
                },
            }
        ],
    }
    return inert_json(json.dumps(log, indent=1, ensure_ascii=False)) + "\n"


def _taxonomies(rules: Iterable[RuleDescription]) -> dict[str, list[str]]:
    """Return the other tools that have names for the rules, with these names."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        for alias in rule.aliases:
            tool, _, name = alias.partition(":")
            found[tool].add(name)
    return {tool: sorted(found[tool]) for tool in sorted(found)}


def _rule(code: str, rule: RuleDescription, taxonomies: Mapping[str, list[str]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.description or f"{rule.summary}."},
        "help": {"text": rule.description or f"{rule.summary}.", "markdown": rule.page or f"{rule.summary}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.family, *rule.dialects]},
    }
    if rule.url:
        described["helpUri"] = rule.url
    names = [alias.partition(":")[::2] for alias in rule.aliases]
    if names:
        listed = list(taxonomies)
        described["relationships"] = [
            {
                "target": {
                    "id": name,
                    "index": taxonomies[tool].index(name),
                    "toolComponent": {"name": tool, "index": listed.index(tool)},
                },
                "kinds": ["relevant"],
            }
            for tool, name in names
        ]
    return described


def _result(finding: Finding, places: dict[Any, int], view: DisplayOptions) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message + (f"\n{finding.help}" if finding.help else "")},
        "partialFingerprints": {"miglint/v2": finding.fingerprint},
        "properties": {"evidence": finding.evidence, "direction": finding.direction, "migration": finding.version},
    }
    if finding.code in places:
        result["ruleIndex"] = places[finding.code]
    if finding.path:
        region = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endLine": finding.end_line,
            "endColumn": finding.end_column,
        }
        result["locations"] = [
            {"physicalLocation": {"artifactLocation": _artifact(finding.path, view), "region": region}}
        ]
    if finding.fix is not None and finding.path:
        result["fixes"] = [_fix(finding.fix, finding.path, view)]
    return result


def _fix(fix: Fix, path: str, view: DisplayOptions) -> dict[str, Any]:
    """Return a fix; a file that it creates is an insertion into an empty one."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.path or path, []).append(_replacement(edit.start, edit.end, edit.text))
    for new in fix.creates:
        changes.setdefault(new.path, []).append(_replacement(0, 0, new.text))
    text = fix.title if fix.reason is None else f"{fix.title} (unsafe: {fix.reason})"
    return {
        "description": {"text": text},
        "artifactChanges": [
            {"artifactLocation": _artifact(name, view), "replacements": replacements}
            for name, replacements in changes.items()
        ],
    }


def _replacement(start: int, end: int, text: str) -> dict[str, Any]:
    return {"deletedRegion": {"charOffset": start, "charLength": end - start}, "insertedContent": {"text": text}}


def _artifact(name: str, view: DisplayOptions) -> dict[str, str]:
    path = view.prefix + name
    if path.startswith("/"):
        return {"uri": "file://" + quote(path, errors="backslashreplace")}
    return {"uri": quote(path, errors="backslashreplace"), "uriBaseId": "SRCROOT"}
