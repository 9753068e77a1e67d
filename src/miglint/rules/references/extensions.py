"""REF: functions, types and operator classes of extensions that no migration creates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.replay.steps import ForwardPass
from miglint.rules.definition import Context, GatheredPass, Hit, rule
from miglint.schema.extension_parts import BRINGS, BUILT_IN, CLASSES, FUNCTIONS, INSTEAD, METHODS, TYPES
from miglint.schema.objects import Extension, Key
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Name, Operation, Query, Type, flat

# What an operation mentions: ("function" | "type" | "operator class" | "index method", name).
_Mention = tuple[str, Name]


def _in_expression(expression: Expression | None) -> Iterator[_Mention]:
    if expression is not None:
        for name in expression.functions:
            yield "function", name
        for name in expression.types:
            yield "type", name


def _in_query(query: Query | None) -> Iterator[_Mention]:
    if query is not None:
        for name in query.functions:
            yield "function", name
        for name in query.types:
            yield "type", name


def _in_type(written: Type | None) -> Iterator[_Mention]:
    if written is not None:
        yield "type", Name(written.schema, written.name)


def _in_column(column: Column) -> Iterator[_Mention]:
    yield from _in_type(column.type)
    yield from _in_expression(column.default)


def _in_constraints(constraints: tuple[Constraint, ...]) -> Iterator[_Mention]:
    for constraint in constraints:
        yield from _in_expression(constraint.expression)
        yield from _in_expression(constraint.where)


def _in_elements(elements: tuple[IndexElement, ...]) -> Iterator[_Mention]:
    for element in elements:
        yield from _in_expression(element.expression)
        if element.opclass is not None:
            schema, _, name = element.opclass.rpartition(".")
            yield "operator class", Name(schema or None, name)


# Most operations mention nothing of an extension.
_SILENT = frozenset(
    {
        ops.Drop,
        ops.DropColumn,
        ops.DropConstraint,
        ops.Rename,
        ops.RenameColumn,
        ops.SetNullable,
        ops.Opaque,
        ops.Transaction,
        ops.SetVariable,
        ops.SetComment,
        ops.Maintenance,
    }
)


def _mentions(operation: Operation) -> Iterator[_Mention]:
    match operation:
        case ops.CreateTable():
            for column in operation.columns:
                yield from _in_column(column)
            yield from _in_constraints(operation.constraints)
            yield from _in_query(operation.query)
        case ops.AddColumn():
            yield from _in_column(operation.column)
            yield from _in_constraints(operation.constraints)
        case ops.AddConstraint():
            yield from _in_constraints((operation.constraint,))
        case ops.SetDefault():
            yield from _in_expression(operation.default)
        case ops.AlterColumnType():
            yield from _in_type(operation.type)
            yield from _in_expression(operation.using)
        case ops.CreateIndex():
            yield "index method", Name(None, operation.method)
            yield from _in_elements(operation.elements)
            yield from _in_expression(operation.where)
        case ops.CreateType():
            yield from _in_type(operation.base)
            for column in operation.columns:
                yield from _in_column(column)
        case ops.CreateRoutine():
            for argument in (*operation.arguments, operation.returns):
                yield from _in_type(argument)
        case ops.CreateTrigger() if operation.function is not None:
            yield "function", operation.function
        case _:
            yield from _in_rows(operation)


def _in_rows(operation: Operation) -> Iterator[_Mention]:
    """Yield what an operation mentions that reads or writes rows."""
    match operation:
        case ops.CreateView() | ops.Select():
            yield from _in_query(operation.query)
        case ops.Insert():
            yield from _in_query(operation.query)
            for row in operation.rows or ():
                for cell in row:
                    yield from _in_expression(cell)
        case ops.Update():
            for _, value in operation.assignments:
                yield from _in_expression(value)
            yield from _in_expression(operation.where)
        case ops.Delete():
            yield from _in_expression(operation.where)
        case _:
            return


_TABLES = {"function": FUNCTIONS, "type": TYPES, "operator class": CLASSES, "index method": METHODS}


def _extension_of(kind: str, name: Name, target: tuple[int, ...]) -> str | None:
    """Return the extension that provides a name, or None for what is built in or not known."""
    text = name.name.lower()
    found = _TABLES[kind].get(text)
    if found is None and name.schema is not None:
        found = _TABLES[kind].get(f"{name.schema}.{text}")
    if found is None and kind == "function" and text in BUILT_IN and name.schema != "pg_catalog":
        extension, since = BUILT_IN[text]
        return extension if target and target < since else None
    return found


def _made_by_files(schema: Schema, kind: str, name: Name) -> bool:
    """Return whether the history has created an object of that name itself."""
    for place in (name.schema,) if name.schema is not None else schema.path:
        if kind == "function" and schema.count_overloads(place, name.name):
            return True
        if kind == "type":
            made = schema.find(Key("type", place, name.name)) or schema.find(Key("relation", place, name.name))
            if made is not None and not getattr(made, "assumed", False):
                return True
    return False


def _created(operation: Operation) -> frozenset[str]:
    if isinstance(operation, ops.CreateExtension):
        brought = BRINGS.get(operation.name, frozenset()) if operation.cascade else frozenset()
        return frozenset({operation.name}) | brought
    return frozenset()


# What happens to extensions in a forward: one is created, a part of one is used, one that cannot be read is created.
_CREATES, _USES, _CREATES_ANY = range(3)


def _gather(step: ForwardPass, context: Context, first: bool) -> Any:
    """Return whether no other objects exist, the extensions there before the history, and what the forward does."""
    target = context.targets.get("postgres") or ()
    known = sorted({key.name for key, value in step.before.items() if isinstance(value, Extension)}) if first else []
    events: list[list[Any]] = []
    for operation in _operations_before_unreadable_ones(step):
        if operation is None:
            events.append([_CREATES_ANY])
            break
        created = _created(operation)
        if created:
            events.append([_CREATES, *sorted(created)])
        for kind, name in _mentions(operation):
            extension = _extension_of(kind, name, target)
            if extension is not None and not _made_by_files(step.after, kind, name):
                events.append([_USES, extension, kind, name.name, *operation.span])
    return [step.before.closed, known, events] if known or events else None


@rule(
    "REF006",
    "extension-not-created",
    Severity.WARNING,
    "A function, type or operator class belongs to an extension that no migration creates",
    scope="history",
    dialects=("postgres",),
    gather=_gather,
)
def extension_not_created(steps: Sequence[GatheredPass]) -> Iterator[Hit]:
    """Report the first use of each extension that neither an earlier migration nor the baseline schema creates.

    An error where a baseline schema names all that exists; otherwise it may have been created by hand.
    """
    # What is created, and what was reported.
    known: set[str] = set()
    for step in steps:
        closed, before, events = step.facts
        known.update(before)
        for event, *values in events:
            if event == _CREATES_ANY:
                return
            if event == _CREATES:
                known.update(values)
                continue
            extension, kind, name, start, end = values
            forward = step.migration.forward
            if extension in known or forward is None:
                continue
            known.add(extension)
            yield Hit(
                forward.file,
                Span(start, end),
                f"{name} is {_article(kind)} of the extension {extension}, which no migration creates",
                _help(extension, name),
                forward,
                Severity.ERROR if closed else None,
                version=step.migration.version,
            )


def _operations_before_unreadable_ones(step: ForwardPass) -> Iterator[Operation | None]:
    """Yield the operations of a forward, and None for a `CREATE EXTENSION` that cannot be read, and is the last."""
    for statement in step.forward_statements if step.migration.forward is not None else ():
        if statement.problem is not None and statement.kind == "create extension":
            yield None
            return
        for operation in flat(statement.operations):
            if type(operation) not in _SILENT:
                yield operation


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _help(extension: str, name: str) -> str:
    written = extension if extension.replace("_", "a").isalnum() else f'"{extension}"'
    text = f"Add CREATE EXTENSION IF NOT EXISTS {written} to an earlier migration"
    if name in INSTEAD:
        text += f", or {INSTEAD[name]}"
    return f"{text}. If it is created by hand, a baseline schema can say so."
