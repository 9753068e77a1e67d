"""Cache of reports: a report is reused, in any format, while its inputs are unchanged.

An entry is a report as JSON, keyed by a hash over the text of all files, the histories, the settings, and the versions
of miglint, Python and the parsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from miglint.base.input_files import MAX_RULES
from miglint.base.model import Dialect, Discovered, Script, SourceFile
from miglint.base.structs import replace
from miglint.cache.store import Store, environment, open_store
from miglint.config.settings import Settings
from miglint.report.value import Hidden, Report, as_dict, finding_as_dict, from_dict

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
            entry = json.loads(data)
            hidden = tuple(Hidden(*item) for item in entry["hidden"])
            return from_dict(entry["report"], tuple(entry["notes"]), hidden, entry["summarized"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def put(self, name: str, report: Report) -> None:
        """Store a report."""
        hidden = [(item.by, item.path, item.count) for item in report.hidden]
        summarized = [finding_as_dict(item) for item in report.summarized]
        entry = {"notes": report.notes, "hidden": hidden, "summarized": summarized, "report": as_dict(report)}
        self.store.write(name, json.dumps(entry, separators=(",", ":")).encode())


def _parts(found: Discovered, settings: Settings, schemas: Mapping[str, SourceFile]) -> Iterator[str]:
    """Yield everything that a report depends on."""
    yield from environment()
    if any(history.dialect is Dialect.SQLITE for history in found.histories):
        # Importing the extension module is enough for the version, and faster than the package.
        import _sqlite3

        yield _sqlite3.sqlite_version
    # Its text is needed for the lines of errors alone, which no report has.
    yield repr(replace(settings, text=""))
    yield str(Path.cwd())
    for name, file in schemas.items():
        yield f"{name}\0{file.path}"
        yield file.text
    for path in settings.own_rules:
        yield _text(settings, path)
    for file in found.files:
        yield f"{file.path}\0{file.error}"
        yield file.text
    for history in found.histories:
        yield f"{history.root}\0{history.layout}\0{history.dialect}\0{history.rollbacks}\0{history.tools}"
        for item in history.migrations:
            yield f"{item.version}\0{item.name}\0{item.irreversible}\0{item.repeatable}"
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


def _text(settings: Settings, path: str) -> str:
    try:
        return settings.read(path, MAX_RULES).decode("utf-8", "replace")
    except OSError:
        return ""


def _script(script: Script | None) -> str:
    if script is None:
        return ""
    start, end = script.span
    return f"{script.file.path}\0{start}\0{end}\0{script.transaction}\0{script.substituted or ''}"
