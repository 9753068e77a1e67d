"""The configuration, read from `miglint.toml` or from `[tool.miglint]` in `pyproject.toml`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from miglint.base.digits import whole_number
from miglint.base.errors import UsageError
from miglint.base.findings import Severity
from miglint.base.input_files import (
    MAX_BASELINE,
    MAX_CONFIGURATION,
    is_file,
    is_inside,
    read_bytes,
    read_in_checkout,
)
from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.base.toml_text import TomlError, toml_values
from miglint.config.dry_run import dry_run_settings
from miglint.config.toml_table import ConfigError, TomlTable, nearest
from miglint.config.values import (
    DEFAULT_BASELINE,
    DEFAULT_PATHS,
    DIALECT_ALIASES,
    DIALECTS,
    FILE,
    FORMATS,
    IDEMPOTENCY,
    PYPROJECT,
    ROLLBACKS,
    RUNNERS,
    SEVERITIES,
    TRANSACTIONS,
    PerPath,
    Settings,
)

__all__ = [
    "DEFAULT_BASELINE",
    "DEFAULT_PATHS",
    "DIALECTS",
    "DIALECT_ALIASES",
    "FILE",
    "FORMATS",
    "IDEMPOTENCY",
    "KEYS",
    "NEWEST",
    "PYPROJECT",
    "ROLLBACKS",
    "RUNNERS",
    "SEVERITIES",
    "TRANSACTIONS",
    "CommitFiles",
    "PerPath",
    "Settings",
    "load",
    "overlooked",
    "parse_targets",
    "settings_of_text",
    "with_files_of",
]

_SWITCHED_OFF = frozenset({"off", "none", "ignore", "ignored", "disabled", "allow", "false"})
KEYS = (
    "paths",
    "dialect",
    "layout",
    "rollbacks",
    "targets",
    "baseline-schema",
    "image",
    "dry-run",
    "port",
    "select",
    "ignore",
    "extend-select",
    "severity",
    "rollback-severity",
    "per-path",
    "rules",
    "own-rules",
    "transaction",
    "runner",
    "idempotency",
    "exclude",
    "placeholders",
    "fail-on",
    "format",
    "baseline",
)
_TARGET = pattern(r"\s*([a-z0-9]+)\s*(?:>=\s*(\d+(?:\.\d+)*))?\s*\Z")
# The newest versions whose facts are known: a later target is an error.
# PostgreSQL 19 is known by its statements, such as REPACK; functions and operators are those of 14 to 18.
NEWEST = {"postgres": (19,), "sqlite": (3, 54)}
_RULE = pattern(r"[A-Z]{3}(?:[0-9]{1,3})?|ALL")
# Keys that people know from elsewhere.
_MEANT = {
    "tool": "in this file the keys of `[tool.miglint]` stand at the top, without that table",
    "miglint": "the keys stand at the top, without a table around them",
    "per-file-ignores": "write `[[per-path]]` with `paths = [...]` and `ignore = [...]`",
    "overrides": "write `[[per-path]]` with `paths = [...]`",
    "extend-ignore": "`ignore` adds to what is off already",
    "excluded_rules": "`miglint init --from squawk` turns a `.squawk.toml` into `ignore` and `targets`",
    "pg_version": "`miglint init --from squawk` turns a `.squawk.toml` into `ignore` and `targets`",
    "off": "write `ignore = [...]`",
    "disable": "write `ignore = [...]`",
}


class CommitFiles(Protocol):
    """Files of a working tree at a commit: its top folder, and the content of a path (None: no such file)."""

    @property
    def top(self) -> str:
        """The root of the working tree, with links resolved."""

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file of at most `limit` bytes; raises `UsageError`."""


def load(path: str | None = None, cwd: str | None = None, source: CommitFiles | None = None) -> Settings:
    """Read the configuration at `path`, or the nearest one upward from `cwd`; the defaults if there is none.

    With a `source`, the configuration and the files it names are read from there.
    """
    folder = Path(cwd) if cwd is not None else Path.cwd()
    if source is not None:
        return _as_of(source, path, folder)
    if path is not None:
        table = _read(Path(path), shown=path)
        if table is None:
            raise ConfigError(f"{path}:1: has no [tool.miglint] table")
        return _settings(table, Path(path))
    for place in (folder, *folder.parents):
        for name in (FILE, PYPROJECT):
            file = place / name
            # An unreadable configuration is an error; it must not be skipped in favor of one further up.
            if os.path.lexists(file) and not file.is_dir() and (table := _found(file, folder)) is not None:
                return _settings(table, file)
    return Settings(root=str(folder))


