"""SYM: how much a difference that a rollback leaves matters."""

from __future__ import annotations

from miglint.base.digits import whole_number
from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.replay.steps import Step
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.change import Change
from miglint.schema.objects import Enum, Index, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.sameness import essence, respelled
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Type
from miglint.sql.type_input import truth_of


def severity_of(step: Step, change: Change) -> Severity | None:
    """Return the severity of a difference; None for that of its rule.

    Information is what `pg_dump` or the schema's meaning do not show. A warning is a difference that neither the
    previous release of the application nor the next run of the forward notices.
    """
    if not change.counts or is_respelled(step, change):
        return Severity.INFO
    return Severity.WARNING if _is_harmless(step, change) else None


def end_of(step: Step) -> Schema:
    """Return the schema after both scripts."""
    return step.after if step.rollback is None else step.rollback.schema


def is_respelled(step: Step, change: Change) -> bool:
    """Return whether the definition of a routine differs only in white space or comments."""
    return change.kind == "changed" and respelled(step.before.find(change.key), end_of(step).find(change.key))


def _is_harmless(step: Step, change: Change) -> bool:
    if change.kind == "extra":
        return _is_replaced(step, change)
    if change.kind == "renamed":
        return _has_generated_name(step.before, change) or _has_generated_name(end_of(step), change)
    if change.kind != "changed":
        return False
    if (change.aspect or "").startswith(_PARAMETER):
        return _is_default_setting(change)
    if change.aspect == "labels":
        return _has_same_labels(step.before.find(change.key), end_of(step).find(change.key))
    if change.aspect == "definition" and change.part is not None:
        return _has_same_key(step.before, end_of(step), change)
    old, new = _column(step.before, change), _column(end_of(step), change)
    return old is not None and new is not None and _is_harmless_in_column(step, change, old, new)


def _is_harmless_in_column(step: Step, change: Change, old: Column, new: Column) -> bool:
    if change.aspect == "default":
        # An additional default is used by no statement that was valid before.
        return old.default is None and new.default is not None
    if change.aspect == "nullability":
        return new.nullable is not False and old.default is None and _is_added_anew(step, change)
    if change.aspect != "type" or old.type is None or new.type is None:
        return False
    holds = _holds_all_text if step.migration.dialect is Dialect.POSTGRES else _stores_alike
    return holds(old.type, new.type)


def _is_replaced(step: Step, change: Change) -> bool:
    """Return whether the forward created a routine by `OR REPLACE`, which the next run replaces."""
    if change.key.space != "routine":
        return False
    return any(
        moment.before.find(change.key) is not moment.after.find(change.key)
        for moment in _replacing(step).get(change.key.name.partition("(")[0], ())
    )


@cached_by_step
def _replacing(step: Step) -> dict[str, list[OperationTrace]]:
    """Return where the forward creates routines by `OR REPLACE`, by name."""
    found: dict[str, list[OperationTrace]] = {}
    for moment in step.forward.moments:
        if isinstance(moment.operation, ops.CreateRoutine) and moment.operation.or_replace:
            found.setdefault(moment.operation.name.name, []).append(moment)
    return found


def _is_added_anew(step: Step, change: Change) -> bool:
    """Return whether the forward dropped the column: added to a table with rows, it cannot be NOT NULL at once."""
    table = step.after.table(change.key)
    return step.migration.dialect is Dialect.POSTGRES and table is not None and change.part not in table.columns


def _has_same_key(before: Schema, after: Schema, change: Change) -> bool:
    """Return whether two keys differ only in the order of their columns, so that they refuse the same rows."""
    one, two = before.table(change.key), after.table(change.key)
    old = None if one is None else one.constraints.get(change.part or "")
    new = None if two is None else two.constraints.get(change.part or "")
    if old is None or new is None or old.kind not in ("unique", "primary") or set(old.columns) != set(new.columns):
        return False
    return replace(essence(old), columns=()) == replace(essence(new), columns=())


