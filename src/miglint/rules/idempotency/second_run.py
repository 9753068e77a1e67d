"""IDM: what fails when a script runs a second time, and which rule reports it.

The rules themselves are in `create`, `drop`, `alter` and `rows`. A script is judged by having been replayed twice, so a
statement that another one guards (`DROP ... IF EXISTS` before `ADD`) does not fail here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.rules.idempotency.fixes import fix_for
from miglint.rules.idempotency.second_run_failure import SecondRunFailure
from miglint.rules.support.clauses import acting
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.outcome import Failure, OperationOutcome, Run
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation
from miglint.writer.reading import read

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


Failures = Sequence[SecondRunFailure]
_NOTHING: dict[str, list[SecondRunFailure]] = {}


@cached_by_step
def failures(step: Step) -> dict[str, list[SecondRunFailure]]:
    """Return the failures of the second runs by code of the rule that reports them. Cached by identity of the step."""
    migration = step.migration
    found: dict[str, list[SecondRunFailure]] = {}
    if migration.forward is not None:
        _collect(found, step, migration.forward, step.forward, step.forward_again)
    if migration.rollback is not None and step.rollback is not None and step.rollback_again is not None:
        _collect(found, step, migration.rollback, step.rollback, step.rollback_again)
    return found or _NOTHING


def _collect(found: dict[str, list[SecondRunFailure]], step: Step, script: Script, first: Run, second: Run) -> None:
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
            code = code_of(operation, _condition(event, failure))
            found.setdefault(code, []).append(SecondRunFailure(step, script, event, operation, failure))
            if code == "IDM050" and isinstance(operation, (ops.CreateTable, ops.CreateView)):
                unmade.append(operation.name)


def _condition(event: OperationOutcome, failure: Failure) -> str:
    """Return the condition of a failure; that of an operator or function which types do not have is one of types."""
    if failure.condition == "undefined_function" and failure.key is not None and event.before.find(failure.key):
        return "datatype_mismatch"
    return failure.condition


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


def refusal(failure: SecondRunFailure, text: str) -> str | None:
    """Return why a statement fails where the second run stops; None if it does not, or is not known to."""
    done = run(failure.event.before, read(text, failure.script.dialect), kept=False)
    return None if done.failed is None or done.failed.failure is None else done.failed.failure.message


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
