"""Cache of reports: a report is reused, in any format, while its inputs are unchanged.

An entry is a report as MessagePack, keyed by a hash over the text of all files, the histories, the settings, and the
versions of miglint, Python and the parsers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import DecodeError
from msgspec.msgpack import decode, encode

from miglint.base.input_files import MAX_RULES
from miglint.base.model import Discovered, Script, SourceFile
from miglint.base.structs import replace
from miglint.cache.store import Store, environment, open_store
from miglint.config.settings import Settings
from miglint.report.value import Report

_KIND = "run"


class Cache:
    """The reports in a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def of(cls, settings: Settings) -> Cache | None:
        """Return the cache beside the configuration, or None if it cannot be created."""
        store = open_store(settings.root)
        return None if store is None else cls(store)

    def name(self, found: Discovered, settings: Settings, schemas: Mapping[str, SourceFile]) -> str:
        """Return the key of the entry for a run over the discovered files."""
        return self.store.name(_KIND, list(_parts(found, settings, schemas)))

    def part(self, name: str, requested: frozenset[str]) -> str:
        """Return the key of the entry for those files alone, derived from `name`."""
        return self.store.name(_KIND, [name, *sorted(requested)])

    def get(self, name: str) -> Report | None:
        """Return the report with this key, or None if it is missing or invalid."""
        data = self.store.read(name)
        if data is None:
            return None
        try:
            return decode(data, type=Report)
        except (DecodeError, RecursionError):
            return None

    def put(self, name: str, report: Report) -> None:
        """Store a report."""
        self.store.write(name, encode(report))


def _parts(found: Discovered, settings: Settings, schemas: Mapping[str, SourceFile]) -> Iterator[str]:
    """Yield everything that a report depends on."""
    yield from environment()
    if found.histories:
        # Its library says which scripts SQLite accepts, also those for PostgreSQL. Importing the extension module is
        # enough for the version, and faster than the package.
        import _sqlite3

        yield _sqlite3.sqlite_version
    # Its text is needed for the lines of errors alone, which no report has.
    yield repr(replace(settings, text=""))
    yield str(Path.cwd())
    for name, file in schemas.items():
        yield f"{name}\0{file.path}"
        yield file.text
    for path in settings.own_rules:
        yield own_rule_text(settings, path)
    for file in found.files:
        yield f"{file.path}\0{file.error}"
        yield file.text
    for history in found.histories:
        yield repr(replace(history, migrations=()))
        for item in history.migrations:
            yield repr(
                (item.version, item.name, item.dialect.value, item.irreversible, item.repeatable, item.after_program)
            )
            yield _script(item.forward)
            yield _script(item.rollback)
    for problem in found.problems:
        yield repr(problem)
    yield repr(sorted(found.elsewhere))
    if found.branch is not None:
        yield found.branch.reference
        yield repr(sorted(found.branch.edited))
        yield repr(sorted(found.branch.added))
        yield repr(found.branch.files)
        yield repr(sorted(found.branch.arrived))
        yield repr([(file.path, file.text) for file in found.branch.contents])


def own_rule_text(settings: Settings, path: str) -> str:
    """Return the text of a file with own rules, empty if it cannot be read."""
    try:
        return settings.read(path, MAX_RULES).decode("utf-8", "replace")
    except OSError:
        return ""


def _script(script: Script | None) -> str:
    if script is None:
        return ""
    # The texts of files are given once.
    place = script.file.path, *script.span, script.direction.value, script.dialect.value
    return repr((place, script.transaction, script.substituted, script.configured))
