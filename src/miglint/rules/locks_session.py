"""LCK030 to LCK037: how long locks are held, and waited for: what happens between the statements."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from miglint.findings import Severity
from miglint.locks import Lock
from miglint.replay import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.survey import Act, done, survey, tell
from miglint.source import Direction
from miglint.sql import operations as ops

WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO
_QUIET = (ops.SetVariable, ops.Transaction, ops.SetComment, ops.SetPrivileges)
_ROWS = (ops.Update, ops.Delete, ops.Insert)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}


class Held(NamedTuple):
    """The strongest lock that an act takes on a relation that others use, and whether it works through rows."""

    act: Act
    lock: Lock
    table: str
    works: bool


@lru_cache(maxsize=4)
def _held(step: Step, context_key: tuple[int, ...]) -> tuple[Held, ...]:
    context = Context({"postgres": context_key})
    found = []
    for act in survey(step).acts:
        if act.moment.notes and act.idle:
            continue
        effects = [effect for effect in act.effects(context) if effect.lock > Lock.ROW_SHARE]
        if isinstance(act.operation, ops.Drop) and act.operation.kind == "index" and not effects:
            # The index is not known, so its table is not: the lock is taken all the same.
            if not act.operation.concurrently and act.before.find(act.key(act.operation.name)) is None:
                found.append(Held(act, Lock.ACCESS_EXCLUSIVE, act.operation.name.name, False))
            continue
        if effects:
            worst = max(effects, key=lambda effect: effect.lock)
            slow = any(effect.work for effect in effects) or _changes_many(act)
            found.append(Held(act, worst.lock, worst.table.name, slow))
    return tuple(found)


def _changes_many(act: Act) -> bool:
    operation = act.operation
    if isinstance(operation, ops.Insert):
        return operation.query is not None and bool(operation.query.relations)
    return isinstance(operation, (ops.Update, ops.Delete))


def _locks(step: Step, context: Context) -> tuple[Held, ...]:
    return _held(step, tuple(context.targets.get("postgres", ())))


@rule(
    "LCK030",
    "work-under-exclusive-lock",
    WARNING,
    "Rows are worked through while an earlier statement's ACCESS EXCLUSIVE lock is held",
    dialects=("postgres",),
    aliases=("django-migration-linter:CREATE_INDEX_EXCLUSIVE", "eugene:E4", "eugene:E10"),
)
def work_under_exclusive_lock(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per transaction, what takes time after a lock was taken that stops everybody."""
    holding: dict[tuple[Direction, int], Held] = {}
    told: set[tuple[Direction, int]] = set()
    for held in _locks(step, context):
        place = held.act.script.direction, held.act.transaction
        before = holding.get(place)
        other_statement = before is not None and before.act.moment.statement is not held.act.moment.statement
        # What is validated under the lock of its own NOT VALID has a rule of its own.
        validates = isinstance(held.act.operation, ops.ValidateConstraint) and before is not None
        same = validates and before is not None and before.table == held.table
        if before is not None and other_statement and held.works and place not in told and not same:
            told.add(place)
            line = before.act.script.file.position(before.act.operation.span.start).line
            yield tell(
                held.act,
                WARNING,
                f"ACCESS EXCLUSIVE on {before.table} is held since line {line}: blocks its readers and writers while "
                "this works through rows",
                f"Move this statement to a migration of its own, so that the lock on {before.table} ends with the "
                "statement that needs it.",
            )
        if held.lock is Lock.ACCESS_EXCLUSIVE:
            holding.setdefault(place, held)


