"""NAM: names that are in use, and names that the engine does not keep as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.base.structs import replace
from miglint.replay.apply.naming import LIMIT
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.names.declared import Declared, declared
from miglint.rules.names.fixes import cut_name_fix
from miglint.rules.support.reporting import hit_in, in_doubt
from miglint.rules.support.scripts import operations_of
from miglint.rules.support.sql_text import ident
from miglint.schema.describe import kind_of
from miglint.schema.objects import Index, Key, Sequence, Table, View
from miglint.schema.outcome import Failure, OperationOutcome
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

# Truncating a name inside a multibyte character removes the whole character.
_SHORTEST_CUT = LIMIT - 3
_RELATIONS = ("table", "foreign table", "view", "materialized view", "index", "sequence")
_TypeMaker = ops.CreateType | ops.CreateTable | ops.CreateView | ops.CreateSequence | ops.Rename


def _failures(step: Step, *conditions: str) -> Iterator[tuple[Script, OperationOutcome, Failure]]:
    """Yield the certain failures of the first run of the forward that have one of these conditions."""
    forward = step.migration.forward
    if forward is None or step.forward.failed is None:
        return
    for event in step.forward.events:
        failure = event.failure
        if failure is not None and failure.certain and failure.condition in conditions:
            yield forward, event, failure


@rule(
    "NAM001",
    "relation-name-taken",
    Severity.ERROR,
    "The name is already used by another table, index, view or sequence",
)
def relation_name_taken(step: Step) -> Iterator[Hit]:
    """Report relations that are created with, or renamed to, a name that is in use."""
    for script, event, failure in _failures(step, "duplicate_table"):
        if _cut(script, event.operation):
            continue
        holder = None if failure.key is None else event.before.find(failure.key)
        help = "Choose another name, or drop the other object first."
        if script.dialect is Dialect.POSTGRES:
            help += (
                " Tables, views, sequences, indexes and those of PRIMARY KEY, UNIQUE and EXCLUDE share one namespace."
            )
        if isinstance(holder, Index) and holder.generated and failure.key is not None:
            of = "" if holder.table is None else f" of {holder.table.name}"
            help += f" PostgreSQL generated the name {failure.key.name} for an unnamed constraint or index{of}."
        elif isinstance(holder, Sequence) and holder.implicit and holder.owned_by is not None:
            help += f" It is the sequence of {holder.owned_by[0].name}.{holder.owned_by[1]}."
        elif isinstance(holder, (Table, View, Index, Sequence)):
            help += f" It is the name of a {kind_of(holder)}."
        yield hit_in(script, event.operation.span, failure.message, help, severity=in_doubt(step))


@rule(
    "NAM002",
    "object-name-taken",
    Severity.ERROR,
    "The name is already used by another constraint, type, trigger, function or schema",
)
def object_name_taken(step: Step) -> Iterator[Hit]:
    """Report other objects whose name is in use, and types and relations of the same name."""
    for script, event, failure in _failures(
        step, "duplicate_object", "duplicate_function", "duplicate_schema", "duplicate_database"
    ):
        if not _cut(script, event.operation):
            yield hit_in(
                script,
                event.operation.span,
                failure.message,
                "Choose another name, or drop the other object first.",
                severity=in_doubt(step),
            )
    yield from _row_types(step)


def _type_makers(step: Step, script: Script) -> Iterator[_TypeMaker]:
    for owner, _, operation in operations_of(step):
        if owner is script and isinstance(operation, _TypeMaker):
            yield operation


def _row_types(step: Step) -> Iterator[Hit]:
    """Report a type and a relation of one name after the forward: in PostgreSQL a relation is a type too."""
    forward = step.migration.forward
    if forward is None or forward.dialect is not Dialect.POSTGRES or not _has_twins(step):
        return
    made: set[Key] = set()
    for operation in _type_makers(step, forward):
        name = operation.new if isinstance(operation, ops.Rename) else operation.name.name
        schema = operation.name.schema or step.after.path[0]
        pair = Key("relation", schema, name), Key("type", schema, name)
        holder = _relation_beside_type(step, *pair)
        if holder is None:
            continue
        typed = isinstance(operation, ops.CreateType)
        own, other = pair[::-1] if typed else pair
        # PostgreSQL refuses the second of them, except a type after a sequence, which only checks its own name.
        second = other in step.before or other in made
        if second and not (typed and isinstance(holder, Sequence)):
            yield _name_of_type_taken(step, forward, operation, name, kind_of(holder) if typed else "type")
        made.add(own)


def _name_of_type_taken(step: Step, script: Script, operation: ops.Operation, name: str, kind: str) -> Hit:
    return hit_in(
        script,
        operation.span,
        f'type "{name}" already exists',
        f"A table, view or sequence is a type of the same name as well, and {ident(name)} is already a {kind}.",
        severity=in_doubt(step),
    )


def _relation_beside_type(step: Step, relation: Key, type_: Key) -> Table | View | Sequence | None:
    """Return the relation where both it and the type are certainly there after the forward."""
    holder = step.after.find(relation)
    if not isinstance(holder, (Table, View, Sequence)) or getattr(holder, "assumed", True):
        return None
    return None if getattr(step.after.find(type_), "assumed", True) else holder


def _has_twins(step: Step) -> bool:
    """Return whether the forward made a relation or a type that has the name of one of the other kind."""
    twin = {"relation": "type", "type": "relation"}
    return any(key.space in twin and replace(key, space=twin[key.space]) in step.after for key in step.forward.touched)


@rule(
    "NAM003",
    "column-named-twice",
    Severity.ERROR,
    "A column is declared or assigned twice",
    aliases=("squawk:ban-duplicate-column-assignments",),
)
def column_named_twice(step: Step) -> Iterator[Hit]:
    """Report columns that a statement names twice: PostgreSQL refuses it, SQLite uses one of two values."""
    for script, event, failure in _failures(step, "duplicate_column"):
        yield hit_in(script, event.operation.span, failure.message, "Name the column once.", severity=in_doubt(step))
    for script, _, operation in operations_of(step):
        if isinstance(operation, (ops.CreateTable, ops.AddConstraint)):
            yield from _keyed_twice(script, operation)
        if isinstance(operation, (ops.CreateTable, ops.CreateView)) and operation.query is not None:
            yield from _selected_twice(script, operation, operation.query)
        if isinstance(operation, (ops.Insert, ops.Update, ops.OtherData)):
            twice = operation.twice if script.dialect is Dialect.POSTGRES else _written_twice(operation)
            if twice is not None:
                yield _assigned_twice(script, operation, twice)


def _written_twice(operation: ops.Insert | ops.Update | ops.OtherData) -> str | None:
    """Return the first column that SQLite is given two values for, or None. Case does not count."""
    columns: list[str] = []
    if isinstance(operation, ops.Update):
        columns = [column.lower() for column, _ in operation.assignments]
    elif isinstance(operation, ops.Insert):
        columns = [column.lower() for column in operation.columns]
    return next((column for column in columns if columns.count(column) > 1), None)


def _selected_twice(script: Script, operation: ops.CreateTable | ops.CreateView, query: ops.Query) -> Iterator[Hit]:
    """Report a query with two output columns of one name for a table or view; SQLite numbers them instead."""
    given = tuple(one if isinstance(one, str) else one.name for one in operation.columns)
    named = () if "*" in query.outputs else query.outputs[len(given) :]
    columns = [name for name in (*given, *named) if name is not None]
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None and script.dialect is Dialect.POSTGRES:
        yield hit_in(
            script,
            operation.span,
            f'two columns are named "{twice}": PostgreSQL refuses it',
            "Give each column of the query its own name with AS.",
        )


def _keyed_twice(script: Script, operation: ops.CreateTable | ops.AddConstraint) -> Iterator[Hit]:
    if script.dialect is not Dialect.POSTGRES:
        return
    constraints = operation.constraints if isinstance(operation, ops.CreateTable) else (operation.constraint,)
    for constraint in constraints:
        columns = constraint.columns
        if constraint.kind in ("primary", "unique") and len(set(columns)) < len(columns):
            twice = next(column for column in columns if columns.count(column) > 1)
            yield hit_in(
                script,
                constraint.span or operation.span,
                f'column "{twice}" appears twice in one key: PostgreSQL refuses it',
                "Name the column once.",
            )


def _assigned_twice(script: Script, operation: Operation, column: str) -> Hit:
    if script.dialect is Dialect.POSTGRES:
        outcome = "PostgreSQL refuses it"
    elif isinstance(operation, ops.Update):
        outcome = "SQLite silently uses the last value"
    else:
        outcome = "SQLite silently uses the first value"
    return hit_in(script, operation.span, f'column "{column}" is assigned twice: {outcome}', "Assign the column once.")


# --- truncated names -------------------------------------------------------------------------------------------------


def _written(script: Script, name: str, start: int, end: int) -> str:
    """Return the identifier as written, of which the parser gave the first 63 bytes."""
    text = script.text[start - script.span.start : end - script.span.start]
    at = text.lower().find(name.lower())
    if at < 0:
        return name
    stop = at + len(name)
    quoted = at > 0 and text[at - 1] == '"'
    while stop < len(text) and (text[stop] != '"' if quoted else text[stop].isalnum() or text[stop] in "_$"):
        stop += 1
    return text[at:stop]


def _cut_names(step: Step) -> Iterator[tuple[Declared, str]]:
    """Yield the names of a step that PostgreSQL truncates, each as written."""
    for item in declared(step):
        if len(item.name) >= LIMIT // 4 and len(item.name.encode("utf-8", "surrogatepass")) >= _SHORTEST_CUT:
            written = _written(item.script, item.name, *item.operation.span)
            if len(written.encode("utf-8", "surrogatepass")) > LIMIT:
                yield item, written


def _cut(script: Script, operation: Operation) -> bool:
    """Return whether PostgreSQL truncates the name that an operation gives."""
    if script.dialect is not Dialect.POSTGRES:
        return False
    name: object = getattr(operation, "new", None) or getattr(operation, "name", None)
    text = name.name if isinstance(name, ops.Name) else name
    if isinstance(operation, ops.AddConstraint):
        text = operation.constraint.name
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) < _SHORTEST_CUT:
        return False
    return len(_written(script, text, *operation.span).encode("utf-8", "surrogatepass")) > LIMIT


@rule(
    "NAM004",
    "identifier-too-long",
    Severity.WARNING,
    "A name is longer than 63 bytes, and PostgreSQL truncates it",
    dialects=("postgres",),
    fixable=True,
    aliases=("squawk:identifier-too-long", "pgsafe:identifier-too-long"),
)
def identifier_too_long(step: Step) -> Iterator[Hit]:
    """Report names that PostgreSQL truncates to 63 bytes, with only a notice.

    They are reported where they are given; a name that no file gives, where it is used to drop something.
    """
    for item, written in _cut_names(step):
        yield hit_in(
            item.script,
            item.span,
            f"PostgreSQL truncates the name of this {item.words} to {LIMIT} bytes: {item.name}",
            f"{written} has {len(written.encode())} bytes. Choose a name that fits, so that it is the same everywhere.",
            fix=cut_name_fix(item.script, item.operation.span, written, item.name),
        )
    for script, _, operation in operations_of(step):
        if isinstance(operation, ops.Drop) and _cut(script, operation) and not _given(step, operation):
            kept = operation.name.name
            yield hit_in(
                script,
                operation.span,
                f"PostgreSQL cuts the name of this {operation.kind} to {LIMIT} bytes, and drops {kept}",
                f"Write the name that it has: {kept}",
                fix=cut_name_fix(script, operation.span, _written(script, kept, *operation.span), kept),
            )


def _given(step: Step, operation: ops.Drop) -> bool:
    """Return whether a file gives the name of what is dropped: the name is reported there."""
    name = operation.name.name
    if any(item.name == name for item in declared(step)):
        return True
    key = Key("relation", operation.name.schema or "public", name)
    found = next((one for one in (step.before.find(key), step.after.find(key)) if one is not None), None)
    return operation.kind not in _RELATIONS or (found is not None and not getattr(found, "assumed", False))


@rule(
    "NAM005",
    "cut-names-collide",
    Severity.ERROR,
    "Two names are the same once PostgreSQL has cut them to 63 bytes",
    dialects=("postgres",),
)
def cut_names_collide(step: Step) -> Iterator[Hit]:
    """Report names that are in use only because they are truncated, also where a guard hides it."""
    forward = step.migration.forward
    if forward is None:
        return
    for event in step.forward.events:
        failure = event.failure
        taken = failure is not None and failure.certain and failure.condition.startswith("duplicate_")
        hidden = any(note.kind == "hidden" for note in event.notes)
        if (taken or hidden) and _cut(forward, event.operation):
            yield hit_in(
                forward,
                event.operation.span,
                f"truncated to {LIMIT} bytes this name is {_name_in_use(event)}, which is in use"
                + ("" if taken else ": the guard skips the statement, and nothing is created"),
                "Choose names that differ in their first 63 bytes.",
            )


def _name_in_use(event: OperationOutcome) -> str:
    failure = event.failure
    if failure is not None and failure.key:
        return failure.part or failure.key.name
    return next((note.key.name for note in event.notes if note.key), "")
