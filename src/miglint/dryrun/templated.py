"""Scripts that a template engine fills in before they run: no engine can run them as they are."""

from __future__ import annotations

from miglint.base.model import History, Script
from miglint.sql import parse

REASON = "a template engine fills in this script, or one before it, before it runs"


def first_templated(history: History) -> int | None:
    """Return the number of the first migration with such a script; None if there is none."""
    for number, migration in enumerate(history.migrations):
        if any(map(_is_templated, (migration.forward, migration.rollback))):
            return number
    return None


def _is_templated(script: Script | None) -> bool:
    if script is None or "{" not in script.file.text:
        return False
    return any(statement.problem is not None and statement.problem.template for statement in parse(script))
