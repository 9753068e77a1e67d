"""RUN: where the replay and the engine of a dry run disagree about a migration."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.rules.definition import Hit, rule
from miglint.rules.execution.outcomes import MOST_SHOWN, Executed, hit_of, shown
from miglint.schema.change import Change

_VERDICTS = ("symmetric", "forward_idempotent", "rollback_idempotent")
REPORT = "This is a bug in miglint: please report it."


@rule("RUN010", "model-disagrees", Severity.INFO, "The replay and the database disagree", scope="executed")
def model_disagrees(executed: Executed) -> Iterator[Hit]:
    """Report where the replay and the engine disagree: a bug in miglint."""
    run = executed.run
    script = run.migration.forward or run.migration.rollback
    if script is None or _after_a_failure(executed):
        return
    for name in _VERDICTS:
        static, observed = getattr(executed.step.verdict, name), getattr(run.verdict, name)
        if static is None or observed is None or static is observed:
            continue
        message = f"the replay says {name} is {str(static).lower()}, {executed.engine} says {str(observed).lower()}"
        yield hit_of(script, None, message, f"{REPORT}\n{_changes_of_verdict(executed, name)}".strip())
    if run.apart:
        first = run.apart[0]
        message = f"the replay and the database disagree on {first.what} {first.name} after the forward"
        message += f", and on {len(run.apart) - 1} more" if len(run.apart) > 1 else ""
        sides = "\n".join(
            f"{change.what} {change.name}\nThe database: {_side(change, database=True)}\nThe replay: {_side(change)}"
            for change in run.apart[:MOST_SHOWN]
        )
        yield hit_of(script, None, message, f"{REPORT}\n{sides}")


def _after_a_failure(executed: Executed) -> bool:
    """Whether an earlier forward failed: the replay goes on as if it had not, the database cannot."""
    for earlier in executed.history.migrations:
        if earlier is executed.run:
            return False
        if earlier.forward is not None and not earlier.forward.ok:
            return True
    return False


def _changes_of_verdict(executed: Executed, name: str) -> str:
    """Return the changes, a line each, that the database's verdict follows from; of symmetry also the replay's."""
    run = executed.run
    if name == "symmetric":
        sides = [("database", run.changes), ("replay", executed.step.changes)]
    else:
        sides = [("database", run.step(3 if name == "forward_idempotent" else 5).changes)]
    return "\n".join(
        f"The {side}: {shown(change)}" for side, changes in sides for change in changes[:MOST_SHOWN] if change.counts
    )


def _side(change: Change, *, database: bool = False) -> str:
    """Return what one side of a difference, seen from the database, has."""
    text = change.before if database else change.after
    there = change.kind != ("extra" if database else "missing")
    aspect = f" ({change.aspect})" if change.aspect else ""
    return f"{text or 'it exists'}{aspect}" if there else "it does not exist"
