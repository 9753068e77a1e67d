"""The fix of a header: the fields that follow from the name of the migration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from miglint.base.findings import Edit, Fix
from miglint.base.inert import sql_comment
from miglint.base.model import Script
from miglint.replay.steps import Step
from miglint.rules.support.uncut import line_break

_STAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


def fields_fix(step: Step, script: Script, missing: Sequence[str]) -> Fix | None:
    """Return the fix that adds fields to the header of a script, or None where a value is not known.

    They follow the last comment of the header, or begin the script. A script that is a section of a file has its own
    form, which other tools read: it gets none.
    """
    text = script.file.text
    if script.span.start != 0 or script.substituted is not None:
        return None
    values = [_value(step, script, name.lower()) for name in missing]
    if None in values:
        return None
    line = line_break(script)
    added = "".join(
        f"{sql_comment(f'{name.capitalize()}: {value}')}{line}" for name, value in zip(missing, values, strict=True)
    )
    at = _end_of_comments(text)
    if at and not text[:at].endswith("\n"):
        added = line + added.removesuffix(line)
    return Fix(f"add {', '.join(missing)}", (Edit(at, at, added),))


def _value(step: Step, script: Script, name: str) -> str | None:
    migration = step.migration
    if name in ("migration", "rollback"):
        return script.path.rsplit("/", 1)[-1].removesuffix(".sql").removesuffix(".up").removesuffix(".down")
    if name == "description":
        return " ".join(migration.name.replace("_", " ").replace("-", " ").split()) or None
    if name == "version":
        return migration.version
    if name in ("created", "date"):
        return _day(migration.version)
    return None


def _day(version: str) -> str | None:
    """Return the day that a version says, or None for a version that is a number in a row."""
    found = _STAMP.match(version)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return None


def _end_of_comments(text: str) -> int:
    """Return the place behind the lines of comments at the head of a text."""
    at = 0
    while text.startswith("--", at):
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        at = end + 1
    return at
