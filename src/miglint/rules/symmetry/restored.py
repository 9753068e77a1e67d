"""SYM001 to SYM016: what the rollback leaves behind, does not restore, or changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.findings import Fix, Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.clauses import acting, subject
from miglint.rules.support.near_names import NearNames
from miglint.rules.support.reporting import on_lines
from miglint.rules.support.scripts import was_read
from miglint.rules.symmetry.causes import own_causes
from miglint.rules.symmetry.differences import Differences, differences, fails, hits, subject_of
from miglint.schema.outcome import Failure, OperationOutcome


@rule(
    "SYM001",
    "left-behind",
    Severity.ERROR,
    "The rollback leaves an object behind that the forward created",
    on=differences,
    fixable=True,
)
def left_behind(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report tables, columns, constraints, indexes and other objects that the rollback leaves behind."""
    return hits(step, cases)


@rule(
    "SYM002",
    "not-restored",
    Severity.ERROR,
    "The rollback does not restore an object that the forward dropped",
    on=differences,
    fixable=True,
)
def not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report objects that the forward dropped and the rollback does not create again."""
    return hits(step, cases)


@rule(
    "SYM003",
    "type-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's type",
    on=differences,
    fixable=True,
)
def type_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose type differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM004",
    "default-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's default",
    on=differences,
    fixable=True,
)
def default_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose default, identity or generation expression differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM005",
    "nullability-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's NOT NULL",
    on=differences,
    fixable=True,
)
def nullability_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns that accept NULL after the rollback and did not before, or the reverse."""
    return hits(step, cases)


@rule(
    "SYM006",
    "collation-not-restored",
    Severity.ERROR,
    "The rollback does not restore a column's collation",
    on=differences,
    fixable=True,
)
def collation_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report columns whose collation differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM007",
    "constraint-changed",
    Severity.ERROR,
    "The rollback leaves a constraint with a different definition",
    on=differences,
    fixable=True,
)
def constraint_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report keys and checks whose definition differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM008",
    "foreign-key-action-changed",
    Severity.ERROR,
    "The rollback leaves a foreign key with a different ON DELETE or ON UPDATE",
    on=differences,
    fixable=True,
)
def foreign_key_action_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report foreign keys whose referential action differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM009",
    "index-changed",
    Severity.ERROR,
    "The rollback leaves an index with a different definition",
    on=differences,
    fixable=True,
)
def index_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report indexes whose columns, condition, uniqueness or method differ after the rollback."""
    return hits(step, cases)


@rule(
    "SYM010",
    "enum-labels-changed",
    Severity.ERROR,
    "The rollback leaves an enum with different labels",
    on=differences,
    fixable=True,
    dialects=("postgres",),
)
def enum_labels_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report enums whose labels or their order differ after the rollback."""
    return hits(step, cases)


@rule(
    "SYM011",
    "rename-not-reversed",
    Severity.ERROR,
    "The rollback does not reverse a rename",
    on=differences,
    fixable=True,
)
def rename_not_reversed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report objects that keep the name that the forward gave them."""
    return hits(step, cases)


@rule(
    "SYM012",
    "removes-what-was-there",
    Severity.ERROR,
    "The rollback removes an object that existed before the forward",
    on=differences,
    fixable=True,
)
def removes_what_was_there(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report rollbacks that drop more than the forward created."""
    return hits(step, cases)


@rule("SYM013", "rollback-fails", Severity.ERROR, "The rollback fails when it runs after the forward", fixable=True)
def rollback_fails(step: Step) -> Iterable[Hit]:
    """Report rollback statements that fail: they drop what does not exist, or what others depend on."""
    if step.rollback is None or step.rollback.failed is None or not was_read(step):
        return ()
    return _failures(step)


def _fix(step: Step, event: OperationOutcome) -> Fix | None:
    # Few runs need what writes SQL.
    from miglint.rules.symmetry.fixes import failing_drop_fix

    return failing_drop_fix(step, event)


def _failures(step: Step) -> Iterator[Hit]:
    script, run = step.migration.rollback, step.rollback
    if script is None or run is None:
        return
    # A forward that fails leaves nothing to roll back: its own statement is reported elsewhere.
    unmade = {subject_of(event) for event in step.forward.events if fails(event)}
    names = NearNames()
    failed = [event for event in run.events if fails(event) and subject_of(event) not in unmade]
    for cause in own_causes(failed, step.rollback_statements, step.after):
        event, failure = cause.event, cause.event.failure
        if failure is None:
            continue
        help = _how_to_survive(step, event, failure, names)
        lines = sorted({script.file.position(item.operation.span.start).line for item in cause.same})
        more = f" (also {on_lines(lines)})" if lines else ""
        span = acting(event.operation, failure.key, failure.part).span
        message = f"the rollback fails here: {failure.message}{more}"
        yield Hit(script.file, span, message, help, script, fix=None if cause.same else _fix(step, event))


@rule(
    "SYM014",
    "definition-changed",
    Severity.ERROR,
    "The rollback leaves a view, function, trigger or policy with a different definition",
    on=differences,
    fixable=True,
)
def definition_changed(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report views, functions, triggers, policies, domains and types whose definition differs after the rollback."""
    return hits(step, cases)


@rule(
    "SYM015",
    "extension-left-behind",
    Severity.WARNING,
    "The rollback leaves an extension behind",
    on=differences,
    dialects=("postgres",),
)
def extension_left_behind(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report extensions that the forward created and the rollback keeps; others may use them by now."""
    return hits(step, cases)


@rule(
    "SYM016",
    "setting-not-restored",
    Severity.ERROR,
    "The rollback does not restore the settings of a table, sequence or other object",
    on=differences,
    fixable=True,
)
def setting_not_restored(step: Step, cases: Differences) -> Iterable[Hit]:
    """Report row security, storage parameters, sequence options, partition bounds and the like that differ."""
    return hits(step, cases)


def _how_to_survive(step: Step, event: OperationOutcome, failure: Failure, names: NearNames) -> str:
    """Return what to do about a rollback statement that fails; `names` finds the name that may have been meant."""
    if failure.condition == "dependent_objects_still_exist":
        return (
            "Drop what depends on it first: a rollback undoes the statements of the forward from the last to the first."
        )
    name, part = subject(acting(event.operation, failure.key, failure.part))
    if failure.condition.startswith("undefined_"):
        near = names.find(step.after, name, part, 0.7)
        if near is not None and near != (part or name):
            return f'Did you mean "{near}"?'
        return "It does not exist at this point: correct the name, or delete the statement."
    if failure.condition.startswith("duplicate_"):
        return "It still exists at this point: the forward did not remove it."
    return "Correct the statement, or the order of the statements."
