"""Cache of what several rules need to know about a step, emptied when the rules have run over it.

A step holds the schema before and after each operation of its scripts: of a script of thousands that is most of the
memory in use, and nothing of it is needed for the report.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# With each further argument, a direction for one, there is another answer about the same step.
_ANSWERS = 8
_CLEAR: list[Callable[[], None]] = []


def cached_by_step(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the function with a cache of its results by identity of the step, until `forget_steps`."""
    cached = lru_cache(maxsize=_ANSWERS)(function)
    _CLEAR.append(cached.cache_clear)
    return cast("Callable[Arguments, Result]", cached)


def forget_steps() -> None:
    """Clear the caches of all steps."""
    for clear in _CLEAR:
        clear()
