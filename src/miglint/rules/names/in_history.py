"""NAM: names that collide in the schema that a history has reached: of constraints, and where case is folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.base.structs import Struct, replace
from miglint.replay.steps import ForwardPass
from miglint.rules.definition import Context, GatheredPass, Hit, rule
from miglint.rules.names.declared import Declared, declared_in
from miglint.rules.names.holders import ColumnNames, ConstraintNames, gathered_columns, gathered_constraints
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident
from miglint.schema.lookup import visible_key
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Name


def _by_forward(step: ForwardPass, *kinds: str) -> list[Declared]:
    """Return the names of these kinds that the forward gives."""
    forward = step.migration.forward
    if forward is None:
        return []
    return [item for item in declared_in(forward, step.forward_statements) if item.kind in kinds]


def _relations(step: ForwardPass) -> list[Key]:
    return sorted(key for key in step.touched if key.space == "relation")


def _hit(step: GatheredPass, span: Span, message: str, help: str) -> Iterator[Hit]:
    forward = step.migration.forward
    if forward is not None:
        hit = hit_in(forward, span, message, help)
        yield replace(hit, version=step.migration.version)


def _key(schema: str, name: str) -> Key:
    return Key("relation", schema, name)


# --- one constraint name on two tables -------------------------------------------------------------------------------


class _GivenConstraint(Struct, frozen=True):
    """A name that a forward gives a check or foreign key, of a table if it has one."""

    name: str
    words: str
    table: Key | None
    span: Span

    @classmethod
    def of(cls, values: list[Any]) -> _GivenConstraint:
        name, words, table, start, end = values
        return cls(name, words, None if table is None else _key(*table), Span(start, end))


def _gather_constraints(step: ForwardPass, context: Context, first: bool) -> Any:
    """Return the names on tables before the history, those that a forward changes, and those that it gives."""
    before = _tables_before(step) if first else ()
    start = [[key.schema, key.name, gathered_constraints(None, table)] for key, table in before]
    changes = [
        [key.schema, key.name, gathered_constraints(step.before.table(key), step.after.table(key))]
        for key in _relations(step)
    ]
    given = []
    for item in _by_forward(step, "check", "foreign"):
        table = _table_of(step, item)
        own = None if table is None else [table.schema, table.name]
        given.append([item.name, item.words, own, *item.span])
    return [start, changes, given] if start or changes or given else None


def _tables_before(step: ForwardPass) -> Iterator[tuple[Key, Table]]:
    return ((key, value) for key, value in step.before.items() if isinstance(value, Table))


@rule(
    "NAM007",
    "constraint-name-on-two-tables",
    Severity.INFO,
    "Two tables have a constraint of the same name",
    scope="history",
    dialects=("postgres",),
    gather=_gather_constraints,
)
def constraint_name_on_two_tables(steps: Sequence[GatheredPass]) -> Iterator[Hit]:
    """Report checks and foreign keys that have the name of one on another table of the schema."""
    names = ConstraintNames()
    for step in steps:
        start, changes, given = step.facts
        for schema, name, gathered in chain(start, changes):
            names.set(_key(schema, name), gathered)
        if given and any(names.shares(_key(schema, name)) for schema, name, _ in changes):
            # When one script gives both names, the second is the one to change.
            items = [_GivenConstraint.of(values) for values in given]
            later: dict[str, list[Key | None]] = {}
            for item in items:
                later.setdefault(item.name, []).append(item.table)
            for item in items:
                del later[item.name][0]
                yield from _also_on(step, item, names.holders, later[item.name])


def _table_of(step: ForwardPass, item: Declared) -> Key | None:
    operation = item.operation
    name = operation.name if isinstance(operation, ops.CreateTable) else getattr(operation, "table", None)
    return visible_key(step.after, name) if isinstance(name, Name) else None


def _also_on(
    step: GatheredPass, item: _GivenConstraint, tables: dict[tuple[str, str], set[Key]], later: list[Key | None]
) -> Iterator[Hit]:
    own = item.table
    if own is None:
        return
    holders = tables.get((own.schema, item.name), set())
    if own not in holders or len(holders) == 1:
        return
    follow = set(later)
    others = sorted(key.name for key in holders if key != own and key not in follow)
    if others:
        yield from _hit(
            step,
            item.span,
            f"{item.words} {item.name} of {own.name} has the same name as one of {others[0]}",
            "PostgreSQL allows it, other engines do not. Error messages become ambiguous, and a DROP "
            "CONSTRAINT on the wrong "
            f"table succeeds. Include the table in the name: {ident(f'{own.name}_{item.name}')}.",
        )


# --- names that differ only in case ----------------------------------------------------------------------------------


class _GivenName(Struct, frozen=True):
    """A name that a forward gives a relation in a schema, or a column of a table."""

    kind: str
    name: str
    words: str
    schema: str
    table: Key | None
    span: Span

    @classmethod
    def of(cls, values: list[Any]) -> _GivenName:
        kind, name, words, schema, table, start, end = values
        return cls(kind, name, words, schema, None if table is None else _key(*table), Span(start, end))


def _gather_names(step: ForwardPass, context: Context, first: bool) -> Any:
    """Return the relations before the history, those that a forward changes, and the names that it gives."""
    start = []
    for key, value in step.before.items() if first else ():
        if key.space == "relation":
            columns = gathered_columns(None, value if isinstance(value, Table) else None)
            start.append([key.schema, key.name, True, columns])
    changes = []
    for key in _relations(step):
        columns = gathered_columns(step.before.table(key), step.after.table(key))
        changes.append([key.schema, key.name, step.after.find(key) is not None, columns])
    given = []
    for item in _by_forward(step, "table", "view", "index", "sequence", "column"):
        table = _table_of(step, item) if item.kind == "column" else None
        own = None if table is None else [table.schema, table.name]
        given.append([item.kind, item.name, item.words, _schema_of(step, item), own, *item.span])
    return [start, changes, given] if start or changes or given else None


def _schema_of(step: ForwardPass, item: Declared) -> str:
    operation = item.operation
    name = operation.table if isinstance(operation, ops.CreateIndex) else getattr(operation, "name", None)
    written = name.schema if isinstance(name, Name) else None
    return written or next(iter(step.after.path), "")


@rule(
    "NAM006",
    "names-differ-by-case",
    Severity.WARNING,
    "Two names differ only in case",
    scope="history",
    dialects=("postgres",),
    gather=_gather_names,
)
def names_differ_by_case(steps: Sequence[GatheredPass]) -> Iterator[Hit]:
    """Report relations of a schema, and columns of a table, whose names are equal where case is folded."""
    if all(_in_small_letters(step) for step in steps):
        return
    spellings: dict[tuple[str, str], set[str]] = defaultdict(set)
    columns = ColumnNames()
    for step in steps:
        start, changes, given = step.facts
        for schema, name, _, gathered in start:
            spellings[schema, name.lower()].add(name)
            columns.set(_key(schema, name), gathered)
        shared = False
        for schema, name, exists, gathered in changes:
            spelled = spellings[schema, name.lower()]
            (spelled.add if exists else spelled.discard)(name)
            key = _key(schema, name)
            columns.set(key, gathered)
            shared = shared or len(spelled) > 1 or columns.shares(key)
        for item in map(_GivenName.of, given) if shared else ():
            other = _other_spelling(item, spellings, columns)
            if other is not None:
                yield from _hit(
                    step,
                    item.span,
                    f"{item.words} {ident(item.name)} and {ident(other)} differ only in case",
                    "Quotes decide which of the two is meant. Choose names that differ otherwise.",
                )


def _in_small_letters(step: GatheredPass) -> bool:
    """Return whether all names of relations and columns are, as in most histories: then no two differ in case alone."""
    start, changes, _ = step.facts
    for _, name, _, columns in (*start, *changes):
        names = "".join((name, *(chain.from_iterable(columns[1:]) if columns else ())))
        if names != names.lower():
            return False
    return True


def _other_spelling(item: _GivenName, spellings: dict[tuple[str, str], set[str]], columns: ColumnNames) -> str | None:
    if item.kind == "column":
        spelled = () if item.table is None else columns.spellings(item.table, item.name)
        return next((other for other in spelled if other != item.name), None) if item.name in spelled else None
    same = spellings.get((item.schema, item.name.lower()), set())
    return next((other for other in sorted(same) if other != item.name), None) if item.name in same else None
