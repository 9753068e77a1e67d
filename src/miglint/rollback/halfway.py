"""What a forward of PostgreSQL takes away and makes again, and a part of it leaves out.

The way back from the schema after a forward knows nothing of that: it is there before and after. The statements here
make it, if it is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.schema.objects import Key, Table
from miglint.schema.parts import without_part
from miglint.schema.persistent import differing
from miglint.schema.sameness import essence
from miglint.schema.value import Schema
from miglint.sql.operations import Name
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
    """Return the statements that make what the forward of a step took away for a while; `texts` are there already."""
    if step.migration.dialect is not Dialect.POSTGRES:
        return Returning()
    tables, others, constraints, identities = _taken_away(step)
    if not tables and not others and not constraints and not identities:
        return Returning()
    first = [text for key in sorted(tables) for text in _table(step, key, tables, target)]
    first += [_identity(step.before, key, label) for key, label in sorted(identities)]
    smaller = step.before
    for key in others:
        smaller = smaller.drop(key)
    for key, label in constraints:
        table = smaller.table(key)
        if table is not None:
            smaller = smaller.put(key, replace(table, constraints=without_part(table.constraints, label)))
    last: list[str] = []
    if smaller is not step.before:
        way = write_transition(smaller, step.before, target=target)
        last = [] if way.missing else [item.text for item in way.statements if item.text not in texts]
    return Returning(tuple(first), tuple(last))


class _TakenAway(NamedTuple):
    """What was away for a while, and is the same after it, but for tables and for what identity columns are."""

    tables: set[Key]
    others: set[Key]
    constraints: set[tuple[Key, str]]
    identities: set[tuple[Key, str]]


def _taken_away(step: Step) -> _TakenAway:
    tables, others, constraints, identities = _TakenAway(set(), set(), set(), set())
    for moment in step.forward.moments:
        if moment.failed or moment.before is moment.after:
            continue
        for key in differing(moment.before.objects, moment.after.objects):
            was, now = step.before.find(key), step.after.find(key)
            if was is None or now is None or was.assumed:
                continue
            gone = moment.before.find(key) is not None and moment.after.find(key) is None
            if gone and isinstance(was, Table):
                tables.add(key)
            elif gone and was == now and key.space not in ("comment", "privilege", "rows"):
                others.add(key)
            elif isinstance(was, Table) and isinstance(now, Table):
                constraints |= {(key, label) for label in _dropped(moment.before, moment.after, key, was, now)}
                identities |= {(key, label) for label in _without_identity(moment.after.table(key), was, now)}
    kept = {(key, label) for key, label in constraints if key not in tables}
    return _TakenAway(tables, others, kept, {(key, label) for key, label in identities if key not in tables})


def _without_identity(table: Table | None, was: Table, now: Table) -> Iterator[str]:
    for label, column in was.columns.items() if table is not None else ():
        here, last = None if table is None else table.columns.get(label), now.columns.get(label)
        if column.identity and here is not None and not here.identity and last is not None and last.identity:
            yield label


def _identity(schema: Schema, key: Key, label: str) -> str:
    """Return the statement that makes a column an identity column again, if it is none."""
    table = schema.table(key)
    assert table is not None  # it has this column
    column = table.columns[label]
    options = identity_options(schema, key, table, column)
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
            same = essence(was.constraints[label]) == essence(now.constraints[label])
            if same and was.constraints[label].kind != "not_null":
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
