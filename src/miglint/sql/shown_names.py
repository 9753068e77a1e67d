"""Names in canonical texts."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

from miglint.base.lazy_regex import pattern

_PLAIN = pattern(r"[^\W\d][\w$]*")
# The canonical text has capital letters only in names that may be strings.
_QUOTED = pattern(r"""'[^']*(?:''[^']*)*'|"(?P<name>[^"]*(?:""[^"]*)*)\"""")
_CAPITAL = pattern(r'"[^"]*[^\x00-@\[-\x7f]')
# Without quotes these are no names of columns.
_OTHERS = frozenset(
    {
        "all", "and", "any", "array", "as", "case", "current_catalog", "current_date", "current_role", "current_schema",
        "current_time", "current_timestamp", "current_user", "distinct", "else", "end", "false", "from", "in", "is",
        "localtime", "localtimestamp", "not", "null", "on", "or", "order", "select", "session_user", "then", "true",
        "user", "when", "where", "with",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """Return a name of PostgreSQL as canonical texts have it: in double quotes if it means another thing without."""
    if _PLAIN.fullmatch(name) is not None and name not in _OTHERS:
        return name
    return '"' + name.replace('"', '""') + '"'


def may_have_strings(text: str) -> bool:
    """Return whether a canonical text of SQLite has names in double quotes that may be strings."""
    return _CAPITAL.search(text) is not None


def with_columns(text: str, names: Container[str]) -> str:
    """Return a text of SQLite in which these names, which are in lower case, are written in lower case.

    What is in double quotes is a string where there is no column of that name, and then its letters matter.
    """

    def folded(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None or name.lower() not in names:
            return found[0]
        lower = name.lower()
        return lower if _PLAIN.fullmatch(lower) else f'"{lower}"'

    return _QUOTED.sub(folded, text) if may_have_strings(text) else text
