"""Set up a new database for a history: what must exist before its first migration."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.errors import UsageError
from miglint.base.model import Dialect, History, Script
from miglint.dryrun.interfaces import Database, WithRoles
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.prerequisites import bookkeeping, missing_extensions, missing_roles, missing_schemas, script_of
from miglint.dryrun.statements import prepare


def surround(
    history: History, database: Database, options: DryRunOptions, baseline: Mapping[Dialect, Script]
) -> tuple[str, ...]:
    """Create the prerequisites of the first migration in a new database, and return notes about them.

    Raises `UsageError` if the baseline schema cannot be created.
    """
    notes = []
    start = baseline.get(history.dialect)
    for name in dict.fromkeys((*options.extensions, *missing_extensions(history, start))):
        script = script_of(f'CREATE EXTENSION IF NOT EXISTS "{name}"', history.dialect)
        if history.dialect is Dialect.POSTGRES and database.run(prepare(script)).ok:
            notes.append(
                f"extension {name} was created before the first migration: scripts use it, but none creates it"
            )
    if start is not None:
        done = database.run(prepare(start))
        if done.error is not None:
            raise UsageError(f"{start.path}: baseline-schema: {done.error}")
    notes += _stand_in_roles(history, database, options)
    for made in (bookkeeping(history), missing_schemas(history)):
        if made is not None:
            database.run(prepare(made))
    return tuple(notes)


def surroundings(history: History, options: DryRunOptions, baseline: Mapping[Dialect, Script]) -> tuple[str, ...]:
    """Return all that decides what `surround` creates."""
    start = baseline.get(history.dialect)
    made = (script.text for script in (start, bookkeeping(history), missing_schemas(history)) if script is not None)
    extensions = (*options.extensions, *missing_extensions(history, start))
    return ("extensions", *extensions, "roles", *options.roles, *missing_roles(history), "scripts", *made)


def _stand_in_roles(history: History, database: Database, options: DryRunOptions) -> list[str]:
    if not isinstance(database, WithRoles):
        return []
    roles = database.stand_in_roles(tuple(dict.fromkeys((*options.roles, *missing_roles(history)))))
    if not roles:
        return []
    count, them = ("role", "it") if len(roles) == 1 else ("roles", "them")
    return [f"stand-ins without privileges for {count} {', '.join(roles)}: no script creates {them}"]
