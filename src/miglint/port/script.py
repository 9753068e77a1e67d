"""A migration as it is written for the other engine, as a value."""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.port.not_carried import NotCarried
from miglint.schema.value import Schema


class PortedScript(Struct, frozen=True):
    """A migration as it is written for the other engine.

    `parts` are statements and comments, in order. `losses` is what is not carried over, `after` the schema
    of the other engine that it leads to.
    """

    parts: tuple[str, ...]
    losses: tuple[NotCarried, ...]
    after: Schema

    @property
    def text(self) -> str:
        """The script."""
        return "".join(f"{part}\n" for part in self.parts)
