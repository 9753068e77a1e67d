"""REF: objects that a forward script needs and that certainly do not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.references.foreign_keys import missing_columns
from miglint.rules.support.reporting import hit_in, in_doubt
from miglint.schema.outcome import Failure, OperationOutcome
from miglint.sql import operations as ops

# Reported elsewhere: a RAISE of the script's own.
_ELSEWHERE = frozenset({"raise_exception"})
_CODES = {
    "undefined_table": "REF001",
    "undefined_column": "REF002",
    "undefined_object": "REF003",
    "undefined_function": "REF003",
    "invalid_schema_name": "REF003",
    "invalid_catalog_name": "REF003",
    "dependent_objects_still_exist": "REF004",
}


class FirstRunFailure(NamedTuple):
    """A failure of the forward's first run that is certain."""

    script: Script
    event: OperationOutcome
    failure: Failure


Failures = Sequence[FirstRunFailure]


def failures(step: Step) -> dict[str, list[FirstRunFailure]]:
    """Return the failures of the forward's first run by code of the rule that reports them."""
    found: dict[str, list[FirstRunFailure]] = {}
    for case in _certain(step):
        found.setdefault(_CODES.get(case.failure.condition, "REF005"), []).append(case)
    return found


def _certain(step: Step) -> Iterator[FirstRunFailure]:
    forward = step.migration.forward
    if forward is None or step.forward.failed is None:
        return
    for event in step.forward.events:
        failure = event.failure
        if failure is not None and failure.certain and not _is_reported(step, event, failure):
            yield FirstRunFailure(forward, event, failure)


def _is_reported(step: Step, event: OperationOutcome, failure: Failure) -> bool:
    """Whether a rule of another family reports a failure: names that are taken are for NAM and IDM."""
    if failure.condition == "syntax_error":
        # SYN001 reports what the grammar rejects, LIT003 what SQLite does; the analysis behind it rejects more.
        return event.statement.problem is not None or step.before.dialect is not Dialect.POSTGRES
    if failure.condition == "duplicate_alias":
        return False
    if failure.condition == "datatype_mismatch":
        # REF008 reports the types of a foreign key.
        operation = event.operation
        return isinstance(operation, ops.AddConstraint) and operation.constraint.kind == "foreign"
    if failure.condition == "wrong_object_type":
        # REF012 says why an index is refused.
        return any(
            moment.failed
            and moment.statement is event.statement
            and isinstance(moment.operation, ops.AddConstraint)
            and moment.operation.constraint.using_index is not None
            for moment in step.forward.moments
        )
    if failure.condition == "invalid_foreign_key":
        # REF007 reports a key that is not unique, but not a wrong number of columns.
        return "unique constraint" in failure.message
    return failure.condition in _ELSEWHERE or failure.condition.startswith("duplicate_")


def _missing_reason(step: Step) -> str:
    """Return where the object was looked for."""
    if step.before.closed:
        return "Neither the baseline schema nor an earlier migration creates it."
    if in_doubt(step) is not None:
        return "No earlier migration creates it in a statement that can be read; dynamic SQL may have created it."
    return "No earlier migration creates it, or one has dropped or renamed it."


@rule(
    "REF001",
    "undefined-relation",
    Severity.ERROR,
    "The forward uses a table, view or sequence that does not exist",
    on=failures,
)
def undefined_relation(step: Step, cases: Failures) -> Iterator[Hit]:
    """Report relations that do not exist when the forward uses them."""
    for script, event, failure in cases:
        yield hit_in(script, event.operation.span, failure.message, _missing_reason(step), severity=in_doubt(step))


@rule("REF002", "undefined-column", Severity.ERROR, "The forward uses a column that does not exist")
def undefined_column(step: Step) -> Iterator[Hit]:
    """Report columns that do not exist when the forward uses them."""
    for script, event, failure in _certain(step):
        if failure.condition != "undefined_column":
            continue
        if event.statement.kind == "do" and not isinstance(event.operation, ops.TableOperation):
            # In a query of a DO block the name may be a variable's.
            continue
        help = _missing_reason(step)
        table = None if failure.key is None else event.before.table(failure.key)
        if table is not None and failure.part is not None:
            from difflib import get_close_matches  # only a broken script needs it

            names = [column.name for column in table.columns.values()]
            near = get_close_matches(failure.part, names, 1)
            help += f" The nearest column is {near[0]}." if near else ""
        yield hit_in(script, event.operation.span, failure.message, help, severity=in_doubt(step))
    refused = {event.operation.span for event in step.forward.events if event.failure is not None}
    for found, owner, column in missing_columns(step):
        if found.span not in refused:
            yield hit_in(
                found.script,
                found.span,
                f'column "{column}" of "{owner}", which the foreign key names, does not exist',
                _missing_reason(step),
                severity=in_doubt(step),
            )


@rule(
    "REF003",
    "undefined-object",
    Severity.ERROR,
    "The forward uses a constraint, index, type, function or schema that does not exist",
    on=failures,
)
def undefined_object(step: Step, cases: Failures) -> Iterator[Hit]:
    """Report other objects that do not exist when the forward uses them."""
    for script, event, failure in cases:
        yield hit_in(script, event.operation.span, failure.message, _missing_reason(step), severity=in_doubt(step))


@rule("REF004", "object-still-needed", Severity.ERROR, "The forward drops what other objects depend on", on=failures)
def object_still_needed(step: Step, cases: Failures) -> Iterator[Hit]:
    """Report drops and changes that the engine refuses because other objects depend on the object."""
    for script, event, failure in cases:
        yield hit_in(
            script,
            event.operation.span,
            failure.message,
            "Drop the dependent objects first, by name: CASCADE would also drop those that you do not know of.",
            severity=in_doubt(step),
        )


@rule(
    "REF005",
    "forward-fails",
    Severity.ERROR,
    "The forward fails on the schema that the migrations before it leave",
    on=failures,
)
def forward_fails(step: Step, cases: Failures) -> Iterator[Hit]:
    """Report all other errors of the first run of a forward script."""
    for script, event, failure in cases:
        yield hit_in(
            script,
            event.operation.span,
            f"the forward fails here: {failure.message}",
            "The migrations before it leave this schema.",
            severity=in_doubt(step),
        )
