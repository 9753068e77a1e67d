"""INT: a rule that broke down, told as a finding so that the run goes on and nobody takes silence for a good result."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule

RULE_CRASHED = "INT001"


@rule(RULE_CRASHED, "rule-crashed", Severity.ERROR, "A rule of miglint broke down on this migration", scope="internal")
def rule_crashed(hits: tuple[Hit, ...]) -> Iterator[Hit]:
    """Pass on the hits that the pipeline made where rules broke down."""
    yield from hits
