"""The configuration: `miglint.toml`, or `[tool.miglint]` in `pyproject.toml`, as one typed value.

Names of rules are kept as they are written: `selection.py` resolves them once the rules are loaded, which a run that
is answered from the cache never does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.findings import Severity
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.config.toml_table import ConfigError, Table, line_of, nearest

FILE = "miglint.toml"
PYPROJECT = "pyproject.toml"
DEFAULT_PATHS = ("migrations",)
DIALECTS = tuple(dialect.value for dialect in Dialect)
ROLLBACKS = ("required", "optional", "none")
TRANSACTIONS = ("per-file", "per-statement", "none")
IDEMPOTENCY = ("auto", "required", "off")
# The tools whose guarantees are known: `docs/layouts.md`.
RUNNERS = (
    "atlas", "dbmate", "diesel", "drizzle", "flyway", "golang-migrate", "goose", "hasura", "liquibase", "morph", "pop",
    "prisma", "refinery", "rusqlite_migration", "sql-migrate", "sqlx", "supabase",
)  # fmt: skip
SEVERITIES = {str(severity): severity for severity in reversed(Severity)}
KEYS = (
    "paths",
    "dialect",
    "layout",
    "rollbacks",
    "targets",
    "baseline-schema",
    "image",
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
    "baseline",
)
_TARGET = pattern(r"\s*([a-z0-9]+)\s*(?:>=\s*(\d+(?:\.\d+)*))?\s*\Z")
_TARGET_NAMES = {"postgresql": "postgres", "pg": "postgres", "sqlite3": "sqlite"}


class PerPath(Struct, frozen=True):
    """What is different for the files that match `paths`."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    idempotency: str | None = None


class Settings(Struct, frozen=True):
    """The settings of a run.

    `root` is the folder that paths in the settings are relative to: that of `file`, or the working directory when
    there is no file. `targets` maps a dialect to its lowest version. `baseline_schema` maps a dialect to the file that
    makes the schema at which its history begins; the key `""` stands for every dialect. `image` names the image of the
    containers of a dry run. `runner` is the migration tool (`docs/layouts.md`). `idempotency` says when a script that
    cannot run twice is an error: `auto` (where that can happen), `required` (always), `off` (never). `own_rules` are
    the Python files, and the modules or entry points, with rules of one's own.
    """

    root: str
    file: str | None = None
    text: str = ""
    paths: tuple[str, ...] = ()
    dialect: str | None = None
    layout: str | None = None
    rollbacks: str | None = None
    targets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    baseline_schema: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    rollback_severity: Severity | None = None
    per_path: tuple[PerPath, ...] = ()
    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    own_rules: tuple[str, ...] = ()
    transaction: str | None = None
    runner: str | None = None
    idempotency: str = "auto"
    exclude: tuple[str, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)
    fail_on: Severity = Severity.ERROR
    baseline: str | None = None

    def at(self, path: str) -> str:
        """Return a path of the settings as one that can be opened."""
        return str(Path(self.root) / path)

    def place(self, *keys: str | int) -> str:
        """Return `file:line: ` of a key, empty when no file says it."""
        if self.file is None:
            return ""
        steps = ("tool", "miglint", *keys) if Path(self.file).name == PYPROJECT else keys
        return f"{self.file}:{line_of(self.text, steps)}: "


def load(path: str | None = None, cwd: str | None = None) -> Settings:
    """Read the configuration at `path`, or the nearest one upward from `cwd`; without any, the defaults."""
    folder = Path(cwd) if cwd is not None else Path.cwd()
    if path is not None:
        table = _read(Path(path), shown=path)
        if table is None:
            raise ConfigError(f"{path}:1: no [tool.miglint] table in it")
        return _settings(table, Path(path))
    for place in (folder, *folder.parents):
        for name in (FILE, PYPROJECT):
            file = place / name
            if file.is_file() and (table := _read(file, shown=os.path.relpath(file, folder))) is not None:
                return _settings(table, file)
    return Settings(root=str(folder))


