"""PAI: whether every forward script has its rollback, and whether the history is in order."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from miglint.base.findings import Severity
from miglint.base.model import Discovered, Script, Span
from miglint.base.structs import replace
from miglint.discovery.tools import WITH_CHECKSUMS
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.intentions import states_no_way_back
from miglint.rules.support.reporting import first_line, first_text, hit_in, problems
from miglint.rules.support.scripts import does_anything, was_read
from miglint.rules.support.swapped_scripts import swapped
from miglint.rules.symmetry.difference_words import message
from miglint.sql import operations as ops


def _reported(found: Discovered, kind: str, help: str) -> Iterator[Hit]:
    for problem, file in problems(found, kind):
        span = Span(problem.offset, problem.offset) if problem.offset else first_line(file)
        beside = f": {problem.related} has it too" if problem.related and kind == "duplicate-version" else ""
        yield Hit(file, span, f"{problem.message}{beside}", help, version=problem.version)


@rule(
    "PAI001",
    "missing-rollback",
    Severity.ERROR,
    "The migration has no rollback",
    scope="project",
    aliases=("django-migration-linter:RUNSQL_REVERSIBLE",),
)
def missing_rollback(found: Discovered) -> Iterator[Hit]:
    """Report forward scripts without a rollback; once, as a warning, where a history has none, or has stopped."""
    strict = _with_checksums(found)

    def explained(kind: str) -> Iterator[Hit]:
        for hit in _reported(found, kind, _MISSING):
            tools = strict.get(hit.file.path)
            yield hit if tools is None else replace(hit, help=_MISSING_WITH_CHECKSUMS.format(tools))

    yield from explained("missing-rollback")
    for hit in _reported(
        found,
        "rollbacks-missing",
        '`rollbacks = "optional"` says that this is intended; `rollbacks = "required"` reports each migration.',
    ):
        yield replace(hit, severity=Severity.WARNING)
    for hit in explained("missing-rollback-first"):
        yield replace(hit, severity=Severity.WARNING)
    for hit in explained("missing-rollback-alike"):
        yield replace(hit, severity=Severity.WARNING, summarized=True)


_MISSING = (
    "Write the rollback beside it, or state in the forward script why there is none: `-- miglint: irreversible (why)`."
)
_MISSING_WITH_CHECKSUMS = (
    "Write the rollback beside it, or one that only states why there is none: `-- miglint: irreversible (why)`. "
    "({} refuses a forward script that has changed since it ran.)"
)


def _with_checksums(found: Discovered) -> dict[str, str]:
    """Return the forward scripts in which no comment may be added later, with the tools that compare checksums."""
    strict: dict[str, str] = {}
    for history in found.histories:
        tools = " or ".join(sorted(WITH_CHECKSUMS.intersection(history.tools or (history.layout,))))
        if tools:
            strict |= {item.forward.path: tools for item in history.migrations if item.forward is not None}
    return strict


@rule("PAI002", "orphan-rollback", Severity.ERROR, "The rollback has no forward", scope="project")
def orphan_rollback(found: Discovered) -> Iterator[Hit]:
    """Report rollbacks whose version no forward script has."""
    yield from _reported(
        found,
        "orphan-rollback",
        "No tool ever runs it. Give it the version of the forward script that it belongs to, or delete it.",
    )


@rule(
    "PAI003",
    "empty-rollback",
    Severity.ERROR,
    "The rollback has no statement that undoes anything",
)
def empty_rollback(step: Step) -> Iterator[Hit]:
    """Report rollbacks that are empty, hold only comments, or only statements without effect."""
    migration = step.migration
    if migration.rollback is None or migration.forward is None or migration.irreversible is not None:
        return
    if does_anything(step.rollback_statements) or not was_read(step):
        return
    what = "does nothing" if step.rollback_statements else _emptiness(migration.rollback.text)
    # A constraint that stays validated is the same constraint.
    counting = [change for change in step.changes if change.counts]
    left = sum(change.aspect != "validated" for change in counting)
    if left:
        yield _schema_stays(migration.rollback, what, left)
    elif step.changes or does_anything(step.forward_statements):
        rows_stay = "the schema is unchanged, but the forward's changes to rows stay"
        stays = message(step, step.changes[0]) if step.changes else rows_stay
        yield hit_in(
            migration.rollback,
            first_text(migration.rollback),
            f"the rollback {what}; {stays}",
            "If that is intended, say so: `-- miglint: irreversible (why)`.",
            severity=Severity.WARNING if counting else Severity.INFO,
        )


def _emptiness(text: str) -> str:
    return "holds only comments" if text.strip() else "is empty"


def _schema_stays(rollback: Script, what: str, left: int) -> Hit:
    deliberate = states_no_way_back(rollback.text)
    why = ", and a comment says that this is intended" if deliberate else ""
    return hit_in(
        rollback,
        first_text(rollback),
        f"the rollback {what}{why}: {_count(left, 'schema change')} of the forward will stay",
        "Declare it, so that no tool relies on it: `-- miglint: irreversible (why)`."
        if deliberate
        else "Write the statements that undo the forward, or declare it: `-- miglint: irreversible (why)`.",
        severity=Severity.WARNING if deliberate else None,
    )


def _count(number: int, word: str) -> str:
    return f"the {word}" if number == 1 else f"{number} {word}s"


@rule("PAI004", "duplicate-version", Severity.ERROR, "Two migrations have the same version", scope="project")
def duplicate_version(found: Discovered) -> Iterator[Hit]:
    """Report versions that several forward scripts of one history have."""
    yield from _reported(
        found,
        "duplicate-version",
        "The migration tool decides which of them runs, and in which order: give one of them a version of its own.",
    )


@rule("PAI005", "skipped-version", Severity.WARNING, "A version is missing from the sequence", scope="project")
def skipped_version(found: Discovered) -> Iterator[Hit]:
    """Report gaps in consecutively numbered histories."""
    yield from _reported(
        found,
        "skipped-version",
        "A file may be missing. If the gap is intended, put a migration there that says so.",
    )


@rule(
    "PAI006",
    "out-of-order-version",
    Severity.WARNING,
    "A version sorts differently by name than its tool runs it",
    scope="project",
)
def out_of_order(found: Discovered) -> Iterator[Hit]:
    """Report versions whose order by name is not the order in which they run."""
    yield from _reported(
        found,
        "out-of-order",
        "Give all versions the same number of digits.",
    )


@rule(
    "PAI007",
    "swapped-scripts",
    Severity.ERROR,
    "The forward and the rollback look swapped",
    on=(ops.Drop, ops.DropColumn, ops.DropConstraint),
)
def swapped_scripts(step: Step) -> Iterator[Hit]:
    """Report a forward that only drops what its own rollback creates."""
    migration = step.migration
    if migration.forward is None or migration.rollback is None:
        return
    name = swapped(step)
    if name is not None:
        yield hit_in(
            migration.forward,
            step.forward_statements[0].span,
            f'the forward only drops "{name}", which only its rollback creates: the scripts look swapped',
            f"Swap the contents of {migration.forward.path} and {migration.rollback.path}"
            if migration.forward.path != migration.rollback.path
            else "Swap the two sections.",
            severity=None if step.before.closed else Severity.WARNING,
        )


@rule("PAI008", "irreversible-declared", Severity.INFO, "The migration is declared irreversible")
def irreversible_declared(step: Step) -> Iterator[Hit]:
    """Report migrations declared irreversible; as a warning when there is a rollback that does something."""
    migration = step.migration
    script = migration.forward or migration.rollback
    if migration.irreversible is None or script is None:
        return
    if does_anything(step.rollback_statements) and migration.rollback is not None:
        yield hit_in(
            migration.rollback,
            first_text(migration.rollback),
            f"the migration is declared irreversible ({migration.irreversible}), but its rollback does something",
            "Remove the declaration, or the statements of the rollback.",
            severity=Severity.WARNING,
        )
    else:
        yield hit_in(
            script,
            first_text(script),
            f"declared irreversible: {migration.irreversible}",
            "After this migration only a backup restores the schema.",
        )


@rule("PAI009", "forward-only-history", Severity.INFO, "The history has no rollbacks by design", scope="project")
def forward_only(found: Discovered) -> Iterator[Hit]:
    """Report, once per history, that its layout has no rollbacks."""
    yield from _reported(
        found,
        "forward-only",
        'Set `rollbacks = "required"` to require rollbacks here, or `rollbacks = "none"` to hide this.',
    )


@rule("PAI010", "unmatched-file", Severity.INFO, "The file belongs to no migration", scope="project")
def unmatched_file(found: Discovered) -> Iterator[Hit]:
    """Report SQL files whose names match no layout; as a warning for a file that was named on the command line."""
    requested = found.requested or frozenset()
    for hit in _reported(
        found, "unmatched", "Name it like the other files of its folder, or move it out of the folder."
    ):
        path = hit.file.path
        if path not in requested:
            yield hit
            continue
        name = f"001_{path.rpartition('/')[2]}"
        alone = f"miglint check --stdin-filename {quote(name)} < {quote(path)}"
        help = f"Migrations are recognized by file name. To check this file by itself: `{alone}`"
        yield replace(hit, help=help, severity=Severity.WARNING)


@rule(
    "PAI011",
    "other-dialect",
    Severity.INFO,
    "The file is written for an engine that miglint does not read",
    scope="project",
)
def other_dialect(found: Discovered) -> Iterator[Hit]:
    """Report files for MySQL, CockroachDB and others, which are left out."""
    yield from _reported(
        found,
        "other-dialect",
        "If it is PostgreSQL or SQLite after all, say so in its first lines: `-- miglint: dialect=postgres`.",
    )


@rule("PAI012", "bad-section", Severity.ERROR, "A section marker is wrong", scope="project")
def bad_section(found: Discovered) -> Iterator[Hit]:
    """Report section markers that are unknown, duplicated, unclosed or out of place."""
    yield from _reported(
        found, "bad-section", "The migration tool stops here, or runs less than is written: correct the marker."
    )


@rule("PAI013", "empty-forward", Severity.WARNING, "The forward has no statement")
def empty_forward(step: Step) -> Iterator[Hit]:
    """Report forward scripts that are empty or hold only comments."""
    script = step.migration.forward
    if script is None or step.forward_statements or script.file.error is not None:
        return
    acting = does_anything(step.rollback_statements)
    yield hit_in(
        script,
        first_text(script),
        f"the forward {_emptiness(script.text)}" + (", but its rollback changes something" if acting else ""),
        "Delete the migration if it has run nowhere; otherwise state in it why it is empty.",
        severity=None if acting else Severity.INFO,
    )
