"""Parts of an SQLite schema available only as text: checks, collations and options in stored `CREATE` statements."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from miglint.base.structs import Struct
from miglint.sql.sqlite.expressions import SAME_SIGNS, folded_name, name_text, quoted_name
from miglint.sql.sqlite.tokens import BLOB, NUMBER, QUOTED, STRING, Tokens, tokenize, unquoted
from miglint.sql.sqlite.words import CLOCK, SYNTAX

_KINDS = {STRING: "string", BLOB: "string", QUOTED: "name", NUMBER: "number"}


class Token(Struct, frozen=True):
    """A word, name, literal or symbol. `text` is lower case and unquoted for names and words.

    `shown` is what it is in a canonical text, where a quoted name is no word, and may be a string; `raw` is as written.
    """

    text: str
    kind: str
    shown: str
    raw: str


class TableText(Struct, frozen=True):
    """Properties of a stored `CREATE TABLE` that the pragmas omit.

    `checks` are (name or None, canonical expression, column or None). `collations` and `generated` are by column, lower
    case. `conflicts` are the conflict clauses of keys, by `primary` or `unique` and the columns, and of `NOT NULL`, by
    `not` and the column; `orders` is what stands behind the columns of keys. `foreign` are (name or
    empty, columns, text) of foreign keys in order, `names` (kind, columns, name) of keys. `autoincrement` is the column
    that has it, `options` the text after the closing parenthesis (`strict`, `without rowid`).
    """

    checks: tuple[tuple[str | None, str, str | None], ...] = ()
    collations: tuple[tuple[str, str], ...] = ()
    generated: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    orders: tuple[tuple[str, tuple[str, ...]], ...] = ()
    foreign: tuple[tuple[str, ...], ...] = ()
    names: tuple[tuple[str, str, str], ...] = ()
    autoincrement: str | None = None
    options: tuple[str, ...] = ()


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a text without white space and comments."""
    read = tokenize(sql, 0, len(sql))
    found = []
    for at, word in enumerate(read.words):
        kind = _KINDS.get(word) or ("word" if read.is_name(at) else "mark")
        text = read.name(at) if kind == "name" else read.raw(at)
        text = text.lower() if kind in ("name", "word") else text
        found.append(Token(text, kind, _shown(read, at, kind), read.raw(at)))
    return found


def _shown(read: Tokens, at: int, kind: str) -> str:
    word, raw = read.words[at], read.raw(at)
    if kind == "name":
        text = name_text(read, at)
        return quoted_name(text) if text.upper() in SYNTAX else text
    if kind in ("word", "number"):
        return raw.lower()
    # The digits of a blob have no letters of their own.
    return raw.upper() if word == BLOB else SAME_SIGNS.get(raw, raw)


@lru_cache(maxsize=4096)
def canonical(sql: str) -> str:
    """Return a canonical text that is independent of case, quotes and white space."""
    return shown(tokens(sql))


def shown(words: Iterable[Token]) -> str:
    """Return the canonical text of tokens."""
    return " ".join(token.shown for token in words)


@lru_cache(maxsize=4096)
def canonical_default(sql: str) -> str:
    """Return the canonical text of a default, in which a bare word or a quoted name is a string with its letters."""
    words = tokens(sql)
    if len(words) != 1 or words[0].kind not in ("word", "name"):
        return shown(words)
    word = words[0]
    if word.kind == "word" and (word.text in ("true", "false", "null") or word.text.upper() in CLOCK):
        return word.text
    return quoted_name(unquoted(sql.strip()))


@lru_cache(maxsize=4096)
def after_name(sql: str, name: str) -> str:
    """Return the canonical text of a stored statement after the name of what it makes."""
    words = tokens(sql)
    if virtual_module(sql) is not None:
        return _virtual(words[4:])
    # SQLite writes the words before the name itself, without a schema: `CREATE VIEW name`, `CREATE UNIQUE INDEX name`.
    place = next((at for at in range(2, min(5, len(words))) if words[at].text == name.lower()), None)
    return shown(words if place is None else words[place + 1 :])


