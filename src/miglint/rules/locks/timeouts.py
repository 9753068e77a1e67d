"""LCK033 to LCK037, LCK044 and LCK050: limits on waiting for locks, and on running under them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.model import Direction
from miglint.locks import Lock
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import placed_operations, transaction_owner
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.locks.session import Held, locks_of
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import scripts_of
from miglint.rules.support.uncut import indentation, line_break
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
_REBUILDS = ("cluster", "refresh materialized view", "lock table")


def _unguarded(step: Step, context: Context, *settings: str, working: bool) -> Iterator[Held]:
    """Yield the first operation of each script that locks (or runs long) while none of the settings limits it."""
    locks = {(held.applied.script.direction, held.applied.number): held for held in locks_of(step, context)}
    reported: set[Direction] = set()
    limits: dict[tuple[Direction, str], tuple[AppliedOperation, bool]] = {}
    for applied in applied_operations(step).all:
        direction = applied.script.direction
        operation = applied.operation
        if direction in reported or applied.idle:
            continue
        if isinstance(operation, ops.SetVariable):
            _note(limits, applied, operation, settings)
            continue
        # A concurrent build takes long, but blocks no other session.
        if getattr(operation, "concurrently", False):
            continue
        held = locks.get((direction, applied.number)) or _waiting(applied)
        if held is None:
            continue
        if not working and Lock.ROW_SHARE <= held.lock <= Lock.SHARE_UPDATE_EXCLUSIVE:
            continue
        if not any(_limits(limits.get((direction, setting)), applied) for setting in settings):
            reported.add(direction)
            yield held


def _note(
    limits: dict[tuple[Direction, str], tuple[AppliedOperation, bool]],
    applied: AppliedOperation,
    operation: ops.SetVariable,
    settings: tuple[str, ...],
) -> None:
    """Record that a setting has a value from here on, or has none any more."""
    name, direction = operation.name.lower(), applied.script.direction
    off = operation.values is None or (name.endswith("_timeout") and _milliseconds(operation.values[0]) == 0)
    for setting in settings if name == "all" else (name,):
        if off:
            limits.pop((direction, setting), None)
        else:
            limits[direction, setting] = applied, operation.local


def _limits(found: tuple[AppliedOperation, bool] | None, applied: AppliedOperation) -> bool:
    """Return whether a value still holds where an operation runs: `LOCAL` ends with its transaction."""
    return found is not None and (not found[1] or found[0].transaction == applied.transaction)


def _waiting(applied: AppliedOperation) -> Held | None:
    """Return what an operation waits for that the table of locks lacks: the catalog, or what no file created."""
    operation = applied.operation
    if isinstance(operation, ops.Maintenance):
        full = operation.kind == "vacuum" and "full" in operation.options
        if not full and operation.kind not in _REBUILDS and not operation.kind.startswith("reindex"):
            return None
    elif not isinstance(operation, (ops.CreateType, ops.AddEnumValue, ops.Drop)):
        return None
    if isinstance(operation, ops.Drop) and applied.fresh(operation.name):
        return None
    table = getattr(operation, "target", None) or getattr(operation, "name", None)
    return Held(applied, Lock.ACCESS_SHARE, str(table or "the database"), True)


def _words(held: Held) -> str:
    lock = "a lock" if held.lock is Lock.ACCESS_SHARE else str(held.lock)
    return f"{lock} on {held.table}"


def _timeout_fix(step: Step, applied: AppliedOperation) -> Fix | None:
    """Return the setting before the first statement of a script that locks."""
    script, statement = applied.script, applied.moment.statement
    if script.substituted is not None:
        return None
    start = statement.span.start
    local = "LOCAL " if transaction_owner(step, script) is TransactionOwner.TOOL else ""
    text = f"SET {local}lock_timeout = '2s';{line_break(script)}{indentation(script.file.text, start)}"
    reason = "the migration fails where it would have waited longer for the lock"
    return Fix("set lock_timeout", (Edit(start, start, text),), reason)


@hazard(
    "LCK033",
    "lock-timeout-missing",
    WARNING,
    "A statement waits for a lock without lock_timeout, and all later statements wait behind it",
    dialects=("postgres",),
    default=False,
    fixable=True,
    aliases=(
        "squawk:require-lock-timeout",
        "squawk:require-timeout-settings",
        "pgls:lockTimeoutWarning",
        "eugene:E9",
        "pgfence:missing-lock-timeout",
    ),
)
def lock_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, the first statement that may wait for a lock without limit."""
    for held in _unguarded(step, context, "lock_timeout", working=False):
        yield held.applied.hit(
            f"{_words(held)} without lock_timeout: behind one long query every session waits",
            "Put first: `SET lock_timeout = '2s';`, and retry the migration when it times out.",
            fix=_timeout_fix(step, held.applied),
        )


