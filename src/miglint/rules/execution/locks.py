"""RUN013: the locks and rewrites that a server was seen to make, against those that the table of locks foresees."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule
from miglint.rules.execution.outcomes import Executed

_REPORT = "This is a bug of miglint, please report it."


@rule(
    "RUN013",
    "locks-differ",
    Severity.INFO,
    "A statement locks or rewrites other tables than foreseen",
    dialects=("postgres",),
    scope="executed",
)
def locks_differ(executed: Executed) -> Iterator[Hit]:
    """Report where the table of locks foresees one thing and the server did another: a bug of miglint."""
    # Only a dry run needs it, and this module loads with every run.
    from miglint.rules.locks.seen import compared

    for one in compared(executed):
        if one.differences:
            first, *others = (difference.words for difference in one.differences)
            message = f"the lock table and {executed.engine} disagree: {first}"
            message += f", and {len(others)} more" if others else ""
            help_text = "\n".join((_REPORT, *others))
            yield Hit(one.script.file, one.seen.span, message, help_text, one.script, evidence="executed")
