"""The migration on tables with rows: failures that occur only there, and data that is not restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.base.structs import Struct, field, replace
from miglint.dryrun.interfaces import BranchError, Database, Digests, TrialRun
from miglint.dryrun.results import Execution, Loss, RowRun
from miglint.dryrun.steps import Scripts
from miglint.schema.value import Schema
from miglint.sql.operations import Name

_Values = Mapping[str | None, int]
_Columns = tuple[Name, tuple[str, ...]]


def run_rows(
    scripts: Scripts, twin: Database, before: Schema, rows: int, seed: int, documents: frozenset[str] = frozenset()
) -> RowRun:
    """Run forward and rollback on a copy of `twin` with rows, and leave `twin` after the forward.

    `twin` exists as long as the history, so that its rows age as in production. It stays unchanged if the forward
    fails. `documents` are the columns whose rows get JSON.
    """
    if scripts.forward is None:
        return RowRun()
    filled = twin.fill(before, rows, seed, documents)
    inserted = {str(name): count for name, count in filled.inserted.items()}
    unfilled = {str(name): reason for name, reason in filled.unfilled.items()}
    there = _there_and_back(scripts, twin)
    if not there.forward.ok:
        return RowRun(inserted, unfilled, there.forward, error=there.forward.error)
    back = there.rollback is not None and there.rollback.ok
    losses, unread = _losses(scripts, twin, there) if back else ((), {})
    twin.run(scripts.forward)
    # In a separate transaction, so that `now()` differs the second time.
    again = twin.try_out(scripts.forward)
    return RowRun(inserted, unfilled, there.forward, there.rollback, losses, unread, _is_stable(again))


# That of integrity constraints.
_VIOLATIONS = ("23", "SQLITE_CONSTRAINT")


def _is_stable(again: TrialRun) -> bool | None:
    """Return whether a second forward leaves all rows as they are: one that they make violate a key would not."""
    error = again.execution.error
    if error is not None and error.limit is None and (error.sqlstate or "").startswith(_VIOLATIONS):
        return False
    return None if again.rows_changed is None else not again.rows_changed


class _There(Struct, frozen=True):
    """Forward and rollback run with rows, the resulting rows, and the requested column values.

    `digests` are those of the `touched` tables (None: of all).
    """

    forward: Execution
    rollback: Execution | None = None
    touched: frozenset[Name] | None = None
    digests: Digests = field(default_factory=dict)
    values: tuple[_Values, ...] = ()


def _there_and_back(scripts: Scripts, twin: Database, columns: Sequence[_Columns] = ()) -> _There:
    """Run both scripts beside `twin`, without changing it."""
    branch = twin.branch(script for script in (scripts.forward, scripts.rollback) if script is not None)
    try:
        return _go(scripts, branch, columns)
    except BranchError:
        pass
    finally:
        branch.drop()
    copy = twin.copy()
    try:
        return _go(scripts, copy, columns)
    finally:
        copy.drop()


def _go(scripts: Scripts, beside: Database, columns: Sequence[_Columns]) -> _There:
    assert scripts.forward is not None
    forward = beside.run(scripts.forward, observe=True)
    if not forward.ok or scripts.rollback is None:
        return _There(forward)
    rollback = beside.run(scripts.rollback, observe=True)
    if not rollback.ok:
        return _There(forward, rollback)
    touched = beside.touched()
    values = tuple(beside.values(*of) for of in columns)
    return _There(forward, rollback, touched, beside.digests(touched), values)


def _losses(scripts: Scripts, twin: Database, there: _There) -> tuple[tuple[Loss, ...], dict[str, str]]:
    """Compare the restored rows with those of `twin`; return the losses, and the tables that were unreadable before."""
    old = twin.digests(there.touched)
    found: list[Loss] = []
    doubtful: list[_Columns] = []
    for name, was in old.items():
        now = there.digests.get(name)
        if not was.count or now == was:
            continue
        if now is None or now.count < was.count:
            found.append(Loss(_label(name), None, "rows", was.count - (now.count if now else 0), was.count))
            continue
        if now.unread and not was.unread:
            found.append(Loss(_label(name), None, "rows", was.count, was.count))
        if now.unread or was.unread:
            continue
        for column, digest in was.columns.items():
            if column not in now.columns:
                found.append(Loss(_label(name), column, "values", was.count, was.count))
            elif now.columns[column] != digest:
                doubtful.append((name, (column,)))
        if len(was.columns) > 1 and was.columns.keys() == now.columns.keys():
            # Values may be in other rows now.
            doubtful.append((name, tuple(sorted(was.columns))))
    if doubtful:
        # The digests do not identify values, so the scripts are run once more.
        values = _there_and_back(scripts, twin, doubtful).values
        for (name, columns), new in zip(doubtful, values, strict=False):
            gone = sum(max(0, count - new.get(value, 0)) for value, count in twin.values(name, columns).items())
            loss = Loss(_label(name), columns[0], "values", gone, old[name].count)
            if len(columns) == 1 and gone:
                found.append(loss)
            elif gone and not any(other.table == loss.table for other in found):
                found.append(replace(loss, column=None, kind="rows"))
    unread = {_label(name): was.unread for name, was in old.items() if was.unread}
    return tuple(sorted(found, key=lambda loss: (loss.table, loss.column or ""))), unread


def _label(name: Name) -> str:
    return name.name if name.schema in (None, "public") else str(name)