@hazard(
    "LCK034",
    "statement-timeout-missing",
    WARNING,
    "A statement that locks has no statement_timeout: it may hold its locks without limit",
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:require-statement-timeout",
        "squawk:require-timeout-settings",
        "pgls:requireStatementTimeout",
        "pgfence:missing-statement-timeout",
    ),
)
def statement_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, the first statement that may run without limit."""
    for held in _unguarded(step, context, "statement_timeout", working=True):
        yield held.applied.hit(
            f"{_words(held)} without statement_timeout",
            "Put first: `SET statement_timeout = '30s';`",
        )


def _last_strong_locks(step: Step, context: Context) -> dict[Direction, AppliedOperation]:
    """Return the last operation of each script that takes a strong lock."""
    held_locks = (held for held in locks_of(step, context) if held.lock >= Lock.SHARE)
    return {held.applied.script.direction: held.applied for held in held_locks}


@hazard(
    "LCK035",
    "timeout-without-effect",
    WARNING,
    "lock_timeout is off, too long, or set after the statement that needs it",
    on=(ops.SetVariable,),
    dialects=("postgres",),
    aliases=(
        "pgfence:lock-timeout-zero",
        "pgfence:lock-timeout-too-long",
        "pgfence:lock-timeout-after-dangerous-statement",
        "pgfence:statement-timeout-too-long",
    ),
    options={"longest-lock-timeout": 5, "longest-statement-timeout": 600},
)
def timeout_without_effect(step: Step, context: Context) -> Iterator[Hit]:
    """Report limits that have no effect. The options are seconds."""
    settings = [pair for pair in effective(step, ops.SetVariable) if pair[1].name.lower() in _LIMITS]
    if not settings:
        return
    strong = _last_strong_locks(step, context)
    # What is set before these.
    earlier: dict[Direction, ops.SetVariable] = {}
    for applied, operation in settings:
        name = operation.name.lower()
        value = _milliseconds(operation.values[0]) if operation.values else None
        last = strong.get(applied.script.direction)
        if last is None:
            continue
        before = earlier.get(applied.script.direction)
        if name == "lock_timeout" and applied.number < last.number:
            earlier[applied.script.direction] = operation
        if value is None:
            continue
        message = None
        if last.number > applied.number:
            message = _too_long(name, value, context)
        elif name == "lock_timeout" and value and _too_late(applied, last, before):
            message = "lock_timeout is set after the last statement that waits for a lock"
        if message is not None:
            yield applied.hit(message, f"Put first: `SET {name} = '{_SUGGESTED[name]}';`")


def _too_long(name: str, value: float, context: Context) -> str | None:
    """Return how a limit of `value` milliseconds is none, or longer than the options allow; or None."""
    longest = context.settings.get(_LIMITS[name], 0)
    if name == "lock_timeout" and value == 0:
        return "lock_timeout = 0 waits without limit for the locks below"
    if value > (longest * 1000 if isinstance(longest, int) else 0):
        return f"{name} of {value / 1000:g} s: other sessions wait that long behind this migration"
    return None


def _too_late(applied: AppliedOperation, last: AppliedOperation, earlier: ops.SetVariable | None) -> bool:
    """Return whether the lock_timeout after the last lock is the first of its transaction.

    `earlier` is the last one that is set before that lock.
    """
    if last.transaction != applied.transaction:
        return False
    return earlier is None or not earlier.values or not _milliseconds(earlier.values[0])


_SUGGESTED = {"lock_timeout": "2s", "statement_timeout": "30s"}
_LIMITS = {"lock_timeout": "longest-lock-timeout", "statement_timeout": "longest-statement-timeout"}


def _milliseconds(text: str) -> float | None:
    """Read a duration as the server does: a bare number is milliseconds."""
    word = text.strip().strip("'").lower()
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = word[len(digits) :].strip() or "ms"
    try:
        return float(digits) * _UNITS[unit]
    except (ValueError, KeyError):
        return None


@hazard(
    "LCK036",
    "idle-timeout-missing",
    INFO,
    "A statement locks without idle_in_transaction_session_timeout: a hanging runner keeps its locks",
    dialects=("postgres",),
    default=False,
    aliases=("pgls:requireIdleInTransactionTimeout", "pgfence:missing-idle-timeout"),
)
def idle_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, locks that a hanging runner would keep."""
    for held in _unguarded(step, context, "idle_in_transaction_session_timeout", working=False):
        yield held.applied.hit(
            f"{_words(held)} without idle_in_transaction_session_timeout",
            "Put first: `SET idle_in_transaction_session_timeout = '30s';`",
        )


