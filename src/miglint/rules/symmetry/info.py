"""SYM017 to SYM024: differences after the rollback that do not make a pair asymmetric, or that are meant."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.symmetry.differences import Differences, differences, hits

INFO = Severity.INFO


@rule("SYM017", "rollback-keeps-copy", INFO, "The rollback leaves a copy of rows behind", on=differences)
def rollback_keeps_copy(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of tables into which the rollback puts rows aside before it drops them."""
    return hits(step, cases)


@rule(
    "SYM020",
    "validation-not-restored",
    INFO,
    "A constraint comes back valid where it was NOT VALID, or the other way round",
    on=differences,
    dialects=("postgres",),
)
def validation_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of constraints whose existing rows are known to hold now, or no longer."""
    return hits(step, cases)


@rule(
    "SYM021",
    "comment-not-restored",
    INFO,
    "A comment on an object is not restored",
    on=differences,
    dialects=("postgres",),
)
def comment_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of comments that are gone, new or different."""
    return hits(step, cases)


@rule("SYM022", "privileges-not-restored", INFO, "Privileges are not restored", on=differences, dialects=("postgres",))
def privileges_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of grants that are gone, new or different."""
    return hits(step, cases)


@rule("SYM023", "column-order-changed", INFO, "The columns come back in another order", on=differences)
def column_order_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of tables whose columns are the same and stand elsewhere."""
    return hits(step, cases)


@rule("SYM024", "generated-name-changed", INFO, "A name that the engine chooses comes back different", on=differences)
def generated_name_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Tell of unnamed constraints, indexes and sequences that have another name now."""
    return hits(step, cases)
