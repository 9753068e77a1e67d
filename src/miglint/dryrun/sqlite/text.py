"""Parts of an SQLite schema available only as text: checks, collations and options in stored `CREATE` statements."""

from __future__ import annotations

import re
from functools import lru_cache

from miglint.base.lazy_regex import many, pattern
from miglint.base.structs import Struct

_TOKEN = pattern(
    rf"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>[xX]?'[^']*+{many("''[^']*+")}')
    |(?P<quoted>"[^"]*+{many('""[^"]*+')}"|`[^`]*+{many("``[^`]*+")}`|\[[^\]]*\])
    |(?P<word>[^\W\d]\w*|\$\w+)
    |(?P<number>(?:\d[\w.]*|\.\d\w*)(?:(?<=[eE])[+-]\d+)?)
    |(?P<mark>\|\||<<|>>|<=|>=|==|!=|<>|->>|->|.)""",
    re.DOTALL | re.VERBOSE,
)


class Token(Struct, frozen=True):
    """A word, name, literal or symbol. `text` is canonical: names and words in lower case and unquoted."""

    text: str
    kind: str


class TableText(Struct, frozen=True):
    """Properties of a stored `CREATE TABLE` that the pragmas omit.

    `checks` are (name or None, canonical expression, column or None). `collations` and `generated` are by column, lower
    case. `conflicts` are the conflict clauses of keys, by `primary` or `unique` and the columns. `foreign` are (name or
    empty, columns, text) of foreign keys in order, `names` (kind, columns, name) of keys. `autoincrement` is the column
    that has it, `options` the text after the closing parenthesis (`strict`, `without rowid`).
    """

    checks: tuple[tuple[str | None, str, str | None], ...] = ()
    collations: tuple[tuple[str, str], ...] = ()
    generated: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    foreign: tuple[tuple[str, ...], ...] = ()
    names: tuple[tuple[str, str, str], ...] = ()
    autoincrement: str | None = None
    options: tuple[str, ...] = ()


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a text without white space and comments."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "mark"
        text = match.group()
        if kind == "space":
            continue
        if kind == "quoted":
            mark = text[-1]
            text = text[1:-1] if mark == "]" else text[1:-1].replace(mark * 2, mark)
            text, kind = text.lower(), "name"
        elif kind == "word":
            text = text.lower()
        found.append(Token(text, kind))
    return found


@lru_cache(maxsize=4096)
def canonical(sql: str) -> str:
    """Return a canonical text that is independent of case, quotes and white space."""
    return " ".join(token.text for token in tokens(sql))


@lru_cache(maxsize=4096)
def read_table(sql: str) -> TableText:
    """Parse a stored `CREATE TABLE`. Unsupported parts are omitted; never raises."""
    words = tokens(sql)
    opening = next((at for at, token in enumerate(words) if token.text == "(" and token.kind == "mark"), None)
    if opening is None:
        return TableText()
    parts, closing = _split(words, opening)
    checks: list[tuple[str | None, str, str | None]] = []
    collations: list[tuple[str, str]] = []
    generated: list[tuple[str, str]] = []
    conflicts: list[tuple[str, str]] = []
    foreign: list[tuple[str, ...]] = []
    names: list[tuple[str, str, str]] = []
    autoincrement = None
    for part in parts:
        if not part:
            continue
        table_level = part[0].kind == "word" and part[0].text in ("constraint", "primary", "unique", "check", "foreign")
        column = None if table_level else part[0].text
        for name, clause in _clauses(part if table_level else part[1:]):
            head = clause[0].text
            text = " ".join(token.text for token in clause)
            if head == "check":
                checks.append((name, _inside(clause), column))
            elif head == "collate" and column and len(clause) > 1:
                collations.append((column, clause[1].text))
            elif head in ("generated", "as") and column:
                generated.append((column, _inside(clause)))
            elif head in ("references", "foreign"):
                foreign.append((name or "", column or _inside(clause), text))
            if head in ("primary", "unique"):
                key = column or _inside(clause)
                names.append((head, key, name or ""))
                if "autoincrement" in text.split():
                    autoincrement = column
            if " on conflict " in f" {text} ":
                conflicts.append((f"{head} {column or _inside(clause)}", text.rsplit(" ", 1)[-1]))
    options = tuple(sorted(" ".join(t.text for t in option) for option in _commas(words[closing + 1 :])))
    return TableText(
        tuple(checks), tuple(collations), tuple(generated), tuple(conflicts), tuple(foreign), tuple(names),
        autoincrement, tuple(option for option in options if option),
    )  # fmt: skip


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
    opening = next((at for at, token in enumerate(clause) if token.text == "(" and token.kind == "mark"), None)
    if opening is None:
        return ""
    parts, _ = _split(clause, opening)
    return " , ".join(" ".join(token.text for token in part) for part in parts)
