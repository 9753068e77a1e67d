"""A migration as it is written for the other engine, as a value."""

from __future__ import annotations

from miglint.base.structs import Struct, field
from miglint.port.not_carried import NotCarried
from miglint.schema.value import Schema
from miglint.writer.written import ColumnValues


class PortedScript(Struct, frozen=True):
    """A migration as it is written for the other engine.

    `parts` are statements and comments, in order. `losses` is what is not carried over, `after` the schema
    of the other engine that it leads to. `values_back` are the values of rows that a rollback has to bring back,
    `values_lost` are sentences about those that it cannot.
    """

    parts: tuple[str, ...]
    losses: tuple[NotCarried, ...]
    after: Schema
    values_back: ColumnValues = field(default_factory=dict)
    values_lost: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The script."""
        return "".join(f"{part}\n" for part in self.parts)
