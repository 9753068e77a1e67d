"""The messages of SYM findings: what differs after forward and rollback, in words."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.replay.steps import Step
from miglint.rules.symmetry.evidence import dropped_instead, first_difference, presumed
from miglint.rules.symmetry.severity import end_of, is_respelled
from miglint.schema.change import Change
from miglint.schema.objects import Enum, View
from miglint.schema.value import Schema

# Definitions that are longer are not part of a message.
_LONGEST = 120
_MOST_NAMES = 5
_ON_OBJECTS = frozenset({"comment", "privileges"})


def heading(step: Step, change: Change) -> str:
    """Return the message about many differences of one kind."""
    if change.kind == "extra":
        return "the rollback leaves {} objects behind"
    if change.kind == "renamed":
        return "after the rollback {} objects have other names"
    if change.kind == "missing":
        removed = is_there(step.after, change) or presumed(step, change)
        return "the rollback removes {} objects too many" if removed else "the rollback does not restore {} objects"
    return f"after the rollback the {change.aspect or 'definition'} of {{}} objects differs"


def message(step: Step, change: Change) -> str:
    """Return what differs, with both definitions."""
    thing = f"{change.what} {'on ' if change.what in _ON_OBJECTS else ''}{change.name}"
    if change.kind == "extra":
        instead = dropped_instead(step, change)
        if instead is not None:
            return f"the rollback leaves {thing} behind: it names {_quoted(instead)} instead"
        # Some kinds of objects have no definition but their kind.
        definition = "" if change.what in ("schema", change.after) else _definition(": ", change.after)
        return f"the rollback leaves {thing} behind{definition}"
    if change.kind == "renamed":
        return f"after the rollback {change.what} {change.before} is still named {change.after}"
    if change.kind == "missing":
        if presumed(step, change):
            return f"the rollback drops {change.what} {_quoted(change)}, which no migration created"
        was = _definition("; it was ", change.before)
        if is_there(step.after, change):
            return f"the rollback removes {thing}, which existed before the forward{was}"
        return f"the rollback does not restore {thing}{was}"
    return f"after the rollback {_changed(step, change, thing)}"


def _quoted(change: Change) -> str:
    """Return the name as a script has to write it where it has a dot, which is then no schema's."""
    name = change.key.name
    return change.name.replace(name, f'"{name}"', 1) if "." in name and change.key.space == "relation" else change.name


def _changed(step: Step, change: Change, thing: str) -> str:
    if change.aspect == "validated":
        now = "NOT VALID, but was validated" if "NOT VALID" in (change.after or "") else "validated, but was not"
        return f"{thing} is {now}"
    if is_respelled(step, change):
        return f"{thing} differs only in white space or comments, which the server stores"
    aspect = change.aspect or "definition"
    before, after = change.before or "not set", change.after or "not set"
    verb = "differ" if aspect in ("columns", "labels", "triggers") else "differs"
    old, new = step.before.find(change.key), end_of(step).find(change.key)
    listed = _lists_differ(_names(old, aspect), _names(new, aspect))
    if listed:
        return f"{thing} {listed}"
    if aspect == "column order" and len(before) + len(after) > _LONGEST:
        return f"the {aspect} of {thing} differs: {_few(_moved(before.split(', '), after.split(', ')))} moved"
    respelled = before.lower() == after.lower()
    found = first_difference(old, new) if respelled or len(before) + len(after) > _LONGEST else None
    if respelled and found is None:
        return f"the {aspect} of {thing} {verb}"
    before, after = found or (before, after)
    return f"the {aspect} of {thing} {verb}: {before} before, {after} now"


def _definition(before: str, text: str | None) -> str:
    """Return a definition for a message, unless it is too long for one."""
    return before + text if text and len(text) <= _LONGEST else ""


def _names(value: object, aspect: str) -> Sequence[str]:
    if isinstance(value, View) and aspect == "columns":
        return value.columns or ()
    return value.labels if isinstance(value, Enum) and aspect == "labels" else ()


def _lists_differ(old: Sequence[str], new: Sequence[str]) -> str | None:
    """Return which names were lost and added; None where there are none, or only their order differs."""
    before, now = frozenset(old), frozenset(new)
    lost, added = [name for name in old if name not in now], [name for name in new if name not in before]
    parts = [f"lacks {_few(lost)}" if lost else "", f"has {_few(added)} in addition" if added else ""]
    return " and ".join(filter(None, parts)) or None


def _moved(old: list[str], new: list[str]) -> list[str]:
    """Return the names that have to move for one list to become the other: those outside of a longest common part."""
    places = {name: place for place, name in enumerate(old)}
    # The lengths of the longest rising runs that end at each name, and the name before it.
    best: list[tuple[int, int | None]] = []
    for at, name in enumerate(new):
        place = places.get(name, -1)
        runs = [(best[one][0], one) for one in range(at) if places.get(new[one], -1) < place]
        length, before = max(runs, default=(0, None), key=lambda run: run[0])
        best.append((length + 1, before))
    kept: set[str] = set()
    at_end: int | None = max(range(len(new)), key=lambda at: best[at][0], default=None)
    while at_end is not None:
        kept.add(new[at_end])
        at_end = best[at_end][1]
    return [name for name in new if name not in kept]


def _few(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def is_there(schema: Schema, change: Change) -> bool:
    """Return whether a schema has what a difference is about."""
    value = schema.find(change.key)
    if change.part is None or value is None:
        return value is not None
    return change.part in (getattr(value, "columns", None) or ()) or change.part in (
        getattr(value, "constraints", None) or ()
    )
