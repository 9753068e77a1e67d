"""Syntax checking by the SQLite library.

A statement is prepared with `EXPLAIN` on an empty in-memory database, and never run. An authorizer denies everything
that is not needed to parse the whole text, so that `PRAGMA` has no effect, no file is attached, and no query is planned
(planning time is unbounded; parsing time is not).

The library stops at the first error, which may be a missing table before the rest is parsed: `ALTER TABLE ... ADD
COLUMN` and `CREATE TRIGGER`, where that happens, are rewritten to use an existing table. Syntax newer than the library
is rewritten to older syntax by `newer`.
"""

from __future__ import annotations

import re
import sqlite3
import threading

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, replace
from miglint.sql.sqlite.newer import AGGREGATE_ORDER, ALTER_CONSTRAINT, aggregate_orders, alter_constraint, masked
from miglint.sql.sqlite.tokens import ILLEGAL, SPACE, STRING, Tokens, tokenize
from miglint.sql.sqlite.value_rows import SEVERAL_ROWS, UNEVEN, are_uneven
from miglint.sql.sqlite.words import RESERVED

Version = tuple[int, int]

LIBRARY: Version = (sqlite3.sqlite_version_info[0], sqlite3.sqlite_version_info[1])

_SYNTAX = pattern(
    r'near "(?P<near>.*)": syntax error\Z|(?P<token>unrecognized token)|(?P<early>incomplete input)'
    r'|unknown table option|unknown join type|syntax error near "(?P<words>ORDER BY|LIMIT)"',
    re.DOTALL,
)
# A change of rows, by itself or behind WITH, that may have a limit.
_LIMITED = pattern(r"(?:UPDATE|DELETE|WITH)\b.*\b(?:ORDER|LIMIT)\b", re.IGNORECASE | re.DOTALL)
_ORDER_ALONE = "ORDER BY without LIMIT"
# Statements whose text is changed before preparing.
_SPECIAL = pattern(
    rf"(?:ALTER\b|QUERY\b|CREATE{SPACE}+(?:TEMP{SPACE}+|TEMPORARY{SPACE}+)?"
    rf"(?:TRIGGER\b|TABLE{SPACE}+(?:IF{SPACE}+NOT{SPACE}+EXISTS{SPACE}+)?[^\s(]+\s*\.))",
    re.IGNORECASE | re.DOTALL,
)
# Errors that are independent of schema and rows.
_REFUSED = pattern(
    r"Cannot add a (?:UNIQUE|PRIMARY KEY) column|table .* has more than one primary key|duplicate column name"
    r"|AUTOINCREMENT is only allowed|default value of column .* is not constant|PRIMARY KEY missing on table"
    r"|(?:unknown|missing) datatype|generated columns cannot be|must have at least one non-generated column"
    r"|error in generated column|a NATURAL join may not have|(?:ORDER BY|LIMIT) clause should come (?:after|before)"
    r"|foreign key on .* should reference only one column|number of columns in foreign key"
    r"|all VALUES must have the same number of terms|temporary table name must be unqualified"
    r"|object name reserved|qualified table names are not allowed|the INDEXED BY clause is not allowed"
    r"|AUTOINCREMENT not allowed|expressions prohibited in PRIMARY KEY|\d+ columns assigned \d+ values",
    re.DOTALL,
)
_ALLOWED = frozenset(
    {
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
    }
)
_TABLE, _VIEW = '"miglint table"', '"miglint view"'
_SHOWN = 60
# The library uses about thirty times the size of a text in memory; longer texts are data, and are not checked.
_MAX_PROBED = 8_000_000


class _Probe(Struct, frozen=True):
    """A text that the library prepares, and the positions in it of the characters of the file.

    Positions from `turn` on are moved by `shift`, those before it by `early`.
    """

    text: str
    shift: int
    turn: int = 0
    early: int = 0

    def place(self, offset: int) -> int:
        return max(0, offset + (self.shift if offset >= self.turn else self.early))


class Objection(Struct, frozen=True):
    """The library's error for a statement: the tokens it names, and whether it is a syntax error."""

    message: str
    first: int
    last: int
    syntax: bool


