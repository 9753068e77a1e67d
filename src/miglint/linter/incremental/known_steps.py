"""Which steps of earlier runs fit the histories of a run, and what results depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from miglint.base.findings import FAMILIES
from miglint.base.hashes import blake2b
from miglint.base.input_files import MAX_RULES
from miglint.base.model import History, Migration, SourceFile
from miglint.base.structs import replace
from miglint.cache.store import Store, environment
from miglint.config.settings import Settings
from miglint.linter.incremental.history_state import HistoryState
from miglint.linter.incremental.step_memory import HistoryMemory, StepMemory

if TYPE_CHECKING:
    from miglint.dryrun.results import DryRunReport
    from miglint.linter.analysis import Analysis
    from miglint.linter.partial_results import PartialResult
    from miglint.rules.selection import Selection

_SIZE = 20


def memory_for(
    store: Store, chosen: Selection, schemas: Mapping[str, SourceFile], settings: tuple[object, ...]
) -> StepMemory | None:
    """Return the memory of steps, None where results depend on more than what is known of a run.

    `settings` are those that rules about a step are given besides their own.
    """
    known = chosen.registry.rules
    wanted = sorted(chosen.enabled | chosen.silenced)
    if any(known[code].scope == "script" and known[code].outside is None for code in wanted):
        return None
    # Built-in rules read what is before a migration; own ones may read all results.
    if any(known[code].scope == "executed" and known[code].family not in FAMILIES for code in wanted):
        return None
    return StepMemory(store, _basis(chosen, wanted, schemas, settings), known)


def _basis(
    chosen: Selection, wanted: list[str], schemas: Mapping[str, SourceFile], settings: tuple[object, ...]
) -> Iterator[str]:
    """Yield what the results of all steps depend on."""
    yield from environment()
    # Its library says which scripts SQLite accepts, of whatever engine they are.
    import _sqlite3

    yield _sqlite3.sqlite_version
    yield repr(sorted(chosen.silenced))
    for code in wanted:
        yield code
        yield repr(sorted(chosen.options[code].items()))
    for name, file in sorted(schemas.items()):
        yield name
        yield file.path
        yield file.text
    yield repr(settings)


def own_rule_text(settings: Settings, path: str) -> str:
    """Return the text of a file with own rules, empty if it cannot be read."""
    try:
        return settings.read(path, MAX_RULES).decode("utf-8", "replace")
    except OSError:
        return ""


def known_steps(analysis: Analysis) -> Mapping[int, HistoryMemory]:
    """Return the known steps of each history, by its place."""
    memory = analysis.memory
    if memory is None:
        return {}
    found = {}
    for place, history in enumerate(analysis.histories):
        runners = [runner.name for runner in analysis.runners[place]]
        parts = [history.root, history.layout, history.dialect.value, repr((runners, analysis.runner, analysis.sqlite))]
        executed = _executed(analysis, place)
        facts = [_facts(analysis, history, number) for number in range(len(history.migrations))]
        if None in facts:
            continue
        migrations = [
            (one, repr((known, more))) for one, known, more in zip(history.migrations, facts, executed, strict=True)
        ]
        kind = kind_of_run(analysis.executed)
        found[place] = memory.history([str(Path.cwd()), *parts[:3], *kind], parts, migrations)
    return found


def _facts(analysis: Analysis, history: History, number: int) -> tuple[object, ...] | None:
    """Return what the result of a migration depends on besides its scripts; None if not all of that is known."""
    migration = history.migrations[number]
    outside = analysis.dispatcher.outside(migration)
    if outside is None:
        return None
    return number == 0, analysis.is_served(history, migration), _shared(analysis, migration), outside


def kind_of_run(executed: DryRunReport | None) -> list[str]:
    """Return what tells the entries of runs with a dry run from others: the findings are not the same."""
    return [] if executed is None else ["dry run"]


def _executed(analysis: Analysis, place: int) -> list[tuple[object, ...]]:
    """Return, for each migration of a history, what its result depends on besides in a run with a dry run.

    That is what the dry run has found up to the migration, and whether second runs of its scripts matter.
    """
    history = analysis.histories[place]
    found: list[tuple[object, ...]] = [() for _ in history.migrations]
    for ran in analysis.executions(place):
        # Only dry runs need it.
        from miglint.dryrun.result_cache import digest_of

        # Its notes are about the run as a whole.
        basis = repr((replace(ran.engine, notes=()), ran.stopped))
        so_far = blake2b(basis.encode("utf-8", "surrogatepass"), digest_size=_SIZE)
        for number, run in enumerate(ran.migrations):
            so_far.update(digest_of(run))
            found[number] = (*found[number], so_far.hexdigest())
    choice = analysis.reruns.choice
    return [
        (*values, *(choice(script.path) for script in (item.forward, item.rollback) if script is not None))
        if values
        else ()
        for values, item in zip(found, history.migrations, strict=True)
    ]


def _shared(analysis: Analysis, migration: Migration) -> tuple[bool, ...]:
    """Return which scripts of a migration may get a variant for each engine, and whether others may run them."""
    scripts = (migration.forward, migration.rollback)
    shared = (script is not None and script.path in analysis.shared.paths for script in scripts)
    return (*shared, analysis.shared.others)


def record(result: PartialResult, analysis: Analysis, memories: Mapping[int, HistoryMemory]) -> None:
    """Keep the steps of whole histories, which other processes have replayed."""
    for part in result.parts:
        memory = memories.get(part.place)
        if memory is None:
            continue
        state = HistoryState(analysis.starts[analysis.histories[part.place].dialect])
        for number, step in enumerate(part.steps):
            if step.change is None:
                break
            complete = analysis.dispatcher.reads_all(step.migration, analysis.report_only)
            memory.put(number, state, step, complete=complete)
            state.take(step.change)
