"""SYM017 to SYM024: differences after the rollback that are small, or intended."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.symmetry.differences import Differences, differences, hits

INFO = Severity.INFO


@rule("SYM017", "rollback-keeps-copy", Severity.WARNING, "The rollback leaves a copy of rows behind", on=differences)
def rollback_keeps_copy(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report tables in which the rollback saves rows before it drops them."""
    return hits(step, cases)


@rule(
    "SYM020",
    "validation-not-restored",
    Severity.WARNING,
    "The rollback leaves a constraint validated that was NOT VALID, or the reverse",
    on=differences,
    fixable=True,
    dialects=("postgres",),
)
def validation_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report constraints whose validation state differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM021",
    "comment-not-restored",
    Severity.WARNING,
    "The rollback does not restore a comment",
    on=differences,
    fixable=True,
    dialects=("postgres",),
)
def comment_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report comments that are missing, new or different after the rollback."""
    return hits(step, cases)


@rule(
    "SYM022",
    "privileges-not-restored",
    Severity.WARNING,
    "The rollback does not restore privileges",
    on=differences,
    fixable=True,
    dialects=("postgres",),
)
def privileges_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report grants that are missing, new or different after the rollback."""
    return hits(step, cases)


@rule("SYM023", "column-order-changed", INFO, "The rollback leaves the columns in a different order", on=differences)
def column_order_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report tables with the same columns in a different order."""
    return hits(step, cases)


@rule(
    "SYM024",
    "generated-name-changed",
    INFO,
    "A name that the engine generates differs after the rollback",
    on=differences,
)
def generated_name_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report unnamed constraints, indexes and sequences whose generated name differs."""
    return hits(step, cases)
