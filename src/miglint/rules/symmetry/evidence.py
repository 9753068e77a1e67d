"""What the scripts show about a difference: who created an object, and where two definitions differ."""

from __future__ import annotations

from itertools import zip_longest

from miglint.replay.steps import Step
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.change import Change
from miglint.schema.objects import Absent, Routine, View


def presumed(step: Step, change: Change) -> bool:
    """Return whether only the rollback names the object: no file creates it."""
    rollback = step.rollback
    return rollback is not None and any(
        item.key == change.key and (item.name or None) == change.part and not isinstance(item.value, Absent)
        for item in rollback.assumptions
    )


def dropped_instead(step: Step, change: Change) -> Change | None:
    """Return what the rollback drops in the place of an object that it leaves behind: one of a similar name."""
    if change.kind != "extra":
        return None
    guesses = _guesses(step).get(change.what)
    if not guesses:
        return None
    from difflib import get_close_matches  # few scripts need it

    near = get_close_matches(_last_name(change), [_last_name(item) for item in guesses], 1, _SIMILAR)
    return next((item for item in guesses if [_last_name(item)] == near), None)


def is_similar(change: Change, names: list[str]) -> bool:
    """Return whether one of the names may be meant for the object of a change."""
    from difflib import get_close_matches  # few scripts need it

    return bool(get_close_matches(_last_name(change), names, 1, _SIMILAR))


def is_dropped_instead(step: Step, change: Change) -> bool:
    """Return whether the rollback drops it in the place of an object of a similar name, which it leaves behind."""
    return _is_guess(step, change) and any(dropped_instead(step, item) == change for item in step.changes)


@cached_by_step
def _guesses(step: Step) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in step.changes:
        if _is_guess(step, change):
            found.setdefault(change.what, []).append(change)
    return found


def _last_name(change: Change) -> str:
    """Return the name without a schema, even one that stands in the quotes, and with that of a part."""
    name = change.key.name.rpartition(".")[2]
    return f"{name}.{change.part}" if change.part else name


def _is_guess(step: Step, change: Change) -> bool:
    return change.kind == "missing" and change.certain and presumed(step, change)


_SIMILAR = 0.7
# A line of a definition in a message.
_LONGEST_LINE = 60


def first_difference(one: object, two: object) -> tuple[str, str] | None:
    """Return where two long definitions first differ, if anywhere: the words of queries, the lines of other texts."""
    if isinstance(one, View) and isinstance(two, View) and one.query is not None and two.query is not None:
        return _excerpts(one.query.key, two.query.key)
    lines = [_body(value).splitlines() for value in (one, two)]
    for before, after in zip_longest(*lines, fillvalue=""):
        if before.strip() != after.strip():
            return _cut_to_difference(before, after)
    return None


def _cut_to_difference(before: str, after: str) -> tuple[str, str]:
    """Return two lines, of long ones the part around their first difference."""
    one, two = (" ".join(text.split()) for text in (before, after))
    first = 0
    if max(len(one), len(two)) > _LONGEST_LINE:
        pairs = enumerate(zip(one, two, strict=False))
        alike = next((number for number, (left, right) in pairs if left != right), min(len(one), len(two)))
        first = max(one.rfind(" ", 0, max(alike - _LONGEST_LINE // 3, 0)) + 1, 0)
    return _window(one, first), _window(two, first)


def _window(text: str, first: int) -> str:
    shown = text[first : first + _LONGEST_LINE]
    before, after = "..." if first else "", "..." if first + _LONGEST_LINE < len(text) else ""
    return f"`{before}{shown}{after}`" if shown else "nothing"


def _excerpts(one: str, two: str) -> tuple[str, str]:
    """Return the words around the first difference of two queries."""
    before, after = one.split(), two.split()
    at = next((place for place, (left, right) in enumerate(zip(before, after, strict=False)) if left != right), 0)
    first = max(at - 2, 0)
    return f"`{' '.join(before[first : at + 3])}`", f"`{' '.join(after[first : at + 3])}`"


def _body(value: object) -> str:
    if isinstance(value, Routine):
        return value.body or value.definition
    return str(getattr(value, "definition", ""))
