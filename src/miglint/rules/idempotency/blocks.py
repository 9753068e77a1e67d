"""`DO` blocks around statements, which run them only under a condition."""

from __future__ import annotations

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.support.uncut import UNCUT, end_of, indentation, is_line_end, is_line_start, is_uncut, line_break
from miglint.sql.operations import Statement
from miglint.writer.words import dollar_quotes

# Liquibase cuts at each semicolon, whatever is around it.
_CUTS_BLOCKS = frozenset({"liquibase"})
# Statements that a block cannot run: it needs a destination for rows, and is in a transaction.
_OUTSIDE_BLOCKS = frozenset({"select", "values", "begin", "commit", "vacuum", "do", "show", "explain", "call"})
# A block has no client that rows could come from or go to.
_CLIENT = pattern(r"\b(?:STDIN|STDOUT)\b", 2)
# `FOUND` is a variable of each block.
_NO_BLOCK = pattern(r"\b(?:FOUND|CONCURRENTLY|RETURNING)\b", 2)


class ConditionalPlace(Struct, frozen=True):
    """A statement with its semicolon, and the condition under which it is to run."""

    span: Span
    condition: str


def statement_in_block(
    step: Step, script: Script, statement: Statement, condition: str, reason: str | None, *others: ConditionalPlace
) -> Fix | None:
    """Return the fix that runs a statement, and others of the script, only under a condition, or None."""
    text, layout, span = script.file.text, step.layout, statement.span
    if script.dialect is not Dialect.POSTGRES or layout in _CUTS_BLOCKS or statement.kind in _OUTSIDE_BLOCKS:
        return None
    body = text[span.start : span.end]
    end = end_of(text, script.span, statement)
    if end is None or _NO_BLOCK.search(body) or (statement.kind == "copy" and _CLIENT.search(body)):
        return None
    line, indent = line_break(script), indentation(text, span.start)
    mark = dollar_quotes(text[span.start : end] + condition)
    opening, closing = f"DO {mark} BEGIN{line}{indent}IF ", f"{line}{indent}END IF;{line}{indent}END {mark};"
    marks = UNCUT.get(layout)
    edits: list[Edit] = []
    for place in (ConditionalPlace(Span(span.start, end), condition), *others):
        start, end = place.span
        before, after = (
            f"{opening}{place.condition} THEN{line}{indent}",
            closing if text[end - 1] == ";" else f";{closing}",
        )
        if marks is not None and not is_uncut(text, place.span, marks):
            before, after = f"{marks[0]}{line}{indent}{before}", f"{after}{line}{marks[1]}"
            # The lines of the tool stand alone.
            before = before if indentation(text, start) or is_line_start(text, start) else f"{line}{before}"
            after = after if is_line_end(text, end) else f"{after}{line}"
        edits += (Edit(start, start, before), Edit(end, end, after))
    return Fix("run it only where it has not run yet", tuple(edits), reason)
