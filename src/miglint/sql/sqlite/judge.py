"""Compatibility of PostgreSQL scripts with SQLite.

The text is parsed by SQLite's rules from the start: up to the first error, both languages agree on the statement
boundaries, and after it the answer is known. The library decides; the table of features explains the reason and the
alternative, and covers versions other than the installed library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.base.structs import Struct, replace
from miglint.sql.sqlite.engine import LIBRARY, Objection, objection
from miglint.sql.sqlite.features import (
    FEATURES,
    NEWEST,
    REFUSED,
    ROWS,
    SYNTAX,
    Feature,
    Use,
    Version,
    statement_uses,
)
from miglint.sql.sqlite.features.model import ROWS_SEEN_SINCE
from miglint.sql.sqlite.newer import KNOWN_SINCE
from miglint.sql.sqlite.tokens import Tokens, pieces, tokenize

# From this version on, the library and `newer` can check everything up to `NEWEST`.
_JUDGED_FROM = max(
    feature.since for feature in FEATURES if feature.since is not None and feature.key not in KNOWN_SINCE
)
# What the library sees only when the table is there.
_INDEX, _NULLS = pattern(r"\bINDEX\b", re.IGNORECASE), pattern(r"\bNULLS\b", re.IGNORECASE)


class Refusal(Struct, frozen=True):
    """The reason why SQLite rejects a statement.

    `span` is the invalid part, `statement` the whole; `message` is SQLite's actual or expected error. `syntax`
    distinguishes syntax errors from others (`ADD COLUMN ... UNIQUE`). `feature` explains it, if known.
    """

    span: Span
    statement: Span
    message: str
    syntax: bool
    feature: Feature | None = None


class SyntaxVerdict(Struct, frozen=True):
    """The answer: `accepted` is None when it cannot be known, with the `reason`; `refusals` say why not."""

    accepted: bool | None
    refusals: tuple[Refusal, ...] = ()
    reason: str | None = None


def accepts(text: str, offset: int = 0, target: Version = NEWEST) -> SyntaxVerdict:
    """Return whether SQLite of version `target` accepts a script, and which statement it rejects first.

    Missing tables, columns and functions are not reported. `offset` is the position of `text` in its file. Explanations
    are left to `refusals`, since most callers need only the answer.
    """
    unknown: str | None = None
    for found in _judged(text, offset, target, explain=False):
        if isinstance(found, Refusal):
            return SyntaxVerdict(False, (found,))
        unknown = unknown or found
    return SyntaxVerdict(None if unknown else True, (), unknown)


def refusals(text: str, offset: int = 0, target: Version = NEWEST) -> tuple[Refusal, ...]:
    """Return the errors of SQLite of version `target` for each statement of a script."""
    return tuple(found for found in _judged(text, offset, target, explain=True) if isinstance(found, Refusal))


@cache
def _may_be_newer(target: Version) -> bool:
    """Whether the installed library may accept what `target` rejects."""
    return target < ROWS_SEEN_SINCE or any(feature.since is not None and feature.since > target for feature in FEATURES)


def _judged(text: str, offset: int, target: Version, *, explain: bool) -> Iterator[Refusal | str]:
    """Process the statements; yield a refusal, or the reason why one cannot be checked."""
    later = _may_be_newer(target)
    for start, end in pieces(text):
        found = objection(text, start, end)
        if found is not None:
            if explain or LIBRARY < _JUDGED_FROM:
                yield _explained(found[0], found[1], offset, target)
            else:
                yield _plain(found[0], found[1], offset)
        elif later or ((word := _INDEX.search(text, start, end)) and _NULLS.search(text, word.end(), end)):
            tokens = tokenize(text, start, end)
            for use in statement_uses(tokens, offset):
                # The library accepted it, so a construct that no version accepts is a false match.
                sure = use.feature.since is not None or use.feature.effect in {REFUSED, ROWS}
                if sure and use.feature.refused_by(target):
                    yield _refusal(use, target)
                    break


def _plain(found: Objection, tokens: Tokens, offset: int, feature: Feature | None = None) -> Refusal:
    span = tokens.span(found.first, found.last, offset)
    return Refusal(span, tokens.span(0, len(tokens), offset), found.message, found.syntax, feature)


def _explained(found: Objection, tokens: Tokens, offset: int, target: Version) -> Refusal | str:
    span = tokens.span(found.first, found.last, offset)
    possible = [use for use in statement_uses(tokens, offset) if use.feature.effect in {SYNTAX, REFUSED}]
    blind = [
        use.feature
        for use in possible
        if use.feature.since is not None
        and LIBRARY < use.feature.since <= target
        and use.feature.key not in KNOWN_SINCE
    ]
    if found.syntax and blind:
        library = ".".join(map(str, LIBRARY))
        return f"the SQLite library here ({library}) is too old to judge {blind[0].title}"
    use = _nearest([use for use in possible if not use.feature.taken_by(target)], span)
    if use is None:
        return _plain(found, tokens, offset)
    refusal = _plain(found, tokens, offset, use.feature)
    return refusal if found.syntax else replace(refusal, span=use.span)


def _nearest(candidates: list[Use], span: Span) -> Use | None:
    """Return the use that explains an error best: one at its position, else the nearest one."""
    return min(
        candidates,
        key=lambda use: (
            not (use.span.start <= span.start < use.span.end),
            abs(use.span.start - span.start),
        ),
        default=None,
    )


def _refusal(use: Use, target: Version) -> Refusal:
    version = ".".join(map(str, target))
    if use.feature.effect == ROWS:
        message = f"{use.feature.title}: SQLite {version} refuses it even on an empty table"
    elif use.feature.since is None:
        message = f"SQLite has no {use.feature.title}"
    else:
        first = ".".join(map(str, use.feature.since))
        message = f"{use.feature.title}: SQLite {first} or later, and the target is {version}"
    return Refusal(use.span, use.statement, message, use.feature.effect == SYNTAX, use.feature)
