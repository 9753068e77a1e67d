"""Fixes of transactions: the BEGIN or COMMIT that a script lacks."""

from __future__ import annotations

from miglint.base.findings import Edit, Fix
from miglint.base.model import Dialect, Script, Span
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import transaction_owner
from miglint.rules.support.script_ends import place_at_end, without_statement
from miglint.rules.support.scripts import statements_of
from miglint.rules.support.uncut import line_break
from miglint.sql.operations import Statement


def closing_fix(step: Step, script: Script) -> Fix | None:
    """Return the COMMIT at the end of a script that begins a transaction and does not end it."""
    place = place_at_end(step, script)
    if place is None:
        return None
    reason = "the script takes effect then: without COMMIT it is rolled back"
    return Fix("add COMMIT", (place.insertion(["COMMIT;"], 0),), reason)


def opening_fix(step: Step, script: Script, end: Statement) -> Fix | None:
    """Return the BEGIN at the head of a script that ends a transaction; inside of the tool's, no end."""
    if script.substituted is not None:
        return None
    if transaction_owner(step, script) is TransactionOwner.TOOL:
        removal = without_statement(script, end)
        undone = "the statements after it are then undone with the others, where one of them fails"
        return None if removal is None else Fix("leave the end to the tool", (removal,), undone)
    start = statements_of(step, script.direction)[0].span.start
    reason = None
    if script.dialect is Dialect.SQLITE:
        reason = "the script takes effect then: SQLite refuses a COMMIT without BEGIN"
    return Fix("add BEGIN", (Edit(start, start, f"BEGIN;{line_break(script)}{line_break(script)}"),), reason)


def committing_fix(script: Script, prepared: Span) -> Fix | None:
    """Return the `COMMIT` in the place of a `PREPARE TRANSACTION`."""
    if script.substituted is not None:
        return None
    edit = Edit(prepared.start, prepared.end, "COMMIT", script.path)
    return Fix("end the transaction with COMMIT", (edit,), "the script takes effect then, without a second commit")
