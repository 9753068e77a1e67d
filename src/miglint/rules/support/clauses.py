"""What the rule families share: which clause touches an object, how a name is written as SQL, how a hit is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Direction, Discovered, Problem, Script, SourceFile, Span
from miglint.base.template_names import has_tag
from miglint.locks.volatility import CALM
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.schema.objects import Key
from miglint.schema.outcome import Event, Note
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement, flat

Clause = tuple[Statement, Operation]
Subject = tuple[str, str | None]

ENGINE = {Dialect.POSTGRES: "PostgreSQL", Dialect.SQLITE: "SQLite"}

# Words that PostgreSQL or SQLite reject as an unquoted name; only those that people use as names.
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    default deferrable desc distinct do else end except false fetch for foreign from grant group having in index
    initially intersect into lateral leading limit not null offset on only or order placing primary references
    returning select session_user some symmetric table then to trailing true union unique user using values when
    where window with
    """.split()  # noqa: SIM905
)


def ident(name: str) -> str:
    """Return a name as SQL: unquoted where the engine reads it back unchanged, quoted otherwise."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit()
    return name if (plain and name not in _RESERVED) or has_tag(name) else '"' + name.replace('"', '""') + '"'


def qualified(name: ops.Name) -> str:
    """Return a possibly qualified name as SQL."""
    return ident(name.name) if name.schema is None else f"{ident(name.schema)}.{ident(name.name)}"


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def hit_in(
    script: Script,
    span: Span,
    message: str,
    help: str = "",
    *,
    severity: Severity | None = None,
) -> Hit:
    """Return a hit at `span` of a script."""
    return Hit(script.file, span, message, help, script, severity)


def _file(found: Discovered, path: str) -> SourceFile:
    for file in found.files:
        if file.path == path:
            return file
    # A file that could not be opened is not among those that were read.
    return SourceFile(path, "")


def problems(found: Discovered, *kinds: str) -> Iterator[tuple[Problem, SourceFile]]:
    """Yield the problems of these kinds that discovery saw, each with its file."""
    for problem in found.problems:
        if problem.kind in kinds:
            yield problem, _file(found, problem.path)


def first_line(file: SourceFile) -> Span:
    """Return the span of a file's first line: the place of a finding about the file as a whole."""
    return Span(0, len(file.line(1)))


def first_text(script: Script) -> Span:
    """Return the first line of a script that is not blank: the place of a finding about the script as a whole."""
    text, (start, last) = script.file.text, script.span
    while start < last and text[start].isspace():
        start += 1
    end = text.find("\n", start, last)
    return Span(start, last if end < 0 else end)


def in_doubt(step: Step) -> Severity | None:
    """Return the milder severity of what is certain only if a script did no more than can be read; None where it is."""
    return Severity.WARNING if step.doubted or step.forward.unknown else None


def script_of(step: Step, direction: Direction) -> Script | None:
    """Return the step's script of that direction."""
    return step.migration.forward if direction is Direction.FORWARD else step.migration.rollback


def statements_of(step: Step, direction: Direction) -> tuple[Statement, ...]:
    """Return the statements of the step's script of that direction."""
    return step.forward_statements if direction is Direction.FORWARD else step.rollback_statements


def scripts_of(step: Step) -> Iterator[tuple[Script, tuple[Statement, ...]]]:
    """Yield the scripts of a step that hold any statement, each with its statements."""
    migration = step.migration
    if migration.forward is not None and step.forward_statements:
        yield migration.forward, step.forward_statements
    if migration.rollback is not None and step.rollback_statements:
        yield migration.rollback, step.rollback_statements


_IDLE = frozenset({ops.Transaction, ops.SetVariable, ops.Pragma, ops.Maintenance})


@lru_cache(maxsize=8)
def operations_of(step: Step) -> tuple[tuple[Script, Statement, Operation], ...]:
    """Return all operations of a step, those inside blocks as well. Cached by identity of the step."""
    return tuple(
        (script, statement, operation)
        for script, statements in scripts_of(step)
        for statement in statements
        for operation in flat(statement.operations)
    )


def can_change(operation: Operation) -> bool:
    """Return whether an operation can change a schema or rows; session settings and plain queries cannot.

    A query can when it calls a function other than those of the server that change nothing.
    """
    if isinstance(operation, ops.Select):
        return any(call.name.schema is not None or call.name.name not in CALM for call in operation.called)
    return type(operation) not in _IDLE


def was_read(step: Step) -> bool:
    """Return whether both scripts could be read entirely: otherwise what the pair does is not known."""
    for script in (step.migration.forward, step.migration.rollback):
        if script is not None and script.file.error is not None:
            return False
    return all(statement.problem is None for statement in (*step.forward_statements, *step.rollback_statements))


def does_anything(statements: tuple[Statement, ...]) -> bool:
    """Return whether a script holds a statement that can change a schema or rows, or one that could not be read."""
    return any(item.problem is not None or any(map(can_change, flat(item.operations))) for item in statements)


def _table_and_constraint(operation: Any) -> Subject:
    return operation.table.name, operation.constraint


def _table_and_column(operation: Any) -> Subject:
    return operation.table.name, operation.column


def _partition(operation: Any) -> Subject:
    return operation.partition.name, None


def _own_text(operation: Any) -> Subject:
    return operation.name or "", None


def _value(operation: Any) -> Subject:
    return operation.name.name, operation.value


