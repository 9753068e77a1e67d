"""What the scripts show about a difference: who created an object, and where two definitions differ."""

from __future__ import annotations

from itertools import zip_longest

from miglint.replay.steps import Step
from miglint.schema.change import Change
from miglint.schema.objects import Absent, Routine, View


def presumed(step: Step, change: Change) -> bool:
    """Return whether only the rollback names the object: no file creates it."""
    rollback = step.rollback
    return rollback is not None and any(
        item.key == change.key and (item.name or None) == change.part and not isinstance(item.value, Absent)
        for item in rollback.assumptions
    )


def first_difference(one: object, two: object) -> tuple[str, str]:
    """Return where two long definitions first differ: the words of queries, the lines of other texts."""
    if isinstance(one, View) and isinstance(two, View) and one.query is not None and two.query is not None:
        return _around(one.query.key, two.query.key)
    lines = [_body(value).splitlines() for value in (one, two)]
    for before, after in zip_longest(*lines, fillvalue=""):
        if before.strip() != after.strip():
            return f"`{before.strip()}`", f"`{after.strip()}`"
    return "other white space", "other white space"


def _around(one: str, two: str) -> tuple[str, str]:
    """Return the words around the first difference of two queries."""
    before, after = one.split(), two.split()
    at = next((place for place, (left, right) in enumerate(zip(before, after, strict=False)) if left != right), 0)
    first = max(at - 2, 0)
    return f"`{' '.join(before[first : at + 3])}`", f"`{' '.join(after[first : at + 3])}`"


def _body(value: object) -> str:
    if isinstance(value, Routine):
        return value.body or value.definition
    return str(getattr(value, "definition", ""))
