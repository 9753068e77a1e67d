"""What the way in which a script is run takes from its verdict.

All that would be true without it is unknown, but for a rollback that fails whenever it runs, which restores nothing.
"""

from __future__ import annotations

from miglint.base.model import Dialect, Direction, Script
from miglint.base.structs import replace
from miglint.replay.outside_transactions import refusal
from miglint.replay.runners import RUNNERS, TransactionOwner
from miglint.replay.transaction_owner import begins, default_owner, left_open
from miglint.replay.verdict import Verdict
from miglint.schema.value import Schema
from miglint.sql.operations import Statement
from miglint.sql.psql_marks import first_command, shown

_FORWARD = ("forward_idempotent", "rows_stable", "symmetric")
_ROLLBACK = ("rollback_idempotent", "symmetric")


def as_run(
    scripts: tuple[tuple[Script | None, tuple[Statement, ...]], ...],
    layout: str,
    runner: str | None,
    schema: Schema,
    verdict: Verdict,
    unknown: tuple[str, ...],
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on a forward and a rollback, each with its statements, as they are run.

    `schema` has the tables that they may name.
    """
    for (script, statements), questions in zip(scripts, (_FORWARD, _ROLLBACK), strict=True):
        if script is None:
            continue
        reason = _unsent(script, layout)
        asked = questions
        if reason is None and (why := refusal(script, statements, layout, runner, schema)) is not None:
            reason = f"its first run fails: {why}"
            if script.direction is Direction.ROLLBACK:
                verdict = replace(verdict, symmetric=False, rollback_idempotent=None)
                others = (item for item in unknown if item.partition(":")[0] not in _ROLLBACK)
                unknown = (*others, f"rollback_idempotent: {reason}")
                continue
        if reason is None and _is_left_open(script, statements, layout, runner):
            # A second run does the same: nothing that lasts.
            reason, asked = f"the transaction that the {script.direction} begins is not ended", ("symmetric",)
        if reason is not None:
            doubted = [name for name in asked if getattr(verdict, name)]
            verdict = replace(verdict, **dict.fromkeys(doubted))
            unknown = (*unknown, *(f"{name}: {reason}" for name in doubted))
    return verdict, unknown


def _unsent(script: Script, layout: str) -> str | None:
    """Return why the server rejects a script that a migration tool sends: it has what only psql understands."""
    if layout not in RUNNERS or script.dialect is not Dialect.POSTGRES:
        return None
    command = first_command(script.text)
    if command is None:
        return None
    return f"{layout} sends {shown(script.text, command)} to the server, which cannot parse it"


def _is_left_open(script: Script, statements: tuple[Statement, ...], layout: str, runner: str | None) -> bool:
    if not begins(statements) or left_open(statements) is None:
        return False
    return default_owner(script, layout, runner, lambda: True) is not TransactionOwner.TOOL
