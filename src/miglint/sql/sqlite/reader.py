"""From the tokens of one statement to its operation."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.sql.operations import Delete, Insert, Opaque, Operation, Update
from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.data import DATA_STARTS, data_statement
from miglint.sql.sqlite.mentions import MentionCollector
from miglint.sql.sqlite.objects import create_index, create_trigger, create_view, drop
from miglint.sql.sqlite.scope import Scope
from miglint.sql.sqlite.session import SESSION_STARTS, session_statement
from miglint.sql.sqlite.tables import alter_table, create_table, create_virtual_table
from miglint.sql.sqlite.tokens import Tokens
from miglint.sql.sqlite.words import Unreadable

_QUALIFIERS = frozenset({"TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL"})
_CONFLICT = pattern(r"\bon\s+conflict\b", re.IGNORECASE)
_ROWS_ONLY = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT", "VALUES", "WITH", "EXPLAIN"})


def read(tokens: Tokens, offset: int) -> Operation:
    """Return the operation of a statement; an `Opaque` with the reason if it is unsupported."""
    cursor = Cursor(tokens, offset)
    if tokens.complete:
        try:
            return _read(cursor)
        except Unreadable as problem:
            reason = problem.reason
        except IndexError:
            # A reader expected another token at the end.
            reason = "the statement ends too early to be read"
    else:
        reason = "the statement is too long to be read"
        if tokens.words[0] == "INSERT":
            again = tokens.words[1] != "OR" and _CONFLICT.search(tokens.text, tokens.start, tokens.end) is None
            return Opaque(span=cursor.whole(), reason=reason, schema_effect=False, may_fail_again=again, unread=True)
    changes = tokens.words[0] not in _ROWS_ONLY
    return Opaque(span=cursor.whole(), reason=reason, schema_effect=changes, unread=not tokens.complete)


def kind(tokens: Tokens) -> str:
    """Return the short description of a statement: `create table`, `alter table`, `insert`."""
    words = tokens.words
    first = words[0]
    if first in {"CREATE", "DROP", "ALTER"}:
        for word in words[1:4]:
            if word not in _QUALIFIERS:
                return f"{first} {word}".lower() if word.isalpha() else first.lower()
    if first == "WITH":
        at = 0
        while at < len(words) and words[at] not in {"SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"}:
            at = (tokens.closing(at) if words[at] == "(" else at) + 1
        return words[at].lower() if at < len(words) else "with"
    return first.lower() if first.isalpha() else "statement"


def _read(cursor: Cursor) -> Operation:
    word = cursor.word
    if word in DATA_STARTS:
        found = MentionCollector()
        operation = data_statement(cursor, found, Scope())
        if not isinstance(operation, (Insert, Update, Delete)):
            return operation
        strings = found.strings()
        uses = tuple(dict.fromkeys(use for use in found.uses if use.column not in strings))
        return replace(operation, uses=uses, open=tuple(use for use in found.open if use.column not in strings))
    if word == "CREATE":
        cursor.at += 1
        return _create(cursor)
    if cursor.accept("ALTER", "TABLE"):
        return alter_table(cursor)
    if cursor.accept("DROP"):
        return drop(cursor)
    if word in SESSION_STARTS:
        return session_statement(cursor)
    raise Unreadable(f"SQLite has no statement that starts with {cursor.tokens.raw(0)[:40]!r}")


def _create(cursor: Cursor) -> Operation:
    temporary = cursor.accept("TEMP") or cursor.accept("TEMPORARY")
    if cursor.accept("TABLE"):
        return create_table(cursor, temporary=temporary)
    if cursor.accept("VIEW"):
        return create_view(cursor, temporary=temporary)
    if cursor.accept("TRIGGER"):
        return create_trigger(cursor, temporary=temporary)
    if not temporary:
        if cursor.accept("INDEX"):
            return create_index(cursor, unique=False)
        if cursor.accept("UNIQUE", "INDEX"):
            return create_index(cursor, unique=True)
        if cursor.accept("VIRTUAL", "TABLE"):
            return create_virtual_table(cursor)
    raise cursor.unreadable()
