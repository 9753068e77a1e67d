"""Result of running operations over a schema: the schema after, the errors an engine would raise, and notes."""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.schema.assumption import Assumption
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.sql.operations import Operation, Statement


class Failure(Struct, frozen=True, gc=False):
    """An error that the engine would raise.

    `condition` is PostgreSQL's name for it (`duplicate_table`, `undefined_column`, `dependent_objects_still_exist`,
    `unique_violation`, ...), also used for SQLite. `key` is the object, `part` the column or constraint in it.
    `certain` is False if the error depends on something that the files do not determine.
    """

    condition: str
    message: str
    key: Key | None = None
    part: str | None = None
    certain: bool = True


class Note(Struct, frozen=True, gc=False):
    """A note on an operation that ran.

    `kind` is one of: `skipped` (a guard found the same object: nothing done), `hidden` (a guard found another object or
    another shape of that name: nothing done, and what the script promises is not there), `missing` (a guarded drop
    found nothing), `rows` (a second run changes rows), `lost` (rows or values are destroyed), `cascade` (`key` went
    too), `called` (`key` is a function that was carried out), `unknown` (the effect is not known, `message` says why).
    """

    kind: str
    message: str
    key: Key | None = None
    part: str | None = None


class OperationOutcome(Struct, frozen=True, gc=False):
    """One operation that ran. `before` is the schema before it."""

    statement: Statement
    operation: Operation
    before: Schema
    failure: Failure | None = None
    notes: tuple[Note, ...] = ()


class OperationTrace(Struct, frozen=True, gc=False):
    """One operation as it was carried out, those inside blocks too: the schemas before and after it.

    `failed` marks one that the engine would have refused, for certain or perhaps: then `after` is `before`. Branches
    that were not taken have no moments.
    """

    statement: Statement
    operation: Operation
    before: Schema
    after: Schema
    notes: tuple[Note, ...] = ()
    failed: bool = False


class Run(Struct, frozen=True, gc=False):
    """A script run over a schema.

    `before` is the schema that it met, with all that had to be assumed of it (open world): the one to compare with.
    `failed` is the event of the first certain error: the engine stops there, and `schema` is then what would have
    been without the error (each failed operation skipped), so that later operations can still be judged. `events` holds
    only operations with a failure or notes. `unknown` are the reasons for which `schema` is not known in full.
    `touched` are the keys that it set or dropped, `assumptions` what it relied on. `moments` are all operations, in
    the order in which they ran. `lost` means that anything may have happened in it: `unknown` then says why.
    `undecided` are the keys that it set or dropped under a condition that is not known.
    """

    before: Schema
    schema: Schema
    events: tuple[OperationOutcome, ...] = ()
    failed: OperationOutcome | None = None
    unknown: tuple[str, ...] = ()
    touched: frozenset[Key] = frozenset()
    assumptions: tuple[Assumption, ...] = ()
    moments: tuple[OperationTrace, ...] = ()
    lost: bool = False
    undecided: frozenset[Key] = frozenset()
