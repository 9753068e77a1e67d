"""The results of steps, and their form without the values that the receiver has itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from miglint.base.model import Migration, Script, Span
from miglint.base.structs import Struct, field
from miglint.linter.dispatch import PlacedHit
from miglint.linter.history_state import SchemaChange
from miglint.linter.hit_codec import EncodedHit, HitCodec
from miglint.linter.step_trace import StepTrace
from miglint.report.value import MigrationReport


class StepFindings(Struct, frozen=True):
    """What a run needs of one migration.

    `report` is its verdict, None where only the forward ran, which then has no hits. `placed` are the hits of rules
    about it, `forward` and `rollback` the places of the statements of its scripts. `gathered` is what rules about whole
    histories need to know of it. `change` is what its forward changes, where that is needed for the cache. `place` is
    whether a missing rollback has a place, where hits depend on that. `trace` is what it has read of the schema, None
    if that is not known, or all of it.
    """

    migration: Migration
    report: MigrationReport | None = None
    placed: tuple[PlacedHit, ...] = ()
    forward: tuple[Span, ...] = ()
    rollback: tuple[Span, ...] = ()
    gathered: Mapping[str, Any] = field(default_factory=dict)
    change: SchemaChange | None = None
    place: bool | None = None
    trace: StepTrace | None = None

    @property
    def scripts(self) -> tuple[Script | None, Script | None]:
        """The forward and the rollback."""
        return self.migration.forward, self.migration.rollback


class EncodedStep(Struct, array_like=True, frozen=True):
    """A `StepFindings` without its migration."""

    report: MigrationReport | None
    hits: list[EncodedHit]
    forward: tuple[Span, ...]
    rollback: tuple[Span, ...]
    gathered: dict[str, Any]
    change: SchemaChange | None
    place: bool | None
    trace: StepTrace | None

    @classmethod
    def of(cls, result: StepFindings, codec: HitCodec) -> EncodedStep:
        """Return a result in encoded form."""
        hits = [codec.encode(item) for item in result.placed]
        return cls(
            result.report,
            hits,
            result.forward,
            result.rollback,
            dict(result.gathered),
            result.change,
            result.place,
            result.trace,
        )

    def decoded(self, migration: Migration, codec: HitCodec) -> StepFindings:
        """Return the result for a migration. Raises `LookupError` for hits that the codec cannot decode."""
        placed = tuple(codec.decode(hit) for hit in self.hits)
        return StepFindings(
            migration,
            self.report,
            placed,
            self.forward,
            self.rollback,
            self.gathered,
            self.change,
            self.place,
            self.trace,
        )
