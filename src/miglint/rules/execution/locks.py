"""RUN013: the locks and rewrites that a dry run observed, compared with those that the lock table predicts."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule
from miglint.rules.execution.disagreements import REPORT
from miglint.rules.execution.outcomes import Executed, hit_of


@rule(
    "RUN013",
    "locks-differ",
    Severity.INFO,
    "A statement locks or rewrites other tables than the lock table predicts",
    dialects=("postgres",),
    scope="executed",
)
def locks_differ(executed: Executed) -> Iterator[Hit]:
    """Report where the lock table and the server disagree: a bug in miglint."""
    # Only a dry run needs it, and this module loads with every run.
    from miglint.rules.locks.seen import compared

    for one in compared(executed):
        if one.differences:
            first, *others = (difference.words for difference in one.differences)
            message = f"the lock table and {executed.engine} disagree: {first}"
            message += f", and {len(others)} more" if others else ""
            help_text = "\n".join((REPORT, *others))
            yield hit_of(one.script, one.seen.span, message, help_text)
