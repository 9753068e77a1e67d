"""Baseline: accepted findings, so that only new ones are reported."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from miglint.base.atomic_write import write_file
from miglint.base.errors import UsageError
from miglint.base.input_files import MAX_BASELINE
from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.report.value import Hidden, Report

DEFAULT_FILE = "miglint-baseline.json"
_VERSION = 1


def write(path: str, report: Report) -> None:
    """Write the fingerprints of all findings, each with a readable description."""
    lines = [
        json.dumps(
            {"fingerprint": item.fingerprint, "code": item.code, "path": item.path, "message": item.message},
            ensure_ascii=False,
        )
        for item in report.findings
    ]
    body = ",\n    ".join(lines)
    findings = f"[\n    {body}\n  ]" if lines else "[]"
    text = f'{{\n  "baseline_version": {_VERSION},\n  "findings": {findings}\n}}\n'
    try:
        write_file(Path(path), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def apply(path: str, report: Report, settings: Settings) -> tuple[Report, tuple[str, ...]]:
    """Return the report without the findings in the baseline, and notes with their numbers."""
    known = _read(path, settings)
    kept = tuple(item for item in report.findings if item.fingerprint not in known)
    hidden = Counter(item.fingerprint for item in report.findings if item.fingerprint in known)
    remarks = []
    if hidden:
        total = hidden.total()
        remarks.append(f"{total} finding{'s' if total != 1 else ''} hidden by the baseline {path}")
    # Scripts that were not checked are excluded.
    scripts = {path for item in report.migrations for path in (item.forward, item.rollback)}
    gone = sum(path in scripts for fingerprint, path in known.items() if fingerprint not in hidden)
    if gone:
        remarks.append(f"{gone} in {path} no longer found; update it with --write-baseline")
    counts = tuple(Hidden("baseline", "", total) for total in (hidden.total(),) if total)
    return replace(report, findings=kept, hidden=report.hidden + counts), tuple(remarks)


def _read(path: str, settings: Settings) -> dict[str, str]:
    """Return the displayed paths of the accepted findings by fingerprint."""
    try:
        value = json.loads(settings.read(str(Path(path).absolute()), MAX_BASELINE))
        if value["baseline_version"] != _VERSION:
            raise UsageError(f"{path}: unknown baseline version {value['baseline_version']}")
        return {item["fingerprint"]: item["path"] for item in value["findings"]}
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{path}: not a miglint baseline; create one with --write-baseline") from None
