"""Fingerprints: the identity of a finding, for baselines and code-scanning services.

A fingerprint is derived from the script (its folder, version and direction, not its description), the rule, and what
the finding is about: the object that the statement names and the one that the clause names. It does not change when
lines move, the script is reformatted, its description is renamed, or another part of the statement is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from miglint.base.hashes import sha256
from miglint.base.lazy_regex import pattern
from miglint.base.model import Span

_TOKEN = pattern(
    r"""(?P<comment>--[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/)?)
    |'[^']*(?:''[^']*)*'?
    |"(?P<quoted>[^"]*(?:""[^"]*)*)"?
    |(?P<tag>\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$)
    |\w+
    |[^\s\w]""",
    re.VERBOSE,
)
# Words that a guard adds.
_GUARDS = frozenset({"concurrently", "exists", "if", "not", "only", "or", "replace"})
# Words before the name of an object.
_LEADING_WORDS = """\
add aggregate alter as attach by cast check cluster collation column comment constraint conversion create
cycle database default delete detach disable do domain drop each enable event exclude extension fillfactor
first for force foreign from function global grant group in increment index inherit insert into is key
language local lock materialized merge no null of on operator owner partition policy prepare primary
privileges procedure publication reassign refresh reindex rename reset revoke role row routine rule schema
sequence server set start statistics storage subscription table temp temporary text to transform trigger
truncate trusted type unique unlogged update user using vacuum validate value view virtual where with
"""
_LEADING = frozenset(_LEADING_WORDS.split())
_MOST_TOKENS = 12
_MOST_STATEMENTS = 2_000


@lru_cache(maxsize=4_096)
def script_place(path: str, version: str | None, direction: str | None) -> str:
    """Return the identity of a script without the description in its name.

    `path` is relative to the configuration. Without a version in it, the path is the identity.
    """
    if not version:
        return f"{path}\0{direction or ''}"
    parts = path.split("/")
    for number in range(len(parts) - 1, -1, -1):
        part = parts[number]
        for start in (0, 1) if part[:1].isascii() and part[:1].isalpha() else (0,):
            if part.startswith(version, start) and not part[start + len(version) :][:1].isdecimal():
                return f"{'/'.join((*parts[:number], version))}\0{direction or ''}"
    return f"{path}\0{direction or ''}"


def subject_of(text: str, statement: Span | None, clause: Span) -> str:
    """Return what a finding is about: the object of the statement, and the one of the clause within it."""
    if statement is None:
        return ""
    head = _named_first(text, statement.start, statement.end)
    return head if clause.start == statement.start else f"{head}\0{_named_first(text, clause.start, clause.end)}"


@lru_cache(maxsize=256)
def _named_first(text: str, start: int, end: int) -> str:
    """Return the words up to the first name in a part of a text: several findings are about one statement."""
    return _named(tokens(text, start, end))


def fingerprint(place: str, matter: str, subject: str, ordinal: int) -> str:
    """Return the fingerprint of the finding with this number among those that are alike otherwise."""
    text = "\0".join(("2", place, matter, subject, str(ordinal)))
    return _digest_of(text)[:16]


def statements_of(text: str) -> tuple[list[int], list[str]]:
    """Return where the parts of a script between its semicolons end, and a digest of each, whatever its format.

    Scripts with more than 2,000 statements have none: they hold data.
    """
    ends: list[int] = []
    digests: list[str] = []
    here: list[str] = []
    for token, end in _tokens(text, 0, len(text)):
        if token != ";":
            here.append(token)
            continue
        ends.append(end)
        digests.append(_digest(here))
        here = []
        if len(ends) > _MOST_STATEMENTS:
            return [], []
    return ([*ends, len(text)], [*digests, _digest(here)])


def tokens(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the tokens of SQL text in lower case, without comments, white space and the quotes of names."""
    return (token for token, _ in _tokens(text, start, end))


def _tokens(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    place = start
    while (found := _TOKEN.search(text, place, end)) is not None:
        place = found.end()
        if found["comment"] is not None:
            continue
        if found["tag"] is not None:
            close = text.find(found["tag"], place, end)
            place = end if close < 0 else close + len(found["tag"])
            yield " ".join(text[found.end() : place].split()), place
        elif found["quoted"] is not None:
            yield found["quoted"].lower(), place
        else:
            yield found[0] if found[0].startswith("'") else found[0].lower(), place


def _digest_of(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(words: Iterable[str]) -> str:
    return _digest_of("\0".join(words))[:8]


def _named(words: Iterator[str]) -> str:
    """Return the words up to the first name, with its schema."""
    found: list[str] = []
    dotted = False
    for word in words:
        if word in _GUARDS:
            continue
        if found and found[-1] not in _LEADING and not dotted and word != ".":
            break
        found.append(word)
        dotted = word == "."
        if len(found) == _MOST_TOKENS:
            break
    return " ".join(found)
