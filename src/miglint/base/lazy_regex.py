"""Regular expressions that are compiled on first use.

There are more than a hundred; a run over one file uses a few, and compiling all takes longer than the rest of it.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("finditer", "findall", "flags", "fullmatch", "groups", "match", "pattern", "search", "split", "sub", "subn")


class _Pattern:
    """Placeholder for a pattern that compiles it on first attribute access and delegates to it."""

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def many(part: str) -> str:
    """Return the expression for `part` repeated zero or more times without backtracking: `(?:part)*+`.

    Up to Python 3.11.4, possessive quantifiers over more than one character match incorrectly (gh-100061, gh-106052),
    so the project uses none. A plain atomic group would keep some 60 bytes per repetition until it ends; the inner
    group releases them every 256 repetitions.
    """
    return rf"(?>(?:(?>(?:{part}){{1,256}}))*)"


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a lazy equivalent of `re.compile`; errors in the pattern show on first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
