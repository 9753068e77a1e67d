"""Statements of the files with the name that an object has now."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.sql.operations import Name
from miglint.sql.postgres.lexer import QUALIFIED, find_word, skip_space
from miglint.writer.words import UnprintableError, identifier, name

_REPLACE = pattern(r"\ACREATE\s+OR\s+REPLACE\s+", re.IGNORECASE)
_CREATE = pattern(r"\ACREATE\s+", re.IGNORECASE)
_ROUTINE = pattern(r"\b(?:FUNCTION|PROCEDURE|AGGREGATE)\b", re.IGNORECASE)
_TRIGGER = pattern(r"\bTRIGGER\b", re.IGNORECASE)
_RULE = pattern(r"\bRULE\b", re.IGNORECASE)
_TYPE = pattern(r"\bTYPE\b", re.IGNORECASE)
_TO = pattern(r"\bTO\b", re.IGNORECASE)
_EXECUTE = pattern(r"\bEXECUTE\b", re.IGNORECASE)
_FROM = pattern(r"\bFROM\b", re.IGNORECASE)
_ON = pattern(r"\bON\b", re.IGNORECASE)
_IF_NOT_EXISTS = pattern(r"\bIF\s+NOT\s+EXISTS\b\s*", re.IGNORECASE)


def _named_behind(source: str, word: re.Pattern[str], new: str, at: int = 0) -> tuple[str, int]:
    """Return a statement with another name behind the first occurrence of a word, and where that name ends."""
    found = find_word(source, word, at, len(source))
    if found is None:
        raise UnprintableError("the statement that created the object is not understood")
    start = skip_space(source, found.end(), len(source))
    guard = _IF_NOT_EXISTS.match(source, start)
    first = guard.end() if guard else start
    old = QUALIFIED.match(source, first)
    if old is None:
        raise UnprintableError("the statement that created the object is not understood")
    changed = source[:first] + new + source[old.end() :]
    return changed, first + len(new)


def routine(source: str, new: Name, *, replacing: bool) -> str:
    """Return the statement that creates a routine; `replacing` adds OR REPLACE."""
    text, _ = _named_behind(source, _ROUTINE, name(new))
    text = _REPLACE.sub("CREATE ", text)
    return _CREATE.sub("CREATE OR REPLACE ", text, 1) if replacing else text


def trigger(source: str, new: str, table: Name, function: Name | None) -> str:
    """Return the statement that creates a trigger on a table of PostgreSQL."""
    text, at = _named_behind(_REPLACE.sub("CREATE ", source), _TRIGGER, identifier(new))
    text, at = _named_behind(text, _ON, name(table), at)
    if function is None or function.schema in (None, "public", "pg_catalog"):
        return text
    execute = find_word(text, _EXECUTE, at, len(text))
    return text if execute is None else _named_behind(text, _ROUTINE, name(function), execute.start())[0]


def rule(source: str, new: str, table: Name) -> str:
    """Return the statement that creates a rule; it replaces one of the same name."""
    text, at = _named_behind(_REPLACE.sub("CREATE ", source), _RULE, identifier(new))
    found = find_word(text, _ON, at, len(text))
    text = _named_behind(text, _TO, name(table), found.end() if found else at)[0]
    return _CREATE.sub("CREATE OR REPLACE ", text, 1)


def statistics(source: str, table: Name) -> str:
    """Return the statement that creates extended statistics over a table, which may have another name by now."""
    ends = [
        found for found in _FROM.finditer(source) if find_word(source, _FROM, found.start(), len(source)) is not None
    ]
    return _named_behind(source, _FROM, name(table), ends[-1].start())[0] if ends else source


def user_type(source: str, new: Name) -> str:
    """Return the statement that creates a range or base type."""
    return _named_behind(source, _TYPE, name(new))[0]


def sqlite_trigger(source: str, new: str) -> str:
    """Return the statement that creates a trigger of SQLite."""
    return _named_behind(source, _TRIGGER, identifier(new))[0]
