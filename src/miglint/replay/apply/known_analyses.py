"""The results of analyses that were made in this process (`memo.py`), until there are many."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

# So much is kept for the next migration: most of what is looked up again is of the same one.
_KEPT = 2_000

known_analyses: dict[Hashable, list[Any]] = {}


def forget_all() -> None:
    """Forget all results, after the last migration."""
    known_analyses.clear()


def trim() -> None:
    """Forget all results if they are many, before a migration."""
    if len(known_analyses) > _KEPT:
        known_analyses.clear()
