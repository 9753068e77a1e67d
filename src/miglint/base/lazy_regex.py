"""Regular expressions that are compiled when they are first used.

There are more than a hundred, of which a run over one file uses a few; compiling all of them takes longer than all else
that such a run does.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("finditer", "findall", "flags", "fullmatch", "groups", "match", "pattern", "search", "split", "sub", "subn")


class _Pattern:
    """Stands for a pattern until it is asked for anything, and hands over its methods from then on."""

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
    """Return the expression for `part` as often as there is one, none of which is given back: `(?:part)*+`.

    Up to Python 3.11.4 a possessive quantifier over more than one character matches wrongly (gh-100061, gh-106052), and
    so no expression of the project has one. A plain atomic group would keep some 60 bytes for each repetition until the
    last; the inner one lets go of them every 256 times.
    """
    return rf"(?>(?:(?>(?:{part}){{1,256}}))*)"


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a regular expression to use like one of `re.compile`; what is wrong with it shows when it is used."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
