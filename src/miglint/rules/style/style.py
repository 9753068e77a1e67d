"""STY: the style of a script, which sqlfluff judges. Off until it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.findings import Fix, Severity
from miglint.base.model import Script, Span
from miglint.base.structs import replace
from miglint.rules.definition import Hit, rule
from miglint.rules.support.clauses import hit_in, ident

if TYPE_CHECKING:
    from miglint.rules.style.sqlfluff_adapter import Remark

# What these rules of sqlfluff say of the last and the first line of a file is not true of a part of one.
_END_OF_FILE, _START_OF_FILE = "LT12", "LT13"
# Says that a name needs no quotation marks, also of names that need them: "user".
_QUOTES = "RF06"


@rule(
    "STY001",
    "sqlfluff",
    Severity.INFO,
    "sqlfluff objects to the style of a script",
    scope="script",
    default=False,
    fixable=True,
    needs=("sqlfluff", "style"),
)
def sqlfluff_objects(script: Script) -> Iterator[Hit]:
    """Pass on what sqlfluff says, at its place in the file."""
    # It imports sqlfluff, which takes longer than a whole run without it.
    from miglint.rules.style.sqlfluff_adapter import remarks

    for remark in remarks(script):
        if not _is_true(script, remark) or not _is_written(script, remark.span):
            continue
        help, fix = "", None
        if remark.code:
            help = (
                f"`-- noqa: {remark.code}` at the end of the line lets it pass; `exclude_rules = {remark.code}` in "
                ".sqlfluff does so everywhere."
            )
        if remark.edits:
            fix = Fix(f"What sqlfluff does about {remark.code}", remark.edits)
        yield replace(hit_in(script, remark.span, remark.message, help), fix=fix)


def _is_true(script: Script, remark: Remark) -> bool:
    """Report whether what sqlfluff says of the text is true of the file and of the engine."""
    text = script.file.text
    if remark.code == _END_OF_FILE:
        return script.span.end == len(text)
    if remark.code == _START_OF_FILE:
        return script.span.start == 0
    quoted = text[slice(*remark.span)]
    return remark.code != _QUOTES or not quoted.startswith('"') or ident(quoted[1:-1]) != quoted


def _is_written(script: Script, span: Span) -> bool:
    """Report whether the lines around a place are the file's own, and not what the tool makes of them."""
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
