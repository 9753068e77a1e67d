"""The difference of two schemas: the way from the one to the other, and the way back."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.structs import Struct
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition
from miglint.writer.written import Version, Written


class SchemaDifference(Struct, frozen=True):
    """Both ways between two schemas. `unknown` are sentences about what of either is not understood."""

    forward: Written
    rollback: Written
    unknown: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what is not understood, or not created, in either direction."""
        return tuple(dict.fromkeys((*self.unknown, *self.forward.missing, *self.rollback.missing)))

    @property
    def complete(self) -> bool:
        """Whether both ways lead to the whole schema."""
        return not self.missing

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        return {
            "forward": self.forward.sql,
            "rollback": self.rollback.sql,
            "complete": self.complete,
            "missing": list(self.missing),
        }


def difference(
    old: Schema,
    new: Schema,
    *,
    target: Version | None = None,
    moments: Iterable[OperationTrace] = (),
    unknown: tuple[str, ...] = (),
) -> SchemaDifference:
    """Return both ways between two schemas; `moments` are the operations that led from `old` to `new`, if known."""
    moments = tuple(moments)
    renames = Renames(moments) if moments else None
    forward = write_transition(old, new, renames=None if renames is None else renames.reversed(), target=target)
    return SchemaDifference(forward, write_transition(new, old, renames=renames, target=target), unknown)
