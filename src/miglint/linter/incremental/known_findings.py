"""Findings of migrations whose hits are those of an earlier run: they are neither decoded nor merged again.

What the findings of a migration depend on besides its own hits is compared first: other hits about its files, other
migrations with the same files, names or differences, the later migrations that a fix depends on, and the settings. A
migration for which that is not the same is judged again, as are those with suppression comments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import DecodeError
from msgspec.msgpack import Decoder, encode

from miglint.base.edits import line_break_of
from miglint.base.findings import Finding
from miglint.base.hashes import blake2b, hash_of_texts
from miglint.base.model import Direction, History, Migration
from miglint.base.structs import Struct
from miglint.discovery.next_migration import no_transaction_mark
from miglint.linter.dispatch import PlacedHit
from miglint.linter.fingerprints import script_place
from miglint.linter.incremental.hit_codec import HitCodec
from miglint.linter.proposed_fix import used_later
from miglint.linter.relative_paths import RelativePaths
from miglint.linter.split_rollbacks import makes_up_for
from miglint.linter.summaries import EMPTY
from miglint.report.value import together
from miglint.rules.definition import PairDifference

if TYPE_CHECKING:
    from miglint.linter.incremental.step_findings import StepFindings
    from miglint.linter.incremental.step_memory import HistoryMemory
    from miglint.linter.partial_results import PartialResult

_Place = tuple[int, int]
_SIZE = 16


class _FoldedStep(Struct, array_like=True, frozen=True):
    """The findings of a migration, and what they depend on besides its hits.

    `basis` is a hash over settings, `place` is that of `StepFindings`, `others` a hash over hits about whole histories
    in its files, `merged` whether findings about second runs are summarized for its history.
    `differences` are what its rollback leaves; `unused` are names, with whether a later migration has them;
    `marks` is what turns its transaction off, and `next` a hash over what determines the next migration's files, where
    a fix depends on these. `hidden`, `rare` and `open` are those of `FoldedHits`.
    """

    basis: bytes
    others: bytes
    findings: tuple[Finding, ...]
    summarized: tuple[Finding, ...]
    hidden: list[tuple[str, str]]
    ambiguous: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    open: dict[str, set[Direction]]
    merged: bool
    differences: list[PairDifference]
    unused: list[tuple[str, bool]]
    marks: str
    next: bytes
    place: bool | None


class FoldedHits(Struct):
    """The findings that a run derives from hits, and what it notes on the way.

    `hidden` has cause and file of each hidden finding. `ambiguous` are the tools that run a file once, and more than
    once, and `open` the directions of a file's scripts that are errors since no known tool runs them, both as they are
    before merging. `merged` are the files of histories whose findings about second runs are summarized.
    """

    findings: list[Finding]
    summarized: list[Finding]
    hidden: list[tuple[str, str]]
    ambiguous: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    open: dict[str, set[Direction]]
    merged: Collection[str]


class KnownFindings:
    """The findings of earlier runs that are those of this run, too, and those of this run for the next ones.

    `memories` are the known steps of each history by its place, `basis` says what all findings depend on, and
    `commented` are the files with suppression comments.
    """

    def __init__(
        self,
        histories: Sequence[History],
        memories: Mapping[int, HistoryMemory],
        basis: Iterable[str],
        root: str,
        commented: Collection[str],
    ) -> None:
        self._histories = histories
        self._memories = memories
        self._basis = hash_of_texts(basis, size=_SIZE).digest()
        self._relative = RelativePaths(root)
        self._commented = commented
        self._owners: dict[str, _Place] = {}
        self._others: dict[str, list[PlacedHit]] = defaultdict(list)
        self._differences: dict[_Place, list[PairDifference]] = {}
        self._divided: set[tuple[int, tuple[str, ...]]] = set()
        self._contexts = {place: _FixContext(histories[place]) for place in memories}
        self.taken: dict[_Place, _FoldedStep] = {}

    def take(self, result: PartialResult, others: Iterable[PlacedHit]) -> None:
        """Choose the steps of a result whose findings are known; `others` are the hits that belong to no step."""
        for item in others:
            self._others[item.hit.file.path].append(item)
        for place, memory in self._memories.items():
            memory.uses.load(self._histories[place])
        alone = self._alone()
        decoder = Decoder(_FoldedStep)
        found: dict[_Place, _FoldedStep] = {}
        for here, step in self._steps(result):
            known = None
            if here in alone:
                for path in _paths(step.migration):
                    self._owners[path] = here
                known = self._known(here, step, decoder)
            if known is not None:
                found[here] = known
            self._differences[here] = _differences(step.hits()) if known is None else known.differences
        self._divided = set(self._made_up_for())
        self.taken = {place: known for place, known in found.items() if self._is_single(place)}

    def _steps(self, result: PartialResult) -> Iterator[tuple[_Place, StepFindings]]:
        """Yield the steps of those histories that are kept, and were analyzed as a whole."""
        for part in result.parts:
            if part.place in self._memories and len(part.steps) == len(self._histories[part.place].migrations):
                for number, step in enumerate(part.steps):
                    yield (part.place, number), step

    def _alone(self) -> set[_Place]:
        """Return the migrations that share no file, and no name, with another, and have no suppression comments."""
        # The first migrations with files, by path, and with identities of files in fingerprints, by tuple.
        owners: dict[str | tuple[str], _Place] = {}
        shared: set[_Place] = set()
        for place, history in enumerate(self._histories):
            for number, migration in enumerate(history.migrations):
                here = place, number
                for path in _paths(migration):
                    # Whatever the direction of a finding is: it alone follows.
                    identity = script_place(self._relative.path(path), migration.version, None)
                    for key in (path, (identity,)):
                        other = owners.setdefault(key, here)
                        if other is not here:
                            shared.update((other, here))
                    if path in self._commented:
                        shared.add(here)
        return {place for place in owners.values() if place not in shared}

    def _is_single(self, place: _Place) -> bool:
        """Return whether no other migration makes up for a difference."""
        if not self._divided:
            return True
        return not any((place[0], item.subject) in self._divided for item in self._differences[place])

    def _made_up_for(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield what a migration leaves different and the rollback of a later one may make up for, by history."""
        listed: dict[tuple[int, tuple[str, ...]], list[PairDifference]] = defaultdict(list)
        for place, differences in self._differences.items():
            for item in differences:
                listed[place[0], item.subject].append(item)
        for subject, several in listed.items():
            if len(several) > 1 and any(makes_up_for(two, one) for one in several for two in several):
                yield subject

    def _known(self, place: _Place, step: StepFindings, decoder: Decoder[_FoldedStep]) -> _FoldedStep | None:
        """Return the known findings of a step, if what they depend on is the same."""
        data = self._memories[place[0]].folded(place[1]) if step.sealed is not None else None
        if data is None:
            return None
        try:
            known = decoder.decode(data)
        except DecodeError:
            return None
        if (
            known.basis != self._basis
            or known.place is not step.place
            or known.others != self._digest_of_others(step.migration)
        ):
            return None
        context = self._contexts[place[0]]
        for name, used in known.unused:
            if used_later(context.history, step.migration, name) is not used:
                return None
        if known.marks and known.marks != repr(no_transaction_mark(context.history, step.migration)):
            return None
        return None if known.next and known.next != context.next else known

    def _other_hits(self, migration: Migration) -> list[PlacedHit]:
        if self._others.keys().isdisjoint(_paths(migration)):
            return []
        return [item for path in dict.fromkeys(_paths(migration)) for item in self._others.get(path, ())]

    def _digest_of_others(self, migration: Migration) -> bytes:
        """Return a hash over the hits about whole histories in the files of a migration."""
        hits = self._other_hits(migration)
        if not hits:
            return b""
        codec = HitCodec((migration,), {})
        return blake2b(encode([codec.encode(item) for item in hits]), digest_size=_SIZE).digest()

    def rest(self, others: Iterable[PlacedHit]) -> list[PlacedHit]:
        """Return the hits about whole histories that no known finding stands for."""
        return [item for item in others if self._owners.get(item.hit.file.path) not in self.taken]

    def is_consistent(self, merged: Collection[str], suppressed: Iterable[PlacedHit]) -> bool:
        """Return whether the findings that were taken are those of a run with these hits.

        The findings about second runs in the files `merged` are summarized there, and fixes of `suppressed` hits take
        no edit from them.
        """
        fixes = [item.hit.fix for item in suppressed if item.hit.fix is not None]
        if any(self._owners.get(edit.path or "") in self.taken for fix in fixes for edit in fix.edits):
            return False
        return all(
            known.merged is any(path in merged for path in _paths(self._histories[place].migrations[number]))
            for (place, number), known in self.taken.items()
        )

    def added_to(self, made: FoldedHits) -> FoldedHits:
        """Return the findings that were made together with those that are known, in order."""
        taken = self.taken.values()
        return FoldedHits(
            together([made.findings, *(known.findings for known in taken)]),
            together([made.summarized, *(known.summarized for known in taken)]),
            [*made.hidden, *(hidden for known in taken for hidden in known.hidden)],
            {**made.ambiguous, **self.ambiguous()},
            {**made.open, **self.opened()},
            made.merged,
        )

    def opened(self) -> dict[str, set[Direction]]:
        """Return the files whose known findings are errors only because no known tool runs them."""
        return {path: found for known in self.taken.values() for path, found in known.open.items()}

    def ambiguous(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return the files of known findings whose tools are ambiguous."""
        return {path: found for known in self.taken.values() for path, found in known.ambiguous.items()}

    def identities(self) -> dict[str, bytes]:
        """Return a value for each file that is the same as long as the findings of its migration and its files are."""
        known = {place: memory.identities() for place, memory in self._memories.items()}
        found = ((path, known[place].get(number)) for path, (place, number) in self._owners.items())
        return {path: identity for path, identity in found if identity is not None}

    def keep(self, result: PartialResult, made: FoldedHits) -> None:
        """Keep the findings of the other steps for the next run, before the known ones are added."""
        parts: dict[_Place, FoldedHits] = defaultdict(lambda: FoldedHits([], [], [], {}, {}, made.merged))
        for item in made.findings:
            parts[self._owners.get(item.path, (-1, 0))].findings.append(item)
        for item in made.summarized:
            parts[self._owners.get(item.path, (-1, 0))].summarized.append(item)
        for hidden in made.hidden:
            parts[self._owners.get(hidden[1], (-1, 0))].hidden.append(hidden)
        for path, tools in made.ambiguous.items():
            parts[self._owners.get(path, (-1, 0))].ambiguous[path] = tools
        for path, directions in made.open.items():
            parts[self._owners.get(path, (-1, 0))].open[path] = directions
        for place, memory in self._memories.items():
            memory.uses.save(self._histories[place])
        owned = {*self._owners.values()}
        for here, step in self._steps(result):
            if here in owned and here not in self.taken:
                self._memories[here[0]].fold(here[1], self._folded(here, step, parts[here]))

    def _folded(self, place: _Place, step: StepFindings, made: FoldedHits) -> bytes | None:
        """Return the findings of a step with what they depend on, None if they depend on more."""
        hits, own = [*step.hits(), *self._other_hits(step.migration)], {*_paths(step.migration)}
        if not self._is_single(place) or not all(_is_about(item, step.migration, own) for item in hits):
            return None
        context = self._contexts[place[0]]
        proposed = [item.proposed for item in hits if item.proposed is not None]
        names = sorted({item.unused for item in proposed if item.unused is not None})
        marked = any(item.marked for item in proposed)
        folded = _FoldedStep(
            self._basis,
            self._digest_of_others(step.migration),
            tuple(made.findings),
            tuple(made.summarized),
            made.hidden,
            made.ambiguous,
            made.open,
            any(path in made.merged for path in own),
            self._differences[place],
            [(name, used_later(context.history, step.migration, name)) for name in names],
            repr(no_transaction_mark(context.history, step.migration)) if marked else "",
            context.next if any(item.scripts is not None for item in proposed) else b"",
            step.place,
        )
        return encode(folded)


class _FixContext:
    """What fixes depend on besides their migration: the history, and the names of the next migration's files."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._next = b""

    @property
    def next(self) -> bytes:
        """A hash over what `next_migration` reads."""
        if not self._next:
            self._next = hash_of_texts(self._parts(), size=_SIZE).digest()
        return self._next

    def _parts(self) -> Iterator[str]:
        history = self.history
        yield repr((history.layout, history.tools, any(item.rollback is not None for item in history.migrations)))
        for item in history.migrations:
            yield from _paths(item)
        for last in history.migrations[-1:]:
            forward = last.forward
            yield repr(
                (last.version, last.name, last.repeatable, forward is not None and line_break_of(forward.file.text))
            )


def _paths(migration: Migration) -> list[str]:
    return [script.file.path for script in (migration.forward, migration.rollback) if script is not None]


def _differences(hits: Iterable[PlacedHit]) -> list[PairDifference]:
    return [item.hit.difference for item in hits if item.hit.difference is not None]


def _is_about(item: PlacedHit, migration: Migration, own: Collection[str]) -> bool:
    """Return whether a hit is about the files of its migration alone, and no finding about all rollbacks."""
    hit = item.hit
    if hit.file.path not in own or hit.version not in (None, migration.version) or item.rule.code == EMPTY:
        return False
    proposed = None if item.proposed is None else item.proposed.fix
    edits = (edit for fix in (hit.fix, proposed) if fix is not None for edit in fix.edits)
    return all(edit.path is None or edit.path in own for edit in edits)
