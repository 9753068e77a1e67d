"""The affinities of SQLite's types, and what becomes of values when that of a column changes."""

from __future__ import annotations

from miglint.sql.operations import Type


def affinity(kind: Type) -> str:
    """Return SQLite's affinity of a declared type: `integer`, `text`, `blob`, `real` or `numeric`."""
    declared = str(kind).upper()
    if "INT" in declared:
        return "integer"
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in declared or not declared:
        return "blob"
    return "real" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "numeric"


def changed_by_affinity(one: Type | None, two: Type | None, *, strict: tuple[bool, bool]) -> str | None:
    """Return how values of a column are changed for good by another type, None if they are kept.

    `strict` says whether the tables before and after are: only there `ANY` keeps what it is given.
    """
    before, after = (_affinity(kind, strict=flag) for kind, flag in zip((one, two), strict, strict=True))
    if before == "text" and after in ("integer", "real", "numeric"):
        return "rewritten as numbers"
    if before == "any" and after in ("text", "integer", "real", "numeric"):
        return "rewritten as texts" if after == "text" else "rewritten as numbers"
    return "rounded to 15 digits" if (before, after) == ("real", "text") else None


def _affinity(kind: Type | None, *, strict: bool) -> str:
    declared = "" if kind is None else str(kind).upper()
    if not declared or (strict and declared == "ANY"):
        return "any"
    return affinity(Type(declared))