def objection(text: str, start: int, end: int, tokens: Tokens | None = None) -> tuple[Objection, Tokens] | None:
    """Return the error of SQLite, in its newest known version, for the statement from `start` to `end`.

    The tokens are returned with the error; a valid statement is not tokenized. A statement of many megabytes is not
    checked.
    """
    if end - start > _MAX_PROBED:
        return None
    question = _Probe(text[start:end], -start)
    if "\0" in question.text:
        tokens = tokens or tokenize(text, start, end)
        return _at_first_illegal(tokens, "unrecognized token: a NUL character"), tokens
    if _SPECIAL.match(question.text):
        tokens = tokens or tokenize(text, start, end)
        if tokens.words[0] == "QUERY":
            # With EXPLAIN before it, it would become EXPLAIN QUERY PLAN.
            return Objection('near "QUERY": syntax error', 0, 1, True), tokens
        question = _question(tokens, question)
    message = _probe(question.text)
    if message is None or message.startswith(_ORDER_ALONE):
        limited = _LIMITED.match(question.text) is not None
        if not limited and SEVERAL_ROWS.search(question.text) is None:
            return None
        tokens = tokens or tokenize(text, start, end)
        unseen = _unseen(tokens, question, limited=limited)
        return None if unseen is None else (unseen, tokens)
    tokens = tokens or tokenize(text, start, end)
    is_syntax = tokens.complete and _SYNTAX.match(message)
    found = _in_newer_syntax(tokens, question, message) if is_syntax else _located(tokens, message, question)
    return None if found is None else (found, tokens)


def _unseen(tokens: Tokens, question: _Probe, *, limited: bool) -> Objection | None:
    """Return what is wrong with a statement that the library in use, or another one, accepts."""
    place = _limit_of_change(tokens) if limited else None
    if place is not None:
        return Objection(f'near "{tokens.words[place]}": syntax error', place, place + 1, True)
    if tokens.complete and SEVERAL_ROWS.search(question.text) and are_uneven(tokens):
        return _located(tokens, UNEVEN, question)
    return None


def _limit_of_change(tokens: Tokens) -> int | None:
    """Return the place of ORDER BY or LIMIT of an UPDATE or DELETE, which only libraries built for it accept.

    The verdict must not depend on how the library in use was built. None where there is no such clause, or something
    is wrong before it.
    """
    depth, change = 0, False
    for place, word in enumerate(tokens.words):
        depth += (word == "(") - (word == ")")
        if depth or not tokens.complete:
            continue
        change = change or word in ("UPDATE", "DELETE")
        if word in ("INSERT", "REPLACE", "SELECT", "VALUES") and not change:
            return None
        if change and word in ("ORDER", "LIMIT"):
            return place
    return None


def _in_newer_syntax(tokens: Tokens, question: _Probe, message: str) -> Objection | None:
    """Return why the newest SQLite rejects a statement that is a syntax error for the library in use."""
    if LIBRARY < ALTER_CONSTRAINT:
        verdict = alter_constraint(tokens)
        if verdict is not None:
            return _newer_alter(tokens, verdict)
    other = masked(tokens, question.text, question.place, LIBRARY)
    if other is None:
        return _located(tokens, message, question)
    question = replace(question, text=other)
    refused, inside = _probe(other), _in_aggregate_order(tokens)
    if refused is None:
        return inside
    found = _located(tokens, refused, question)
    # The library would stop at the first of them.
    return inside if inside is not None and found.syntax and inside.first < found.first else found


def _newer_alter(tokens: Tokens, verdict: tuple[int | None, tuple[int, int] | None]) -> Objection | None:
    """Check an `ALTER TABLE` of constraints: by the position at which its form is violated, and by its expression."""
    wrong, check = verdict
    if check is not None:
        before = "CREATE TABLE x(x CHECK "
        question = _Probe(f"{before}{tokens.slice(*check)})", len(before) - tokens.starts[check[0]])
        message = _probe(question.text)
        if message is not None and _SYNTAX.match(message):
            other = masked(tokens, question.text, question.place, LIBRARY)
            if other is not None:
                question = replace(question, text=other)
                message = _probe(other)
        if message is not None and _SYNTAX.match(message):
            return _located(tokens, message, question)
    if wrong is None:
        return None
    if wrong >= len(tokens):
        return Objection("incomplete input", len(tokens) - 1, len(tokens), True)
    return _near(tokens, wrong)


def _in_aggregate_order(tokens: Tokens) -> Objection | None:
    """Check the lists omitted by the rewriting."""
    before = "SELECT 1 ORDER BY "
    for first, last in aggregate_orders(tokens) if LIBRARY < AGGREGATE_ORDER else ():
        question = _Probe(before + (tokens.slice(first, last) or ")"), len(before) - tokens.starts[first])
        message = _probe(question.text)
        if message is not None and _SYNTAX.match(message):
            if first == last:
                return _near(tokens, last)
            return _located(tokens, message, question)
    return None


def _near(tokens: Tokens, at: int) -> Objection:
    return Objection(f'near "{_short(tokens.raw(at))}": syntax error', at, at + 1, True)


