"""A script cut into the statements that a migration tool would send, each with its place in the file."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from miglint.source import Dialect, Script, Span

_BLANK = re.compile(r"(?>\s+|--[^\n]*|;)*+")
_CONTROL = re.compile(
    r"(?:begin|commit|end|rollback|abort|start\s+transaction|prepare\s+transaction)\b(?!\s+(?:prepared|to)\b)",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*+(?:'|\Z)|"(?:[^"]|"")*+(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|;""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement: its text without the semicolon, and its characters in the file."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A script ready to run.

    `wrapped` says whether the tool's transaction goes around it; a script that begins and ends transactions itself
    is left to do so. Only a wrapped script can be run and then undone without a copy of the database.
    """

    script: Script
    pieces: tuple[Piece, ...]
    wrapped: bool


def prepare(script: Script) -> Prepared:
    """Cut a script into statements. Text that cannot be cut is one statement, for the engine to reject."""
    text = script.text
    cut = _cut_postgres(text) if script.dialect is Dialect.POSTGRES else _cut_sqlite(text)
    pieces = []
    for start, end in cut:
        begin = _skip(text, start, end)
        finish = begin + len(text[begin:end].rstrip())
        if begin < finish:
            offset = script.span.start
            pieces.append(Piece(text[begin:finish], Span(offset + begin, offset + finish)))
    own = any(_CONTROL.match(piece.text) for piece in pieces)
    return Prepared(script, tuple(pieces), script.transaction and not own)


def _skip(text: str, start: int, end: int) -> int:
    """Return where the statement's first word stands, after white space and comments (nested ones too)."""
    at = start
    while True:
        found = _BLANK.match(text, at, end)
        at = found.end() if found is not None else at
        if not text.startswith("/*", at):
            return min(at, end)
        depth, at = 1, at + 2
        while depth and at < end:
            if text.startswith("/*", at):
                depth, at = depth + 1, at + 2
            elif text.startswith("*/", at):
                depth, at = depth - 1, at + 2
            else:
                at += 1


def _cut_postgres(text: str) -> list[tuple[int, int]]:
    import postgast

    for method in ("parser", "scanner"):
        try:
            parts = postgast.split(text, method=method)
        except (postgast.PgQueryError, ValueError):
            continue
        ranges, at = [], 0
        for part in parts:
            start = text.find(part, at)
            if start < 0:
                break
            at = start + len(part)
            ranges.append((start, at))
        else:
            return ranges
    return [(0, len(text))]


def _cut_sqlite(text: str) -> list[tuple[int, int]]:
    """Cut at semicolons that end a statement; `complete_statement` knows the bodies of triggers."""
    ranges, start = [], 0
    for token in _TOKEN.finditer(text):
        if token.group() == ";" and sqlite3.complete_statement(text[start : token.end()]):
            ranges.append((start, token.start()))
            start = token.end()
    ranges.append((start, len(text)))
    return ranges
