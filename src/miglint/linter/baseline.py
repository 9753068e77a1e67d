"""The baseline file: accepted findings, so that only new ones are reported."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from miglint.base.atomic_write import require_inside, write_file
from miglint.base.errors import UsageError
from miglint.base.findings import Finding
from miglint.base.input_files import MAX_BASELINE
from miglint.base.structs import Struct, field
from miglint.config.settings import Settings
from miglint.linter.fingerprints import script_place

# The version of the fingerprints' algorithm. A baseline of version 1 is matched by its messages.
_VERSION = 2
_KNOWN_VERSIONS = (1, _VERSION)


class Accepted(Struct, frozen=True):
    """An accepted finding; `path` is relative to the configuration."""

    fingerprint: str
    code: str
    path: str
    message: str
    version: str | None = None
    direction: str | None = None
    evidence: str = "static"

    @classmethod
    def of(cls, finding: Finding, path: str) -> Accepted:
        """Return the entry for a finding."""
        return cls(
            finding.fingerprint,
            finding.code,
            path,
            finding.message,
            finding.version,
            finding.direction,
            finding.evidence,
        )

    @property
    def place(self) -> str:
        """The identity of its script, with the direction."""
        return script_place(self.path, self.version, self.direction)


class Baseline(Struct, frozen=True):
    """Accepted findings, and the digests of the statements of migrations with some, by script."""

    accepted: tuple[Accepted, ...] = ()
    statements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def shown(path: str) -> str:
    """Return the path from the working directory, unless the file is elsewhere."""
    place = Path(path).absolute()
    return place.relative_to(Path.cwd()).as_posix() if place.is_relative_to(Path.cwd()) else path


def read(path: str, settings: Settings) -> Baseline:
    """Read a baseline; raises `UsageError` if it cannot be read or is none."""
    try:
        value = json.loads(settings.read(str(Path(path).absolute()), MAX_BASELINE))
        if value["baseline_version"] not in _KNOWN_VERSIONS:
            raise UsageError(f"{shown(path)}: unknown baseline version {value['baseline_version']}")
        accepted = tuple(_accepted(item) for item in value["findings"])
        statements = {str(place): tuple(digests.split()) for place, digests in value.get("statements", {}).items()}
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and settings.as_of is None
        hint = "; --write-baseline writes it" if missing else ""
        raise UsageError(f"{shown(path)}: cannot be read: {error.strerror or error}{hint}") from None
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{shown(path)}:{error.lineno}: not a miglint baseline (JSON: {error.msg}); resolve a merge by hand, or "
            "write a new one with --write-baseline"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{shown(path)}: not a miglint baseline; create one with --write-baseline") from None
    return Baseline(accepted, statements)


def _accepted(item: Mapping[str, Any]) -> Accepted:
    fingerprint, code, path, message = (item[name] for name in ("fingerprint", "code", "path", "message"))
    if not all(isinstance(text, str) for text in (fingerprint, code, path, message)):
        raise TypeError
    version, direction = item.get("version"), item.get("direction")
    return Accepted(fingerprint, code, path, message, version, direction, item.get("evidence", "static"))


def read_before_write(path: str, settings: Settings) -> Baseline:
    """Read the baseline that will be written; an absent or empty file is an empty one."""
    try:
        require_inside(Path(path))
        if not os.path.lexists(path) or not Path(path).stat().st_size:
            return Baseline()
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be written: {error.strerror or error}") from None
    return read(path, settings)


def write(path: str, baseline: Baseline) -> None:
    """Write a baseline, one finding per line."""
    order = sorted(baseline.accepted, key=lambda item: (item.path, item.code, item.fingerprint))
    findings = ",\n    ".join(json.dumps(_entry(item), ensure_ascii=False) for item in order)
    statements = ",\n    ".join(
        f"{json.dumps(place, ensure_ascii=False)}: {json.dumps(' '.join(digests))}"
        for place, digests in sorted(baseline.statements.items())
    )
    text = (
        f'{{\n  "baseline_version": {_VERSION},\n'
        f'  "findings": {_listed("[]", findings)},\n  "statements": {_listed("{}", statements)}\n}}\n'
    )
    try:
        write_file(Path(path), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be written: {error.strerror or error}") from None


def _listed(brackets: str, text: str) -> str:
    return f"{brackets[0]}\n    {text}\n  {brackets[1]}" if text else brackets


def _entry(item: Accepted) -> dict[str, str | None]:
    entry: dict[str, str | None] = {
        "fingerprint": item.fingerprint,
        "code": item.code,
        "path": item.path,
        "message": item.message,
        "version": item.version,
        "direction": item.direction,
    }
    return entry if item.evidence == "static" else {**entry, "evidence": item.evidence}
