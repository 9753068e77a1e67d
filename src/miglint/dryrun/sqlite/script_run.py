"""A script run in the SQLite process: its request, its progress, and its result."""

from __future__ import annotations

import time

from miglint.base.structs import Struct
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.results import EngineError, Execution, StatementRun
from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.process import WorkerEndedError
from miglint.dryrun.statements import Prepared, StatementText

_LIMITS = frozenset(("statement time-out", "total time-out", "disk", "memory", "refused"))


class ScriptDone(Struct, frozen=True):
    """Statements that changed a database permanently; `failed` is the index of the one that failed, if any."""

    statements: tuple[str, ...]
    wrapped: bool
    failed: int | None = None


class ScriptRun:
    """One run of a script: `request` is sent, `began` is called per statement, and another method at the end."""

    def __init__(self, script: Prepared, limits: Limits, deadline: Deadline) -> None:
        self._script = script
        self._limits = limits
        self._deadline = deadline
        self._started = time.perf_counter()
        self._begun: list[float] = []
        self._settled = 0

    @property
    def seconds(self) -> float:
        """The remaining time of a statement."""
        return min(self._limits.statement, self._deadline.left)

    def request(self, database: int) -> wire.RunScript:
        """Return the request."""
        statements = tuple(piece.text for piece in self._script.pieces)
        return wire.RunScript(database, statements, self._script.wrapped, self._limits.statement, self._deadline.left)

    def unreadable(self) -> Execution | None:
        """Return the failure of a script that was not read or has invalid characters; None for any other."""
        unread = self._script.unread()
        if unread is not None:
            return self._execution((), unread)
        for index, piece in enumerate(self._script.pieces):
            try:
                piece.text.encode()
            except UnicodeEncodeError as error:
                place = piece.span.start + error.start
                message = "the statement has characters that are not valid Unicode"
                return self._execution(
                    (), EngineError(message, "SQLITE_ERROR", index=index, span=piece.span, place=place)
                )
        return None

    def began(self, event: wire.Began) -> float:
        """Record the start of a statement, and return its time limit in seconds."""
        if event.index != len(self._begun) or event.index > len(self._script.pieces):
            raise wire.FrameError(f"statement {event.index} begins after statement {len(self._begun) - 1}")
        self._begun.append(time.perf_counter())
        if event.settled:
            self._settled = event.index
        return self.seconds

    def ran(self, reply: wire.Ran) -> tuple[Execution, ScriptDone | None]:
        """Return the result, and the statements whose effects are kept."""
        pieces = self._script.pieces
        seconds = reply.seconds[: len(pieces)]
        failure = reply.failure
        if failure is None:
            return self._execution(seconds, None), self._completed(len(pieces))
        at = reply.index if 0 <= reply.index < len(pieces) else -1
        limit = failure.limit if failure.limit in _LIMITS else None
        error = _error(failure.name, failure.message, at, pieces, limit, failure.place)
        settled = min(max(0, reply.settled), len(pieces))
        # `INSERT OR FAIL` keeps the rows inserted before the failure.
        failed = at if limit is None and at == settled else None
        return self._execution(seconds, error), self._completed(settled, failed)

    def ended(self, error: WorkerEndedError) -> tuple[Execution, ScriptDone | None]:
        """Return the result of a script during which the process ended: the running statement failed."""
        now = time.perf_counter()
        pieces = self._script.pieces
        at = len(self._begun) - 1
        ends = (*self._begun[1:], now)
        seconds = tuple(end - begin for begin, end in zip(self._begun, ends, strict=False))[: len(pieces)]
        message, limit = error.message, error.limit
        if limit.endswith("time-out") and self._begun:
            message = f"stopped after {now - self._begun[-1]:.1f} seconds"
            limit = "statement time-out" if self._deadline.left else "total time-out"
        failed = _error(_NAMES.get(limit, "SQLITE_INTERRUPT"), message, at if at < len(pieces) else -1, pieces, limit)
        return self._execution(seconds, failed), self._completed(self._settled)

    def refused(self, failure: wire.SqliteFailure) -> Execution:
        """Return the result of a script that was not run."""
        return self._execution((), _error(failure.name, failure.message, 0, self._script.pieces, failure.limit))

    def _completed(self, count: int, failed: int | None = None) -> ScriptDone | None:
        whole = count == len(self._script.pieces)
        if (not count and failed is None) or (self._script.wrapped and not whole):
            return None
        statements = tuple(piece.text for piece in self._script.pieces[: count + (failed is not None)])
        return ScriptDone(statements, self._script.wrapped, failed)

    def _execution(self, seconds: tuple[float, ...], error: EngineError | None) -> Execution:
        pieces = self._script.pieces
        statements = tuple(StatementRun(at, pieces[at].span, spent) for at, spent in enumerate(seconds))
        return Execution(statements, error, time.perf_counter() - self._started)


_NAMES = {"memory": "SQLITE_NOMEM", "connection": "SQLITE_ABORT"}


def _error(
    name: str, message: str, index: int, pieces: tuple[StatementText, ...], limit: str | None, place: int = -1
) -> EngineError:
    """Return an error at a statement (-1: at the end), with its position in the file."""
    span = pieces[index].span if pieces else None
    at = None
    if place >= 0 and 0 <= index < len(pieces):
        before = pieces[index].text.encode()[:place].decode("utf-8", "ignore")
        at = pieces[index].span.start + len(before)
    return EngineError(message, name, index=index, span=span, place=at, limit=limit)
