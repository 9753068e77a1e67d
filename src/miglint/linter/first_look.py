"""A first look at a project: what `miglint init` writes to the configuration, and what is worth a look."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.findings import FAMILIES, Finding, Severity
from miglint.base.model import Dialect, History
from miglint.base.structs import Struct, replace
from miglint.config.settings import RUNNERS, Settings, settings_of_text
from miglint.config.starter import FolderDialect, SettingLine, starter
from miglint.discovery.find import discover
from miglint.discovery.migration_folders import migration_folders
from miglint.discovery.surroundings import engine_beside, lowest, postgres_beside
from miglint.discovery.tools import WITH_CHECKSUMS, tools_beside
from miglint.discovery.walk import printable
from miglint.linter.paths import discovery_options, elsewhere_words
from miglint.linter.run import Job, check
from miglint.replay.runner_guarantees import runners_of
from miglint.report.value import MigrationReport, Report

_SPOKEN = {Dialect.POSTGRES: "PostgreSQL", Dialect.SQLITE: "SQLite"}
# A project whose scripts can run twice, but for a few, means them to.
_SAFE_SHARE = 0.8
_FEWEST = 3
# What is worth a look first: rollbacks that do not restore, rows that are lost, names that are missing.
_FIRST = ("SYM", "DAT", "REF", "NAM", "TXN", "SYN", "PAR", "LIT", "LCK", "BWC", "TYP")


class FirstLook(Struct, frozen=True):
    """What was found: the histories, the configuration's text, and the report with that configuration.

    `idempotency` is the setting that was chosen, with the reason.
    """

    histories: tuple[History, ...]
    text: str
    report: Report
    idempotency: SettingLine | None = None


def first_look(root: str, *, baseline: str | None, imported: Sequence[str] = (), cached: bool = True) -> FirstLook:
    """Return a configuration for a project.

    `baseline` is the file that it names, if any. `imported` are lines of another tool's configuration. With `cached`,
    the next check repeats the report. Raises `UsageError` if there are no migrations.
    """
    found = migration_folders(root)
    if not found.histories and imported:
        return FirstLook((), starter((), (), imported), Report())
    if not found.histories:
        where = f"{_shown(root)}{elsewhere_words(root)}"
        raise UsageError(f"no folder with migrations found in {where}; name it with `paths` in miglint.toml")
    odd = next((path for path in found.paths if printable(path) != path), None)
    if odd is not None:
        raise UsageError(f"{printable(odd)}: the name is not UTF-8, and miglint.toml cannot hold it")
    unsaid = _unsaid(root, found.paths)
    guesses = {history.root: _engine(history) for history in found.histories if history.root in unsaid}
    dialects, folders = _dialect_keys(guesses, root)
    # With their dialects, and with what the runs say of them.
    paths_only = starter([_paths(found.paths, found.histories), *dialects], folders)
    settings = settings_of_text(paths_only, root)
    histories = tuple(
        item
        for item in discover([settings.at(path) for path in found.paths], options=discovery_options(settings)).histories
        if item.migrations
    )
    keys = [
        _paths(found.paths, histories),
        *dialects,
        *(_targets(histories) if not any(line.startswith("targets") for line in imported) else ()),
        *_runner(histories, root),
        *_rollbacks(histories),
    ]
    accepted = [] if baseline is None else [SettingLine("baseline", baseline, _baseline_reason(histories))]

    def checked(text: str) -> tuple[Settings, Report]:
        chosen = settings_of_text(text, root)
        paths = tuple(chosen.at(path) for path in chosen.paths)
        return chosen, check(Job(chosen, paths, cached=cached)).report

    # Which scripts can run twice is a result of the check, and most often changes nothing in its settings.
    settings, report = checked(starter([*keys, *accepted], folders, imported))
    idempotency = _idempotency(histories, report)
    text = starter([*keys, idempotency, *accepted], folders, imported)
    if replace(settings_of_text(text, root), text="") != replace(settings, text=""):
        _, report = checked(text)
    return FirstLook(histories, text, report, idempotency)


def described(history: History) -> str:
    """Return a history in words: its folder, tool, engine and size."""
    count = len(history.migrations)
    tools = " or ".join(item.name for item in runners_of(history.layout, history.tools, None)) or "no known tool"
    return f"{history.root}: {tools}, {_SPOKEN[history.dialect]}, {count:,} migration{'' if count == 1 else 's'}"


def worth_a_look(report: Report) -> Finding | None:
    """Return the finding to read first: the gravest one that is about the schema or rows, in the newest migration."""
    order = {path: number for number, item in enumerate(report.migrations) for path in _scripts(item)}
    ranks = {FAMILIES[family]: number for number, family in enumerate(_FIRST)}

    def rank(item: Finding) -> tuple[int, int, int]:
        return -item.severity, ranks[item.category], -order.get(item.path, 0)

    chosen = [item for item in report.findings if item.category in ranks and item.severity > Severity.INFO]
    return min(chosen, key=rank, default=None)


def _scripts(item: MigrationReport) -> tuple[str, ...]:
    return tuple(path for path in (item.forward, item.rollback) if path is not None)


def _paths(paths: tuple[str, ...], histories: Sequence[History]) -> SettingLine:
    counts = Counter((_tools(history), history.dialect) for history in histories for _ in history.migrations)
    parts = [f"{number:,} for {_SPOKEN[dialect]} ({tools})" for (tools, dialect), number in counts.items()]
    return SettingLine("paths", paths, f"Migrations: {', '.join(parts)}.")


def _tools(history: History) -> str:
    return "/".join(item.name for item in runners_of(history.layout, history.tools, None)) or history.layout


def _unsaid(root: str, paths: Iterable[str]) -> set[str]:
    """Return the folders of histories whose engine neither a name nor a tool specifies."""
    found = discover([os.path.join(root, path) for path in paths])  # noqa: PTH118 - the folder as it is named
    detected = {problem.path for problem in found.problems if problem.kind == "dialect-found"}
    return detected | {history.root for history in found.histories if history.assumed is not None}


def _engine(history: History) -> tuple[Dialect, str]:
    """Return the engine of a history that specifies none, with the reason: its text, else the files beside it."""
    place = str(Path(history.root).absolute())
    if history.dialect is Dialect.SQLITE:
        return Dialect.SQLITE, "Syntax that only SQLite has."
    if history.assumed is not None and "contains" in history.assumed:
        return Dialect.POSTGRES, "Syntax that only PostgreSQL has."
    if (engine := engine_beside(place)) is not None:
        return Dialect(engine.value), f"{engine.source}."
    if (version := postgres_beside(place)) is not None:
        return Dialect.POSTGRES, f"{version.source}."
    return Dialect.POSTGRES, "A guess: nothing names one engine."


def _dialect_keys(guesses: dict[str, tuple[Dialect, str]], root: str) -> tuple[list[SettingLine], list[FolderDialect]]:
    """Return one dialect for all, or that of most folders and the other one for the rest."""
    engines = {dialect for dialect, _ in guesses.values()}
    if not engines:
        return [], []
    reasons = {dialect: next(why for one, why in guesses.values() if one is dialect) for dialect in engines}
    if len(engines) == 1:
        (dialect,) = engines
        return [SettingLine("dialect", dialect.value, reasons[dialect])], []
    sqlite = tuple(sorted(_inside(place, root) for place, (dialect, _) in guesses.items() if dialect is Dialect.SQLITE))
    folders = [FolderDialect(sqlite, Dialect.SQLITE.value, reasons[Dialect.SQLITE])]
    return [SettingLine("dialect", Dialect.POSTGRES.value, reasons[Dialect.POSTGRES])], folders


def _inside(place: str, root: str) -> str:
    return Path(os.path.relpath(place, root)).as_posix()


def _targets(histories: Sequence[History]) -> list[SettingLine]:
    """Return the oldest version of PostgreSQL that is named.

    SQLite is no target, also if histories are for it: scripts for PostgreSQL alone would then have to run on SQLite.
    """
    version = lowest(
        postgres_beside(str(Path(item.root).absolute())) for item in histories if item.dialect is Dialect.POSTGRES
    )
    return [] if version is None else [SettingLine("targets", (f"postgres>={version.value}",), f"{version.source}.")]


def _runner(histories: Sequence[History], root: str) -> list[SettingLine]:
    """Return the tool where files beside the migrations name it and their names alone do not."""
    named = {history.tools for history in histories}
    if len(named) != 1 or len(tools := named.pop()) != 1 or tools[0] not in RUNNERS:
        return []
    files = dict.fromkeys(file for history in histories for file in tools_beside(history, root).sources)
    listed = [_inside(file, root) for file in files]
    reason = f"{_spoken(listed)} name{'s' if len(listed) == 1 else ''} it." if listed else "The names of the scripts."
    return [SettingLine("runner", tools[0], reason)]


def _rollbacks(histories: Sequence[History]) -> list[SettingLine]:
    """Return whether migrations have rollbacks, if it is the same for all of them.

    That of a tool without rollbacks is known, and none of its migrations may be required to have one.
    """
    pairable = [
        item for history in histories if history.rollbacks != "none" for item in history.migrations if item.forward
    ]
    without = sum(item.rollback is None for item in pairable)
    if not pairable or 0 < without < len(pairable):
        return []
    if without:
        return [SettingLine("rollbacks", "none", "No migration has one.")]
    if any(history.rollbacks == "none" for history in histories):
        return []
    return [SettingLine("rollbacks", "required", "Every migration has one.")]


def _idempotency(histories: Sequence[History], report: Report) -> SettingLine:
    """Return whether scripts that cannot run twice are errors: always, if most can, else where it can happen."""
    known = [item.verdict["forward_idempotent"] for item in report.migrations]
    safe, total = sum(value is True for value in known), sum(value is not None for value in known)
    if total >= _FEWEST and safe >= _SAFE_SHARE * total:
        return SettingLine(
            "idempotency", "required", f"{safe:,} of {total:,} forward scripts can run twice: the rule for new ones."
        )
    tools = sorted({item.name for history in histories for item in runners_of(history.layout, history.tools, None)})
    scripts = (
        f"what {_spoken(tools)} may run twice" if tools else "what may run twice: no tool is known that prevents it"
    )
    reason = f'Errors only for {scripts}. "required": for all scripts ({safe:,} of {total:,} can run twice).'
    return SettingLine("idempotency", "auto", reason)


def _baseline_reason(histories: Sequence[History]) -> str:
    keeps = sorted({name for item in histories for name in item.tools or (item.layout,)} & WITH_CHECKSUMS)
    if keeps:
        verb = "refuse" if len(keeps) > 1 else "refuses"
        return f"Accepted findings: {_spoken(keeps)} {verb} applied scripts that change, be it by a comment."
    return "Accepted findings: only new ones are reported."


def _spoken(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _shown(root: str) -> str:
    return os.path.relpath(root)


def pairs_and_scripts(histories: Sequence[History]) -> tuple[int, int]:
    """Return the number of migrations with a rollback, and of all migrations."""
    listed = [item for history in histories for item in history.migrations]
    return sum(item.rollback is not None for item in listed), len(listed)
