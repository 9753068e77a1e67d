"""Verdicts on scripts with commands of psql in the layout of a migration tool, which sends them to the server."""

from __future__ import annotations

from miglint.base.model import Dialect, Migration, Script
from miglint.base.structs import replace
from miglint.replay.runners import RUNNERS
from miglint.replay.verdict import Verdict
from miglint.sql.psql_marks import first_command

_FORWARD = ("forward_idempotent", "rows_stable", "symmetric")
_ROLLBACK = ("rollback_idempotent", "symmetric")


def as_sent(
    migration: Migration, layout: str, verdict: Verdict, unknown: tuple[str, ...]
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict with nothing good in it of a script that the server rejects, unless psql runs it after all."""
    if layout not in RUNNERS:
        return verdict, unknown
    for script, questions in ((migration.forward, _FORWARD), (migration.rollback, _ROLLBACK)):
        reason = None if script is None else _reason(script, layout)
        if reason is not None:
            doubted = [name for name in questions if getattr(verdict, name)]
            verdict = replace(verdict, **dict.fromkeys(doubted))
            unknown = (*unknown, *(f"{name}: {reason}" for name in doubted))
    return verdict, unknown


def _reason(script: Script, layout: str) -> str | None:
    command = first_command(script.text) if script.dialect is Dialect.POSTGRES else None
    if command is None:
        return None
    start, end = command
    text = script.text
    what = f"the command {text[start:end].split()[0]} of psql" if text[start] == "\\" else "data of COPY"
    return f"{layout} sends {what} to the server, which cannot parse it"