def _has_generated_name(schema: Schema, change: Change) -> bool:
    """Return whether the engine chose the name that a constraint or an index has in one of the two schemas."""
    names = {(change.before or "").split(" on ")[0], (change.after or "").split(" on ")[0]}
    table = schema.table(change.key)
    if change.part is not None:
        return table is not None and any(
            name in names and constraint.generated for name, constraint in table.constraints.items()
        )
    found = (schema.find(replace(change.key, name=name.rpartition(".")[2])) for name in names)
    return any(isinstance(value, Index) and value.generated for value in found)


_PARAMETER = "storage parameter "
# What PostgreSQL does for tables without these parameters, unless its configuration says otherwise.
# https://www.postgresql.org/docs/current/runtime-config-vacuum.html
_DEFAULT_SETTINGS = {
    "autovacuum_analyze_scale_factor": 0.1,
    "autovacuum_analyze_threshold": 50,
    "autovacuum_freeze_max_age": 200_000_000,
    "autovacuum_freeze_min_age": 50_000_000,
    "autovacuum_freeze_table_age": 150_000_000,
    "autovacuum_multixact_freeze_max_age": 400_000_000,
    "autovacuum_multixact_freeze_min_age": 5_000_000,
    "autovacuum_multixact_freeze_table_age": 150_000_000,
    "autovacuum_vacuum_cost_delay": 2,
    "autovacuum_vacuum_cost_limit": 200,
    "autovacuum_vacuum_insert_scale_factor": 0.2,
    "autovacuum_vacuum_insert_threshold": 1000,
    "autovacuum_vacuum_max_threshold": 100_000_000,
    "autovacuum_vacuum_scale_factor": 0.2,
    "autovacuum_vacuum_threshold": 50,
    "fillfactor": 100,
}
_SWITCHED_ON = frozenset({"autovacuum_enabled", "vacuum_truncate"})


def _is_default_setting(change: Change) -> bool:
    """Return whether a storage parameter of a table is set to its default on one side, and not set on the other."""
    values = [value for value in (change.before, change.after) if value is not None]
    if len(values) != 1:
        return False
    name = (change.aspect or "").removeprefix(_PARAMETER).removeprefix("toast.").lower()
    if name in _SWITCHED_ON:
        return truth_of(values[0]) is True
    try:
        return float(values[0]) == _DEFAULT_SETTINGS.get(name)
    except ValueError:
        return False


def _has_same_labels(old: object, new: object) -> bool:
    """Return whether two enums differ only in the order of their labels."""
    return isinstance(old, Enum) and isinstance(new, Enum) and sorted(old.labels) == sorted(new.labels)


def _column(schema: Schema, change: Change) -> Column | None:
    table = schema.table(change.key)
    return table.columns.get(change.part) if isinstance(table, Table) and change.part is not None else None


def _holds_all_text(old: Type, new: Type) -> bool:
    """Return whether a column holds every text of the old type, unchanged."""
    if old.dimensions != new.dimensions or old.name != "varchar" or not old.args:
        return False
    if new.name in ("varchar", "text") and not new.args:
        return True
    lengths = [*old.args, *new.args]
    return (
        new.name == "varchar"
        and all(map(str.isdecimal, lengths))
        and whole_number(new.args[0]) > whole_number(old.args[0])
    )


def _stores_alike(old: Type, new: Type) -> bool:
    """Return whether SQLite stores the same values in columns of both types, which have the same affinity."""
    return _affinity(old.name) == _affinity(new.name)


# https://www.sqlite.org/datatype3.html, section 3.1: the first that a type's name contains.
_AFFINITIES = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", "blob"),
    ("REAL", "real"),
    ("FLOA", "real"),
    ("DOUB", "real"),
)


def _affinity(name: str) -> str:
    if not name:
        return "blob"
    return next((affinity for word, affinity in _AFFINITIES if word in name.upper()), "numeric")
