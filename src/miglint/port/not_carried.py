"""What of a migration is not carried over to the other engine."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.base.structs import Struct


class NotCarried(Struct, frozen=True):
    """Something that the other engine does not have.

    `reason` is a sentence that names it, `statement` the text of the statement that it is from, `span` its place.
    `harmless` says that nothing is missed there: a time-out for locks, where there are none.
    """

    reason: str
    statement: str = ""
    span: Span | None = None
    harmless: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        return {"reason": self.reason, "statement": self.statement, "harmless": self.harmless}
