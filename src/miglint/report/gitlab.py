"""`--format gitlab`: a code quality report of GitLab, which is Code Climate's format with fewer keys.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json

from miglint.base.findings import Severity
from miglint.base.inert import inert_json
from miglint.report.order import worst_first
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
# Every issue has a file: findings about none are about the configuration.
NO_FILE = "miglint.toml"


def render(report: Report, view: DisplayOptions) -> str:
    """Return a JSON list of issues, the worst first; paths are relative to the checkout."""
    issues = [
        {
            "description": f"{item.code}: {item.message}",
            "check_name": f"{item.code} {item.name}",
            "fingerprint": item.fingerprint,
            "severity": _SEVERITIES[item.severity],
            "location": {"path": view.prefix + (item.path or NO_FILE), "lines": {"begin": item.line}},
        }
        for item in worst_first(report.findings)
    ]
    return inert_json(json.dumps(issues, indent=1, ensure_ascii=False)) + "\n"
