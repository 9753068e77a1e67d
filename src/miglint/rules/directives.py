"""DIR: comments that speak to the linter, when they do not do what they seem to."""

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
    "A directive that miglint does not know, or that names no rule",
    scope="directives",
    aliases=("squawk:unused-ignore",),
)
def directive_unknown(remarks: Remarks) -> Iterator[Hit]:
    """Report directives that are misspelt or stand where they do nothing."""
    for item in remarks.directives:
        for problem in item.problems:
            yield Hit(item.file, item.span, problem, "`miglint rules` lists the names of all rules.")


@rule(
    "DIR002",
    "ignore-without-reason",
    Severity.WARNING,
    "An ignore that does not say why",
    scope="directives",
)
def ignore_without_reason(remarks: Remarks) -> Iterator[Hit]:
    """Report our own ignores without a reason; other tools' comments have no place for one."""
    for item in remarks.directives:
        if item.codes and not item.reason and not item.foreign:
            codes = ", ".join(sorted(item.codes)[:3])
            message = "this ignore does not say why: the next reader cannot tell whether it still holds"
            yield Hit(item.file, item.span, message, f"Write `-- miglint: {item.word} {codes} (the reason)`.")


@rule("DIR003", "ignore-unused", Severity.WARNING, "An ignore that hides nothing", scope="directives")
def ignore_unused(remarks: Remarks) -> Iterator[Hit]:
    """Report our own ignores that hid no finding."""
    for item in remarks.unused:
        codes = ", ".join(sorted(item.codes)[:3])
        message = f"this ignore hides nothing: {codes} has nothing to say here"
        yield Hit(item.file, item.span, message, "Remove it, or move it right before the statement that it is about.")
