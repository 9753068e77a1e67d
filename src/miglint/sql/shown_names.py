"""Names of PostgreSQL in canonical texts."""

from __future__ import annotations

from functools import lru_cache

from miglint.base.lazy_regex import pattern

_PLAIN = pattern(r"[^\W\d][\w$]*")
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
    """Return a name as canonical texts have it: in double quotes if it would be something else without them."""
    if _PLAIN.fullmatch(name) is not None and name not in _OTHERS:
        return name
    return '"' + name.replace('"', '""') + '"'
