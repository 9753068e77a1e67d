"""The schemas that a command line names: a file of SQL that makes one, or a history at one of its versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from miglint.base.digits import whole_number
from miglint.base.errors import UsageError
from miglint.base.model import Dialect, Direction, History, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.config.settings import Settings
from miglint.discovery import dialects, evidence
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES
from miglint.discovery.reading import read_file
from miglint.linter.run import Job, replayed
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.schema.outcome import OperationTrace, Run
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import AlterOther, SetTableOption, Statement


class SchemaSource(Struct, frozen=True):
    """A schema with the name by which it was requested.

    `unknown` are sentences about what of it is not understood. `moments` is the way to it, where it is one version of a
    history, with the number of the version in it: two of one history differ in what was done in between. `owners` are
    those that are set for objects other than tables, by what the objects are called.
    """

    name: str
    schema: Schema
    unknown: tuple[str, ...] = ()
    root: str | None = None
    moments: tuple[OperationTrace, ...] = ()
    owners: frozenset[tuple[str, str]] = frozenset()


def schema_source(settings: Settings, named: str, dialect: str | None) -> SchemaSource:
    """Return the schema of a file, or of a history (`PATH@VERSION`; without a version, at its end).

    Raises `UsageError` for a path that is not there, a version that is not known, and a file that cannot be read.
    """
    path, at, version = named.rpartition("@")
    if at and not Path(named).exists() and Path(path).exists():
        return _of_history(settings, named, path, version, dialect)
    if not Path(named).exists():
        raise UsageError(f"{named}: no such file or folder")
    if Path(named).is_dir():
        return _of_history(settings, named, named, None, dialect)
    return _of_file(settings, named, dialect)


def _of_history(settings: Settings, named: str, path: str, version: str | None, dialect: str | None) -> SchemaSource:
    history, steps = _only(settings, named, path, dialect)
    schema = Schema(history.dialect, path=("public",) if history.dialect is Dialect.POSTGRES else ("main",))
    unknown: list[str] = []
    moments: list[OperationTrace] = []
    found = version in (None, "", "0")
    for step in steps if version != "0" else ():
        if step.migration.forward is None:
            continue
        schema = step.after
        moments += step.forward.moments
        unknown += (f"{step.migration.version}: {reason}" for reason in step.forward.unknown)
        if version and _is_named(version, step.migration):
            found = True
            break
    if not found:
        raise UsageError(f"{named}: no migration has version {version}")
    if schema.rooted:
        schema = replace(schema, closed=True)
    return SchemaSource(named, schema, tuple(unknown), history.root, tuple(moments))


def _only(settings: Settings, named: str, path: str, dialect: str | None) -> tuple[History, Iterable[Step]]:
    chosen = replace(settings, dialect=settings.dialect or dialect)
    histories = [
        (item.history, item.steps)
        for item in replayed(Job(chosen, (path,)))
        if dialect in (None, item.history.dialect.value)
    ]
    if not histories:
        raise UsageError(f"{named}: no migrations found" + (f" for {dialect}" if dialect else ""))
    if len(histories) > 1:
        raise UsageError(f"{named}: several histories found; name a folder of one, or --dialect")
    return histories[0]


def _is_named(version: str, migration: Migration) -> bool:
    own = migration.version
    return version in (own, f"{own}_{migration.name}") or (
        version.isdecimal() and own.isdecimal() and whole_number(version) == whole_number(own)
    )


def _of_file(settings: Settings, named: str, dialect: str | None) -> SchemaSource:
    script = _script(settings, named, dialect)
    if script.file.error is not None:
        raise UsageError(f"{named}: {script.file.error}")
    statements = parse(script)
    for statement in statements:
        problem = statement.problem
        if problem is not None and problem.certain and not problem.template:
            line = script.file.position(problem.span.start).line
            raise UsageError(f"{named}:{line}: {problem.message}")
    empty = Schema(script.dialect, True, ("public",) if script.dialect is Dialect.POSTGRES else ("main",))
    done = run(empty, statements)
    return SchemaSource(named, done.schema, tuple(_unknown(script, done)), owners=frozenset(_owners(statements)))


def _owners(statements: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    for statement in statements:
        for operation in statement.operations:
            if isinstance(operation, AlterOther) and operation.definition.startswith("owner to "):
                yield f"{operation.kind} {operation.name}", operation.definition.removeprefix("owner to ")
            elif isinstance(operation, SetTableOption) and operation.kind == "sequence" and operation.option == "owner":
                yield f"sequence {operation.table}", operation.value or ""


def _unknown(script: Script, done: Run) -> Iterator[str]:
    for event in done.events:
        if event.failure is not None:
            position = script.file.position(event.statement.span.start)
            yield f"{script.file.path}:{position.line}: {event.failure.message}"
    yield from (f"{script.file.path}: {reason}" for reason in done.unknown)


def _script(settings: Settings, named: str, dialect: str | None) -> Script:
    """Return the script of a schema file, in the dialect that its name, folder or text indicates."""
    chosen = replace(settings, dialect=settings.dialect or dialect)
    for item in replayed(Job(chosen, (named,))):
        history = item.history
        for migration in history.migrations:
            if migration.forward is not None:
                own = Dialect(dialect) if dialect else history.dialect
                return replace(migration.forward, dialect=own)
    file = read_file(named, named, DEFAULT_MAX_FILE_BYTES).file
    return Script(file, Span(0, len(file.text)), Direction.FORWARD, _dialect(settings, named, file, dialect))


def _dialect(settings: Settings, named: str, file: SourceFile, given: str | None) -> Dialect:
    """Return the dialect of a schema file: the one given, or the one that its name, folder or text indicates."""
    chosen = given or settings.dialect
    if chosen is not None:
        return Dialect(chosen)
    parts = Path(named).name.lower().split(".")
    marks = [*map(dialects.named, reversed(parts)), dialects.of_folder(Path(named).parent.as_posix())]
    for mark in marks:
        if mark.dialects:
            return mark.dialects[0]
    found = evidence.of_files((file,))
    return found.mark.dialects[0] if found is not None and found.mark.dialects else Dialect.POSTGRES


def schema_sources(settings: Settings, old: str, new: str, dialect: str | None) -> tuple[SchemaSource, SchemaSource]:
    """Return two schemas of one dialect. Raises `UsageError` as `schema_source` does, and for two dialects."""
    one, two = (schema_source(settings, named, dialect) for named in (old, new))
    if one.schema.dialect is two.schema.dialect:
        return one, two
    if dialect is None and settings.dialect is None and one.root is None and two.root is None:
        # PostgreSQL is the default.
        return schema_sources(settings, old, new, Dialect.SQLITE.value)
    dialects_ = f"{one.schema.dialect.value} and {two.schema.dialect.value}"
    raise UsageError(f"{old} and {new} are in two dialects ({dialects_}); --dialect says which one is meant")
