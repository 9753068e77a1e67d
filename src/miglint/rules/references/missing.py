"""REF: what a forward needs and does not find, where the history makes that certain."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.steps import Step
from miglint.rules.references.foreign_keys import missing_columns
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.clauses import hit_in, in_doubt
from miglint.schema.outcome import Event, Failure
from miglint.sql import operations as ops

# What other rules tell of: names that are taken, text that no grammar takes, and errors that a script raises itself.
# What rules of their own tell: SYN001 or LIT003, nobody, REF007.
_TOLD = frozenset({"raise_exception", "invalid_foreign_key"})
_OWN = {
    "undefined_table": "REF001",
    "undefined_column": "REF002",
    "undefined_object": "REF003",
    "undefined_function": "REF003",
    "invalid_schema_name": "REF003",
    "invalid_catalog_name": "REF003",
    "dependent_objects_still_exist": "REF004",
}


def _failures(step: Step, code: str) -> Iterator[tuple[Script, Event, Failure]]:
    """Yield the certain failures of the forward's first run that belong to a rule."""
    forward = step.migration.forward
    if forward is None or step.forward.failed is None:
        return
    for event in step.forward.events:
        failure = event.failure
        if failure is None or not failure.certain or _is_told(step, event, failure):
            continue
        if _OWN.get(failure.condition, "REF005") == code:
            yield forward, event, failure


def _is_told(step: Step, event: Event, failure: Failure) -> bool:
    """Whether a rule of another family reports a failure."""
    if failure.condition == "syntax_error":
        # What the grammar takes, and the analysis behind it does not, is no matter of syntax to anybody else.
        return event.statement.problem is not None or step.before.dialect is not Dialect.POSTGRES
    if failure.condition == "duplicate_alias":
        return False
    return failure.condition in _TOLD or failure.condition.startswith("duplicate_")


def _gone(step: Step) -> str:
    """Say where it was looked for."""
    if step.before.closed:
        return "Neither the baseline schema nor a migration before this point makes it."
    if in_doubt(step) is not None:
        return "No migration makes it in a statement that can be read; dynamic SQL may have."
    return "No migration before this point makes it, or one has dropped or renamed it."


@rule(
    "REF001",
    "undefined-relation",
    Severity.ERROR,
    "The forward needs a table, view or sequence that is not there",
)
def undefined_relation(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of relations that do not exist at the moment when the forward needs them."""
    for script, event, failure in _failures(step, "REF001"):
        yield hit_in(script, event.operation.span, failure.message, _gone(step), severity=in_doubt(step))


@rule("REF002", "undefined-column", Severity.ERROR, "The forward needs a column that is not there")
def undefined_column(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of columns that do not exist at the moment when the forward needs them."""
    for script, event, failure in _failures(step, "REF002"):
        if event.statement.kind == "do" and not isinstance(event.operation, ops.TableOperation):
            # In a query of a DO block the name may be that of a variable.
            continue
        help = _gone(step)
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
                _gone(step),
                severity=in_doubt(step),
            )


@rule(
    "REF003",
    "undefined-object",
    Severity.ERROR,
    "The forward needs a constraint, index, type, function or schema that is not there",
)
def undefined_object(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of other objects that do not exist at the moment when the forward needs them."""
    for script, event, failure in _failures(step, "REF003"):
        yield hit_in(script, event.operation.span, failure.message, _gone(step), severity=in_doubt(step))


@rule("REF004", "object-still-needed", Severity.ERROR, "The forward drops what other objects still need")
def object_still_needed(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of drops and changes that the engine refuses because other objects depend on what they touch."""
    for script, event, failure in _failures(step, "REF004"):
        yield hit_in(
            script,
            event.operation.span,
            failure.message,
            "Drop what depends on it first, by name: CASCADE would also drop what you have not thought of.",
            severity=in_doubt(step),
        )


@rule("REF005", "forward-fails", Severity.ERROR, "The forward cannot run on the schema that the history has reached")
def forward_fails(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of the other errors that the first run of a forward meets."""
    for script, event, failure in _failures(step, "REF005"):
        yield hit_in(
            script,
            event.operation.span,
            f"the forward fails here: {failure.message}",
            "This is the schema that the migrations before it leave.",
            severity=in_doubt(step),
        )
