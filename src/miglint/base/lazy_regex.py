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


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a regular expression to use like one of `re.compile`; what is wrong with it shows when it is used."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
