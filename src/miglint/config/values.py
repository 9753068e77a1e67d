"""The settings of a run as one typed value, and the words that some of them may have.

Rule names are stored unresolved: `rules.selection` resolves them after loading the rules, which a cached run skips.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from miglint.base.findings import Severity
from miglint.base.input_files import checkout_of, read_within
from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.config.dry_run import DryRunSettings
from miglint.config.toml_table import line_of

FILE = "miglint.toml"
PYPROJECT = "pyproject.toml"
DEFAULT_BASELINE = "miglint-baseline.json"
DEFAULT_PATHS = ("migrations",)
DIALECTS = tuple(dialect.value for dialect in Dialect)
ROLLBACKS = ("required", "optional", "none")
TRANSACTIONS = ("per-file", "per-statement", "none")
# What `miglint.report` prints.
FORMATS = ("text", "concise", "json", "github", "sarif", "junit", "markdown", "gitlab", "sonar")
IDEMPOTENCY = ("auto", "required", "off")
# The tools whose guarantees are known: `docs/layouts.md`.
RUNNERS = (
    "atlas", "dbmate", "diesel", "drizzle", "flyway", "golang-migrate", "goose", "hasura", "liquibase", "morph", "pop",
    "prisma", "refinery", "rusqlite_migration", "sql-migrate", "sqlx", "supabase",
)  # fmt: skip
SEVERITIES = {str(severity): severity for severity in reversed(Severity)}
# Other names of the dialects.
DIALECT_ALIASES = {"postgresql": "postgres", "pg": "postgres", "sqlite3": "sqlite"}


class PerPath(Struct, frozen=True):
    """Settings for the files that match `paths`."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    idempotency: str | None = None
    dialect: str | None = None


class Settings(Struct, frozen=True):
    """The settings of a run.

    `root` is the folder that paths in the settings are relative to: that of `file`, or the working directory when
    there is no file. `targets` maps a dialect to its lowest version. `baseline_schema` maps a dialect to the file that
    makes the schema at which its history begins; the key `""` stands for every dialect. `image` names the image of the
    containers of a dry run, and `dry_run` has its other options. `runner` is the migration tool (`docs/layouts.md`).
    `idempotency` says when a script that cannot run twice is an error: `auto` (where that can happen), `required`
    (always), `off` (never). `own_rules` are the Python files, and the modules or entry points, with rules of one's own.

    Trust comes from the command line only: `own_code` allows Python rules named in the configuration, `suppressions`
    enables suppression comments and the baseline. `as_of` maps the absolute paths of files named in the settings to
    their content at the commit that the settings were read from (None: no such file). `given` are the names of rules
    from the command line, by option.
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
    dry_run: DryRunSettings = field(default_factory=DryRunSettings)
    port: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
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
    format: str | None = None
    baseline: str | None = None
    own_code: bool = True
    suppressions: bool = True
    as_of: Mapping[str, bytes | None] | None = None
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def at(self, path: str) -> str:
        """Resolve a path of the settings relative to the configuration file."""
        return str(Path(self.root) / path)

    @property
    def files(self) -> tuple[str, ...]:
        """The files named in the settings: own rules, the baseline and the baseline schemas."""
        rules = (name for name in self.own_rules if name.endswith(".py"))
        baseline = () if self.baseline is None else (self.baseline,)
        return (*rules, *baseline, *self.baseline_schema.values())

    def read(self, path: str, limit: int) -> bytes:
        """Return the content of a file named in the settings, at their commit; raises `OSError`."""
        place = self.at(path)
        if self.as_of is None or place not in self.as_of:
            return read_within(place, limit, (checkout_of(self.root), checkout_of(os.curdir)))
        content = self.as_of[place]
        if content is None:
            raise FileNotFoundError(0, "there is no such file as of that commit", path)
        return content

    def place_of_path(self, path: str) -> str:
        """Return the prefix `file:line: ` for an item of `paths`; empty if it is not set in a file."""
        if self.file is None or path not in self.paths:
            return ""
        number = int(self.place("paths").rsplit(":", 2)[1])
        lines = self.text.splitlines()[number - 1 :]
        quoted = (f'"{path}"', f"'{path}'")
        ahead = next((at for at, line in enumerate(lines) if any(text in line for text in quoted)), 0)
        return f"{self.file}:{number + ahead}: "

    def place_of_value(self, key: str, name: str) -> str:
        """Return the prefix `--key: ` for a value given on the command line, otherwise that of the key."""
        return f"--{key}: " if name in self.given.get(key, ()) else self.place(key)

    def place(self, *keys: str | int) -> str:
        """Return the prefix `file:line: ` for a key; empty if the key is not set in a file."""
        if self.file is None:
            return ""
        steps = ("tool", "miglint", *keys) if Path(self.file).name == PYPROJECT else keys
        return f"{self.file}:{line_of(self.text, steps)}: "
