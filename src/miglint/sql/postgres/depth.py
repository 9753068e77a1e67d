"""Protection against parse trees that are too deep.

libpg_query writes its tree by recursion on the C stack, and a chain such as `1 + 1 + 1 ...` gives a tree as deep as it
is long: 100,000 operators crash the process. (Nesting by parentheses is limited by the grammar's own stack.) Measured:
20,000 operators are safe with a stack of 8 MB. `could_be_deep` finds the few texts that may contain a long chain, at C
speed; `chain_length` then measures one statement.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.lexer import skip

LONGEST_CHAIN = 4_000
_STACK = 256 * 1024 * 1024
_RECURSION = 60_000
_SIGNS = b"+-*/<>=~!@#%^&|?:["
_WORDS = (b"join", b"union", b"except", b"intersect", b" is ", b"null", b"collate", b"at time zone", b"not")
_LINK = pattern(
    r"[-+*/<>=~!@#%^&|?]+|::|\[|\b(?:JOIN|UNION|EXCEPT|INTERSECT|IS|ISNULL|NOTNULL|NOT|COLLATE|AT)\b", re.IGNORECASE
)
_LONG_RUN = pattern(rb"[-~!@#^&|`?+*/%<>=]{10000}")
_RUN = pattern(r"[^(),;'\"$/\-]*")

Result = TypeVar("Result")


def could_be_deep(data: bytes) -> bool:
    """Return whether a text has enough operators for a chain that is too long. Cheap, without false negatives."""
    if len(data) < 2 * LONGEST_CHAIN:
        return False
    count = len(data) - len(data.translate(None, _SIGNS))
    if count < LONGEST_CHAIN:
        lowered = data.lower()
        count += sum(lowered.count(word) for word in _WORDS)
    return count >= LONGEST_CHAIN


def has_long_run(data: bytes) -> bool:
    """Return whether a text contains a run of operator characters so long that the server's scanner, which rescans such
    a run inside a comment repeatedly, would take minutes.
    """
    return _LONG_RUN.search(data) is not None


def chain_length(text: str, start: int, end: int) -> int:
    """Return the length of the longest chain of operators in one statement, over all nesting levels."""
    counts = [0]
    total = longest = 0
    at = start
    while at < end:
        run = _RUN.match(text, at, end)
        stop = run.end() if run else at
        if stop > at:
            links = len(_LINK.findall(text, at, stop))
            counts[-1] += links
            total += links
            longest = max(longest, total)
        if stop >= end:
            break
        char = text[stop]
        if char == "(":
            counts.append(0)
        elif char == ")":
            if len(counts) > 1:
                total -= counts.pop()
        elif char in ",;":
            total -= counts[-1]
            counts[-1] = 0
        following = skip(text, stop, end)
        if char in "-/" and following == stop + 1:
            counts[-1] += 1
            total += 1
        longest = max(longest, total)
        at = following
    return max(longest, total)


def with_room(work: Callable[[], Result]) -> Result:
    """Run `work` on a separate stack that is large enough for deep trees."""
    results: list[Result] = []
    errors: list[RecursionError] = []

    def run() -> None:
        try:
            results.append(work())
        except RecursionError as error:
            errors.append(error)

    limit = sys.getrecursionlimit()
    size = threading.stack_size(_STACK)
    try:
        sys.setrecursionlimit(max(limit, _RECURSION))
        thread = threading.Thread(target=run, name="miglint-deep-tree")
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
