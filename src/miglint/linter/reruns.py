"""Findings about a second run of a script, if the migration tool prevents second runs.

The verdict is whether a script is idempotent; whether that matters depends on the tool that runs it, and on the setting
`idempotency`: `required` keeps every finding as reported by the rule, `off` drops them, and `auto` merges those in a
script that is only run once to one finding of severity info.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from re import Pattern

from miglint.base.findings import Severity
from miglint.base.model import History, Script
from miglint.base.path_pattern import path_pattern
from miglint.base.structs import Struct, replace
from miglint.config.settings import Settings
from miglint.linter.dispatch import PlacedHit
from miglint.linter.relative_paths import RelativePaths
from miglint.replay.runner_guarantees import Guarantee, guarantee
from miglint.replay.runners import Runner
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.rules.support.scripts import scripts_of
from miglint.sql.operations import Statement


def with_guarantees(placed: list[PlacedHit], step: Step, runners: tuple[Runner, ...]) -> list[PlacedHit]:
    """Return the hits of a step; those about a second run are adjusted to the guarantees of the possible tools.

    A script that PostgreSQL cannot parse has no first run yet: what a second one does is information until then.
    """
    known: dict[int, Guarantee] = {}
    unread = {id(script) for script, statements in scripts_of(step) if _is_unread(statements)}
    found = []
    for item in placed:
        script = item.hit.script
        if item.rule.about_reruns and id(script) in unread:
            found.append(replace(item, hit=replace(item.hit, severity=Severity.INFO)))
        elif item.rule.about_reruns and script is not None and runners:
            if id(script) not in known:
                known[id(script)] = guarantee(step, script, runners)
            found.append(replace(item, hit=replace(item.hit, guarantee=known[id(script)])))
        else:
            found.append(item)
    return found


def _is_unread(statements: tuple[Statement, ...]) -> bool:
    return any(item.problem is not None and item.problem.certain for item in statements)


def tool_of(settings: Settings) -> str | None:
    """Return the configured migration tool: from `runner`, or from a layout that only one tool has."""
    if settings.runner is not None:
        return settings.runner
    return settings.layout if settings.layout in ("sqlx", "pop", "hasura") else None


class Judged(Struct, frozen=True):
    """Hits with the configured severity for second runs, and the disabled ones."""

    kept: list[PlacedHit]
    left_out: list[PlacedHit]


class Reruns(Struct, frozen=True):
    """Settings for scripts that fail on a second run: global, and per path."""

    everywhere: str
    overrides: tuple[tuple[Pattern[str], str], ...]
    relative: RelativePaths

    @classmethod
    def of(cls, settings: Settings) -> Reruns:
        """Return the settings."""
        overrides = [
            (path_pattern(glob), item.idempotency)
            for item in settings.per_path
            if item.idempotency is not None
            for glob in item.paths
        ]
        return cls(settings.idempotency, tuple(overrides), RelativePaths(settings.root))

    def judged(self, placed: Iterable[PlacedHit]) -> Judged:
        """Return the hits with adjusted severity, and the disabled ones."""
        found: list[PlacedHit] = []
        off: list[PlacedHit] = []
        for item in placed:
            if not item.rule.about_reruns:
                found.append(item)
                continue
            choice = self.choice(item.hit.file.path)
            if choice == "required":
                found.append(replace(item, hit=replace(item.hit, guarantee=None)))
            elif choice == "auto":
                found.append(_weighed(item))
            else:
                off.append(item)
        return Judged(found, off)

    def matters(self, step: Step, script: Script | None, runners: tuple[Runner, ...]) -> bool:
        """Return whether non-idempotent scripts are errors."""
        if script is None:
            return True
        choice = self.choice(script.path)
        return choice == "required" or (choice == "auto" and not guarantee(step, script, runners).holds)

    def choice(self, path: str) -> str:
        """Return the setting for a file."""
        choice = self.everywhere
        inside = self.relative.path(path) if self.overrides else path
        for pattern, given in self.overrides:
            if pattern.match(inside) is not None:
                choice = given
        return choice


def several_reruns(count: int, where: str) -> str:
    """Return the message of the finding for a whole script that is only run once."""
    return f"{count} statements fail or have another effect on a second run: {where}"


def ambiguous(placed: Iterable[PlacedHit]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the files some of whose possible tools run a script once, and some again: the names of both.

    `placed` are hits as returned by `Reruns.judged`.
    """
    by_path: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for item in placed:
        given = item.hit.guarantee
        if given is not None and given.once and given.again:
            by_path[item.hit.file.path] = (given.once, given.again)
    return by_path


def undecided(
    by_path: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]], histories: Iterable[History]
) -> tuple[str, ...]:
    """Return a note for each history whose tool is ambiguous and determines whether its scripts can run twice.

    `by_path` are the files that `ambiguous` returns.
    """
    notes = []
    for history in histories if by_path else ():
        paths = {
            script.path for item in history.migrations for script in (item.forward, item.rollback) if script is not None
        }
        mixed = sorted({by_path[path] for path in paths & by_path.keys()})
        if mixed:
            once, again = mixed[0]
            together = " and ".join(sorted((*once, *again)))
            count = len(paths & by_path.keys())
            notes.append(
                f"{history.root}: {together} name files alike, and of {count} script{'s' if count > 1 else ''} that "
                f'cannot run twice only {" and ".join(once)} runs each once; `runner = "..."` says which tool it is'
            )
    return tuple(notes)


def _weighed(item: PlacedHit) -> PlacedHit:
    """Return a hit with the severity that the tools' guarantees leave to it."""
    given = item.hit.guarantee
    if given is not None and given.holds:
        return replace(item, hit=_as_information(item))
    if given is not None and given.is_rare and (item.hit.severity or item.rule.severity) is Severity.ERROR:
        return replace(item, hit=replace(item.hit, severity=Severity.WARNING))
    return item


def _as_information(item: PlacedHit) -> Hit:
    given = item.hit.guarantee
    reasons = []
    if given is not None and given.once:
        reasons.append(f"{_named(given.once, 'run')} this script only once")
    if given is not None and given.stopped:
        reasons.append(f"a second run changes nothing, and {_named(given.stopped, 'stop')} at it")
    reason = ", and ".join(reasons)
    return replace(
        item.hit, severity=Severity.INFO, help=f'{reason}. `idempotency = "required"` reports each statement.'
    )


def _named(tools: tuple[str, ...], verb: str) -> str:
    return f"{' and '.join(tools)} {verb if len(tools) > 1 else verb + 's'}"
