"""Cache of dry run results: unchanged migrations at the start of a history are not run again.

An entry is keyed by history, engine and options. It has the results in order, each with a digest of all scripts up to
its own, so that a changed script invalidates all results from there on.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from miglint.base.hashes import blake2b, hash_of_texts
from miglint.base.model import Dialect, History, Migration, Script
from miglint.base.structs import Struct, replace
from miglint.cache.store import Store, environment
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.history_templates import KIND, HistoryTemplates, KeptHistory
from miglint.dryrun.results import Costs, EngineInfo, Execution, HistoryRun, MigrationRun, RowRun, StepResult
from miglint.dryrun.row_checks import documents
from miglint.dryrun.surround import surroundings
from miglint.replay.verdict import Verdict
from miglint.schema.change import Change

# People change the latest migrations. The state before these is kept, if that many more have led to it.
_LATEST = 8
_WORTH_IT = 24


class CachedRuns(Struct, frozen=True):
    """Cached results of a history's first migrations, with the engine that produced them."""

    engine: EngineInfo
    runs: tuple[MigrationRun, ...]


class TemplatePlan(Struct, frozen=True, eq=False):
    """Which kept history a run starts from, and which one it keeps for later runs.

    `source` holds the state after the first `done` migrations (None: there is none). The state after the first `latest`
    ones is the one to keep, as `name`.
    """

    templates: HistoryTemplates
    source: KeptHistory | None
    done: int
    latest: int
    name: str

    def wanted(self, done: int) -> int | None:
        """Return after how many migrations the state is kept by a run that starts after `done`; None: not at all."""
        return self.latest if self.latest - done >= _WORTH_IT else None


class ResultCache(Protocol):
    """A store of results."""

    def name(self, history: History, identity: str) -> str:
        """Return the key of the entry for a history on the engine of that identity."""

    def load(self, name: str, history: History) -> CachedRuns | None:
        """Return the cached results of a history's first migrations."""

    def plan(self, history: History, identity: str, known: int) -> TemplatePlan:
        """Return what to do with kept histories in a run whose first `known` results are cached."""


class _CachedRun(Struct, frozen=True):
    """A migration's results without the migration itself and without schemas."""

    digest: str
    steps: tuple[StepResult, ...]
    verdict: Verdict
    unknown: tuple[str, ...]
    changes: tuple[Change, ...]
    forward: Execution | None
    rollback: Execution | None
    rows: RowRun | None
    seconds: float
    apart: tuple[Change, ...]
    costs: Costs | None
    model: bytes | None

    @classmethod
    def of(cls, run: MigrationRun, digest: str) -> _CachedRun:
        return cls(
            digest,
            run.steps,
            run.verdict,
            run.unknown,
            run.changes,
            run.forward,
            run.rollback,
            run.rows,
            run.seconds,
            run.apart,
            run.costs,
            run.model,
        )

    def restored(self, migration: Migration) -> MigrationRun:
        return MigrationRun(
            migration,
            self.steps,
            self.verdict,
            self.unknown,
            self.changes,
            forward=self.forward,
            rollback=self.rollback,
            rows=self.rows,
            seconds=self.seconds,
            apart=self.apart,
            costs=self.costs,
            model=self.model,
        )


class _CacheEntry(Struct, frozen=True):
    """Results of a history with the digest `whole` of its scripts; `made` is that of what they need before the first.

    Where the scripts are the same, so is what they need.
    """

    engine: EngineInfo
    whole: str
    made: str
    results: tuple[_CachedRun, ...]


