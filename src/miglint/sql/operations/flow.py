"""Control flow: conditions and branches of `DO` blocks, and unknown effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.structs import Struct
from miglint.sql.operations.parts import Expression, Name, Operation

IN_MARK = "\x1f"
"""Stands between the values of a fact with the sign `in` or `not in`."""


class Exists(Struct, frozen=True, gc=False):
    """A test whether an object exists, from `IF EXISTS (SELECT ... FROM pg_... | information_schema...)`.

    `kind` as in `Drop`, or `column`, `constraint`, `enum value`, `row`, `setting`. For `column`, `constraint` and
    `trigger` `table` says where when the query does (else None: on any table); `schema` in `name` may be None. `facts`
    are what the query asks of a column beside its name, by the names of `information_schema.columns`, with the sign
    behind the name where that is not `=`; a constraint whose name is empty is any of the `constraint_type` that they
    say. `where` is the condition on a row, None where any row will do. `anywhere`: the query names no schema, so that
    an object in any schema counts.
    """

    kind: str
    name: Name
    table: Name | None = None
    facts: tuple[tuple[str, str], ...] = ()
    where: Expression | None = None
    anywhere: bool = False


class Not(Struct, frozen=True, gc=False):
    """Negation."""

    condition: Condition


class And(Struct, frozen=True, gc=False):
    """Conjunction."""

    conditions: tuple[Condition, ...]


class Or(Struct, frozen=True, gc=False):
    """Disjunction."""

    conditions: tuple[Condition, ...]


class Compared(Struct, frozen=True, gc=False):
    """A test of the value that a query gives: NULL where `rows` means that it gives no row.

    `test` is what it means that there is such a row with such a value; None if unknown.
    """

    rows: Condition
    test: Condition | None


class KeyColumns(Struct, frozen=True, gc=False):
    """A test of the names of columns, or of the labels of an enum, joined to one value.

    `of` is what they belong to: the `relation` of a name, a table or an index; an `index`; the `primary` key of a
    table; an `enum`. `order` is `name`, `position`, or empty where the server gives none.
    """

    of: str
    name: Name
    columns: tuple[str, ...]
    order: str


class Unknown(Struct, frozen=True, gc=False):
    """A condition that cannot be evaluated statically, with its text."""

    text: str


Condition = Exists | Not | And | Or | Compared | KeyColumns | Unknown


def is_shallow(condition: Condition, depth: int) -> bool:
    """Return whether a condition is nested no deeper than `depth`."""
    level: list[Condition] = [condition]
    for _ in range(depth):
        inner: list[Condition] = []
        for item in level:
            if isinstance(item, Not):
                inner.append(item.condition)
            elif isinstance(item, Compared):
                inner += [item.rows] if item.test is None else [item.rows, item.test]
            elif isinstance(item, (And, Or)):
                inner += item.conditions
        if not inner:
            return True
        level = inner
    return False


class If(Operation, frozen=True, gc=False, kw_only=True):
    """`IF condition THEN ... ELSE ... END IF` of a `DO` block."""

    condition: Condition
    then: tuple[Operation, ...]
    otherwise: tuple[Operation, ...] = ()


class Risk(Struct, frozen=True, gc=False):
    """An expression in a block that may fail, by its text, with the errors that it may raise; `function`: if called."""

    text: str
    conditions: tuple[str, ...]
    function: Name | None = None


class Try(Operation, frozen=True, gc=False, kw_only=True):
    """A PL/pgSQL block with `EXCEPTION WHEN`: `caught` are condition names (`duplicate_object`, `others`, SQLSTATEs).

    If an operation of `body` raises one of them, all of `body` is rolled back and `handler` runs. `risks` are what
    else may fail in it.
    """

    body: tuple[Operation, ...]
    caught: tuple[str, ...]
    handler: tuple[Operation, ...] = ()
    risks: tuple[Risk, ...] = ()


class Raise(Operation, frozen=True, gc=False, kw_only=True):
    """`RAISE EXCEPTION`: the script fails here, with that error. (`RAISE NOTICE` is not an operation.)"""

    message: str
    condition: str = "raise_exception"


class Opaque(Operation, frozen=True, gc=False, kw_only=True):
    """A statement with unknown effects: dynamic SQL, a loop over the catalog, a call of a function with effects.

    `reason` is a complete phrase for messages. `schema_effect` is False if only rows can change. `relations` are the
    affected tables, if known. `may_fail_again` is for rows that cannot be read: a second run may find their keys taken.
    `result_of` is a function whose result is run as SQL: nothing, if it returns none. `unread` means that the text is
    too long to be read.
    """

    reason: str
    schema_effect: bool = True
    may_fail_again: bool = False
    relations: tuple[Name, ...] = ()
    result_of: Name | None = None
    unread: bool = False


def flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield operations including those inside `If` and `Try`, but not these two themselves, in the original order."""
    for operation in operations:
        if isinstance(operation, (If, Try)):
            yield from _inside(operation)
        else:
            yield operation


def _inside(operation: Operation) -> Iterator[Operation]:
    # Without recursion: what a chain of ELSIF holds would be handed on through each of its links.
    open_ = [operation]
    while open_:
        operation = open_.pop()
        if isinstance(operation, If):
            open_ += (*reversed(operation.otherwise), *reversed(operation.then))
        elif isinstance(operation, Try):
            open_ += (*reversed(operation.handler), *reversed(operation.body))
        else:
            yield operation