@rule(
    "LCK031",
    "statement-after-exclusive-lock",
    INFO,
    "Another statement runs while an ACCESS EXCLUSIVE lock is held",
    dialects=("postgres",),
    default=False,
    aliases=(
        "eugene:E4",
        "pgls:runningStatementWhileHoldingAccessExclusive",
        "pgfence:statement-after-access-exclusive",
    ),
)
def statement_after_exclusive_lock(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per transaction, that a lock is held for longer than its own statement."""
    holders = {id(held.act): held for held in _locks(step, context) if held.lock is Lock.ACCESS_EXCLUSIVE}
    if not holders:
        return
    holding: dict[tuple[Direction, int], Held] = {}
    told: set[tuple[Direction, int]] = set()
    for act in survey(step).acts:
        place = act.script.direction, act.transaction
        before = holding.get(place)
        later = before is not None and before.act.moment.statement is not act.moment.statement
        if before is not None and later and place not in told and not isinstance(act.operation, _QUIET):
            told.add(place)
            yield tell(
                act,
                INFO,
                f"ACCESS EXCLUSIVE on {before.table} is still held here",
                "Let each statement that needs such a lock be the last of its transaction.",
            )
        found = holders.get(id(act))
        if found is not None:
            holding.setdefault(place, found)


@rule(
    "LCK032",
    "several-tables-locked",
    INFO,
    "One transaction takes locks on several tables that stop others: it may deadlock with the application",
    dialects=("postgres",),
    default=False,
    aliases=("pgls:avoidWideLockWindow", "pgfence:wide-lock-window"),
)
def several_tables_locked(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per transaction, of the second table that is locked."""
    first: dict[tuple[Direction, int], Held] = {}
    told: set[tuple[Direction, int]] = set()
    for held in _locks(step, context):
        if held.lock < Lock.SHARE:
            continue
        place = held.act.script.direction, held.act.transaction
        before = first.setdefault(place, held)
        if before.table != held.table and place not in told:
            told.add(place)
            yield tell(
                held.act,
                INFO,
                f"{held.lock} on {held.table} while {before.lock} on {before.table} is held: "
                "who takes them in the other order deadlocks",
                "One migration per table.",
            )


def _unguarded(step: Step, context: Context, setting: str, *, working: bool) -> Iterator[Held]:
    """Yield the first act of each script that locks (or works) without `setting` having been set before."""
    for direction in Direction:
        limited = _set_in(step, setting, direction)
        waiting = {held.act.number: held for held in _locks(step, context) if held.act.script.direction is direction}
        for act in survey(step).acts:
            if act.script.direction is not direction or act.number in waiting or act.idle:
                continue
            if not isinstance(act.operation, _WAITING):
                continue
            if getattr(act.operation, "concurrently", False):
                continue
            table = getattr(act.operation, "target", None) or getattr(act.operation, "name", None)
            if not isinstance(act.operation, ops.Drop) or not act.fresh(act.operation.name):
                waiting[act.number] = Held(act, Lock.ACCESS_SHARE, str(table or "the database"), True)
        for number in sorted(waiting):
            held = waiting[number]
            if not working and Lock.ROW_SHARE <= held.lock <= Lock.SHARE_UPDATE_EXCLUSIVE:
                continue
            if limited is None or number < limited:
                yield held
            break


def _words(held: Held) -> str:
    lock = "a lock" if held.lock is Lock.ACCESS_SHARE else str(held.lock)
    return f"{lock} on {held.table}"


# What takes a lock that the table of locks does not tell of: on the catalog, or on what no file made.
_WAITING = (ops.Maintenance, ops.CreateType, ops.AddEnumValue, ops.Drop)


def _set_in(step: Step, setting: str, direction: Direction) -> int | None:
    """Return the number of the first act of a script that gives a setting a value."""
    for act, operation in done(step, ops.SetVariable):
        named = operation.name.lower() == setting and operation.values is not None
        if named and act.script.direction is direction:
            return act.number
    return None


@rule(
    "LCK033",
    "lock-timeout-missing",
    WARNING,
    "A statement waits for a lock without lock_timeout: all that come after it wait as well",
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:require-lock-timeout",
        "squawk:require-timeout-settings",
        "pgls:lockTimeoutWarning",
        "eugene:E9",
        "pgfence:missing-lock-timeout",
        "pgsafe:require-timeout",
    ),
)
def lock_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per script, of the first statement that waits for as long as it takes."""
    for held in _unguarded(step, context, "lock_timeout", working=False):
        yield tell(
            held.act,
            WARNING,
            f"{_words(held)} without lock_timeout: behind one long query everybody waits",
            "Put first: `SET lock_timeout = '2s';`, and run the migration again when it gives up.",
        )


@rule(
    "LCK034",
    "statement-timeout-missing",
    WARNING,
    "A statement that locks has no statement_timeout: it holds its locks for as long as it takes",
    dialects=("postgres",),
    default=False,
    aliases=(
        "squawk:require-statement-timeout",
        "squawk:require-timeout-settings",
        "pgls:requireStatementTimeout",
        "pgfence:missing-statement-timeout",
        "pgsafe:require-timeout",
    ),
)
def statement_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per script, of the first statement that may run for as long as it takes."""
    for held in _unguarded(step, context, "statement_timeout", working=True):
        yield tell(
            held.act,
            WARNING,
            f"{_words(held)} without statement_timeout",
            "Put first: `SET statement_timeout = '30s';`",
        )


@rule(
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
    """Tell of limits that limit nothing. The options are seconds."""
    settings = [pair for pair in done(step, ops.SetVariable) if pair[1].name.lower() in _LIMITS]
    if not settings:
        return
    strong = [held.act for held in _locks(step, context) if held.lock >= Lock.SHARE]
    for act, operation in settings:
        name = operation.name.lower()
        value = _milliseconds(operation.values[0]) if operation.values else None
        same = [other for other in strong if other.script is act.script]
        after = [other for other in same if other.number > act.number]
        longest = context.settings.get(_LIMITS[name], 0)
        limit = longest * 1000 if isinstance(longest, int) else 0
        if value is None or not same:
            continue
        if name == "lock_timeout" and value == 0 and after:
            message = "lock_timeout = 0 waits without end for the locks below"
        elif value > limit and after:
            message = f"{name} of {value / 1000:g} s: for so long everybody waits behind this migration"
        elif name == "lock_timeout" and value and not after and same[-1].transaction == act.transaction:
            message = "lock_timeout is set after the last statement that waits for a lock"
        else:
            continue
        yield tell(act, WARNING, message, f"Put first: `SET {name} = '{2 if name == 'lock_timeout' else 30}s';`")


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


@rule(
    "LCK036",
    "idle-timeout-missing",
    INFO,
    "No idle_in_transaction_session_timeout: a runner that hangs keeps its locks",
    dialects=("postgres",),
    default=False,
    aliases=("pgls:requireIdleInTransactionTimeout", "pgfence:missing-idle-timeout"),
)
def idle_timeout_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per script, of locks that nothing ends when the runner hangs."""
    for held in _unguarded(step, context, "idle_in_transaction_session_timeout", working=False):
        yield tell(
            held.act,
            INFO,
            f"{_words(held)} without idle_in_transaction_session_timeout",
            "Put first: `SET idle_in_transaction_session_timeout = '30s';`",
        )


@rule(
    "LCK037",
    "application-name-missing",
    INFO,
    "No application_name: nobody sees in pg_stat_activity who holds the lock",
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:missing-application-name",),
)
def application_name_missing(step: Step, context: Context) -> Iterator[Hit]:
    """Tell, once per script, of locks that are taken without a name."""
    for held in _unguarded(step, context, "application_name", working=False):
        name = f"migration {step.migration.version}".strip()
        yield tell(
            held.act,
            INFO,
            f"{_words(held)} without application_name",
            f"Put first: `SET application_name = '{name}';`",
        )
