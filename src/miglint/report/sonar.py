"""`--format sonar`: generic issues of SonarQube and SonarCloud.

Source: https://docs.sonarsource.com/sonarqube-server/analyzing-source-code/importing-external-issues/generic-issue-import-format/
"""

from __future__ import annotations

import json
from typing import Any

from miglint.base.findings import Finding, Severity
from miglint.base.inert import inert_json
from miglint.report.gitlab import NO_FILE
from miglint.report.order import worst_first
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

_ENGINE = "miglint"
_SEVERITIES = {Severity.ERROR: "CRITICAL", Severity.WARNING: "MAJOR", Severity.INFO: "INFO"}
_IMPACTS = {Severity.ERROR: "HIGH", Severity.WARNING: "MEDIUM", Severity.INFO: "LOW"}
# Families about how a schema is written; the others are about what happens when a script runs.
_MAINTAINABILITY = frozenset({"TYP", "NAM", "HDR", "STY", "DIR"})


def render(report: Report, view: DisplayOptions) -> str:
    """Return the rules that have findings, each with the severity of its worst one, and the findings as issues."""
    listed = worst_first(report.findings)
    worst = {item.code: item for item in reversed(listed)}
    log = {
        "rules": [_rule(item, view) for _, item in sorted(worst.items())],
        "issues": [_issue(item, view) for item in listed],
    }
    return inert_json(json.dumps(log, indent=1, ensure_ascii=False)) + "\n"


def _rule(worst: Finding, view: DisplayOptions) -> dict[str, Any]:
    known = view.rules.get(worst.code)
    about_text = worst.code[:3] in _MAINTAINABILITY
    return {
        "id": worst.code,
        "name": worst.name,
        "description": worst.name if known is None else f"{known.summary}.",
        "engineId": _ENGINE,
        "cleanCodeAttribute": "CONVENTIONAL" if about_text else "LOGICAL",
        "type": "CODE_SMELL" if about_text else "BUG",
        "severity": _SEVERITIES[worst.severity],
        "impacts": [
            {
                "softwareQuality": "MAINTAINABILITY" if about_text else "RELIABILITY",
                "severity": _IMPACTS[worst.severity],
            }
        ],
    }


def _issue(finding: Finding, view: DisplayOptions) -> dict[str, Any]:
    location: dict[str, Any] = {
        "message": finding.message,
        "filePath": view.prefix + (finding.path or NO_FILE),
    }
    span = (finding.line, finding.column), (finding.end_line, finding.end_column)
    if finding.path:
        location["textRange"] = {"startLine": finding.line, "endLine": finding.end_line}
        # Columns count from 0, and an empty range is refused.
        if span[0] < span[1]:
            location["textRange"] |= {"startColumn": finding.column - 1, "endColumn": finding.end_column - 1}
    return {"ruleId": finding.code, "primaryLocation": location}
