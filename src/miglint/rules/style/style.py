"""STY: the style of a script, checked by sqlfluff; opt-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.findings import Fix, Severity
from miglint.base.model import Script, Span
from miglint.base.structs import replace
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident

if TYPE_CHECKING:
    from miglint.rules.style.sqlfluff_adapter import StyleViolation

# What these rules report about the last and the first line of a file does not hold for a part of one.
_END_OF_FILE, _START_OF_FILE = "LT12", "LT13"
# Reports quotes as unnecessary, even on names that need them: "user".
_QUOTES = "RF06"


def _outside(script: Script, context: Context) -> str | None:
    # Looking for files and plugins is only for those who have this rule on.
    from miglint.rules.style.outside_settings import outside_settings

    return outside_settings(script, context)


@rule(
    "STY001",
    "sqlfluff",
    Severity.INFO,
    "sqlfluff reports a style violation",
    scope="script",
    default=False,
    fixable=True,
    needs=("sqlfluff", "style"),
    options={"configuration": True, "noqa": True},
    outside=_outside,
)
def sqlfluff_objects(script: Script, context: Context) -> Iterator[Hit]:
    """Pass on what sqlfluff reports, at its place in the file."""
    # It imports sqlfluff, which takes longer than a whole run without it.
    from miglint.rules.style.sqlfluff_adapter import remarks

    configured, noqa = bool(context.settings["configuration"]), bool(context.settings["noqa"])
    for remark in remarks(script, configured=configured, noqa=noqa):
        if not _is_true(script, remark) or not _is_written(script, remark.span):
            continue
        help, fix = "", None
        if remark.code:
            help = (
                f"`-- noqa: {remark.code}` at the end of the line suppresses it; `exclude_rules = {remark.code}` in "
                ".sqlfluff does so everywhere."
            )
        if remark.edits:
            fix = Fix(f"sqlfluff's fix for {remark.code}", remark.edits)
        yield replace(hit_in(script, remark.span, remark.message, help), fix=fix)


def _is_true(script: Script, remark: StyleViolation) -> bool:
    """Return whether what sqlfluff reports about the text holds for the file and the engine."""
    text = script.file.text
    if remark.code == _END_OF_FILE:
        return script.span.end == len(text)
    if remark.code == _START_OF_FILE:
        return script.span.start == 0
    quoted = text[slice(*remark.span)]
    return remark.code != _QUOTES or not quoted.startswith('"') or ident(quoted[1:-1]) != quoted


def _is_written(script: Script, span: Span) -> bool:
    """Return whether the lines around a place are the file's own, not what the tool makes of them."""
    text, (first, last) = script.file.text, script.span
    start = text.rfind("\n", 0, span.start) + 1
    if text[start:first].strip():
        return False
    if script.substituted is None:
        return True
    start = max(first, start)
    end = text.find("\n", span.end, last)
    end = last if end < 0 else end
    return script.substituted[start - first : end - first] == text[start:end]
