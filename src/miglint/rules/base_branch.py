"""Conflicts of a branch with the one that it will be merged into: edited migrations, versions and names taken twice."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import History, Migration, Script, Span
from miglint.base.structs import Struct, replace
from miglint.discovery.tools import WITH_CHECKSUMS
from miglint.replay.runner_guarantees import runners_of
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import first_text, hit_in


class Meeting(Struct, frozen=True):
    """A new script of this branch, and the script of the base branch (`path`) that it meets.

    `name` is the object that both create, and `span` where this script does so.
    """

    script: Script
    version: str
    path: str
    name: str = ""
    span: Span | None = None


class BranchComparison(Struct, frozen=True):
    """What a branch changed since it parted from `reference`, and what meets something there.

    `edited` are migrations that the base already had, `runner` is the configured migration tool.
    """

    reference: str
    runner: str | None
    edited: tuple[tuple[History, Migration], ...]
    same_version: tuple[Meeting, ...]
    sorts_before: tuple[Meeting, ...]
    same_name: tuple[Meeting, ...]


def _hit(item: Meeting, message: str, help: str) -> Hit:
    span = first_text(item.script) if item.span is None else item.span
    return replace(hit_in(item.script, span, message, help), version=item.version)


@rule("PAI014", "edited-migration", Severity.ERROR, "A migration that the base branch has was edited", scope="branch")
def edited_migration(branch: BranchComparison) -> Iterator[Hit]:
    """Report forward scripts that were edited, unless their tool compares no checksums."""
    for history, migration in branch.edited:
        script = migration.forward
        runners = {runner.name for runner in runners_of(history.layout, history.tools, branch.runner)}
        if script is None or (runners and runners.isdisjoint(WITH_CHECKSUMS)):
            continue
        strict = sorted(runners & WITH_CHECKSUMS)
        if not strict:
            why = "databases that ran it stay as they are"
        elif strict == sorted(runners):
            why = f"{strict[0]} compares checksums and stops"
        else:
            why = f"{strict[0]}, if that is the tool, compares checksums and stops"
        message = f"edited, but {branch.reference} has it already: {why}"
        yield replace(
            hit_in(
                script,
                first_text(script),
                message,
                "Restore the script, and write a new migration for the change.",
                severity=Severity.ERROR if strict and strict == sorted(runners) else Severity.WARNING,
            ),
            version=migration.version,
        )


@rule(
    "PAI015",
    "version-taken-on-base",
    Severity.ERROR,
    "The base branch has another migration with this version",
    scope="branch",
)
def version_taken_on_base(branch: BranchComparison) -> Iterator[Hit]:
    """Report new migrations whose version the base branch gave to another one since the branches parted."""
    for item in branch.same_version:
        yield _hit(
            item,
            f"version {item.version} is taken on {branch.reference} by {item.path}",
            "After the merge two migrations have this version: give this one the next free one.",
        )


@rule(
    "PAI016",
    "sorts-before-base",
    Severity.WARNING,
    "A new migration sorts before one of the base branch",
    scope="branch",
)
def sorts_before_base(branch: BranchComparison) -> Iterator[Hit]:
    """Report new migrations with a lower version than one that the base branch already has."""
    for item in branch.sorts_before:
        yield _hit(
            item,
            f"sorts before {item.path}, which {branch.reference} already has",
            "Databases that ran the later one may skip this one or refuse it: give it a later version.",
        )


@rule(
    "NAM011",
    "name-taken-on-base",
    Severity.ERROR,
    "The base branch creates an object with this name too",
    scope="branch",
)
def name_taken_on_base(branch: BranchComparison) -> Iterator[Hit]:
    """Report objects that both branches create since they parted."""
    for item in branch.same_name:
        yield _hit(
            item,
            f"{item.name} is also created on {branch.reference}, by {item.path}",
            "After the merge the second of them fails, or is skipped by its guard: agree on one.",
        )
