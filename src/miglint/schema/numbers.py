"""Numbers behind names that are chosen: from which one on the first free one is to be looked for.

PostgreSQL puts the first free number behind the name that it chooses for what a script leaves unnamed. With n names
taken, asking for each from 1 takes n questions for every name; so it is kept up to which number all are taken.
"""

from __future__ import annotations

from typing import TypeAlias

from rpds import HashTrieMap

from miglint.base.digits import whole_number

Numbers: TypeAlias = "HashTrieMap[str, int]"
NO_NUMBERS: Numbers = HashTrieMap()
# The longest name, in bytes, whose other parts are not shortened when it gets a number.
LONGEST_PLAIN = 55
_DIGITS = "0123456789"


def freed(numbers: Numbers, name: str, place: str = "") -> Numbers:
    """Return the numbers by the place and the name without number when a name is taken no longer."""
    if not len(numbers):
        return numbers
    if len(name.encode()) > LONGEST_PLAIN:
        # It was truncated, so that its stem is not known.
        return NO_NUMBERS
    stem = name.rstrip(_DIGITS)
    known = numbers.get(place + stem)
    if known is None:
        return numbers
    number = whole_number(name[len(stem) :] or "0")
    return numbers.insert(place + stem, number) if number < known else numbers
