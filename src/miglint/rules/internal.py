"""INT: a rule that crashed, reported as a finding: the run goes on, and no findings does not mean no problems."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule

RULE_CRASHED = "INT001"


@rule(RULE_CRASHED, "rule-crashed", Severity.ERROR, "A rule crashed on this migration", scope="internal", always=True)
def rule_crashed(hits: tuple[Hit, ...]) -> Iterator[Hit]:
    """Pass on the hits that the dispatcher made where rules crashed."""
    yield from hits