def _virtual(words: list[Token]) -> str:
    """Return the canonical text of what follows the name of a virtual table: its module reads the arguments itself.

    They are names of columns where they begin; anything else in quotes is a text with the letters that it has.
    """
    parts = []
    for at, token in enumerate(words):
        is_column = at and words[at - 1].text in ("(", ",") and words[at - 1].kind == "mark"
        parts.append(token.shown if token.kind != "name" else folded_name(token.text) if is_column else token.raw)
    return " ".join(parts)


@lru_cache(maxsize=1024)
def read_index(sql: str) -> tuple[tuple[str, ...], str | None]:
    """Return the elements of a stored `CREATE INDEX`, without their collations and orders, and its condition."""
    words = tokens(sql)
    opening = _opening(words)
    if opening is None:
        return (), None
    parts, closing = _split(words, opening)
    rest = words[closing + 1 :]
    where = shown(_without_brackets(rest[1:])) if rest and rest[0].text == "where" and rest[0].kind == "word" else None
    return tuple(shown(_plain(part)) for part in parts), where


def _without_brackets(words: list[Token]) -> list[Token]:
    """Return an expression without parentheses around all of it."""
    while len(words) > 2 and words[0].text == "(" and words[0].kind == "mark" and _split(words, 0)[1] == len(words) - 1:
        words = words[1:-1]
    return words


def _plain(part: list[Token]) -> list[Token]:
    """Return an element of an index without its collation and order."""
    if part and part[-1].kind == "word" and part[-1].text in ("asc", "desc"):
        part = part[:-1]
    if len(part) > 2 and part[-2].kind == "word" and part[-2].text == "collate":
        part = part[:-2]
    return part


def _opening(words: list[Token]) -> int | None:
    return next((at for at, token in enumerate(words) if token.text == "(" and token.kind == "mark"), None)


def virtual_module(sql: str) -> str | None:
    """Return the module of a stored `CREATE VIRTUAL TABLE name USING module`, or None for another statement."""
    # SQLite writes the first words of the stored statement itself.
    if sql[:14].upper() != "CREATE VIRTUAL":
        return None
    words = tokens(sql)
    return words[5].text if len(words) > 5 else ""


@lru_cache(maxsize=4096)
def read_table(sql: str) -> TableText:
    """Parse a stored `CREATE TABLE`. Unsupported parts are omitted; never raises."""
    words = tokens(sql)
    opening = _opening(words)
    if opening is None:
        return TableText()
    parts, closing = _split(words, opening)
    found = _Clauses()
    for part in filter(None, parts):
        table_level = part[0].kind == "word" and part[0].text in _TABLE_CONSTRAINTS
        column = None if table_level else part[0].text
        for name, clause in _clauses(part if table_level else part[1:]):
            found.read(clause, name, column)
    options = sorted(shown(option) for option in _commas(words[closing + 1 :]))
    return TableText(
        tuple(found.checks), tuple(found.collations), tuple(found.generated), tuple(found.conflicts),
        tuple(found.orders), tuple(found.foreign), tuple(found.names), found.autoincrement,
        tuple(filter(None, options)),
    )  # fmt: skip


_TABLE_CONSTRAINTS = frozenset({"constraint", "primary", "unique", "check", "foreign"})


class _Clauses:
    """What the clauses of a `CREATE TABLE` say: the parts of a `TableText`."""

    def __init__(self) -> None:
        self.checks: list[tuple[str | None, str, str | None]] = []
        self.collations: list[tuple[str, str]] = []
        self.generated: list[tuple[str, str]] = []
        self.conflicts: list[tuple[str, str]] = []
        self.orders: list[tuple[str, tuple[str, ...]]] = []
        self.foreign: list[tuple[str, ...]] = []
        self.names: list[tuple[str, str, str]] = []
        self.autoincrement: str | None = None

    def read(self, clause: list[Token], name: str | None, column: str | None) -> None:
        """Record what a clause declares; `name` is its constraint's, `column` the one that it follows."""
        head = clause[0].text
        place = column or _inside(clause)
        if head in ("primary", "unique"):
            place = self._key(clause, head, column)
            self.names.append((head, place, name or ""))
            if _at_words(clause, "autoincrement") is not None:
                self.autoincrement = place
        elif head == "check":
            self.checks.append((name, _inside(clause), column))
        elif head in ("references", "foreign"):
            self.foreign.append((name or "", place, shown(clause)))
        elif column and head == "collate" and len(clause) > 1:
            self.collations.append((column, clause[1].text))
        elif column and head in ("generated", "as"):
            self.generated.append((column, _inside(clause)))
        behind = _at_words(clause, "on", "conflict")
        if behind is not None:
            self.conflicts.append((f"{head} {place}", shown(clause[behind : behind + 1])))

    def _key(self, clause: list[Token], head: str, column: str | None) -> str:
        """Record the orders of a key and return its columns, as a text."""
        parts = [clause] if column is not None else [part for part in _parts(clause) if part]
        place = column if column is not None else ",".join(part[0].text for part in parts)
        orders = tuple(_order(part[1:]) for part in parts)
        if any(orders):
            self.orders.append((f"{head} {place}", orders))
        return place


