"""Operators that extensions add for built-in types: they are in no script and no catalog that is read."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.sql.postgres.analysis.environment import LITERAL

# By these types: pg_trgm, and intarray.
_OF_TEXTS = frozenset(("%", "<%", "%>", "<<%", "%>>", "<->", "<<->", "<->>", "<<<->", "<->>>"))
_OF_INTEGERS = frozenset(("@@", "&&", "&", "|", "#", "@>", "<@", "+", "-"))


def may_be_extended(name: str, given: Sequence[str]) -> bool:
    """Return whether an extension may have added an operator for such operands."""
    if name in _OF_TEXTS:
        return all(kind in ("text", "varchar", LITERAL) for kind in given)
    return name in _OF_INTEGERS and any(kind in ("int4[]", "int2[]", "int8[]") for kind in given)
