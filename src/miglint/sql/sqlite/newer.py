"""Rewriting of syntax newer than the installed library to equivalent older syntax.

Each rewriting keeps the positions of all other characters, so that the library's error positions stay valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from miglint.sql.sqlite.cursor import Cursor
from miglint.sql.sqlite.tokens import NUMBER, Tokens
from miglint.sql.sqlite.words import JOIN, SYNTAX, Unreadable, words_of

_RESOLUTIONS = frozenset({"ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"})
_JOIN_WORDS = JOIN - {"JOIN"}

JOIN_WORD_FUNCTION = (3, 42)
AGGREGATE_ORDER = (3, 44)
DIGIT_SEPARATORS = (3, 46)
RAISE_EXPRESSION = (3, 47)
ALTER_CONSTRAINT = (3, 53)

# The rows of the table of features that this module can rewrite.
KNOWN_SINCE = words_of(
    "join-word-function aggregate-order digit-separator raise-expression add-check drop-constraint alter-null"
)


def alter_constraint(tokens: Tokens) -> tuple[int | None, tuple[int, int] | None] | None:
    """Parse the forms of `ALTER TABLE` that add and drop constraints (SQLite 3.53).

    Return None for any other statement, else the first invalid token (None if there is none, the number of tokens if
    the text ends too early), and the range of a `CHECK`'s expression with its parentheses.
    """
    cursor = Cursor(tokens, 0)
    if cursor.accept("EXPLAIN"):
        cursor.accept("QUERY", "PLAN")
    if not cursor.accept("ALTER", "TABLE"):
        return None
    check: tuple[int, int] | None = None
    try:
        cursor.qualified()
        if cursor.word == "ADD" and cursor.ahead() in {"CONSTRAINT", "CHECK"}:
            cursor.at += 1
            if cursor.accept("CONSTRAINT"):
                cursor.name()
            cursor.expect("CHECK")
            first = cursor.at
            if cursor.word == "(" and tokens.closing(first) >= len(tokens):
                # The text ends inside of it.
                return len(tokens), None
            cursor.parentheses()
            check = (first, cursor.at)
            _on_conflict(cursor)
        elif cursor.accept("DROP", "CONSTRAINT"):
            cursor.name()
        elif cursor.accept("ALTER"):
            cursor.accept("COLUMN")
            cursor.name()
            for word in ("NOT", "NULL") if cursor.accept("DROP") else ("SET", "NOT", "NULL"):
                cursor.expect(word)
            if cursor.words[cursor.at - 3] == "SET":
                _on_conflict(cursor)
        else:
            return None
        cursor.finish()
    except Unreadable:
        return min(cursor.at, cursor.size), check
    return None, check


def _on_conflict(cursor: Cursor) -> None:
    if cursor.accept("ON"):
        cursor.expect("CONFLICT")
        if cursor.word not in _RESOLUTIONS:
            raise cursor.unreadable()
        cursor.at += 1


def masked(tokens: Tokens, text: str, place: Callable[[int], int], library: tuple[int, int]) -> str | None:
    """Return `text` with newer constructs rewritten, or None if it has none.

    `place` maps a character of the file to one of `text`; tokens outside of it are not changed.
    """
    edits = sorted(edit for at in range(len(tokens.words)) for edit in _edits(tokens, at, library))
    if not edits:
        return None
    parts, done = [], 0
    for start, end, new in edits:
        if place(start) >= done and place(end) <= len(text) and place(start) < place(end):
            parts += [text[done : place(start)], new.ljust(end - start)]
            done = place(end)
    return "".join(parts) + text[done:]


def _edits_of_raise(tokens: Tokens, at: int) -> Iterator[tuple[int, int, str]]:
    words = tokens.words
    if words[at + 3 : at + 4] == [","] and words[at + 2] in _RESOLUTIONS:
        yield tokens.starts[at], tokens.ends[at], "max"
        yield tokens.starts[at + 2], tokens.ends[at + 2], "0"


def _edits(tokens: Tokens, at: int, library: tuple[int, int]) -> Iterator[tuple[int, int, str]]:
    """Yield the places to rewrite of a construct that starts at a token and is newer than the library."""
    words = tokens.words
    word, behind = words[at], words[at + 1 : at + 2]
    if word == NUMBER and library < DIGIT_SEPARATORS and "_" in tokens.raw(at):
        yield tokens.starts[at], tokens.ends[at], tokens.raw(at).replace("_", "")
    elif word == "RAISE" and library < RAISE_EXPRESSION and behind == ["("]:
        yield from _edits_of_raise(tokens, at)
    elif word in _JOIN_WORDS and library < JOIN_WORD_FUNCTION and behind == ["("]:
        yield tokens.starts[at], tokens.ends[at], "x" * len(word)
    elif word == "ORDER" and library < AGGREGATE_ORDER and behind == ["BY"]:
        closed = _end_of_call(tokens, at)
        if closed is not None:
            yield tokens.starts[at], tokens.starts[closed], ""


def aggregate_orders(tokens: Tokens) -> list[tuple[int, int]]:
    """Return the ranges after `ORDER BY` inside function arguments; `masked` omits them."""
    found = []
    for at, word in enumerate(tokens.words):
        if word == "ORDER" and tokens.words[at + 1 : at + 2] == ["BY"]:
            closed = _end_of_call(tokens, at)
            if closed is not None:
                found.append((at + 2, closed))
    return found


def _end_of_call(tokens: Tokens, at: int) -> int | None:
    """Return the parenthesis that closes the function arguments around `at`, if these are plain arguments."""
    words, depth, place = tokens.words, 0, at - 1
    while place > 0:
        word = words[place]
        if word == ")":
            depth += 1
        elif word == "(":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and word in {"SELECT", "VALUES", "OVER", "PARTITION"}:
            return None
        place -= 1
    if place <= 0 or words[place] != "(" or tokens.closing(place) >= len(words):
        return None
    named = tokens.is_name(place - 1) and words[place - 1] not in SYNTAX
    return tokens.closing(place) if named and not _lists_columns(words, place - 1) else None


def _lists_columns(words: list[str], name: int) -> bool:
    """Return whether the parentheses behind a name list columns: those of a table that is created, or of an index."""
    while name >= 2 and words[name - 1] == ".":
        name -= 2
    before = words[name - 1] if name else ""
    return before in {"TABLE", "EXISTS", "INTO", "REFERENCES"} or (before == "ON" and words[0] == "CREATE")
