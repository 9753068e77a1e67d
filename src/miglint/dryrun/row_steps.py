"""The same migration on tables with rows: what fails only there, and what does not come back."""

from __future__ import annotations

from miglint.dryrun.protocol import Database, Digests, TableDigest
from miglint.dryrun.results import Loss, RowRun
from miglint.dryrun.steps import Scripts
from miglint.schema.value import Schema
from miglint.source import Dialect
from miglint.sql.operations import Name


def run_rows(scripts: Scripts, twin: Database, before: Schema, rows: int, seed: int) -> RowRun:
    """Run forward and rollback on a copy of `twin` with rows, and leave `twin` after the forward.

    `twin` lives as long as the history does, so its rows grow old as they do in production. It stays where it was
    when the forward fails.
    """
    if scripts.forward is None:
        return RowRun()
    filled = twin.fill(before, rows, seed)
    inserted = {str(name): count for name, count in filled.inserted.items()}
    unfilled = {str(name): reason for name, reason in filled.unfilled.items()}
    old = twin.digests()
    copy = twin.copy()
    try:
        forward = copy.run(scripts.forward, observe=True)
        if not forward.ok:
            return RowRun(inserted, unfilled, forward, error=forward.error)
        again = copy.rehearse(scripts.forward)
        stable = None if again.rows_changed is None else not again.rows_changed
        rollback = copy.run(scripts.rollback, observe=True) if scripts.rollback is not None else None
        losses: tuple[Loss, ...] = ()
        if rollback is not None and rollback.ok:
            losses = _losses(twin, copy, old, copy.digests(), before.dialect)
    finally:
        copy.drop()
    twin.run(scripts.forward)
    return RowRun(inserted, unfilled, forward, rollback, losses, stable)


def _losses(twin: Database, copy: Database, old: Digests, new: Digests, dialect: Dialect) -> tuple[Loss, ...]:
    found: list[Loss] = []
    for name, was in old.items():
        if not was.count:
            continue
        now = new.get(name)
        label = name.name if name.schema in (None, "public") else str(name)
        if now is None:
            found.append(Loss(label, None, "rows", was.count, was.count))
        elif now != was:
            found += _changed(twin, copy, name, label, was, now)
    return tuple(sorted(found, key=lambda loss: (loss.table, loss.column or "")))


def _changed(twin: Database, copy: Database, name: Name, label: str, was: TableDigest, now: TableDigest) -> list[Loss]:
    if now.count < was.count:
        return [Loss(label, None, "rows", was.count - now.count, was.count)]
    found = []
    for column, digest in was.columns.items():
        if column not in now.columns:
            found.append(Loss(label, column, "values", was.count, was.count))
        elif now.columns[column] != digest:
            old, new = twin.values(name, column), copy.values(name, column)
            gone = sum(max(0, count - new.get(value, 0)) for value, count in old.items())
            if gone:
                found.append(Loss(label, column, "values", gone, was.count))
    return found
