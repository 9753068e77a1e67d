"""Names as PostgreSQL keeps them."""

from __future__ import annotations

LIMIT = 63


def truncate(name: str, limit: int = LIMIT) -> str:
    """Truncate a name to `limit` bytes of UTF-8 without cutting a character in two."""
    if len(name) <= limit and (name.isascii() or len(name.encode()) <= limit):
        return name
    return name.encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore")
