"""A forward and its rollback that lose nothing: the statements that are added to each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rollback.preserve import postgres, sqlite
from miglint.rollback.preserve.tables import SetAside, column_of, set_aside
from miglint.schema.objects import Key, Table, Trigger
from miglint.schema.parts import named_of_kind, of_kind, with_part, without_part
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name
from miglint.writer.order import ordered
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.row_sentences import stays_nullable
from miglint.writer.transition import write_transition
from miglint.writer.words import identifier, name
from miglint.writer.written import LostData, Version, Written


class PreservingPair(Struct, frozen=True):
    """What is added to the forward, at its `first` and `last`, and the statements of the rollback.

    `asides` is what the forward sets aside, `kept` what the rollback does. `left` are the losses that remain.
    """

    first: tuple[str, ...]
    last: tuple[str, ...]
    before: tuple[str, ...]
    written: Written
    after: tuple[str, ...]
    asides: tuple[SetAside, ...]
    kept: tuple[SetAside, ...]
    left: tuple[LostData, ...]
    clean_up: tuple[str, ...]


def _certainly_lost(step: Step, way: Written, recreated: Collection[Key]) -> list[LostData]:
    """Return the rows and values that are lost for certain, and can be restored."""
    lost = [item for item in way.schema_only if item.table not in recreated]
    certain = [item for item in lost if item.why == "dropped" or _comes_back(step, way, item)]
    return certain + [LostData(key) for key in recreated]


def preserving_pair(
    step: Step, way: Written, recreated: Collection[Key], target: Version | None
) -> PreservingPair | None:
    """Return what sets data aside on both ways of a migration; None if there is nothing to set aside.

    `way` is the way back without it, and `recreated` the tables that the forward drops and creates anew.
    """
    version, dialect = step.migration.version, step.migration.dialect
    certain = _certainly_lost(step, way, recreated)
    asides, left = set_aside(certain, step.before, step.after, version)
    left += [item for item in way.schema_only if item not in certain and item.table not in recreated]
    kept, _ = set_aside(way.data_lost, step.after, step.before, version, kept=True)
    asides, kept = _in_order(asides, step.before), _in_order(kept, step.after)
    if not asides and not kept:
        return None
    written, first, last = _around_the_rows(step, way, asides, target)
    written = replace(written, schema_only=tuple(left), data_lost=())
    back = tuple(text for item in asides for text in _back(item, dialect))
    module = postgres if dialect is Dialect.POSTGRES else sqlite
    return PreservingPair(
        tuple(module.copy(item, version) for item in asides),
        (
            *_new_values(asides, dialect),
            *(text for item in kept for text in _back(item, dialect)),
            *_ending(kept, dialect),
        ),
        tuple(text for item in kept for text in _kept(item, step.after, version)),
        written,
        (*first, *back, *last, *_ending(asides, dialect)),
        tuple(asides),
        tuple(kept),
        tuple(left),
        tuple(module.clean_up([*asides, *kept])),
    )


def _around_the_rows(
    step: Step, way: Written, asides: Sequence[SetAside], target: Version | None
) -> tuple[Written, tuple[str, ...], tuple[str, ...]]:
    """Return the way back without its statements, and these: before the values are brought back, and after it.

    What refuses rows before all values are back is restored after it.
    """
    relaxed = _relaxed(step.before, asides)
    if relaxed is step.before:
        return replace(way, statements=()), tuple(statement.text for statement in way.statements), ()
    first = write_transition(step.after, relaxed, renames=Renames(step.forward.moments), target=target)
    second = write_transition(relaxed, step.before, target=target)
    texts = [statement.text for statement in second.statements]
    required = {
        text: (item.table, column)
        for item in asides
        for column in item.dropped
        if (text := postgres.set_not_null(item.table, column)) in texts
    }
    written = replace(
        way,
        statements=(),
        missing=tuple(dict.fromkeys((*first.missing, *second.missing, *_nullable_still(required)))),
        reordered=second.reordered or first.reordered,
    )
    return (
        written,
        tuple(statement.text for statement in first.statements),
        tuple(_if_filled(text, required) for text in texts),
    )


def _new_values(asides: Sequence[SetAside], dialect: Dialect) -> list[str]:
    if dialect is not Dialect.POSTGRES:
        return []
    return [text for item in asides if (text := postgres.note_new_values(item)) is not None]


def _ending(items: Sequence[SetAside], dialect: Dialect) -> tuple[str, ...]:
    return (postgres.drop_schema(),) if items and dialect is Dialect.POSTGRES else ()


_Required = Mapping[str, tuple[Name, str]]


def _if_filled(text: str, required: _Required) -> str:
    """Return a statement; `SET NOT NULL` only where no row came in between that has no value."""
    return postgres.if_filled(text, *required[text]) if text in required else text


def _nullable_still(required: _Required) -> Iterator[str]:
    for table, column in required.values():
        yield stays_nullable(name(table), identifier(column))


def _comes_back(step: Step, way: Written, item: LostData) -> bool:
    """Return whether a narrowed column has its old type after the way back: only then it takes the old values."""
    restored = run(step.after, read(way.sql, step.migration.dialect), kept=False).schema.table(item.table)
    was = step.before.table(item.table)
    if restored is None or was is None:
        return False
    column = column_of(was, item)
    if column not in restored.columns or column not in was.columns:
        return False
    return restored.columns[column].type == was.columns[column].type


def _kept(item: SetAside, schema: Schema, version: str) -> list[str]:
    """Return the statements of a rollback that set data aside, of which a part of a forward made only a part."""
    if schema.dialect is Dialect.POSTGRES:
        return [postgres.copy(item, version)]
    table = schema.table(item.key)
    columns = () if table is None else tuple(one.name for one in table.columns.values() if one.generated is None)
    return [sqlite.empty_table(item.table, columns), sqlite.copy_what_is_there(item, version)]


def _back(item: SetAside, dialect: Dialect) -> list[str]:
    return [postgres.bring_back(item)] if dialect is Dialect.POSTGRES else sqlite.bring_back(item)


def _in_order(items: Sequence[SetAside], schema: Schema) -> list[SetAside]:
    """Return what is set aside so that tables come after those that they refer to."""
    found = {item.key: item for item in items}
    return [found[key] for key, _ in ordered(schema, set(found)) if key in found]


def _relaxed(schema: Schema, asides: Sequence[SetAside]) -> Schema:
    """Return the schema without what refuses rows before all values are back: NOT NULL, foreign keys, triggers."""
    if schema.dialect is Dialect.SQLITE:
        return schema
    for item in asides:
        table = schema.table(item.key)
        if table is not None:
            schema = schema.put(item.key, replace(table, columns=_nullable(table, item.dropped)))
    for item in asides:
        if item.whole:
            schema = _without_references(schema, item.key)
            for trigger, _ in schema.users(item.key, Trigger):
                schema = schema.drop(trigger)
    return schema


def _nullable(table: Table, names: Sequence[str]) -> Mapping[str, Column]:
    """Return the columns of a table, those of these names nullable unless something else requires a value."""
    columns = table.columns
    required = {label for constraint in of_kind(table.constraints, "primary") for label in constraint.columns}
    for label in names:
        column = columns[label]
        if column.nullable is False and column.identity is None and label not in required:
            columns = with_part(columns, label, replace(column, nullable=True))
    return columns


def _without_references(schema: Schema, key: Key) -> Schema:
    """Return a schema without the foreign keys of a table and to it."""
    for other, value in ((key, schema.table(key)), *schema.referring(key)):
        constraints = value.constraints if value is not None else {}
        for label, constraint in named_of_kind(constraints, "foreign"):
            if other == key or _refers(constraint.table, key):
                constraints = without_part(constraints, label)
        if value is not None and constraints is not value.constraints:
            schema = schema.put(other, replace(value, constraints=constraints))
    return schema


def _refers(target: Name | None, key: Key) -> bool:
    return target is not None and target.name == key.name and target.schema in (None, key.schema)
