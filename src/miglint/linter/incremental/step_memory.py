"""Results of steps from earlier runs: for each migration, what a run with the same content has found.

The key of a step is a hash over all that its result depends on: the versions of miglint and its libraries, the rules
with their options, the history's tool, the scripts of the migration, and the state of the history before it. What
depends on other migrations is no part of a `StepFindings`, but made of all results in each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import DecodeError
from msgspec.msgpack import Decoder, encode

from miglint.base.hashes import blake2b
from miglint.base.model import Migration, Script
from miglint.base.structs import replace
from miglint.cache.steps import Encoded, StepCache
from miglint.cache.store import Store
from miglint.linter.incremental.earlier_run import EarlierRun
from miglint.linter.incremental.history_state import HistoryState, SchemaChange
from miglint.linter.incremental.hit_codec import HitCodec
from miglint.linter.incremental.last_uses import KnownUses
from miglint.linter.incremental.step_findings import EncodedStep, StepFindings
from miglint.linter.incremental.step_trace import Tracer
from miglint.report.value import MigrationReport
from miglint.rules.definition import Rule

_SIZE = 20
# A trace that there is not, in MessagePack.
_NO_TRACE = b"\xc0"


class StepMemory:
    """The steps of a run's histories, in a store. `basis` is what all results depend on."""

    def __init__(self, store: Store, basis: Iterable[str], rules: Mapping[str, Rule]) -> None:
        self.secret = store.derived("steps")
        self.tracer = Tracer(self.secret)
        self._store = store
        self._rules = rules
        self._basis = blake2b(key=self.secret, digest_size=_SIZE)
        for part in basis:
            _add(self._basis, part)

    def history(
        self, place: Sequence[str], parts: Iterable[str], migrations: Sequence[tuple[Migration, str]]
    ) -> HistoryMemory:
        """Return what is known of a history.

        `place` says which history it is, `parts` are what its results depend on: of all migrations, and of each one
        besides its scripts.
        """
        basis = self._basis.copy()
        for part in parts:
            _add(basis, part)
        keys = [_key(basis.copy(), migration, facts) for migration, facts in migrations]
        steps, findings = (StepCache(self._store, [*place, kind], len(keys)) for kind in ("hits", "findings"))
        return HistoryMemory(steps, findings, KnownUses(self._store, place, keys), keys, self._rules, self.tracer)


