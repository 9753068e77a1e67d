"""The surroundings of an expression as an analysis reads them, and the error that it raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from miglint.base.structs import Struct
from miglint.sql.operations import Name, Type
from miglint.sql.postgres.analysis.catalogs import Function

UNKNOWN = "?"
"""The type of what is not known: it fits everywhere."""
LITERAL = "unknown"
"""The type of a string constant, and of NULL, before it is given one."""
DOMAIN = "\0domain"
"""The name of the source whose only column is the value that a domain checks: no text can name it."""


class Invalid(Exception):  # noqa: N818 - it is the answer, not a failure of the analysis
    """PostgreSQL would raise this: `condition` is its name for the error; `part` the column that it is about."""

    def __init__(self, condition: str, message: str, relation: Name | None = None, part: str | None = None) -> None:
        super().__init__(message)
        self.condition = condition
        self.message = message
        self.relation = relation
        self.part = part

    def again(self) -> Invalid:
        """Return the same error, which was not raised yet: one that was holds on to all that raised it."""
        return Invalid(self.condition, self.message, self.relation, self.part)


def _not_generated(column: str) -> str | None:
    return None


def _not_known(column: str) -> tuple[str, ...] | None:
    return None


class Relation(Struct, frozen=True):
    """A table, a view, or what else has columns: their types by name, in order. None: the columns are not known.

    `keys` are the columns of the primary key; `generated` returns for a column that is computed (`stored`, `virtual`),
    or draws from a sequence (`always`, `by default`), which of these, for others None. `modifiers` returns those of the
    type of a column (`10` of `varchar(10)`), None where they are not known.
    """

    name: Name
    columns: Mapping[str, str] | None
    keys: tuple[str, ...] = ()
    generated: Callable[[str], str | None] = _not_generated
    modifiers: Callable[[str], tuple[str, ...] | None] = _not_known


class UserType(Struct, frozen=True):
    """A type that files made: `kind` is `enum`, `domain`, `composite`, or empty for another one.

    `labels` are those of an enum, `base` the type under a domain, `columns` the attributes of a composite type.
    """

    kind: str = ""
    labels: Sequence[str] | None = None
    base: str = UNKNOWN
    columns: Mapping[str, str] | None = None


class Environment(Protocol):
    """What is known around an expression. Names of types are those of `pg_type`, with the schema for a user's own."""

    def relation(self, name: Name) -> Relation | None:
        """Return a relation; None where nothing is known of it."""

    def type_name(self, written: Type) -> str:
        """Return the name of a type as it is written, `?` where it is not known."""

    def user_type(self, name: str) -> UserType:
        """Return what is known of a type that is not built in."""

    def functions(self, name: Name) -> tuple[Function, ...]:
        """Return the functions of a name that files made."""

    def overloaded(self, name: Name) -> bool:
        """Return whether unknown functions of a name may exist."""

    def casts_made(self) -> bool:
        """Return whether unknown casts or operators may exist."""


class Result(Struct, frozen=True):
    """A type, and for a constant its text."""

    type: str
    literal: str | None = None
