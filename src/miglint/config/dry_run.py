"""The table `[dry-run]` of the configuration: defaults of the options that `miglint check --dry-run` has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from miglint.base.structs import Struct, field
from miglint.config.toml_table import TomlTable

# What `--dry-run` accepts. A server is never named in a configuration, which may come from a pull request.
ENGINES = ("auto", "embedded", "docker", "local", "sqlite")
TIMES = ("statement-timeout", "lock-timeout", "total-timeout")
SIZES = ("max-memory", "max-disk")
KEYS = ("engine", "postgres", "rows", "seed", "extensions", "roles", "sqlite-functions", *TIMES, *SIZES)


class DryRunSettings(Struct, frozen=True):
    """Options of a dry run; None and empty: the default. `seconds` and `sizes` are limits by key."""

    engine: str | None = None
    postgres: tuple[str, ...] = ()
    rows: int | None = None
    seed: int | None = None
    extensions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sqlite_functions: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, str] = field(default_factory=dict)


def dry_run_settings(table: TomlTable) -> DryRunSettings:
    """Return the settings of the table; raises `ConfigError`."""
    table.only(KEYS)
    return DryRunSettings(
        engine=table.choice("engine", ENGINES),
        postgres=table.strings("postgres"),
        rows=table.number("rows", least=0),
        seed=table.number("seed"),
        extensions=table.strings("extensions"),
        roles=table.strings("roles"),
        sqlite_functions=_functions(table),
        seconds={key: float(value) for key in TIMES if (value := table.number(key, least=1)) is not None},
        sizes={key: size for key in SIZES if (size := table.string(key)) is not None},
    )


def _functions(table: TomlTable) -> tuple[str, ...]:
    names = table.strings("sqlite-functions")
    for name in names:
        if not name.isidentifier():
            _refuse(table, name)
    return names


def _refuse(table: TomlTable, name: str) -> NoReturn:
    table.fail(f"`{name}` is not the name of a function", "sqlite-functions")
