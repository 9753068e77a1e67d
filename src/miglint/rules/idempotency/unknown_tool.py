"""IDM064: a history that only works if each script runs once, although nothing configures that."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import SourceFile, Span
from miglint.base.structs import Struct
from miglint.rules.definition import Hit, rule

TOOL_UNKNOWN = "IDM064"


class UnguardedHistory(Struct, frozen=True):
    """A history (the folder `root`) of an unknown tool: so many of its forward scripts cannot run twice."""

    root: str
    unguarded: int
    scripts: int


@rule(
    TOOL_UNKNOWN,
    "tool-unknown",
    Severity.ERROR,
    "Most scripts of a history cannot run twice, and nothing names the tool that runs them",
    scope="reruns",
)
def tool_unknown(histories: tuple[UnguardedHistory, ...]) -> Iterator[Hit]:
    """Report a history once, instead of each statement that fails on a second run."""
    for item in histories:
        yield Hit(
            SourceFile(item.root, ""),
            Span(0, 0),
            f"{item.unguarded} of {item.scripts} forward scripts cannot run twice, and no known tool runs them",
            '`runner = "..."` names the tool, `idempotency = "off"` says that it runs each script once, and '
            '`"required"` reports each statement.',
        )