class StoredMemory:
    """Results in the cache folder."""

    def __init__(self, store: Store, options: DryRunOptions, baseline: dict[Dialect, Script]) -> None:
        self._store = store
        # Time limits and the server's address do not affect the results.
        self._options = repr(replace(options, url=None))
        self._options_given = options
        self._baseline = baseline
        # By the name of an entry: the history as it is run, and a digest of what it decides about all its migrations.
        self._histories: dict[str, History] = {}
        self._made: dict[str, str] = {}

    def name(self, history: History, identity: str) -> str:
        """Return the key of the entry for a history on the engine of that identity."""
        start = self._baseline.get(history.dialect)
        parts = [identity, self._options, history.root, history.layout, history.dialect, " ".join(history.tools)]
        name = self._store.name("run", ["dry run", *environment(), *parts, start.text if start is not None else ""])
        self._histories[name] = history
        return name

    def load(self, name: str, history: History) -> CachedRuns | None:
        """Return the cached results of a history's first migrations, or None."""
        data = self._store.read(name)
        if data is None:
            return None
        try:
            entry = msgspec.msgpack.decode(data, type=_CacheEntry)
        except msgspec.MsgspecError:
            return None
        digests = _digests(history)
        if entry.whole == digests[-1]:
            self._made[name] = entry.made
        elif entry.made != self._surroundings(name):
            return None
        runs = []
        for migration, digest, result in zip(history.migrations, digests, entry.results, strict=False):
            if digest != result.digest:
                break
            runs.append(result.restored(migration))
        return CachedRuns(entry.engine, tuple(runs)) if runs else None

    def plan(self, history: History, identity: str, known: int) -> TemplatePlan:
        """Return what to do with kept histories in a run whose first `known` results are cached."""
        templates = HistoryTemplates(self._store.seal)
        made = self._surroundings(self.name(history, identity))
        fixed = self._store.name(KIND, [*environment(), identity, self._options, history.layout, history.dialect, made])
        # By the number of migrations after which a history has this state.
        names = [self._store.name(KIND, [fixed, digest]) for digest in ("", *_digests(history))]
        found = templates.first_of(reversed(names[1 : known + 1]))
        done = 0 if found is None else names.index(found)
        latest = max(0, len(history.migrations) - _LATEST)
        source = None if found is None else KeptHistory(templates, found)
        return TemplatePlan(templates, source, done, latest, names[latest])

    def keep(self, ran: HistoryRun) -> None:
        """Store the results of a history, unless something other than its scripts affected them."""
        if ran.name is None or ran.kept == len(ran.migrations):
            return
        results = []
        digests = _digests(self._histories[ran.name])
        for digest, run in zip(digests, ran.migrations, strict=True):
            if not run.ran or _cut_short(run, ran.engine):
                break
            results.append(_CachedRun.of(run, digest))
        made = self._surroundings(ran.name)
        self._store.write(ran.name, msgspec.msgpack.encode(_CacheEntry(ran.engine, digests[-1], made, tuple(results))))

    def _surroundings(self, name: str) -> str:
        """Return a digest of what exists before the first migration, and of which columns get JSON as rows.

        Both depend on all scripts of the history, later ones included.
        """
        if name not in self._made:
            history = self._histories[name]
            made = surroundings(history, self._options_given, self._baseline)
            rows = sorted(documents(script.text for script in history.scripts)) if self._options_given.rows else []
            self._made[name] = hash_of_texts((*made, "rows", *rows)).hexdigest()
        return self._made[name]


def digest_of(run: MigrationRun) -> bytes:
    """Return a hash over the results of a migration: all but the schemas, which cached ones lack."""
    return blake2b(msgspec.msgpack.encode(_CachedRun.of(run, "")), digest_size=20).digest()


def _cut_short(run: MigrationRun, engine: EngineInfo) -> bool:
    """Return whether a limit or missing roles affected the results: the next run may have more time, space or roles."""
    final = (None, "refused") if engine.kind == "url" else (None, "refused", "roles")
    executions = [run.forward, run.rollback]
    if run.rows is not None:
        executions += [run.rows.forward, run.rows.rollback]
    errors = [execution.error for execution in executions if execution is not None]
    errors += [step.error for step in run.steps]
    return any(error is not None and error.limit not in final for error in errors)


def _digests(history: History) -> list[str]:
    """Return, for each migration, a digest of everything run up to and including it."""
    found: list[str] = []
    before = ""
    for migration in history.migrations:
        parts = [before]
        for script in (migration.forward, migration.rollback):
            if script is not None:
                # The text of a file that was not read is empty.
                how = (str(script.transaction), str(script.span.start), script.file.error or "")
                parts += (script.direction, *how, script.text)
        before = hash_of_texts(parts).hexdigest()
        found.append(before)
    return found