_SUBJECTS: dict[type[Operation], Callable[[Any], Subject]] = {
    ops.AddColumn: lambda operation: (operation.table.name, operation.column.name),
    ops.AddConstraint: lambda operation: (operation.table.name, operation.constraint.name),
    ops.DropConstraint: _table_and_constraint,
    ops.ValidateConstraint: _table_and_constraint,
    ops.AlterConstraint: _table_and_constraint,
    ops.RenameConstraint: _table_and_constraint,
    ops.DropColumn: _table_and_column,
    ops.AlterColumnType: _table_and_column,
    ops.SetDefault: _table_and_column,
    ops.SetNullable: _table_and_column,
    ops.SetIdentity: _table_and_column,
    ops.SetGenerated: _table_and_column,
    ops.SetColumnOption: _table_and_column,
    ops.RenameColumn: _table_and_column,
    ops.AttachPartition: _partition,
    ops.DetachPartition: _partition,
    ops.AddEnumValue: _value,
    ops.RenameEnumValue: _value,
    ops.CreateIndex: _own_text,
    ops.CreateTrigger: _own_text,
    ops.CreatePolicy: _own_text,
    ops.AlterPolicy: _own_text,
    ops.CreateRule: _own_text,
    ops.CreateExtension: _own_text,
    ops.CreateSchema: _own_text,
    ops.CreateRole: _own_text,
    ops.SetComment: lambda operation: (operation.name.name, operation.column),
    ops.SetPrivileges: lambda operation: (operation.names[0].name if operation.names else "", None),
}


def subject(operation: Operation) -> Subject:
    """Return the name of the object that an operation is about, and its part (column, constraint, enum value), if any.

    For what belongs to a table (index, trigger, policy, rule) it is its own name. Both are empty for data and sessions.
    """
    found = _SUBJECTS.get(type(operation))
    if found is not None:
        return found(operation)
    if isinstance(operation, ops.TableOperation):
        return operation.table.name, None
    name = getattr(operation, "name", None)
    return (name.name if isinstance(name, ops.Name) else ""), None


def acting(operation: Operation, key: Key | None, part: str | None) -> Operation:
    """Return the operation that a failure or note about `key` came from: the one inside a block that is about it."""
    if not isinstance(operation, (ops.If, ops.Try)):
        return operation
    inner = [item for item in flat((operation,)) if can_change(item)]
    if key is not None:
        name = key.name.split("(", 1)[0].lower()
        wanted = part.lower() if part else None
        for item in inner:
            about, of = subject(item)
            if about.lower() == name and (of.lower() if of else None) == wanted:
                return item
        for item in inner:
            table = getattr(item, "table", None)
            if subject(item)[0].lower() == name or (isinstance(table, ops.Name) and table.name.lower() == name):
                return item
    return inner[0] if len(inner) == 1 else operation


class Remark(NamedTuple):
    """A note that a run left, with the operation that it is about."""

    direction: Direction
    event: Event
    operation: Operation
    note: Note


Remarks = dict[str, list[Remark]]


@lru_cache(maxsize=8)
def remarks(step: Step) -> Remarks:
    """Return the notes of a step by kind: `rows` of the second runs, all others of the first ones.

    Cached by identity of the step: many rules ask for one kind each, and most steps have few notes.
    """
    found: Remarks = {}
    for direction, run, second in (
        (Direction.FORWARD, step.forward, False),
        (Direction.ROLLBACK, step.rollback, False),
        (Direction.FORWARD, step.forward_again, True),
        (Direction.ROLLBACK, step.rollback_again, True),
    ):
        for event in run.events if run is not None else ():
            if event.failure is None:
                for note in event.notes:
                    if (note.kind == "rows") == second:
                        operation = acting(event.operation, note.key, note.part)
                        found.setdefault(note.kind, []).append(Remark(direction, event, operation, note))
    return found


Places = dict[tuple[str, str | None], list[Clause]]


@lru_cache(maxsize=8)
def places(step: Step, direction: Direction) -> Places:
    """Return where a script touches each object: clauses by lower-case name and part; part None holds all of it.

    Cached by identity of the step: several rules ask about the same step one after the other.
    """
    found: Places = {}

    def add(name: str, part: str | None, clause: Clause) -> None:
        found.setdefault((name.lower(), None), []).append(clause)
        if part is not None:
            found.setdefault((name.lower(), part.lower()), []).append(clause)

    for statement in statements_of(step, direction):
        for operation in flat(statement.operations):
            name, part = subject(operation)
            clause = statement, operation
            if name:
                add(name, part, clause)
            if isinstance(operation, (ops.RenameColumn, ops.RenameConstraint, ops.RenameEnumValue)):
                add(name, operation.new, clause)
            elif isinstance(operation, ops.Rename):
                add(operation.new, None, clause)
            elif isinstance(operation, ops.CreateTable):
                for column in operation.columns:
                    add(name, column.name, clause)
                for constraint in operation.constraints:
                    if constraint.name:
                        add(name, constraint.name, clause)
            elif isinstance(operation, ops.AddColumn):
                for constraint in operation.constraints:
                    if constraint.name:
                        add(name, constraint.name, clause)
    return found


def find_clause(step: Step, direction: Direction, key: Key, part: str | None, *, exact: bool = False) -> Clause | None:
    """Return the last clause that touches the object `key` (its part, when there is one), or None.

    When nothing touches the part, a clause on the object around it will do, unless `exact` is asked for.
    """
    index = places(step, direction)
    # Routines are keyed with their argument types, which the text may leave out.
    name = key.name.split("(", 1)[0].lower()
    wanted: list[tuple[str, str | None]] = [(name, part.lower() if part else None)]
    if not exact:
        wanted += [(name, None), (key.owner.lower(), None)]
    for place in wanted:
        if place[0] and (found := index.get(place)):
            return found[-1]
    return None
