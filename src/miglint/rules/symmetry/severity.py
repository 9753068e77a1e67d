"""SYM: how much a difference that a rollback leaves matters."""

from __future__ import annotations

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.change import Change
from miglint.schema.objects import Enum, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.sameness import respelled
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Type


def severity_of(step: Step, change: Change) -> Severity | None:
    """Return the severity of a difference; None for that of its rule.

    Information is what `pg_dump` or the schema's meaning do not show. A warning is a difference that neither the
    previous release of the application nor the next run of the forward notices.
    """
    if not change.counts or is_respelled(step, change):
        return Severity.INFO
    return Severity.WARNING if _is_harmless(step, change) else None


def end_of(step: Step) -> Schema:
    """Return the schema after both scripts."""
    return step.after if step.rollback is None else step.rollback.schema


def is_respelled(step: Step, change: Change) -> bool:
    """Return whether the definition of a routine differs only in white space or comments."""
    return change.kind == "changed" and respelled(step.before.find(change.key), end_of(step).find(change.key))


def _is_harmless(step: Step, change: Change) -> bool:
    if change.kind == "extra":
        return _is_replaced(step, change)
    if change.kind != "changed":
        return False
    if change.aspect == "labels":
        return _has_same_labels(step.before.find(change.key), end_of(step).find(change.key))
    old, new = _column(step.before, change), _column(end_of(step), change)
    if old is None or new is None:
        return False
    if change.aspect == "default":
        # An additional default is used by no statement that was valid before.
        return old.default is None and new.default is not None
    if change.aspect == "type" and step.migration.dialect is Dialect.SQLITE:
        return old.type is not None and new.type is not None and _stores_alike(old.type, new.type)
    return False


def _is_replaced(step: Step, change: Change) -> bool:
    """Return whether the forward created a routine by `OR REPLACE`, which the next run replaces."""
    if change.key.space != "routine":
        return False
    return any(
        moment.before.find(change.key) is not moment.after.find(change.key)
        for moment in _replacing(step).get(change.key.name.partition("(")[0], ())
    )


@cached_by_step
def _replacing(step: Step) -> dict[str, list[OperationTrace]]:
    """Return where the forward creates routines by `OR REPLACE`, by name."""
    found: dict[str, list[OperationTrace]] = {}
    for moment in step.forward.moments:
        if isinstance(moment.operation, ops.CreateRoutine) and moment.operation.or_replace:
            found.setdefault(moment.operation.name.name, []).append(moment)
    return found


def _has_same_labels(old: object, new: object) -> bool:
    """Return whether two enums differ only in the order of their labels."""
    return isinstance(old, Enum) and isinstance(new, Enum) and sorted(old.labels) == sorted(new.labels)


def _column(schema: Schema, change: Change) -> Column | None:
    table = schema.table(change.key)
    return table.columns.get(change.part) if isinstance(table, Table) and change.part is not None else None


def _stores_alike(old: Type, new: Type) -> bool:
    """Return whether SQLite stores the same values in columns of both types, which have the same affinity."""
    return _affinity(old.name) == _affinity(new.name)


# https://www.sqlite.org/datatype3.html, section 3.1: the first that a type's name contains.
_AFFINITIES = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "blob"),
    ("REAL", "real"),
    ("FLOA", "real"),
    ("DOUB", "real"),
)


def _affinity(name: str) -> str:
    if not name:
        return "blob"
    return next((affinity for word, affinity in _AFFINITIES if word in name.upper()), "numeric")
