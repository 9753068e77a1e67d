"""Table of features: constructs that some or all versions of SQLite reject or interpret differently.

A row defines how to recognize the construct in the words of a statement, the first version that accepts it, and what to
write instead. The rows are data; each has an example that the tests run on the installed libraries. All of them were
run on libraries before and after each version, from 3.11 to 3.54 (including 3.15, 3.21, 3.22, 3.24, 3.25 and 3.28 to
3.39), except 3.23, which was not available: that it introduced TRUE and FALSE but not upsert is taken from SQLite's
release notes.
"""

from __future__ import annotations

import re
from functools import cached_property

from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.sql.sqlite.features.alter import ALTERS
from miglint.sql.sqlite.features.clauses import CLAUSES
from miglint.sql.sqlite.features.functions import FUNCTIONS
from miglint.sql.sqlite.features.model import MISSING, REFUSED, ROWS, SILENT, SYNTAX, Feature, Version
from miglint.sql.sqlite.features.statements import STATEMENTS
from miglint.sql.sqlite.features.versions import VERSIONS
from miglint.sql.sqlite.tokens import ILLEGAL, NUMBER, QUOTED, VARIABLE, Tokens, pieces, tokenize

__all__ = [
    "FEATURES",
    "MISSING",
    "NEWEST",
    "REFUSED",
    "ROWS",
    "SILENT",
    "SYNTAX",
    "Feature",
    "Use",
    "Version",
    "statement_uses",
    "uses",
]

NEWEST: Version = (3, 54)

FEATURES: tuple[Feature, ...] = VERSIONS + FUNCTIONS + ALTERS + STATEMENTS + CLAUSES


class Use(Struct, frozen=True):
    """A use of a feature in a script: its span, and the statement's."""

    feature: Feature
    span: Span
    statement: Span


def uses(text: str, offset: int = 0) -> tuple[Use, ...]:
    """Return all uses of features in a script, in order."""
    found: list[Use] = []
    for start, end in pieces(text):
        found += statement_uses(tokenize(text, start, end), offset)
    return tuple(found)


def statement_uses(tokens: Tokens, offset: int = 0) -> list[Use]:
    """Return the uses of features in one statement."""
    if not tokens.complete:
        return []
    words = set(tokens.words)
    candidates = [feature for word in words if word in _BY_WORD for feature in _BY_WORD[word]]
    if not candidates:
        return []
    everything, outside = _StatementWords(tokens, flat=False), _StatementWords(tokens, flat=True)
    found: dict[str, Use] = {}
    statement = tokens.span(0, len(tokens), offset)
    for feature in candidates:
        if feature.key not in found and not any(group.isdisjoint(words) for group in feature.need[1:]):
            text = outside if feature.flat else everything
            match = feature.regex.search(text.line)
            if match is not None:
                first, last = text.places(match)
                found[feature.key] = Use(feature, tokens.span(first, last, offset), statement)
    return sorted(found.values(), key=lambda use: (use.span, use.feature.key))


_BY_WORD: dict[str, list[Feature]] = {}
for _feature in FEATURES:
    for _word in _feature.need[0]:
        _BY_WORD.setdefault(_word, []).append(_feature)


_ODD = frozenset({ILLEGAL, NUMBER, QUOTED, VARIABLE})


class _StatementWords:
    """The words of a statement as one line, built on demand, with the mapping back to tokens."""

    def __init__(self, tokens: Tokens, *, flat: bool) -> None:
        self._tokens = tokens
        self._flat = flat

    @cached_property
    def _outer_tokens(self) -> list[int]:
        if not self._flat:
            return list(range(len(self._tokens)))
        kept, depth = [], 0
        for at, word in enumerate(self._tokens.words):
            depth -= word == ")"
            if depth <= 0:
                kept.append(at)
            depth += word == "("
        return kept

    @cached_property
    def line(self) -> str:
        words = self._tokens.words
        return " ".join(words[at] if words[at] not in _ODD else self._odd(at) for at in self._outer_tokens)

    def _odd(self, at: int) -> str:
        """Return a placeholder for a token without a word: a bracket, an invalid character, a parameter."""
        raw = self._tokens.raw(at)
        if self._tokens.words[at] == NUMBER:
            return raw if "_" in raw else NUMBER
        if self._tokens.words[at] == QUOTED:
            return "[]" if raw == "[]" else raw[0]
        return raw if len(raw) < 40 and " " not in raw else raw[0]

    def places(self, match: re.Match[str]) -> tuple[int, int]:
        """Return the tokens of a match, or of its group `at` if it has one."""
        start, end = match.span("at") if "at" in match.re.groupindex else match.span()
        line = self.line
        first = line.count(" ", 0, start + 1) if line[start : start + 1] == " " else line.count(" ", 0, start)
        last = line.count(" ", 0, end - 1 if line[end - 1 : end] == " " else end)
        return self._outer_tokens[first], self._outer_tokens[max(first, last)] + 1