def settings_of_text(text: str, root: str) -> Settings:
    """Return the settings of a `miglint.toml` that is not written yet, as if it were in the folder `root`."""
    file = Path(root) / FILE
    table = _parse(text.encode(), file, FILE)
    assert table is not None  # only a pyproject.toml may have no settings
    return _settings(table, file)


def _as_of(source: CommitFiles, path: str | None, folder: Path) -> Settings:
    def table_in(file: Path, shown: str) -> TomlTable | None:
        return _parse(source.read(str(file), MAX_CONFIGURATION), file, shown)

    settings = Settings(root=str(folder))
    if path is not None:
        table = table_in(Path(path).absolute(), path)
        if table is None:
            raise ConfigError(f"{path}: that commit has no such configuration")
        settings = _settings(table, Path(path))
    else:
        for file in (place / name for place in (folder, *folder.parents) for name in (FILE, PYPROJECT)):
            if not _is_within(file.parent, source.top):
                break
            table = table_in(file, os.path.relpath(file, folder))
            if table is not None:
                settings = _settings(table, file)
                break
    return with_files_of(settings, source, settings.files)


def with_files_of(settings: Settings, source: CommitFiles, paths: Iterable[str]) -> Settings:
    """Return the settings with these files' content at the commit; files outside its tree are read from disk."""
    places = {settings.at(path) for path in paths}
    held = {place: source.read(place, MAX_BASELINE) for place in places if _is_within(Path(place).parent, source.top)}
    return replace(settings, as_of={**(settings.as_of or {}), **held})


def _is_within(folder: Path, top: str) -> bool:
    return folder.resolve().is_relative_to(top)


def overlooked(settings: Settings, paths: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return an unused configuration that is nearer to all paths than the one in use, and the files it depends on."""
    absolute = [Path(path).absolute() for path in paths]
    try:
        common = Path(os.path.commonpath(absolute))
    except ValueError:
        return None, ()  # no paths, or no common folder
    looked: list[str] = []
    for place in (common, *common.parents):
        if place == Path(settings.root):
            break
        for name in (FILE, PYPROJECT):
            file = place / name
            looked.append(str(file))
            if _is_ours(file):
                return os.path.relpath(file), tuple(looked)
    return None, tuple(looked)


def _is_ours(file: Path) -> bool:
    try:
        return is_file(file) and (file.name == FILE or b"[tool.miglint" in read_bytes(file, MAX_CONFIGURATION))
    except OSError:
        return False


def _found(file: Path, folder: Path) -> TomlTable | None:
    return _read(file, shown=os.path.relpath(file, folder))


def _read(file: Path, shown: str) -> TomlTable | None:
    """Return the table with miglint's settings, or None for a `pyproject.toml` without one."""
    try:
        return _parse(read_in_checkout(file, MAX_CONFIGURATION), file, shown)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror or error}") from None


def _parse(content: bytes | None, file: Path, shown: str) -> TomlTable | None:
    if content is None:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}:1: byte {error.start} is not UTF-8") from None
    if file.name == PYPROJECT and "miglint" not in text:
        return None
    try:
        values = toml_values(text)
    except TomlError as error:
        where = shown if error.line is None else f"{shown}:{error.line}"
        raise ConfigError(f"{where}: {error}") from None
    if file.name != PYPROJECT:
        return TomlTable(values, shown, text)
    tool = values.get("tool")
    mine = tool.get("miglint") if isinstance(tool, dict) else None
    if mine is None:
        return None
    whole = TomlTable(values, shown, text)
    return whole.table("tool").table("miglint")


