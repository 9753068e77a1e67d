"""What a rollback that is nearly right lacks: the statements to add to it, and their places in it.

The rollback is replayed. Where one of its statements fails because something has to go or come first, what is missing
is put before that statement; everything else goes to its end, before a closing COMMIT. The result is replayed, and what
it still does not restore is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from miglint.base.structs import Struct
from miglint.replay.apply import run
from miglint.schema.outcome import OperationTrace, Run
from miglint.schema.value import Schema
from miglint.sql.operations import Statement, Transaction
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.transition import unrestored, write_transition
from miglint.writer.written import LostData, Version, Written, WrittenStatement

# Each round finds the place of what one failing statement waits for.
_MOST_ROUNDS = 8


class Insertion(Struct, frozen=True):
    """Statements that go before the statement of a rollback with the index `position`; its length: after the last."""

    position: int
    statements: tuple[WrittenStatement, ...]


class RollbackCompletion(Struct, frozen=True):
    """What makes a rollback restore the schema before its forward.

    `insertions` are in the order of their places. `removed` are the indexes of the rollback's own statements that fail
    wherever the others are put, and have to go. `missing` are sentences about what is not restored even then;
    `destroyed` are the tables and columns of the schema before whose rows or values the added statements destroy.
    """

    insertions: tuple[Insertion, ...] = ()
    removed: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    destroyed: tuple[LostData, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the rollback then restores the whole schema, as far as any schema says."""
        return not self.missing


class _Line(Struct, frozen=True, eq=False):
    """A statement of the rollback (`own` is its index), or one that was written for it."""

    statements: tuple[Statement, ...]
    own: int | None = None
    written: WrittenStatement | None = None


def complete_rollback(forward: Run, rollback: Sequence[Statement], target: Version | None = None) -> RollbackCompletion:
    """Return what a rollback lacks to lead from the schema after a forward to the one before it.

    `forward` is run with its moments kept, for its renames; `target` is the version of the engine.
    """
    if any(statement.problem is not None for statement in rollback):
        return RollbackCompletion(missing=("a statement of the rollback cannot be read",))
    before, after, moments = forward.before, forward.schema, forward.moments
    lines = [_Line((statement,), own) for own, statement in enumerate(rollback)]
    removed: list[int] = []
    for _ in range(_MOST_ROUNDS):
        done = _run(after, lines)
        way = _rest(done, before, moments, target)
        failing = _failing(lines, done)
        if failing is None:
            break
        placed = _place_before(failing, lines, way, after)
        if placed is not None:
            lines = placed
            continue
        own = lines.pop(failing).own
        if own is not None:
            removed.append(own)
    else:
        done = _run(after, lines)
        way = _rest(done, before, moments, target)
    end = _end(lines)
    lines[end:end] = _written_lines(way, before)
    missing, _ = unrestored(_run(after, lines), before)
    added = tuple(_insertions(lines, len(rollback)))
    not_known = (f"what the forward does is not known: {reason}" for reason in forward.unknown)
    return RollbackCompletion(
        added,
        tuple(sorted(removed)),
        tuple(dict.fromkeys((*way.missing, *missing, *not_known))),
        tuple(item for item in way.data_lost if _was_there(item, before)),
    )


def _run(schema: Schema, lines: Iterable[_Line]) -> Run:
    return run(schema, [statement for line in lines for statement in line.statements], rollback=True)


def _rest(done: Run, before: Schema, moments: tuple[OperationTrace, ...], target: Version | None) -> Written:
    return write_transition(done.schema, before, renames=Renames((*moments, *done.moments)), target=target)


def _failing(lines: Sequence[_Line], done: Run) -> int | None:
    """Return the first line that fails for certain."""
    if done.failed is None:
        return None
    return next(
        (number for number, line in enumerate(lines) if any(item is done.failed.statement for item in line.statements)),
        None,
    )


def _written_lines(way: Written, before: Schema) -> list[_Line]:
    return [_Line(read(item.first_run, before.dialect), None, item) for item in way.statements]


def _place_before(failing: int, lines: list[_Line], way: Written, after: Schema) -> list[_Line] | None:
    """Return the lines with the fewest statements before a failing one with which it no longer fails, nor they."""
    written = _written_lines(way, after)
    groups = [[line] for line in written] + [written[:end] for end in range(2, len(written) + 1)]
    for group in groups:
        tried = [*lines[:failing], *group, *lines[failing:]]
        failed = _failing(tried, _run(after, tried))
        if failed is None or failed > failing + len(group):
            return tried
    return None


def _end(lines: Sequence[_Line]) -> int:
    """Return the place after the last statement that does anything: before the COMMIT that closes the script."""
    end = len(lines)
    while end and all(_closes(statement) for statement in lines[end - 1].statements):
        end -= 1
    return end


def _closes(statement: Statement) -> bool:
    return bool(statement.operations) and all(
        isinstance(operation, Transaction) and operation.action == "commit" for operation in statement.operations
    )


def _insertions(lines: Iterable[_Line], length: int) -> Iterator[Insertion]:
    waiting: list[WrittenStatement] = []
    for line in lines:
        if line.written is not None:
            waiting.append(line.written)
        elif waiting and line.own is not None:
            yield Insertion(line.own, tuple(waiting))
            waiting = []
    if waiting:
        yield Insertion(length, tuple(waiting))


def _was_there(item: LostData, before: Schema) -> bool:
    value = before.find(item.table)
    if value is None or item.column is None:
        return value is not None
    return item.column in getattr(value, "columns", ())