def overlooked(settings: Settings, paths: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return a configuration that stands nearer to all of the paths than the one in use, and what this depends on."""
    absolute = [Path(path).absolute() for path in paths]
    try:
        common = Path(os.path.commonpath(absolute))
    except ValueError:
        return None, ()  # no paths, or paths that have nothing in common
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
        return file.is_file() and (file.name == FILE or b"[tool.miglint" in file.read_bytes())
    except OSError:
        return False


def _read(file: Path, shown: str) -> Table | None:
    """Return the table with miglint's settings, or None for a `pyproject.toml` without one."""
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}:1: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror or error}") from None
    if file.name == PYPROJECT and "miglint" not in text:
        return None
    import tomllib  # many folders have nothing to read

    try:
        values: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_toml_message(shown, text, error)) from None
    if file.name != PYPROJECT:
        return Table(values, shown, text)
    tool = values.get("tool")
    mine = tool.get("miglint") if isinstance(tool, dict) else None
    if mine is None:
        return None
    whole = Table(values, shown, text)
    return whole.table("tool").table("miglint")


def _toml_message(shown: str, text: str, error: ValueError) -> str:
    message = str(error)
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z", message)
    if found is None:
        return f"{shown}: not TOML: {message}"
    line = found[1] or str(len(text.splitlines()) or 1)
    return f"{shown}:{line}: not TOML: {message[: found.start()]}"


def _settings(table: Table, file: Path) -> Settings:
    table.only(KEYS)
    fail_on = table.choice("fail-on", SEVERITIES)
    rollback = table.choice("rollback-severity", SEVERITIES)
    # A list names files with rules of one's own; a table holds the options of rules.
    own = table.strings("rules") if isinstance(table.values.get("rules"), list) else ()
    return Settings(
        root=str(file.parent.absolute()),
        file=table.path,
        text=table.text,
        paths=table.strings("paths"),
        dialect=table.choice("dialect", DIALECTS),
        layout=table.string("layout"),
        rollbacks=table.choice("rollbacks", ROLLBACKS),
        targets=_targets(table),
        baseline_schema=_baseline_schema(table),
        image=table.string("image"),
        select=table.strings("select"),
        ignore=table.strings("ignore"),
        extend_select=table.strings("extend-select"),
        severity=_severities(table.table("severity")),
        rollback_severity=SEVERITIES[rollback] if rollback else None,
        per_path=tuple(_per_path(item) for item in table.tables("per-path")),
        rules={} if own else {name: table.table("rules").table(name).values for name in table.table("rules").values},
        own_rules=own + table.strings("own-rules"),
        transaction=table.choice("transaction", TRANSACTIONS),
        runner=table.choice("runner", RUNNERS),
        idempotency=table.choice("idempotency", IDEMPOTENCY) or "auto",
        exclude=table.strings("exclude"),
        placeholders=table.string_values("placeholders"),
        fail_on=SEVERITIES[fail_on] if fail_on else Severity.ERROR,
        baseline=table.string("baseline"),
    )


def _targets(table: Table) -> dict[str, tuple[int, ...]]:
    try:
        return parse_targets(table.strings("targets"))
    except ConfigError:
        raise
    except UsageError as error:
        table.fail(str(error), "targets")


def _baseline_schema(table: Table) -> dict[str, str]:
    value = table.values.get("baseline-schema")
    if isinstance(value, dict):
        table.table("baseline-schema").only(DIALECTS)
        return table.string_values("baseline-schema")
    path = table.string("baseline-schema")
    return {"": path} if path is not None else {}


def _severities(table: Table) -> dict[str, Severity]:
    return {name: SEVERITIES[table.choice(name, SEVERITIES) or "error"] for name in table.values}


def _per_path(table: Table) -> PerPath:
    table.only(("paths", "ignore", "severity", "idempotency"))
    paths = table.strings("paths")
    if not paths:
        table.fail("`per-path` needs `paths`, the patterns of the files that it is about")
    return PerPath(
        paths,
        table.strings("ignore"),
        _severities(table.table("severity")),
        table.choice("idempotency", IDEMPOTENCY),
    )


def parse_targets(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read `postgres>=14` and the like; an engine without a version has the version `()`."""
    targets: dict[str, tuple[int, ...]] = {}
    for text in texts:
        found = _TARGET.match(text.lower())
        if found is None:
            raise UsageError(f"target `{text}` is not like `postgres>=14`")
        name = _TARGET_NAMES.get(found[1], found[1])
        if name not in DIALECTS:
            hint = nearest(found[1], DIALECTS) or f": known are {' and '.join(DIALECTS)}"
            raise UsageError(f"target `{text}`: no engine is called `{found[1]}`{hint}")
        targets[name] = tuple(int(part) for part in (found[2] or "").split(".") if part)
    return targets
