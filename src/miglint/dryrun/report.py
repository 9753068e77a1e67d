"""A dry run in the form of the JSON report, and in words."""

from __future__ import annotations

from typing import Any

from miglint.dryrun.compare import counting
from miglint.dryrun.results import EngineError, Execution, HistoryRun, MigrationRun, RowRun, StepResult
from miglint.schema.diff import Change

_MARKS = {True: "ok", False: "FAILED", None: "-"}


def as_dict(run: MigrationRun, history: HistoryRun) -> dict[str, Any]:
    """Return one migration's run: the engine, the seven steps, the differences, the statements with their locks."""
    engine = history.engine
    return {
        "engine": {"kind": engine.kind, "product": engine.product, "version": engine.version, "why": engine.why},
        "steps": [_step(step) for step in run.steps],
        "changes": [_change(change) for change in run.changes],
        "forward": _execution(_telling(run.forward, run.rows.forward if run.rows else None)),
        "rollback": _execution(_telling(run.rollback, run.rows.rollback if run.rows else None)),
        "rows": _rows(run.rows),
        "seconds": round(run.seconds, 4),
    }


def _telling(empty: Execution | None, rows: Execution | None) -> Execution | None:
    """Return the run whose times and locks tell more: the one on rows, when it went through."""
    return rows if rows is not None and rows.ok else empty


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "ok": step.ok,
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
        "limit": error.limit,
    }


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


def _rows(rows: RowRun | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    return {
        "unfilled": rows.unfilled,
        "error": _error(rows.error),
        "losses": [
            {"table": loss.table, "column": loss.column, "kind": loss.kind, "count": loss.count, "total": loss.total}
            for loss in rows.losses
        ],
    }


def summary(history: HistoryRun) -> str:
    """Return a history's dry run in one line."""
    engine = history.engine
    why = f", {engine.why}" if engine.why else ""
    text = (
        f"dry run of {history.history.root}: {len(history.migrations)} migrations on {engine.product} {engine.version}"
        f" ({engine.kind}{why}) in {history.seconds:.1f} s"
    )
    return "; ".join((text, *engine.notes))


def in_words(run: MigrationRun) -> list[str]:
    """Return a migration's run in lines: the seven steps with a mark, the differences, and the locks."""
    lines = [f"{run.migration.version} {run.migration.name}".strip()]
    for step in run.steps:
        why = step.reason if step.error is None else str(step.error)
        lines.append(f"  {step.number} {step.name:36} {_MARKS[step.ok]}{f': {why}' if why else ''}")
        if step.ok is False:
            lines += [f"      {_sign(change)} {change.what} {change.name}" for change in counting(step.changes)]
    for direction, execution in (
        ("forward", _telling(run.forward, run.rows.forward if run.rows else None)),
        ("rollback", _telling(run.rollback, run.rows.rollback if run.rows else None)),
    ):
        for statement in execution.statements if execution is not None else ():
            held = [f"{lock.mode} on {lock.table}" for lock in statement.locks]
            held += [f"rewrites {table}" for table in statement.rewritten]
            if held:
                lines.append(
                    f"    {direction} {statement.index + 1}: {', '.join(held)} ({statement.seconds * 1000:.1f} ms)"
                )
    return lines


def _sign(change: Change) -> str:
    return {"missing": "-", "extra": "+"}.get(change.kind, "~")
