"""SYM017 to SYM024: differences after the rollback that are small, or that are meant."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.symmetry.differences import hits, told

INFO = Severity.INFO


@rule("SYM017", "rollback-keeps-copy", INFO, "The rollback leaves a copy of rows behind", on=told)
def rollback_keeps_copy(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of tables into which the rollback puts rows aside before it drops them."""
    return hits(step, "SYM017")


@rule(
    "SYM020",
    "validation-not-restored",
    INFO,
    "A constraint comes back valid where it was NOT VALID, or the other way round",
    on=told,
    dialects=("postgres",),
)
def validation_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of constraints whose existing rows are known to hold now, or no longer."""
    return hits(step, "SYM020")


@rule(
    "SYM021",
    "comment-not-restored",
    Severity.WARNING,
    "A comment on an object is not restored",
    on=told,
    dialects=("postgres",),
)
def comment_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of comments that are gone, new or different."""
    return hits(step, "SYM021")


@rule(
    "SYM022",
    "privileges-not-restored",
    Severity.WARNING,
    "Privileges are not restored",
    on=told,
    dialects=("postgres",),
)
def privileges_not_restored(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of grants that are gone, new or different."""
    return hits(step, "SYM022")


@rule("SYM023", "column-order-changed", INFO, "The columns come back in another order", on=told)
def column_order_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of tables whose columns are the same and stand elsewhere."""
    return hits(step, "SYM023")


@rule("SYM024", "generated-name-changed", INFO, "A name that the engine chooses comes back different", on=told)
def generated_name_changed(step: Step, context: Context) -> Iterable[Hit]:
    """Tell of unnamed constraints, indexes and sequences that have another name now."""
    return hits(step, "SYM024")
