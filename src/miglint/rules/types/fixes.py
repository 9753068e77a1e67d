"""Fixes of column types in tables that the migration creates."""

from __future__ import annotations

import re

from miglint.base.findings import Edit, Fix
from miglint.base.model import Script, Span

_WRITTEN = {
    "timestamp": r"timestamp(?:\s*\(\s*(\d)\s*\))?(?:\s+without\s+time\s+zone)?(?!\s+with)",
    "varchar": r"(?:varchar|character\s+varying)\s*\(\s*\d+\s*\)",
    "bpchar": r"(?:char|character|bpchar)\s*\(\s*\d+\s*\)",
    "json": r"json",
}
_REASONS = {
    "timestamptz": "values are read and written in the session's time zone",
    "text": "the column accepts values of any length",
    "jsonb": "values lose white space, the order of keys and keys that come twice",
}


def type_fix(script: Script, column: Span, old: str, new: str) -> Fix | None:
    """Return the fix that gives a new column another type, or None where its type is not written in a usual way."""
    if script.substituted is not None:
        return None
    text = script.file.text
    name = r'(?:"(?:[^"]|"")*"|\w+)'
    written = re.compile(rf"(?:ADD\s+(?:COLUMN\s+)?(?:IF\s+NOT\s+EXISTS\s+)?)?{name}\s+({_WRITTEN[old]})(?!\w)", re.I)
    found = written.match(text, column.start, column.end)
    if found is None:
        return None
    precision = found[2] if old == "timestamp" else None
    start, end = found.span(1)
    return Fix(f"write {new}", (Edit(start, end, f"{new}({precision})" if precision else new),), _REASONS[new])