def _settings(table: TomlTable, file: Path) -> Settings:
    table.only(KEYS, _MEANT)
    fail_on = table.choice("fail-on", SEVERITIES)
    rollback = table.choice("rollback-severity", SEVERITIES)
    # `rules` as a list names files with own rules; as a table it holds options of rules.
    own = table.strings("rules") if isinstance(table.values.get("rules"), list) else ()
    if wrong := next((name for name in own if _RULE.fullmatch(name)), None):
        table.fail(f'`rules` names files with own rules: `select = ["{wrong}"]` enables rules', "rules")
    return _within_checkout(
        Settings(
            root=str(file.parent.absolute()),
            file=table.path,
            text=table.text,
            paths=table.strings("paths"),
            dialect=table.choice("dialect", DIALECTS, DIALECT_ALIASES),
            layout=table.string("layout"),
            rollbacks=table.choice("rollbacks", ROLLBACKS),
            targets=_targets(table),
            baseline_schema=_baseline_schema(table),
            image=table.string("image"),
            dry_run=dry_run_settings(table.table("dry-run")),
            port=_port(table.table("port")),
            select=table.strings("select"),
            ignore=table.strings("ignore"),
            extend_select=table.strings("extend-select"),
            severity=_severities(table.table("severity")),
            rollback_severity=SEVERITIES[rollback] if rollback else None,
            per_path=tuple(_per_path(item) for item in table.tables("per-path")),
            rules={}
            if own
            else {name: table.table("rules").table(name).values for name in table.table("rules").values},
            own_rules=own + table.strings("own-rules"),
            transaction=table.choice("transaction", TRANSACTIONS),
            runner=table.choice("runner", RUNNERS),
            idempotency=table.choice("idempotency", IDEMPOTENCY) or "auto",
            exclude=table.strings("exclude"),
            placeholders=table.string_values("placeholders"),
            fail_on=SEVERITIES[fail_on] if fail_on else Severity.ERROR,
            format=table.choice("format", FORMATS),
            baseline=table.string("baseline"),
        )
    )


def _within_checkout(settings: Settings) -> Settings:
    """Refuse paths out of the checkout: what is there is quoted in findings, and a baseline may be written."""
    named = [("paths", path) for path in settings.paths]
    named += [("baseline-schema", path) for path in settings.baseline_schema.values()]
    named += [] if settings.baseline is None else [("baseline", settings.baseline)]
    for key, path in named:
        place = settings.at(path)
        if "\0" not in path and not is_inside(place, settings.root) and not is_inside(place, Path.cwd()):
            raise ConfigError(f"{settings.place(key)}{key}: `{path}` is outside the checkout")
    return settings


def _targets(table: TomlTable) -> dict[str, tuple[int, ...]]:
    try:
        return parse_targets(table.strings("targets"))
    except ConfigError:
        raise
    except UsageError as error:
        table.fail(str(error), "targets")


def _baseline_schema(table: TomlTable) -> dict[str, str]:
    value = table.values.get("baseline-schema")
    if isinstance(value, dict):
        table.table("baseline-schema").only(DIALECTS)
        return table.string_values("baseline-schema")
    path = table.string("baseline-schema")
    return {"": path} if path is not None else {}


def _port(table: TomlTable) -> dict[str, dict[str, str]]:
    """Return the types to write for the other engine's, by the engine that they are for."""
    table.only(DIALECTS)
    return {dialect: table.string_values(dialect) for dialect in table.values}


def _severities(table: TomlTable) -> dict[str, Severity]:
    for name, value in table.values.items():
        if isinstance(value, str) and value.lower() in _SWITCHED_OFF:
            table.fail(f'`{name}` has no severity `{value}`: `ignore = ["{name}"]` turns rules off', name)
    return {name: SEVERITIES[table.choice(name, SEVERITIES) or "error"] for name in table.values}


def _per_path(table: TomlTable) -> PerPath:
    table.only(("paths", "ignore", "severity", "idempotency", "dialect"))
    paths = table.strings("paths")
    if not paths:
        table.fail("`per-path` needs `paths`, the patterns of the files that it is about")
    return PerPath(
        paths,
        table.strings("ignore"),
        _severities(table.table("severity")),
        table.choice("idempotency", IDEMPOTENCY),
        table.choice("dialect", DIALECTS, DIALECT_ALIASES),
    )


def parse_targets(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Parse targets such as `postgres>=14`; an engine without a version has the version `()`."""
    targets: dict[str, tuple[int, ...]] = {}
    for text in texts:
        found = _TARGET.match(text.lower())
        if found is None:
            raise UsageError(f"invalid target `{text}`: expected a form like `postgres>=14`")
        name = DIALECT_ALIASES.get(found[1], found[1])
        if name not in DIALECTS:
            hint = nearest(found[1], DIALECTS) or f": known engines are {' and '.join(DIALECTS)}"
            raise UsageError(f"target `{text}`: unknown engine `{found[1]}`{hint}")
        version = tuple(whole_number(part) for part in (found[2] or "").split(".") if part)
        newest = NEWEST[name]
        if version[: len(newest)] > newest:
            known = ".".join(map(str, newest))
            raise UsageError(f"target `{text}`: the newest version that miglint knows is {known}: `{name}>={known}`")
        targets[name] = version
    return targets
