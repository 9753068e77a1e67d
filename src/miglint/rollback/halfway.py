"""What a forward of PostgreSQL takes away and makes again, and a part of it leaves out.

The way back from the schema after a forward knows nothing of that: it is there before and after. The statements here
make it, if it is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.parts import without_part
from miglint.schema.sameness import essence
from miglint.schema.value import Schema
from miglint.sql.operations import Drop, DropConstraint, Name, Rename, SetIdentity, SetSchema, TableOperation
from miglint.writer.postgres import guards
from miglint.writer.postgres.catalog_conditions import negated, relation_exists
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.tables import identity_options
from miglint.writer.transition import write_transition
from miglint.writer.words import identifier, name
from miglint.writer.written import Version


class Returning(Struct, frozen=True):
    """Statements that make what is not there: tables before all others, and the rest after them."""

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


def returning(step: Step, target: Version | None, texts: Collection[str]) -> Returning:
    """Return the statements that create what a forward drops and creates again; `texts` are there already."""
    if step.migration.dialect is not Dialect.POSTGRES:
        return Returning()
    tables, others, constraints, identities = _taken_away(step)
    if not (tables or others or constraints or identities):
        return Returning()
    first = [text for key in sorted(tables) for text in _table(step, key, tables, target)]
    first += [_identity(step.before, key, label) for key, label in sorted(identities)]
    smaller = _without(step.before, others, constraints)
    last: list[str] = []
    if smaller is not step.before:
        way = write_transition(smaller, step.before, target=target)
        last = [] if way.missing else [item.text for item in way.statements if item.text not in texts]
    return Returning(tuple(first), tuple(last))


def _without(schema: Schema, others: Collection[Key], constraints: Collection[tuple[Key, str]]) -> Schema:
    """Return a schema without some objects, and without some constraints with their indexes."""
    for key in others:
        schema = schema.drop(key)
    for key, label in constraints:
        table = schema.table(key)
        if table is not None:
            schema = schema.put(key, replace(table, constraints=without_part(table.constraints, label)))
            index = Key("relation", key.schema, label)
            schema = schema if schema.find(index) is None else schema.drop(index)
    return schema


class _TakenAway(NamedTuple):
    """What a forward drops and creates again as it was; tables and identity columns may differ."""

    tables: set[Key]
    others: set[Key]
    constraints: set[tuple[Key, str]]
    identities: set[tuple[Key, str]]


def _taken_away(step: Step) -> _TakenAway:
    found = _TakenAway(set(), set(), set(), set())
    # What the forward touched and left there, by name.
    there: dict[str, list[Key]] = {}
    for key in step.forward.touched:
        was = step.before.find(key)
        if was is not None and not was.assumed and step.after.find(key) is not None:
            there.setdefault(key.name.partition("(")[0], []).append(key)
    for moment in step.forward.moments if there else ():
        operation = moment.operation
        if moment.failed:
            continue
        if isinstance(operation, (Drop, Rename, SetSchema)):
            keys = there.get(operation.name.name, ())
            dropped = (note.key for note in moment.notes if note.key is not None)
            _objects(found, moment, dict.fromkeys((*keys, *dropped)), step)
        if isinstance(operation, (DropConstraint, SetIdentity)) or (isinstance(operation, Drop) and operation.cascade):
            for key in _tables_of(moment, there):
                _parts(found, moment, key, step)
    for parts in (found.constraints, found.identities):
        parts.difference_update([(key, label) for key, label in parts if key in found.tables])
    return found


def _tables_of(moment: OperationTrace, there: Mapping[str, list[Key]]) -> Iterator[Key]:
    operation = moment.operation
    if isinstance(operation, TableOperation):
        yield from there.get(operation.table.name, ())
    yield from (note.key for note in moment.notes if note.key is not None and note.kind == "cascade")


def _objects(found: _TakenAway, moment: OperationTrace, keys: Iterable[Key], step: Step) -> None:
    """Record which of some objects an operation took away, though they are there before and after the forward."""
    for key in keys:
        was, now = step.before.find(key), step.after.find(key)
        if was is None or now is None or moment.before.find(key) is None or moment.after.find(key) is not None:
            continue
        if isinstance(was, Table):
            found.tables.add(key)
        elif was == now and key.space not in ("comment", "privilege", "rows"):
            found.others.add(key)


def _parts(found: _TakenAway, moment: OperationTrace, key: Key, step: Step) -> None:
    """Record which constraints and identities of a table an operation took away."""
    was, now = step.before.table(key), step.after.table(key)
    if was is None or now is None:
        return
    found.constraints.update((key, label) for label in _dropped(moment.before, moment.after, key, was, now))
    found.identities.update((key, label) for label in _without_identity(moment.after.table(key), was, now))


def _without_identity(table: Table | None, was: Table, now: Table) -> Iterator[str]:
    if table is None:
        return
    for label, column in was.columns.items():
        here, last = table.columns.get(label), now.columns.get(label)
        if column.identity and here is not None and not here.identity and last is not None and last.identity:
            yield label


def _identity(schema: Schema, key: Key, label: str) -> str:
    """Return the statement that makes a column an identity column again, if it is none."""
    table = schema.table(key)
    assert table is not None  # it has this column
    column = table.columns[label]
    options = identity_options(schema, key, column)
    kind = (column.identity or "by default").upper()
    own = f"ALTER TABLE {name(Name(key.schema, key.name))} ALTER COLUMN {identifier(column.name)}"
    body = f"{own} ADD GENERATED {kind} AS IDENTITY{options};"
    return guards.block(guards.is_no_identity(key, column.name), body).text


def _dropped(before: Schema, after: Schema, key: Key, was: Table, now: Table) -> Iterator[str]:
    one, two = before.table(key), after.table(key)
    if one is None or two is None or one.constraints is two.constraints:
        return
    for label in one.constraints:
        if label not in two.constraints and label in was.constraints and label in now.constraints:
            # Which index a constraint has adopted makes no difference.
            kinds = (essence(replace(table.constraints[label], using_index=None)) for table in (was, now))
            if next(kinds) == next(kinds) and was.constraints[label].kind != "not_null":
                yield label


def _table(step: Step, key: Key, tables: Collection[Key], target: Version | None) -> Iterator[str]:
    """Yield the statements that make a table with all that hangs on it, or give it back the name of its copy."""
    own = name(Name(key.schema, key.name))
    absent = negated(relation_exists(guards.written(key)))
    renames = Renames(step.forward.moments)
    for detour in renames.rows.detours():
        if detour.table == key and step.before.find(detour.detour) is None and detour.detour.schema == key.schema:
            copy = f"{absent} AND {relation_exists(guards.written(detour.detour))}"
            text = f"ALTER TABLE {name(Name(key.schema, detour.detour.name))} RENAME TO {identifier(key.name)};"
            yield guards.block(copy, text).text
    without = run(step.before, read(f"DROP TABLE {own} CASCADE;", Dialect.POSTGRES), kept=False).schema
    way = write_transition(without, step.before, target=target)
    if way.statements and not way.missing:
        # What other tables have on it comes with them, if they are away as well, or are made only by the rollback.
        gone = {other for other, _ in step.before.referring(key) if other in tables or step.after.table(other) is None}
        lines = (_in_block(item.first_run) for item in way.statements if item.key not in gone - {key})
        yield guards.block(absent, "\n        ".join(lines)).text


def _in_block(text: str) -> str:
    """Return a statement as it is written in a block: a query there has no result."""
    return f"PERFORM{text.removeprefix('SELECT')}" if text.startswith("SELECT ") else text
