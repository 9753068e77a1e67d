"""The dry run in the form of the JSON report, and as a summary line."""

from __future__ import annotations

from typing import Any

from miglint.base.structs import replace
from miglint.base.template_names import decode_tags
from miglint.dryrun.compare import counting
from miglint.dryrun.postgres.lock_observer import LOCK_ORDER
from miglint.dryrun.results import (
    Costs,
    EngineError,
    Execution,
    HistoryRun,
    MigrationRun,
    ObservedLock,
    RowRun,
    StatementCost,
    StepResult,
)
from miglint.schema.change import Change


def as_dict(run: MigrationRun, history: HistoryRun, idle: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Return one migration's results: the engine, the seven steps, the differences, the statements with locks.

    `idle` are the numbers of steps whose failure is only an info.
    """
    engine = history.engine
    found = {
        "engine": {"kind": engine.kind, "product": engine.product, "version": engine.version, "why": engine.why},
        "steps": [_step(step, step.number not in idle) for step in run.steps],
        "changes": [_change(change) for change in run.changes],
        "forward": _execution(_telling(run.forward, run.rows.forward if run.rows else None)),
        "rollback": _execution(_telling(run.rollback, run.rows.rollback if run.rows else None)),
        "rows": _rows(run.rows),
        "model": [_change(change) for change in run.apart],
        **({} if run.costs is None else {"costs": _costs(run.costs)}),
        "seconds": round(run.seconds, 4),
    }
    written: dict[str, Any] = _as_written(found)
    return written


def _as_written(value: Any) -> Any:
    """Return a value with encoded template tags in names replaced by the original ones."""
    if isinstance(value, str):
        return decode_tags(value)
    if isinstance(value, dict):
        return {decode_tags(key): _as_written(item) for key, item in value.items()}
    return [_as_written(item) for item in value] if isinstance(value, list) else value


def _telling(empty: Execution | None, rows: Execution | None) -> Execution | None:
    """Return the run with the more meaningful times, the one with rows if it succeeded, with the locks of both.

    With rows, both scripts may have run in one transaction, where locks of the forward hide those of the rollback.
    """
    if rows is None or not rows.ok:
        return empty
    if empty is None or len(empty.statements) != len(rows.statements):
        return rows
    pairs = zip(empty.statements, rows.statements, strict=True)
    return replace(rows, statements=tuple(replace(two, locks=_strongest(one.locks, two.locks)) for one, two in pairs))


def _strongest(one: tuple[ObservedLock, ...], two: tuple[ObservedLock, ...]) -> tuple[ObservedLock, ...]:
    found: dict[str, ObservedLock] = {}
    for lock in (*one, *two):
        held = found.get(lock.table)
        if held is None or LOCK_ORDER.index(lock.mode) > LOCK_ORDER.index(held.mode):
            found[lock.table] = lock
    return tuple(found[table] for table in sorted(found))


def _step(step: StepResult, matters: bool) -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "ok": step.ok,
        "matters": matters,
        "error": _error(step.error),
        "reason": step.reason,
        "changes": [_change(change) for change in counting(step.changes)],
        "seconds": round(step.seconds, 4),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "what": change.what,
        "name": change.name,
        "aspect": change.aspect,
        "before": change.before,
        "after": change.after,
        "counts": change.counts,
    }


def _error(error: EngineError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "message": error.message,
        "sqlstate": error.sqlstate,
        "detail": error.detail,
        "hint": error.hint,
        "statement": error.index,
        "start": _start(error),
        "limit": error.limit,
    }


def _start(error: EngineError) -> int | None:
    if error.place is not None:
        return error.place
    return error.span.start if error.span is not None else None


def _execution(execution: Execution | None) -> dict[str, Any] | None:
    if execution is None:
        return None
    return {
        "seconds": round(execution.seconds, 4),
        "statements": [
            {
                "start": statement.span.start,
                "end": statement.span.end,
                "seconds": round(statement.seconds, 4),
                "locks": {lock.table: lock.mode for lock in statement.locks},
                "rewritten": list(statement.rewritten),
                "invalid": list(statement.invalid),
            }
            for statement in execution.statements
        ],
    }


def _costs(costs: Costs) -> dict[str, Any]:
    def listed(statements: tuple[StatementCost, ...]) -> list[dict[str, Any]]:
        return [
            {
                "start": one.span.start,
                "end": one.span.end,
                "seconds": [None if seconds is None else round(seconds, 5) for seconds in one.seconds],
                "touched": list(one.touched),
                "grows": one.grows,
            }
            for one in statements
        ]

    return {"rows": list(costs.rows), "forward": listed(costs.forward), "rollback": listed(costs.rollback)}


def _rows(rows: RowRun | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    return {
        "inserted": rows.inserted,
        "unfilled": rows.unfilled,
        "unread": rows.unread,
        "error": _error(rows.error),
        "losses": [
            {"table": loss.table, "column": loss.column, "kind": loss.kind, "count": loss.count, "total": loss.total}
            for loss in rows.losses
        ],
    }


def summary(history: HistoryRun) -> str:
    """Return the summary line of a history's dry run."""
    engine = history.engine
    why = f", {engine.why}" if engine.why else ""
    count = f"{len(history.migrations)} migration{'' if len(history.migrations) == 1 else 's'}"
    text = (
        f"dry run of {history.history.root}: {count} on {engine.product} {engine.version}"
        f" ({engine.kind}{why}) in {history.seconds:.1f} s"
    )
    return "; ".join((text, *engine.notes))
