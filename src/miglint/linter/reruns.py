"""Findings about a second run of a script, in a project whose migration tool makes a second run impossible.

The verdict says whether a script is idempotent; whether that matters is for the tool that runs it, and for the setting
`idempotency`: `required` keeps every finding as the rule made it, `off` drops them, and `auto` makes one finding of
severity info of those in a script that is only run once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from re import Pattern

from miglint.base.findings import Severity
from miglint.base.structs import Struct, replace
from miglint.config.settings import Settings
from miglint.linter.dispatch import Placed
from miglint.replay.runner_guarantees import runs_once
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.rules.selection import path_pattern


def with_guarantees(placed: list[Placed], step: Step, runner: str | None) -> list[Placed]:
    """Return the hits of a step, those about a second run with the tools that make it impossible.

    `runner` is the tool that the settings name (None: the layout tells).
    """
    known: dict[int, str | None] = {}
    found = []
    for item in placed:
        script = item.hit.script
        if item.rule.about_reruns and script is not None:
            if id(script) not in known:
                known[id(script)] = runs_once(step, script, runner)
            tools = known[id(script)]
            if tools is not None:
                found.append(replace(item, hit=replace(item.hit, runs_once=tools)))
                continue
        found.append(item)
    return found


class Reruns(Struct, frozen=True):
    """What the settings say of scripts that cannot run twice: everywhere, and for the files that match a pattern."""

    everywhere: str
    overrides: tuple[tuple[Pattern[str], str], ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Reruns:
        """Return what the settings say."""
        overrides = [
            (path_pattern(glob), item.idempotency)
            for item in settings.per_path
            if item.idempotency is not None
            for glob in item.paths
        ]
        return cls(settings.idempotency, tuple(overrides))

    def judged(self, placed: Iterable[Placed], relative: Callable[[str], str]) -> list[Placed]:
        """Return the hits with the severity that they have here, without those that are switched off.

        `relative` turns a path as shown into the one that patterns are about.
        """
        found = []
        for item in placed:
            if not item.rule.about_reruns:
                found.append(item)
                continue
            choice = self._choice(relative(item.hit.file.path))
            if choice == "required":
                found.append(replace(item, hit=replace(item.hit, runs_once=None)))
            elif choice == "auto":
                found.append(item if item.hit.runs_once is None else replace(item, hit=_as_information(item)))
        return found

    def _choice(self, path: str) -> str:
        choice = self.everywhere
        for pattern, given in self.overrides:
            if pattern.match(path) is not None:
                choice = given
        return choice


def several_reruns(count: int) -> str:
    """Return the message of the finding that stands for all of a script that is only run once."""
    return f"{count} statements fail or change something else when the script is run again"


def _as_information(item: Placed) -> Hit:
    reason = f'{item.hit.runs_once} runs this script only once. `idempotency = "required"` reports each statement.'
    return replace(item.hit, severity=Severity.INFO, help=reason)
