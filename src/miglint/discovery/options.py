"""Options of discovery."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field

DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024


class DiscoveryOptions(Struct, frozen=True):
    """Options of discovery.

    `layout` is the layout to use instead of auto-detection; `dialect` is the dialect of files that specify none;
    `rollbacks` (`required`, `optional`, `none`) overrides the layout's value. `exclude` has shell patterns for paths,
    folders or base names. `placeholders` are the values of `${name}` in Flyway and Liquibase scripts. `cwd` is the
    folder that displayed paths are relative to; None is the process's own.
    """

    layout: str | None = None
    dialect: Dialect | None = None
    rollbacks: str | None = None
    exclude: tuple[str, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    cwd: str | None = None
