"""Rules that say about which steps they have to be asked lose nothing by it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.discovery import discover
from miglint.linter.dispatch import PlacedHit, RuleDispatcher
from miglint.linter.findings_builder import steps_of
from miglint.replay.steps import Step
from miglint.rules.definition import CASES, Rule
from miglint.rules.registry import Registry, built_in
from miglint.rules.selection import select

from .book import Example, pages

EXAMPLES = [example for page in pages() for example in page.examples]
SETTINGS = Settings(root="", select=("ALL",), targets={"postgres": (14,), "sqlite": (3, 40)})
ASKED = RuleDispatcher(select(SETTINGS, built_in()), SETTINGS.targets)


def _always(rule: Rule) -> Rule:
    """Return the rule as one that is called for every step, with the cases that are found for it there."""
    find = rule.on
    return replace(rule, on=(lambda step: {rule.code: find(step).get(rule.code, ())}) if CASES in rule.takes else None)


ALWAYS = RuleDispatcher(
    select(SETTINGS, Registry.of(map(_always, built_in().rules.values()))),
    SETTINGS.targets,
)


def _said(asked: RuleDispatcher, step: Step) -> Counter[tuple[str, int, str]]:
    def told(placed: PlacedHit) -> tuple[str, int, str]:
        return placed.rule.code, placed.hit.span.start, placed.hit.message

    return Counter(map(told, asked.step(step)))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_is_not_asked_has_nothing_to_say(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    for history in discover((".",)).histories:
        for step in steps_of(history, SETTINGS, {}):
            assert _said(ASKED, step) == _said(ALWAYS, step)


def test_most_rules_wait_for_what_they_are_about() -> None:
    per_step = [rule for rule in built_in().rules.values() if rule.scope == "step"]
    assert sum(rule.on is None for rule in per_step) < len(per_step) / 3