class HistoryMemory:
    """The known steps of one history, and those of this run."""

    def __init__(
        self,
        steps: StepCache,
        findings: StepCache,
        uses: KnownUses,
        keys: list[bytes],
        rules: Mapping[str, Rule],
        tracer: Tracer,
    ) -> None:
        self.uses = uses
        self._cache = steps
        self._folded_cache = findings
        # The first halves of keys: the second half is the mark of the state before a migration.
        self._keys = keys
        self._rules = rules
        self._known = steps.load()
        self._by_script: dict[bytes, list[tuple[bytes, Encoded]]] = {}
        for key, data in self._known.items():
            self._by_script.setdefault(key[:_SIZE], []).append((key, data))
        self._earlier_run = EarlierRun(steps.load_order(), self._change_of)
        self._tracer = tracer
        self._decoder = Decoder(EncodedStep)
        self._kept: dict[bytes, Encoded] = {}
        self._new: set[bytes] = set()
        # The names of the steps of this run, and what it has made of their hits.
        self._names: dict[int, bytes] = {}
        # The names that steps had in an earlier run, after another state.
        self._sources: dict[bytes, bytes] = {}
        self._folded: dict[bytes, Encoded] = {}
        self._earlier: dict[bytes, Encoded] | None = None
        self._refolded: set[bytes] = set()

    def unknown(self) -> list[int]:
        """Return the numbers of the migrations that were not seen in any state of the history."""
        return [number for number, key in enumerate(self._keys) if key not in self._by_script]

    def get(
        self,
        number: int,
        state: HistoryState,
        migration: Migration,
        has_place: Callable[[], bool],
        *,
        whole: bool,
    ) -> StepFindings | None:
        """Return a known step by its number, and keep it for the next run.

        It is one after the same state, or one that has read only what is the same in this state. `has_place` says
        whether a missing rollback has a place, which must be the same too where hits depend on that. Unless it is
        needed as a `whole`, it has no hits.
        """
        name = self._keys[number] + state.mark
        data = self._known.get(name)
        found = None if data is None else self._decoded(data, migration, has_place, whole=whole)
        if found is not None and data is not None:
            self._earlier_run.meets(name, state, found[0].change)
            self._keep(number, name, data)
            return found[0]
        # Those of the last run first.
        others = sorted(
            self._by_script.get(self._keys[number], ()), key=lambda item: not self._earlier_run.has(item[0])
        )
        for known, data in others:
            found = self._decoded(data, migration, has_place, whole=whole)
            if found is None or (change := found[1].change) is None:
                continue
            if self._fits(known, found[1], change, state):
                self._earlier_run.takes(known, state, change)
                self._keep(number, name, data)
                self._new.add(name)
                self._sources[name] = known
                return found[0]
        return None

    def _keep(self, number: int, name: bytes, data: Encoded) -> None:
        self._kept[name] = data
        self._names[number] = name

    def _fits(self, name: bytes, step: EncodedStep, change: SchemaChange, state: HistoryState) -> bool:
        """Return whether a step has read only what is the same in a state."""
        encoded = bytes(step.trace)
        if encoded == _NO_TRACE:
            return False
        if self._earlier_run.agrees(name, encoded, change.rooted is not None, state):
            return True
        try:
            trace = step.read_trace()
        except DecodeError:
            return False
        return trace is not None and self._tracer.fits(trace, state.schema, doubted=state.doubted)

    def _decoded(
        self, data: Encoded, migration: Migration, has_place: Callable[[], bool], *, whole: bool
    ) -> tuple[StepFindings, EncodedStep] | None:
        try:
            step = self._decoder.decode(data)
        except DecodeError:
            return None
        if step.place is not None and step.place is not has_place():
            return None
        if not whole:
            found = StepFindings(migration, gathered=step.gathered, change=step.change, place=step.place)
            return found, step
        return None if step.report is None else (step.known(migration, self._rules), step)

    def _change_of(self, name: bytes) -> SchemaChange | None:
        data = self._known.get(name)
        try:
            return None if data is None else self._decoder.decode(data).change
        except DecodeError:
            return None

    def put(self, number: int, state: HistoryState, result: StepFindings, *, complete: bool = True) -> None:
        """Keep a new step for the next run, unless it depends on more than its key, or is not `complete`."""
        self._earlier_run.replays(state, result.change)
        codec = HitCodec((result.migration,), self._rules)
        if complete and result.change is not None and all(map(codec.covers, result.placed)):
            name = self._keys[number] + state.mark
            self._keep(number, name, encode(EncodedStep.of(result, codec)))
            self._new.add(name)

    def complete(self, number: int, report: MigrationReport) -> None:
        """Keep the report of a known step, of which a part was not asked for before."""
        name = self._names.get(number, b"")
        data = self._kept.get(name)
        if data is not None:
            self._kept[name] = encode(replace(self._decoder.decode(data), report=report))
            self._new.add(name)

    def folded(self, number: int) -> Encoded | None:
        """Return what an earlier run has made of the hits of a migration's step, and keep it for the next run."""
        name = self._names.get(number, b"")
        data = self._known_findings().get(name)
        if data is None and (data := self._known_findings().get(self._sources.get(name, b""))) is not None:
            self._refolded.add(name)
        if data is None:
            return None
        self._folded[name] = data
        return data[_SIZE:]

    def identities(self) -> dict[int, bytes]:
        """Return values by the numbers of migrations that are the same as long as what is made of their hits is."""
        return {
            number: self._keys[number] + bytes(data[:_SIZE])
            for number, name in self._names.items()
            if (data := self._folded.get(name)) is not None
        }

    def _known_findings(self) -> dict[bytes, Encoded]:
        if self._earlier is None:
            self._earlier = self._folded_cache.load()
        return self._earlier

    def fold(self, number: int, data: bytes | None) -> None:
        """Keep what this run has made of the hits of a migration's step, if it is of use for the next one."""
        name = self._names.get(number)
        if name is None:
            return
        known = self._folded.pop(name, None)
        if data is not None:
            self._folded[name] = blake2b(data, digest_size=_SIZE).digest() + data
            if self._folded[name] != known:
                self._refolded.add(name)

    def save(self) -> None:
        """Store the steps, unless they are those of earlier runs."""
        if self._new:
            self._cache.save(self._kept, self._new)
        order = self._order()
        # A check of single files ends before the last one.
        if order != self._earlier_run.names[: len(order)]:
            self._cache.save_order(order)
        if self._refolded:
            self._known_findings()
            self._folded_cache.save(self._folded, self._refolded)

    def _order(self) -> list[bytes]:
        """Return the names of the steps up to the first one that is not kept."""
        order: list[bytes] = []
        while (name := self._names.get(len(order))) is not None:
            order.append(name)
        return order


def _key(digest: blake2b, migration: Migration, facts: str) -> bytes:
    """Return the hash of a migration and of what its result depends on besides its scripts."""
    head = (migration.version, migration.name, migration.irreversible, migration.repeatable, migration.after_program)
    # One hash of one text for each migration: there are many of them.
    _add(digest, repr((head, facts, _identity(migration.forward), _identity(migration.rollback))))
    return digest.digest()


def _identity(script: Script | None) -> tuple[object, ...] | None:
    """Return what determines a script, as strings, numbers and bytes."""
    if script is None:
        return None
    file = script.file
    where = file.path, file.error, *script.span, script.transaction, script.dialect.value, script.direction.value
    return where, file.digest or file.text, script.substituted


def _add(digest: blake2b, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    digest.update(b"%d:" % len(data))
    digest.update(data)
