"""DIR: suppression comments that do not do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule

if TYPE_CHECKING:
    from miglint.linter.suppression_comments import Remarks


@rule(
    "DIR001",
    "directive-unknown",
    Severity.WARNING,
    "A directive is unknown, or names no rule",
    scope="directives",
    aliases=("squawk:unused-ignore",),
)
def directive_unknown(remarks: Remarks) -> Iterator[Hit]:
    """Report directives that are misspelled or stand where they have no effect."""
    for item in remarks.directives:
        for problem in item.problems:
            help = "`miglint rules` lists the names of all rules."
            if problem.startswith("unknown directive"):
                help = "Write `-- miglint: ignore CODE (why)` before the statement, or `ignore-file` before the first."
            yield Hit(item.file, item.span, problem, help)


@rule(
    "DIR002",
    "ignore-without-reason",
    Severity.WARNING,
    "An ignore comment has no reason",
    scope="directives",
)
def ignore_without_reason(remarks: Remarks) -> Iterator[Hit]:
    """Report miglint's ignore comments without a reason; other tools' comments have no place for one."""
    for item in remarks.directives:
        if item.codes and not item.reason and not item.foreign:
            codes = ", ".join(sorted(item.codes)[:3])
            message = "this ignore has no reason"
            yield Hit(item.file, item.span, message, f"Write `-- miglint: {item.word} {codes} (the reason)`.")


@rule("DIR003", "ignore-unused", Severity.WARNING, "An ignore comment suppresses nothing", scope="directives")
def ignore_unused(remarks: Remarks) -> Iterator[Hit]:
    """Report miglint's ignore comments that suppressed no finding."""
    for item in remarks.unused:
        codes = ", ".join(sorted(item.codes)[:3])
        message = f"this ignore suppresses nothing: there is no finding of {codes} here"
        yield Hit(
            item.file, item.span, message, "Remove it, or move it directly before the statement that it is about."
        )
