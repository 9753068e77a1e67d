"""`DO` blocks around statements, which run them only under a condition."""

from __future__ import annotations

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.sql.operations import Statement
from miglint.writer.words import dollar_quotes

# The tools that cut a script at semicolons, and the lines around a statement that they must not cut.
UNCUT = {
    "goose": ("-- +goose StatementBegin", "-- +goose StatementEnd"),
    "sql-migrate": ("-- +migrate StatementBegin", "-- +migrate StatementEnd"),
}
# Liquibase cuts at each semicolon, whatever is around it.
_CUTS_BLOCKS = frozenset({"liquibase"})
# Statements that a block cannot run: it needs a destination for rows, and is in a transaction.
_OUTSIDE_BLOCKS = frozenset({"select", "values", "begin", "commit", "vacuum", "copy", "do", "show", "explain", "call"})
_SEMICOLON = pattern(r"[ \t\r\n]*;")
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
    if end is None or _NO_BLOCK.search(body):
        return None
    line, indent = line_break(script), indentation(text, span.start)
    mark = dollar_quotes(body + condition)
    opening, closing = f"DO {mark} BEGIN{line}{indent}IF ", f"{line}{indent}END IF;{line}{indent}END {mark};"
    if layout in UNCUT and not is_uncut(text, span, UNCUT[layout]):
        if text[text.rfind("\n", 0, span.start) + 1 : span.start].strip():
            return None
        begin, finish = UNCUT[layout]
        opening, closing = f"{begin}{line}{indent}{opening}", f"{closing}{line}{finish}"
    edits = []
    for place in (ConditionalPlace(Span(span.start, end), condition), *others):
        start, end = place.span
        edits.append(Edit(start, start, f"{opening}{place.condition} THEN{line}{indent}"))
        edits.append(Edit(end, end, closing if text[end - 1] == ";" else f";{closing}"))
    return Fix("run it only where it has not run yet", tuple(edits), reason)


def end_of(text: str, script: Span, statement: Statement) -> int | None:
    """Return the place behind a statement and its semicolon, or None where a comment stands between them."""
    semicolon = _SEMICOLON.match(text, statement.span.end, script.end)
    if semicolon is not None:
        return semicolon.end()
    return statement.span.end if not text[statement.span.end : script.end].strip() else None


def is_uncut(text: str, span: Span, marks: tuple[str, str]) -> bool:
    """Return whether the lines that keep a statement whole are around it."""
    opening, closing = marks
    return text.rfind(opening, 0, span.start) > text.rfind(closing, 0, span.start)


def line_break(script: Script) -> str:
    """Return the line end of a file."""
    return "\r\n" if "\r\n" in script.file.text else "\n"


def indentation(text: str, at: int) -> str:
    """Return the white space before a place, if there is nothing else on its line."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip() else ""
