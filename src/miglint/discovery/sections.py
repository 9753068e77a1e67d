"""Metadata in comments: sections per dialect, and directives for the whole file."""

from __future__ import annotations

import re
from functools import lru_cache

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import Problem, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery.dialects import UNMARKED, Mark, named

_SECTION = pattern(
    r"^[ \t]*--[ \t=*#-]*+(?:miglint:[ \t]*section[ \t]*=[ \t]*(?P<directive>\w+)"
    r"|(?P<name>postgres(?:ql)?|sqlite3?|mysql|mariadb|cockroach(?:db)?|oracle)[ \t]+version)[ \t:=*#-]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_ENGINES = ("postgres", "postgresql", "sqlite", "sqlite3", "mysql", "mariadb", "cockroach", "cockroachdb", "oracle")
_QUICK_LOOKS = 50
_DIALECT = pattern(r"--[ \t]*miglint:[ \t]*dialect[ \t]*=[ \t]*(\w+)", re.IGNORECASE)
_IRREVERSIBLE = pattern(r"--[ \t]*miglint:[ \t]*irreversible\b[ \t:]*([^\r\n]*)", re.IGNORECASE)
_BARE = pattern(r"^[ \t]*(?:--|/\*)[ \t]*squawk-disable-assume-in-transaction[ \t]*(?:\*/|\r?$)", re.MULTILINE)
_COMMENTS = pattern(many(r"\s++|--[^\r\n]*+|/\*.*?\*/"), re.DOTALL)


class Section(Struct, frozen=True):
    """A part of a script that is written for one engine."""

    span: Span
    mark: Mark


# One file may hold thousands of scripts, for each of which the whole text would be searched.
@lru_cache(maxsize=2)
def may_have_sections(text: str) -> bool:
    """Return quickly whether a text may have sections."""
    if "miglint:" in text:
        return True
    # `-- Version: 1.0.0` is common in headers, so the preceding word is tested before lines are searched.
    for word in ("ersion", "ERSION"):
        at = text.find(word)
        for _ in range(_QUICK_LOOKS):
            if at < 0:
                break
            if text[max(0, at - 20) : at - 1].rstrip(" \t").lower().endswith(_ENGINES):
                return True
            at = text.find(word, at + 6)
        if at >= 0:
            return True
    return False


def only_comments(text: str, start: int, end: int) -> bool:
    """Return whether a range of text contains no statement."""
    found = _COMMENTS.match(text, start, end)
    return found is not None and found.end() == end


def split(file: SourceFile, span: Span) -> tuple[list[Section], list[Problem]]:
    """Split a script into its dialects' sections; empty if it has no markers.

    Comments before the first marker belong to the first section, so that directives in the header of a file are found.
    """
    markers = list(_SECTION.finditer(file.text, span.start, span.end))
    if not markers:
        return [], []
    problems: list[Problem] = []
    start = markers[0].start()
    if only_comments(file.text, span.start, start):
        start = span.start
    else:
        message = "statements before the first section belong to no dialect and are not read"
        problems.append(Problem("bad-section", file.path, message, span.start))
    sections: list[Section] = []
    seen: set[Mark] = set()
    reported: set[str] = set()
    for number, marker in enumerate(markers):
        word = marker["directive"] or marker["name"]
        mark = named(word)
        end = markers[number + 1].start() if number + 1 < len(markers) else span.end
        if word.lower() in reported:
            pass
        elif mark is UNMARKED:
            reported.add(word.lower())
            problems.append(Problem("bad-section", file.path, f"unknown dialect `{word}`", marker.start()))
        elif mark in seen and mark.dialects:
            reported.add(word.lower())
            message = f"a second section for {mark.dialects[0].value} is not read: merge the two"
            problems.append(Problem("bad-section", file.path, message, marker.start(), dialect=mark.dialects[0]))
        else:
            seen.add(mark)
            sections.append(Section(Span(start, end), mark))
        start = end
    return sections, problems


def dialect_directive(file: SourceFile) -> tuple[Mark, Problem | None]:
    """Return the dialect that `-- miglint: dialect=...` specifies for the whole file."""
    found = _DIALECT.search(file.text)
    if found is None:
        return UNMARKED, None
    mark = named(found[1])
    if mark is not UNMARKED:
        return mark, None
    return UNMARKED, Problem("bad-section", file.path, f"unknown dialect `{found[1]}`", found.start())


@lru_cache(maxsize=2)
def runs_bare(text: str) -> bool:
    """Return whether squawk's comment declares that the tool runs the file outside of a transaction."""
    return "squawk-disable-assume-in-transaction" in text and _BARE.search(text) is not None


def irreversible(text: str, span: Span) -> str | None:
    """Return the reason in `-- miglint: irreversible (why)`, or None if it is missing."""
    found = _IRREVERSIBLE.search(text, span.start, span.end)
    if found is None:
        return None
    reason = found[1].strip()
    if reason.startswith("(") and reason.endswith(")"):
        reason = reason[1:-1].strip()
    return reason