@hazard(
    "LCK037",
    "application-name-missing",
    INFO,
    "A statement locks without application_name: pg_stat_activity does not name the migration",
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:missing-application-name",),
)
def application_name_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, locks of a session without application_name."""
    for held in _unguarded(step, context, "application_name", working=False):
        name = f"migration {step.migration.version}".strip()
        yield held.applied.hit(
            f"{_words(held)} without application_name",
            f"Put first: `SET application_name = '{name}';`",
        )


@hazard(
    "LCK044",
    "no-timeout-at-all",
    WARNING,
    "A statement takes a blocking lock without lock_timeout or statement_timeout",
    dialects=("postgres",),
    default=False,
    aliases=("pgsafe:require-timeout",),
)
def no_timeout_at_all(step: Step, context: Context) -> Iterator[Hit]:
    """Report, once per script, the first statement without either: statement_timeout limits waiting too."""
    for held in _unguarded(step, context, "lock_timeout", "statement_timeout", working=False):
        yield held.applied.hit(
            f"{_words(held)} without lock_timeout or statement_timeout: it may wait without limit",
            "Put first: `SET lock_timeout = '2s';`, and retry the migration when it times out.",
            fix=_timeout_fix(step, held.applied),
        )


@hazard(
    "LCK050",
    "local-timeout-without-begin",
    INFO,
    "SET LOCAL outside of a transaction has no effect, unless the runner begins one",
    on=(ops.SetVariable,),
    dialects=("postgres",),
    default=False,
    aliases=("pgsafe:require-timeout",),
)
def local_timeout_without_begin(step: Step) -> Iterator[Hit]:
    """Report SET LOCAL of a timeout where neither the script nor the runner begins a transaction."""
    for script, statements in scripts_of(step):
        if transaction_owner(step, script) not in (TransactionOwner.UNKNOWN, TransactionOwner.NOTHING):
            continue
        for statement, operation, begun in placed_operations(statements):
            if not isinstance(operation, ops.SetVariable) or not operation.local or begun is not None:
                continue
            if statement.kind != "do" and operation.name.lower() in _LIMITS:
                yield hit_in(
                    script,
                    operation.span,
                    f"SET LOCAL {operation.name} has no effect outside of a transaction",
                    "Begin a transaction before it, or write SET without LOCAL. If the runner opens one for each file, "
                    'say so: `transaction = "per-file"` in the configuration.',
                )
