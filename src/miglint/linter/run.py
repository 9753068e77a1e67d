"""The check: paths to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from miglint.base.errors import UsageError
from miglint.base.input_files import RecordedReads
from miglint.base.model import BaseBranch, Discovered, History, Migration, SourceFile
from miglint.base.structs import Struct, field, replace
from miglint.cache.command_output import CachedInvocation, InputFingerprint
from miglint.cache.hints import HintCache
from miglint.cache.store import Store, open_store
from miglint.config.settings import Settings
from miglint.discovery import discover, discover_text
from miglint.discovery.context import variant_places
from miglint.discovery.known_hints import KnownHints
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES
from miglint.discovery.reading import from_bytes
from miglint.discovery.roots import ROLLBACK_FOLDERS
from miglint.linter.paths import checked_paths, discovery_options
from miglint.report.value import Report

if TYPE_CHECKING:
    from miglint.dryrun.options import DryRunOptions
    from miglint.linter.incremental.known_texts import KnownTexts
    from miglint.replay.steps import Step

ProgressCallback = Callable[..., None]


class Job(Struct, frozen=True):
    """What to check: `paths` as given, or one file whose `text` is given instead of being read.

    `texts` are those of files, by displayed path, as they would be after a change: the cache is not used then.
    `question` records the inputs of the output for the cache; `extra` are additional input files. With `dry_run`,
    everything is executed as well. `report_only` are the files whose findings are needed, if
    not all: for others, findings of expensive checks may be missing. `branch` is what they are compared with. Without
    `verdicts`, the report need not say whether SQLite accepts the scripts.
    """

    settings: Settings
    paths: tuple[str, ...] = ()
    text: bytes | None = None
    cached: bool = True
    progress: ProgressCallback | None = None
    question: CachedInvocation | None = None
    extra: tuple[str, ...] = ()
    dry_run: DryRunOptions | None = None
    report_only: frozenset[str] | None = None
    branch: BaseBranch | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    verdicts: bool = True


class Outcome(Struct, frozen=True):
    """The report, and the files in it by path; `texts` are those of its findings that earlier runs have written."""

    report: Report
    sources: Mapping[str, SourceFile]
    texts: KnownTexts | None = None


def check(job: Job) -> Outcome:
    """Find, read, replay and check; raises `UsageError` for invalid requests."""
    watched = own_rules_are_files(job.settings)
    cached = watched and job.cached and job.text is None and not job.texts
    store = open_store(job.settings.root) if cached else None
    found, schemas = _read(job, store, watched=watched)
    requested = [paths for paths in (found.requested, job.report_only) if paths is not None]
    report_only = frozenset.intersection(*requested) if requested else None
    report, texts = _judged(job, found, schemas, report_only, store)
    if found.requested is not None:
        report, texts = report.of_paths(found.requested), None
    return Outcome(report, {file.path: file for file in found.files}, texts)


def _read(job: Job, store: Store | None, *, watched: bool) -> tuple[Discovered, dict[str, SourceFile]]:
    """Find and read the scripts and the baseline schemas; what was read is recorded for the cache, if it is `watched`.

    The contents that were recorded are not kept beyond that: they are as large as all scripts.
    """
    with RecordedReads() as seen:
        found = _discovered(job) if store is None else _discovered_with_hints(job, store)
    schemas = baseline_schemas(job.settings)
    if job.question is not None and watched:
        job.question.observe(_inputs(job, found), seen)
    return found, schemas


def _judged(
    job: Job,
    found: Discovered,
    schemas: Mapping[str, SourceFile],
    report_only: frozenset[str] | None,
    store: Store | None,
) -> tuple[Report, KnownTexts | None]:
    """Run everything; return the report and the known texts of its findings.

    `store` has the steps of earlier runs, where they may be used.
    """
    # Importing parsers and rules takes longer than most other commands.
    from miglint.linter.findings_builder import judge
    from miglint.rules.selection import load_rules, select

    chosen = select(job.settings, load_rules(job.settings))
    executed = None
    if job.dry_run is not None:
        # Engines and their drivers are heavy, and optional dependencies.
        from miglint.linter.dry_run import execute_dry_run

        executed = execute_dry_run(found, job.settings, schemas, job.dry_run, job.progress, cached=job.cached)
    progress = None if executed else job.progress
    report, texts = judge(
        found, job.settings, schemas, chosen, progress, executed, report_only, store, verdicts=job.verdicts
    )
    if chosen.reads_other_files and job.question is not None:
        job.question.forget()
    return report, texts


def own_rules_are_files(settings: Settings) -> bool:
    """Return whether all own rules are files, which the cache tracks: a module may be anywhere."""
    return not settings.own_code or all(name.endswith(".py") for name in settings.own_rules)


class ReplayedHistory(NamedTuple):
    """A history and its steps, replayed as they are read.

    `requested` are the files to report, if not all: the others belong to their histories.
    """

    history: History
    steps: Iterator[Step]
    requested: frozenset[str] | None = None

    def is_requested(self, migration: Migration) -> bool:
        """Return whether a migration has a requested script."""
        return self.requested is None or any(
            script is not None and script.path in self.requested for script in (migration.forward, migration.rollback)
        )


def replayed(job: Job, *, every: bool = False) -> Iterator[ReplayedHistory]:
    """Find, read and replay without checking: each history that has a requested script, or `every` one."""
    from miglint.linter.findings_builder import steps_of

    schemas = baseline_schemas(job.settings)
    found = _discovered(job)
    for history in found.histories:
        item = ReplayedHistory(history, steps_of(history, job.settings, schemas), found.requested)
        if every or any(map(item.is_requested, history.migrations)) or found.requested is None:
            yield item


def _discovered(job: Job) -> Discovered:
    settings = job.settings
    options = discovery_options(settings)
    if job.text is not None:
        return discover_text(job.paths[0], job.text, options=options)
    paths = checked_paths(settings, job.paths).paths
    if job.branch is not None:
        found = discover(paths, options=replace(options, on_base=job.branch.arrived), texts=job.texts)
        return replace(found, branch=job.branch)
    found = discover(paths, options=options, texts=job.texts)
    return replace(found, requested=job.report_only) if job.texts and job.report_only is not None else found


def _discovered_with_hints(job: Job, store: Store) -> Discovered:
    """Find and read with what earlier runs have found in the texts, and keep it for the next one."""
    cache = HintCache(store, job.settings.root)
    known = cache.load()
    with KnownHints(known) as hints:
        found = _discovered(job)
    cache.save(known, hints.found)
    return found


def _inputs(job: Job, found: Discovered) -> InputFingerprint:
    """Return all inputs of the report: files listed and read, and files that would change the discovery."""
    requested = [Path(path).absolute() for path in checked_paths(job.settings, job.paths).paths]
    beside = {path.parent / name for given in requested for path in (given, given.parent) for name in ROLLBACK_FOLDERS}
    below = {folder / path.name for folder in beside for given in requested for path in (given, given.parent)}
    inside = [path / "any.sql" if path.is_dir() else path for path in requested]
    settings = job.settings
    files = [*(settings.at(path) for path in (*settings.baseline_schema.values(), *settings.own_rules)), *job.extra]
    return InputFingerprint(
        list(found.folders),
        sorted({*map(str, {*requested, *beside, *below}), *variant_places([str(path) for path in inside])}),
        sorted({*files, *found.consulted, *(str(path) for path in requested if not path.is_dir())}),
        # Its library says which scripts SQLite accepts, also those for PostgreSQL.
        bool(found.histories),
        list(found.passed_over),
    )


def baseline_schemas(settings: Settings) -> dict[str, SourceFile]:
    """Read the SQL files of the baseline schemas, by dialect (empty: any)."""
    files: dict[str, SourceFile] = {}
    for dialect, path in settings.baseline_schema.items():
        where = settings.place("baseline-schema")
        try:
            content = settings.read(path, DEFAULT_MAX_FILE_BYTES)
        except FileNotFoundError as error:
            reason = error.strerror if settings.as_of else "no such file"
            raise UsageError(f"{where}baseline-schema: `{path}`: {reason}") from None
        except OSError as error:
            raise UsageError(f"{where}baseline-schema: `{path}`: {error.strerror or error}") from None
        files[dialect] = from_bytes(content, path).file
    return files
