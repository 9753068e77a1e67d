"""IDM: what fails when a script runs a second time, and which rule reports it.

The rules themselves are in `create`, `drop`, `alter` and `rows`. A script is judged by having been replayed twice, so a
statement that another one guards (`DROP ... IF EXISTS` before `ADD`) does not fail here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.rules.support.clauses import acting
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.outcome import Failure, OperationOutcome, Run
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation


class SecondRunFailure(NamedTuple):
    """An operation that fails when its script runs a second time."""

    script: Script
    event: OperationOutcome
    operation: Operation
    error: Failure


_CREATES: dict[type[Operation], str] = {
    ops.CreateTable: "IDM001",
    ops.AddColumn: "IDM002",
    ops.AddConstraint: "IDM003",
    ops.CreateIndex: "IDM004",
    ops.CreateType: "IDM005",
    ops.AddEnumValue: "IDM006",
    ops.CreateView: "IDM007",
    ops.CreateSequence: "IDM008",
    ops.CreateRoutine: "IDM009",
    ops.CreateTrigger: "IDM010",
    ops.CreatePolicy: "IDM011",
    ops.CreateExtension: "IDM012",
    ops.CreateSchema: "IDM013",
    ops.CreateRole: "IDM014",
    ops.CreateRule: "IDM015",
    ops.CreateOther: "IDM015",
}
_DROPS = {
    "table": "IDM020",
    "foreign table": "IDM020",
    "index": "IDM023",
    "type": "IDM024",
    "domain": "IDM024",
    "view": "IDM025",
    "materialized view": "IDM025",
    "sequence": "IDM026",
    "function": "IDM027",
    "procedure": "IDM027",
    "routine": "IDM027",
    "aggregate": "IDM027",
    "trigger": "IDM028",
    "policy": "IDM029",
    "extension": "IDM030",
    "schema": "IDM031",
    "role": "IDM032",
    "user": "IDM032",
    "group": "IDM032",
}
_RENAMES = {"table": "IDM040", "foreign table": "IDM040", "index": "IDM043", "type": "IDM044", "domain": "IDM044"}
_OTHERS: dict[type[Operation], str] = {
    ops.RenameColumn: "IDM041",
    ops.RenameConstraint: "IDM042",
    ops.RenameEnumValue: "IDM045",
    ops.SetSchema: "IDM047",
    ops.AttachPartition: "IDM051",
    ops.DetachPartition: "IDM051",
    ops.SetInherit: "IDM051",
    ops.SetIdentity: "IDM052",
    ops.SetGenerated: "IDM052",
}


def code_of(operation: Operation, condition: str) -> str:
    """Return the rule that a failure of the second run belongs to."""
    gone = condition.startswith("undefined_") or condition == "invalid_schema_name"
    absent = "IDM050" if gone else "IDM053"
    match operation:
        case ops.Drop():
            # A trigger, policy or rule of a dropped table is gone as well.
            return _DROPS.get(operation.kind, "IDM033") if gone else "IDM053"
        case ops.DropColumn():
            return "IDM021" if condition == "undefined_column" else absent
        case ops.DropConstraint():
            return "IDM022" if condition == "undefined_object" else absent
        case ops.Rename():
            return _RENAMES.get(operation.kind, "IDM046")
        case ops.Insert() if condition == "unique_violation":
            return "IDM060"
    # `invalid_table_definition` is a second primary key.
    exists = condition.startswith("duplicate_") or condition == "invalid_table_definition"
    created = _CREATES.get(type(operation), "IDM053") if exists else absent
    return _OTHERS.get(type(operation), created)


# The kinds of object for which PostgreSQL has `ALTER kind IF EXISTS`.
ALTER_IF_EXISTS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence"})

Failures = Sequence[SecondRunFailure]
_NOTHING: dict[str, list[SecondRunFailure]] = {}


@cached_by_step
def failures(step: Step) -> dict[str, list[SecondRunFailure]]:
    """Return the failures of the second runs by code of the rule that reports them. Cached by identity of the step."""
    migration = step.migration
    found: dict[str, list[SecondRunFailure]] = {}
    if migration.forward is not None:
        _collect(found, migration.forward, step.forward, step.forward_again)
    if migration.rollback is not None and step.rollback is not None and step.rollback_again is not None:
        _collect(found, migration.rollback, step.rollback, step.rollback_again)
    return found or _NOTHING


def _collect(found: dict[str, list[SecondRunFailure]], script: Script, first: Run, second: Run) -> None:
    # What fails in the first run already is reported by other families.
    if not second.events:
        return
    broken = {event.operation.span for event in first.events if event.failure is not None}
    unmade: list[Name] = []
    for event in second.events:
        failure = event.failure
        if failure is not None and failure.certain and event.operation.span not in broken:
            if _lacks(failure, unmade):
                # It would be there, had the statement before it not failed: that one is reported.
                continue
            operation = acting(event.operation, failure.key, failure.part)
            code = code_of(operation, failure.condition)
            found.setdefault(code, []).append(SecondRunFailure(script, event, operation, failure))
            if code == "IDM050" and isinstance(operation, (ops.CreateTable, ops.CreateView)):
                unmade.append(operation.name)


def _lacks(failure: Failure, unmade: list[Name]) -> bool:
    key = failure.key
    if not unmade or key is None or failure.condition != "undefined_table":
        return False
    return any(name.name == key.name and name.schema in (None, key.schema) for name in unmade)


def hits(cases: Iterable[SecondRunFailure], help: Callable[[SecondRunFailure], str]) -> Sequence[Hit]:
    """Return a hit for each failure: a warning where the engine has no repeatable form of the statement."""
    return [
        Hit(
            case.script.file,
            case.operation.span,
            f"the second run fails: {case.error.message}",
            help(case),
            case.script,
            Severity.WARNING if without_guard(case) else None,
            fix_for(case),
        )
        for case in cases
    ]


def without_guard(failure: SecondRunFailure) -> bool:
    """Return whether the engine has no repeatable form of the statement."""
    return failure.script.dialect is Dialect.SQLITE and isinstance(failure.operation, (ops.TableOperation, ops.Rename))


def clause(failure: SecondRunFailure) -> str:
    """Return the clause on one line as it is written, or `...` where joining its lines would change its meaning."""
    span = failure.operation.span
    text = failure.script.file.text[span.start : span.end].strip()
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) > 1 and any(
        line.count("'") % 2 or line.count('"') % 2 or "--" in line or "/*" in line or "$" in line for line in lines
    ):
        return "..."
    return " ".join(lines)


# --- fixes -----------------------------------------------------------------------------------------------------------

# Only to find where an insertion goes: what a statement does is read from its operations.
_WORD = pattern(r"(\w++)")
_NEXT_WORD = pattern(r"\s*+(\w++)")
_BEFORE_TABLE = frozenset({"TEMP", "TEMPORARY", "UNLOGGED", "LOCAL", "GLOBAL", "VIRTUAL", "FOREIGN"})


class _GuardPattern(NamedTuple):
    """The words before a guard: all of `words` in order, with some of `between` among them, and `after` behind them.

    With `late` other words may stand before them, but no literal.
    """

    words: tuple[str, ...]
    text: str
    between: frozenset[str] = frozenset()
    after: str = ""
    late: bool = False


_IF_NOT_EXISTS, _IF_EXISTS, _OR_REPLACE = " IF NOT EXISTS", " IF EXISTS", " OR REPLACE"
_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.CreateTable: _GuardPattern(("CREATE", "TABLE"), _IF_NOT_EXISTS, _BEFORE_TABLE),
    ops.AddEnumValue: _GuardPattern(("ADD", "VALUE"), _IF_NOT_EXISTS, late=True),
    ops.CreateSequence: _GuardPattern(("CREATE", "SEQUENCE"), _IF_NOT_EXISTS, _BEFORE_TABLE),
    ops.CreateExtension: _GuardPattern(("CREATE", "EXTENSION"), _IF_NOT_EXISTS),
    ops.CreateSchema: _GuardPattern(("CREATE", "SCHEMA"), _IF_NOT_EXISTS),
}
_POSTGRES_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.DropConstraint: _GuardPattern(("DROP", "CONSTRAINT"), _IF_EXISTS),
    ops.CreateView: _GuardPattern(("CREATE",), _OR_REPLACE),
}
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})
_SQLITE_GUARDS: dict[type[Operation], _GuardPattern] = {
    ops.CreateView: _GuardPattern(("CREATE", "VIEW"), _IF_NOT_EXISTS, _TEMPORARY),
    ops.CreateTrigger: _GuardPattern(("CREATE", "TRIGGER"), _IF_NOT_EXISTS, _TEMPORARY),
}
_TABLES = frozenset({"table", "foreign table"})


def _guard(operation: Operation, dialect: Dialect) -> _GuardPattern | None:
    postgres = dialect is Dialect.POSTGRES
    match operation:
        case ops.CreateIndex() if operation.name is not None:
            return _GuardPattern(("CREATE", "INDEX"), _IF_NOT_EXISTS, frozenset({"UNIQUE"}), "CONCURRENTLY")
        case ops.AddColumn() if postgres and operation.kind in _TABLES:
            return _GuardPattern(("ADD",), _IF_NOT_EXISTS, after="COLUMN")
        case ops.CreateView() if operation.materialized:
            return _GuardPattern(("CREATE", "MATERIALIZED", "VIEW"), _IF_NOT_EXISTS)
        case ops.CreateRoutine() if operation.kind in ("function", "procedure"):
            return _GuardPattern(("CREATE",), _OR_REPLACE)
        case ops.Drop() if operation.kind not in ("cast", "database"):
            return _GuardPattern(("DROP", *operation.kind.upper().split()), _IF_EXISTS, after="CONCURRENTLY")
        case ops.Rename() if postgres and operation.kind in ALTER_IF_EXISTS and not operation.if_exists:
            return _GuardPattern(("ALTER", *operation.kind.upper().split()), _IF_EXISTS)
        case ops.DropColumn() if postgres and operation.kind in _TABLES:
            return _GuardPattern(("DROP",), _IF_EXISTS, after="COLUMN")
        case _:
            of_engine = _POSTGRES_GUARDS if postgres else _SQLITE_GUARDS
            return _GUARDS.get(type(operation)) or of_engine.get(type(operation))


def fix_for(failure: SecondRunFailure) -> Fix | None:
    """Return the insertion of a guard, or None where the words before it are not found."""
    script, operation = failure.script, failure.operation
    if script.substituted is not None:
        return None
    guard = _guard(operation, script.dialect)
    if guard is None:
        return None
    # A drop of several objects gives one operation each: the guard follows the words that they share.
    for start in (operation.span.start, failure.event.statement.span.start):
        at = _behind(script.file.text, start, guard)
        if at is not None:
            return Fix(f"insert{guard.text}", (Edit(at, at, guard.text),))
    return None


def _behind(text: str, start: int, guard: _GuardPattern) -> int | None:
    """Return the place behind the words of a guard that begin at `start`, or None when they are not there."""
    if guard.late:
        end = text.find("'", start)
        plain = guard._replace(late=False)
        found = [
            place
            for word in _WORD.finditer(text, start, len(text) if end < 0 else end)
            if word[1].upper() == guard.words[0] and (place := _behind(text, word.start(1), plain)) is not None
        ]
        return found[0] if len(found) == 1 else None
    words, at, number = guard.words, start, 0
    while word := _NEXT_WORD.match(text, at):
        keyword = word[1].upper()
        if number < len(words) and keyword == words[number]:
            number += 1
        elif number == len(words):
            return word.end() if keyword == guard.after else at
        elif keyword not in guard.between:
            return None
        at = word.end()
    return at if number == len(words) else None
