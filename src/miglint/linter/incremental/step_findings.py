"""The results of steps, and their form without the values that the receiver has itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Raw
from msgspec.msgpack import decode, encode

from miglint.base.model import Migration, Script, Span
from miglint.base.structs import Struct, field
from miglint.linter.dispatch import PlacedHit
from miglint.linter.incremental.history_state import SchemaChange
from miglint.linter.incremental.hit_codec import EncodedHit, HitCodec
from miglint.linter.incremental.step_trace import StepTrace
from miglint.report.value import MigrationReport
from miglint.rules.definition import Rule


class SealedHits(Struct, frozen=True):
    """The hits of a step from an earlier run, as bytes: most of them are never looked at again."""

    data: Raw
    rules: Mapping[str, Rule]

    def opened(self, migration: Migration) -> tuple[PlacedHit, ...]:
        """Return the hits of a migration. Raises `LookupError` or `msgspec.DecodeError` for invalid ones."""
        codec = HitCodec((migration,), self.rules)
        return tuple(map(codec.decode, decode(self.data, type=list[EncodedHit])))


class StepFindings(Struct, frozen=True):
    """What a run needs of one migration.

    `report` is its verdict, None where only the forward ran, which then has no hits. `placed` are the hits of rules
    about it, or `sealed` if it is known from an earlier run. `forward` and `rollback` are the places of the statements
    of its scripts. `gathered` is what rules about whole histories need to know of it, encoded. `change` is what its
    forward changes, where that is needed for the cache. `place` is whether a missing rollback has a place, where hits
    depend on that. `trace` is what it has read of the schema, None if that is not known, or all of it.
    """

    migration: Migration
    report: MigrationReport | None = None
    placed: tuple[PlacedHit, ...] = ()
    forward: tuple[Span, ...] = ()
    rollback: tuple[Span, ...] = ()
    gathered: Mapping[str, bytes] = field(default_factory=dict)
    change: SchemaChange | None = None
    place: bool | None = None
    trace: StepTrace | None = None
    sealed: SealedHits | None = None

    def hits(self) -> tuple[PlacedHit, ...]:
        """Return the hits. Raises as `SealedHits.opened`."""
        return self.placed if self.sealed is None else self.sealed.opened(self.migration)

    def statements(self) -> Iterator[tuple[Script, tuple[Span, ...]]]:
        """Yield the scripts with the places of their statements."""
        for script, spans in zip(self.scripts, (self.forward, self.rollback), strict=True):
            if script is not None:
                yield script, spans

    @property
    def scripts(self) -> tuple[Script | None, Script | None]:
        """The forward and the rollback."""
        return self.migration.forward, self.migration.rollback


class EncodedStep(Struct, array_like=True, frozen=True):
    """A `StepFindings` without its migration."""

    report: MigrationReport | None
    hits: Raw
    forward: tuple[Span, ...]
    rollback: tuple[Span, ...]
    gathered: dict[str, bytes]
    change: SchemaChange | None
    place: bool | None
    trace: Raw

    @classmethod
    def of(cls, result: StepFindings, codec: HitCodec) -> EncodedStep:
        """Return a result in encoded form."""
        hits = Raw(encode([codec.encode(item) for item in result.placed]))
        return cls(
            result.report,
            hits,
            result.forward,
            result.rollback,
            dict(result.gathered),
            result.change,
            result.place,
            Raw(encode(result.trace)),
        )

    def decoded(self, migration: Migration, codec: HitCodec) -> StepFindings:
        """Return the result for a migration. Raises `LookupError` for hits that the codec cannot decode."""
        placed = tuple(map(codec.decode, decode(self.hits, type=list[EncodedHit])))
        return StepFindings(
            migration,
            self.report,
            placed,
            self.forward,
            self.rollback,
            self.gathered,
            self.change,
            self.place,
            self.read_trace(),
        )

    def read_trace(self) -> StepTrace | None:
        """Return what the step has read. Raises `msgspec.DecodeError` for invalid ones."""
        return decode(self.trace, type=StepTrace | None)

    def known(self, migration: Migration, rules: Mapping[str, Rule]) -> StepFindings:
        """Return the result for a migration, its hits as bytes, and without what it has read."""
        return StepFindings(
            migration,
            self.report,
            (),
            self.forward,
            self.rollback,
            self.gathered,
            self.change,
            self.place,
            None,
            SealedHits(self.hits, rules),
        )
