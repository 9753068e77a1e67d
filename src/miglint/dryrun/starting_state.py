"""The database in which a run of a history begins: an empty one, or one with the history that an earlier run kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from miglint.base.model import Dialect, History, Script
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import Database, Engine
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.history_templates import HistoryTemplates
from miglint.dryrun.result_cache import TemplatePlan
from miglint.dryrun.steps import Scripts
from miglint.dryrun.surround import surround


@runtime_checkable
class KeepsHistories(Protocol):
    """An engine whose server is stopped for its files to be kept, and that starts from such files."""

    @property
    def notes_of_template(self) -> tuple[str, ...] | None:
        """What was noted about the history that the server started from; None if it started from none."""

    def create_from_template(self) -> Database:
        """Return a new database with the history that the server started from."""

    def keep(self, templates: HistoryTemplates, name: str, notes: tuple[str, ...]) -> None:
        """Stop the server, and store its files with the state that was set aside, if no script tested its limits."""


@runtime_checkable
class SetsAside(Protocol):
    """A database whose present state can be set aside on its server."""

    def set_aside(self) -> None:
        """Set the present state aside, instead of one that was set aside before."""


class StartingState(Struct, frozen=True, eq=False):
    """A database with the first `done` migrations of a history.

    `notes` are about what was created before the first one. With a `plan`, the state after its first `latest`
    migrations is kept for later runs, if it is many migrations further than this one.
    """

    database: Database
    notes: tuple[str, ...]
    done: int = 0
    plan: TemplatePlan | None = None

    def reached(self, number: int) -> None:
        """Set the state aside if it is the one to keep: `number` migrations have run."""
        if self.plan is not None and number == self.plan.wanted(self.done) and isinstance(self.database, SetsAside):
            self.database.set_aside()

    def recreate(self, history: History, known: int, options: DryRunOptions) -> None:
        """Run the forward scripts of the first `known` migrations that have not run."""
        for number in range(self.done, known):
            self.reached(number)
            forward = Scripts.of(history.migrations[number], history.layout, options.runner).forward
            if forward is not None:
                self.database.run(forward)

    def keep(self, engine: Engine) -> None:
        """Keep what was set aside; the history has run, and its database is dropped."""
        plan = self.plan
        if plan is not None and plan.wanted(self.done) is not None and isinstance(engine, KeepsHistories):
            engine.keep(plan.templates, plan.name, self.notes)


def start_of(
    history: History,
    engine: Engine,
    plan: TemplatePlan | None,
    options: DryRunOptions,
    baseline: Mapping[Dialect, Script],
) -> StartingState:
    """Return a new database, with the history that the engine started from, or with what is before the first migration.

    Raises `UsageError` if the baseline schema cannot be created.
    """
    if plan is not None and isinstance(engine, KeepsHistories):
        notes = engine.notes_of_template
        if notes is not None:
            return StartingState(engine.create_from_template(), notes, plan.done, plan)
    database = engine.create()
    try:
        return StartingState(database, surround(history, database, options, baseline), 0, plan)
    except BaseException:
        database.drop()
        raise
