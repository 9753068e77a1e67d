"""Public API for own rules: the same functions and types that the built-in rules use.

`docs/own-rules.md` has a complete example. The API is stable within a major version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.model import Dialect, Direction, Migration, Script, Span
from miglint.locks import Lock, LockEffect, Work
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, Rule, rule
from miglint.rules.support.applied_operations import (
    AppliedOperation,
    AppliedOperations,
    applied_operations,
    effective,
    text_of,
    undoes,
)
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Index, Key, Table, View
from miglint.schema.value import Schema
from miglint.sql import operations as ops

__all__ = [
    "AppliedOperation",
    "AppliedOperations",
    "Context",
    "Dialect",
    "Direction",
    "Edit",
    "Fix",
    "Hit",
    "Index",
    "Key",
    "Lock",
    "LockEffect",
    "Migration",
    "Rule",
    "Schema",
    "Script",
    "Severity",
    "Span",
    "Step",
    "Table",
    "View",
    "Work",
    "applied_operations",
    "effective",
    "hit_in",
    "ident",
    "ops",
    "qualified",
    "rule",
    "text_of",
    "undoes",
]


def _tell(
    act: AppliedOperation,
    severity: Severity,
    message: str,
    help: str = "",
    *,
    span: Span | None = None,
    fix: Fix | None = None,
) -> Hit:
    return act.hit(message, help, severity=severity, span=span, fix=fix)


# Deprecated names, with their replacements.
_FORMER: Mapping[str, tuple[str, object]] = {
    "Act": ("AppliedOperation", AppliedOperation),
    "done": ("effective", effective),
    "survey": ("applied_operations", applied_operations),
    "tell": ("AppliedOperation.hit", _tell),
}


def __getattr__(name: str) -> Any:
    if name not in _FORMER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import warnings

    now, value = _FORMER[name]
    warnings.warn(f"miglint.api.{name} is deprecated: use miglint.api.{now}", FutureWarning, stacklevel=2)
    return value