def _at_words(clause: list[Token], *words: str) -> int | None:
    """Return the place behind bare words that follow one another outside parentheses, or None."""
    depth = 0
    for at, token in enumerate(clause):
        depth += (token.text == "(" and token.kind == "mark") - (token.text == ")" and token.kind == "mark")
        found = clause[at : at + len(words)]
        if depth == 0 and [(one.text, one.kind) for one in found] == [(word, "word") for word in words]:
            return at + len(words)
    return None


def _order(words: list[Token]) -> str:
    """Return the collation and the direction behind a column of a key, as the front end does."""
    behind = _at_words(words, "collate")
    collation = f"COLLATE {words[behind].text}" if behind is not None and behind < len(words) else ""
    return f"{collation}{' DESC' if _at_words(words, 'desc') is not None else ''}".strip()


def _split(words: list[Token], opening: int) -> tuple[list[list[Token]], int]:
    """Split the text between the parenthesis at `opening` and its match at commas; also return the match's position."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for at in range(opening, len(words)):
        token = words[at]
        if token.kind == "mark" and token.text == "(":
            depth += 1
            if depth == 1:
                continue
        elif token.kind == "mark" and token.text == ")":
            depth -= 1
            if depth == 0:
                return parts, at
        elif token.kind == "mark" and token.text == "," and depth == 1:
            parts.append([])
            continue
        parts[-1].append(token)
    return parts, len(words)


def _commas(words: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in words:
        if token.kind == "mark" and token.text in ",;":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _clauses(words: list[Token]) -> list[tuple[str | None, list[Token]]]:
    """Split a column's or constraint's tokens into clauses, each with its `CONSTRAINT` name."""
    clauses: list[tuple[str | None, list[Token]]] = []
    name: str | None = None
    depth = 0
    at = 0
    while at < len(words):
        token = words[at]
        if token.kind == "mark" and token.text in "()":
            depth += 1 if token.text == "(" else -1
        starts = depth == 0 and token.kind == "word"
        if starts and token.text == "constraint" and at + 1 < len(words):
            name = words[at + 1].text
            at += 2
            continue
        if starts and _begins(words, at):
            clauses.append((name, []))
            name = None
        if clauses:
            clauses[-1][1].append(token)
        at += 1
    return clauses


def _begins(words: list[Token], at: int) -> bool:
    word = words[at].text
    previous = words[at - 1].text if at else ""
    if word in ("primary", "unique", "check", "default", "collate", "generated", "foreign"):
        return True
    if word == "references":
        return not _in_foreign(words, at)
    if word == "as":
        return previous != "always"
    return word == "not" and at + 1 < len(words) and words[at + 1].text == "null"


def _in_foreign(words: list[Token], at: int) -> bool:
    return any(token.kind == "word" and token.text == "foreign" for token in words[:at])


def _inside(clause: list[Token]) -> str:
    """Return the canonical text inside a clause's first parentheses."""
    return " , ".join(shown(part) for part in _parts(clause))


def _parts(clause: list[Token]) -> list[list[Token]]:
    """Return what a clause's first parentheses hold, split at commas."""
    opening = _opening(clause)
    return [] if opening is None else _split(clause, opening)[0]
