"""Transactions, `PRAGMA`, and maintenance: statements that do not change the schema."""

from __future__ import annotations

from miglint.sql.operations import Maintenance, Name, Operation, Pragma, Transaction
from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.words import Unreadable, words_of

SESSION_STARTS = words_of(
    "BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE PRAGMA VACUUM ANALYZE REINDEX ATTACH DETACH EXPLAIN"
)


def session_statement(cursor: Cursor) -> Operation:
    """Read a statement that starts with one of `SESSION_STARTS`."""
    word = cursor.word
    cursor.at += 1
    if word in {"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"}:
        return _transaction(cursor, word)
    if word == "PRAGMA":
        return _pragma(cursor)
    if word in {"VACUUM", "ANALYZE", "REINDEX"}:
        target = cursor.qualified() if cursor.is_name() and cursor.word != "INTO" else None
        options = ("into",) if cursor.accept("INTO") else ()
        if not options:
            cursor.finish()
        return Maintenance(span=cursor.whole(), kind=word.lower(), target=target, options=options)
    if word in {"ATTACH", "DETACH"}:
        cursor.accept("DATABASE")
        if word == "ATTACH":
            cursor.expression_until("AS")
            cursor.expect("AS")
        # The schema name may be any expression.
        target = Name(None, cursor.name()) if cursor.is_name() else None
        return Maintenance(span=cursor.whole(), kind=word.lower(), target=target)
    return Maintenance(span=cursor.whole(), kind="explain")


def _transaction(cursor: Cursor, word: str) -> Operation:
    span = cursor.whole()
    if word == "SAVEPOINT":
        return Transaction(span=span, action="savepoint", name=cursor.name())
    if word == "RELEASE":
        cursor.accept("SAVEPOINT")
        return Transaction(span=span, action="release", name=cursor.name())
    if word == "BEGIN" and cursor.word in {"DEFERRED", "IMMEDIATE", "EXCLUSIVE"}:
        cursor.at += 1
    if cursor.accept("TRANSACTION") and cursor.is_name() and cursor.word != "TO":
        cursor.name()
    if word == "ROLLBACK" and cursor.accept("TO"):
        cursor.accept("SAVEPOINT")
        return Transaction(span=span, action="rollback to", name=cursor.name())
    cursor.finish()
    return Transaction(span=span, action={"BEGIN": "begin", "ROLLBACK": "rollback"}.get(word, "commit"))


def _pragma(cursor: Cursor) -> Operation:
    name = cursor.qualified()
    value: str | None = None
    if cursor.accept("="):
        first, last = cursor.at, cursor.size
    elif cursor.word == "(":
        first, last = cursor.parentheses()
        cursor.finish()
    else:
        cursor.finish()
        first = last = cursor.at
    if last - first > 2:
        raise Unreadable("a PRAGMA takes one value")
    if first < last:
        sign = "-" if cursor.words[first] == "-" else ""
        value = sign + cursor.tokens.name(last - 1)
    return Pragma(span=cursor.whole(), name=name.name.lower(), value=value, schema=name.schema)