def _question(tokens: Tokens, question: _Probe) -> _Probe:
    """Replace names that would stop the library by existing ones; return the new question."""
    words = tokens.words
    if words[:2] == ["ALTER", "TABLE"]:
        at = _behind_name(tokens, 2)
        if words[at : at + 1] == ["ADD"]:
            return _substituted(tokens, question, 2, at, _TABLE)
    elif words[0] == "CREATE" and "TRIGGER" in words[1:3]:
        at = words.index("ON") if "ON" in words else 0
        if at and at + 1 < len(words):
            stand_in = _VIEW if "INSTEAD" in words[max(0, at - 40) : at] else _TABLE
            return _substituted(tokens, question, at + 1, _behind_name(tokens, at + 1), stand_in)
    elif words[0] == "CREATE" and "TABLE" in words[1:3] and "." in words[3:8]:
        # A missing schema would stop the library at once.
        at = words.index(".", 3)
        return _substituted(tokens, question, at - 1, at + 1, "")
    return question


def _behind_name(tokens: Tokens, at: int) -> int:
    return at + 3 if tokens.words[at + 1 : at + 2] == ["."] else at + 1


def _substituted(tokens: Tokens, question: _Probe, first: int, last: int, name: str) -> _Probe:
    """Replace the tokens from `first` to `last` by another name, if they are a name."""
    if last > len(tokens) or not all(_may_be_name(tokens, at) for at in range(first, last, 2)):
        return question
    start, end = tokens.starts[first] - tokens.start, tokens.ends[last - 1] - tokens.start
    text = question.text[:start] + name + question.text[end:]
    return _Probe(text, len(name) - (end - start) - tokens.start, tokens.ends[last - 1], -tokens.start)


def _may_be_name(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    return word == STRING or (tokens.is_name(at) and word not in RESERVED)


def _probe(text: str) -> str | None:
    """Return the library's error for one statement; None if there is no relevant one."""
    try:
        _connection().execute(text if text[:7].upper() == "EXPLAIN" else f"EXPLAIN {text}").close()
    except (sqlite3.Error, sqlite3.Warning) as error:
        message = str(error)
        return message if _SYNTAX.match(message) or _REFUSED.match(message) else None
    except UnicodeEncodeError:
        # A lone surrogate, which cannot occur in a file.
        return None
    return None


def _located(tokens: Tokens, message: str, question: _Probe) -> Objection:
    """Find the tokens that a message names."""
    match = _SYNTAX.match(message)
    if match is None:
        return Objection(message, 0, len(tokens), False)
    if match["token"]:
        return _at_first_illegal(tokens, _short(message, quoted=True))
    if match["early"]:
        return Objection(message, len(tokens) - 1, len(tokens), True)
    near = match["near"]
    if near is None:
        name = message.rsplit(" ", 1)[-1].strip('"')
        places = [at for at in range(len(tokens)) if tokens.raw(at) == name]
        at = places[-1] if places else len(tokens) - 1
        return Objection(message, at, at + 1, True)
    places = [
        at
        for at, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True))
        if end - start >= len(near) and question.text[question.place(start) : question.place(end)].rstrip() == near
    ]
    if not places:
        return Objection(_short(message, quoted=True), 0, len(tokens), True)
    # The text up to the invalid token has the same error; a shorter one is merely incomplete.
    low, high = 0, len(places) - 1
    while low < high:
        middle = (low + high) // 2
        if _probe(question.text[: question.place(tokens.ends[places[middle]])]) == message:
            high = middle
        else:
            low = middle + 1
    return _near(tokens, places[low])


def _at_first_illegal(tokens: Tokens, message: str) -> Objection:
    at = tokens.words.index(ILLEGAL) if ILLEGAL in tokens.words else 0
    return Objection(message, at, at + 1, True)


def _short(text: str, *, quoted: bool = False) -> str:
    if len(text) <= _SHOWN:
        return text
    return text[:_SHOWN] + ('..."' if quoted else "...")


_local = threading.local()


def _connection() -> sqlite3.Connection:
    """Return this thread's empty database."""
    connection: sqlite3.Connection | None = getattr(_local, "connection", None)
    if connection is None:
        connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        connection.execute(f'CREATE TABLE {_TABLE} ("miglint column")')
        connection.execute(f"CREATE VIEW {_VIEW} AS SELECT 1 AS x")
        connection.set_authorizer(_authorize)
        _local.connection = connection
    return connection


def _authorize(action: int, *_: object) -> int:
    if action == sqlite3.SQLITE_SELECT:
        # Libraries from 3.46 on plan the rows of VALUES while they parse the rest: an error there would end that.
        return sqlite3.SQLITE_IGNORE
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
