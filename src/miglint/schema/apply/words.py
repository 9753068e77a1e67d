"""Names inside canonical texts: what a rename carries into expressions, queries and definitions."""

from __future__ import annotations

import re

from miglint.sql.operations import Expression
from miglint.values import replace


def swap_word(text: str, old: str, new: str) -> str:
    """Replace a name where it stands as a whole word.

    Exact enough for keys: what matters is that renaming there and back again gives the same key.
    """
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new.replace("\\", "\\\\"), text)


def swap_column(value: Expression | None, old: str, new: str) -> Expression | None:
    """Rename a column inside an expression."""
    if value is None or old not in value.columns:
        return value
    columns = tuple(new if column == old else column for column in value.columns)
    key, text = swap_word(value.key, old, new), swap_word(value.text, old, new)
    return replace(value, key=key, text=text, columns=columns)
