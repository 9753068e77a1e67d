"""Names as PostgreSQL keeps them, and as scripts write them."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern

LIMIT = 63
_PLAIN_NAME = pattern(r"[a-z_][a-z0-9_$]*\Z")
# fmt: off
_RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "current_date", "current_time", "current_timestamp", "current_user",
    "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign",
    "from", "grant", "group", "having", "in", "initially", "intersect", "into", "lateral", "leading", "limit",
    "localtime", "localtimestamp", "not", "null", "offset", "on", "only", "or", "order", "placing", "primary",
    "references", "returning", "select", "session_user", "some", "symmetric", "table", "then", "to", "trailing",
    "true", "union", "unique", "user", "using", "variadic", "when", "where", "window", "with",
})
# fmt: on


def truncate(name: str, limit: int = LIMIT) -> str:
    """Truncate a name to `limit` bytes of UTF-8 without cutting a character in two."""
    if len(name) <= limit and (name.isascii() or len(name.encode()) <= limit):
        return name
    return name.encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore")


def unquoted(part: str) -> str:
    """Return the name that a part of a qualified name stands for: folded unless quoted."""
    return truncate(part[1:-1].replace('""', '"') if part.startswith('"') else part.lower())


def quote_name(text: str) -> str:
    """Quote a name as `quote_ident` does."""
    if _PLAIN_NAME.match(text) and text not in _RESERVED:
        return text
    return '"' + text.replace('"', '""') + '"'
