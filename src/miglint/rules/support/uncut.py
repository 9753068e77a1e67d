"""Where a statement ends in the text of its script, and what keeps a tool from cutting it."""

from __future__ import annotations

from miglint.base.edits import line_break_of
from miglint.base.model import Script, Span
from miglint.rules.support.gaps import behind_gap
from miglint.sql.operations import Statement

# The tools that cut a script at semicolons, and the lines around a statement that they must not cut.
UNCUT = {
    "goose": ("-- +goose StatementBegin", "-- +goose StatementEnd"),
    "sql-migrate": ("-- +migrate StatementBegin", "-- +migrate StatementEnd"),
}


def end_of(text: str, script: Span, statement: Statement) -> int | None:
    """Return the place behind a statement and its semicolon, or None where more than a comment stands between them."""
    behind = behind_gap(text, statement.span.end, script.end)
    if behind < script.end and text[behind] == ";":
        return behind + 1
    return statement.span.end if behind >= script.end else None


def is_uncut(text: str, span: Span, marks: tuple[str, str]) -> bool:
    """Return whether the lines that keep a statement whole are around it."""
    opening, closing = marks
    return text.rfind(opening, 0, span.start) > text.rfind(closing, 0, span.start)


def line_break(script: Script) -> str:
    """Return the line end of a file."""
    return line_break_of(script.file.text)


def indentation(text: str, at: int) -> str:
    """Return the white space before a place, if there is nothing else on its line."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip() else ""


def is_line_start(text: str, at: int) -> bool:
    """Return whether a place begins a line."""
    return at == 0 or text[at - 1] == "\n"


def is_line_end(text: str, at: int) -> bool:
    """Return whether nothing but white space follows a place on its line."""
    newline = text.find("\n", at)
    return not text[at : newline if newline >= 0 else len(text)].strip()
