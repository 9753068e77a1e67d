"""Results of steps from earlier runs: for each migration, what a run with the same content has found.

The key of a step is a hash over all that its result depends on: the versions of miglint and its libraries, the rules
with their options, the history's tool, the scripts of the migration, and the state of the history before it. What
depends on other migrations is no part of a `StepFindings`, but made of all results in each run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import DecodeError
from msgspec.msgpack import Decoder, encode

from miglint.base.hashes import blake2b
from miglint.base.model import Migration, Script
from miglint.base.structs import replace
from miglint.cache.steps import Encoded, StepCache
from miglint.cache.store import Store
from miglint.linter.history_state import HistoryState
from miglint.linter.hit_codec import HitCodec
from miglint.linter.last_uses import KnownUses
from miglint.linter.step_findings import EncodedStep, StepFindings
from miglint.linter.step_trace import StepTrace, Tracer
from miglint.report.value import MigrationReport
from miglint.rules.definition import Rule

_SIZE = 20


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
        self._by_script: dict[bytes, list[Encoded]] = {}
        for key, data in self._known.items():
            self._by_script.setdefault(key[:_SIZE], []).append(data)
        self._tracer = tracer
        self._decoder = Decoder(EncodedStep)
        self._kept: dict[bytes, Encoded] = {}
        self._new: set[bytes] = set()
        # The names of the steps of this run, and what it has made of their hits.
        self._names: dict[int, bytes] = {}
        self._folded: dict[bytes, Encoded] = {}
        self._earlier: dict[bytes, Encoded] | None = None
        self._refolded: set[bytes] = set()

    def unknown(self) -> list[int]:
        """Return the numbers of the migrations that were not seen in any state of the history."""
        return [number for number, key in enumerate(self._keys) if key not in self._by_script]

    def get(self, number: int, state: HistoryState, migration: Migration, *, whole: bool) -> StepFindings | None:
        """Return a known step by its number, and keep it for the next run.

        It is one after the same state, or one that has read only what is the same in this state. Unless it is needed
        as a `whole`, it has no hits.
        """
        name = self._keys[number] + state.mark
        data = self._known.get(name)
        found = None if data is None else self._decoded(data, migration, whole=whole)
        if found is not None and data is not None:
            self._kept[name] = data
            self._names[number] = name
            return found
        for data in self._by_script.get(self._keys[number], ()):
            found, trace = self._decoded(data, migration, whole=whole), self._trace(data)
            if found is None or trace is None:
                continue
            if self._tracer.fits(trace, state.schema, doubted=state.doubted):
                self._kept[name] = data
                self._new.add(name)
                self._names[number] = name
                return found
        return None

    def _decoded(self, data: Encoded, migration: Migration, *, whole: bool) -> StepFindings | None:
        try:
            step = self._decoder.decode(data)
            if not whole:
                return StepFindings(migration, gathered=step.gathered, change=step.change, place=step.place)
            return None if step.report is None else step.known(migration, self._rules)
        except DecodeError:
            return None

    def _trace(self, data: Encoded) -> StepTrace | None:
        try:
            return self._decoder.decode(data).read_trace()
        except DecodeError:
            return None

    def put(self, number: int, state: HistoryState, result: StepFindings) -> None:
        """Keep a new step for the next run, unless it depends on more than its key."""
        codec = HitCodec((result.migration,), self._rules)
        if result.change is not None and all(map(codec.covers, result.placed)):
            name = self._keys[number] + state.mark
            self._kept[name] = encode(EncodedStep.of(result, codec))
            self._new.add(name)
            self._names[number] = name

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
        if data is None:
            return None
        self._folded[name] = data
        return data[_SIZE:]

    def identities(self) -> dict[int, bytes]:
        """Return values by the numbers of migrations that are the same as long as what is made of their hits is."""
        return {
            number: name + bytes(data[:_SIZE])
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
        if self._refolded:
            self._known_findings()
            self._folded_cache.save(self._folded, self._refolded)


def _key(digest: blake2b, migration: Migration, facts: str) -> bytes:
    """Return the hash of a migration and of what its result depends on besides its scripts."""
    head = (migration.version, migration.name, migration.irreversible, migration.repeatable, migration.after_program)
    _add(digest, repr((head, facts)))
    for script in (migration.forward, migration.rollback):
        _add_script(digest, script)
    return digest.digest()


def _add(digest: blake2b, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    digest.update(b"%d:" % len(data))
    digest.update(data)


def _add_script(digest: blake2b, script: Script | None) -> None:
    if script is None:
        digest.update(b"-")
        return
    file = script.file
    _add(digest, repr((file.path, file.error, *script.span, script.transaction, script.dialect, script.direction)))
    if file.digest:
        digest.update(file.digest)
    else:
        _add(digest, file.text)
    _add(digest, "" if script.substituted is None else f"={script.substituted}")
