"""The history as a table: for each migration, whether it has a rollback, what is known of it, and what it loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from miglint.base.model import History, Migration
from miglint.base.structs import Struct
from miglint.base.template_names import decode_tags
from miglint.replay.steps import Step
from miglint.rollback.assessment import Assessment, assess
from miglint.rollback.preserve.tables import how_much
from miglint.rules.data.data_set_aside import set_aside_by
from miglint.rules.support.scripts import does_anything
from miglint.sql.operations import Name

THERE, MISSING, EMPTY = "there", "missing", "empty"
IRREVERSIBLE, REPEATABLE, ORPHAN = "irreversible", "repeatable", "orphan"


class RollbackEntry(Struct, frozen=True):
    """One migration of the overview.

    `status` is one of `there`, `missing`, `empty` (the script does nothing), `irreversible` (declared, `reason` says
    why), `repeatable` (has none by design) and `orphan` (a rollback without a forward). `known` is what is known of the
    rollback. `set_aside` are the tables to which one of the scripts copies data before it is destroyed.
    """

    history: History
    migration: Migration
    status: str
    verdict: dict[str, bool | None]
    known: Assessment
    unknown: tuple[str, ...] = ()
    reason: str | None = None
    set_aside: tuple[Name, ...] = ()

    @property
    def loses(self) -> tuple[str, ...]:
        """The tables (`orders`) and columns (`orders.note`) whose rows or values the rollback destroys."""
        return tuple(decode_tags(str(item)) for item in self.known.loses)

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as it is reported to programs."""
        migration = self.migration
        return {
            "version": migration.version,
            "name": migration.name,
            "dialect": migration.dialect.value,
            "history": self.history.root,
            "forward": migration.forward.path if migration.forward is not None else None,
            "rollback": migration.rollback.path if migration.rollback is not None else None,
            "status": self.status,
            "reason": self.reason,
            "verdict": self.verdict,
            "unknown": list(self.unknown),
            "restores": self.known.restores,
            "missing": list(self.known.missing),
            "not_restored": list(self.known.lost),
            "loses": list(self.loses),
            "fails_on": list(self.known.fails_on),
            "set_aside": [{"table": str(place), "how_much": how_much(place)} for place in self.set_aside],
        }


def overview(history: History, steps: Iterable[Step]) -> Iterator[RollbackEntry]:
    """Yield the entries of a history in its order."""
    for step in steps:
        yield entry_of(history, step)


def entry_of(history: History, step: Step) -> RollbackEntry:
    """Return the entry of one replayed migration."""
    migration = step.migration
    return RollbackEntry(
        history,
        migration,
        status_of(step),
        step.verdict.as_dict(),
        assess(step),
        tuple(map(decode_tags, step.unknown)),
        migration.irreversible,
        tuple(dict.fromkeys(item.name for item in set_aside_by(step.forward_statements + step.rollback_statements))),
    )


def status_of(step: Step) -> str:
    """Return what there is of a rollback; see `RollbackEntry`."""
    migration = step.migration
    if migration.forward is None:
        return ORPHAN
    if migration.irreversible is not None:
        return IRREVERSIBLE
    if migration.rollback is None:
        return REPEATABLE if migration.repeatable else MISSING
    return THERE if does_anything(step.rollback_statements) else EMPTY
