"""Cache of command output: the output of a command is repeated while its inputs are unchanged.

An entry is keyed by the command line, its working directory, the configuration, and the variables that control color.
It stores the folders listed and the files read, with a hash over their content, and is valid while that hash is
unchanged. A lookup parses neither SQL nor the configuration nor the command line.
"""

# pathlib alone takes as long to import as an answer takes to find.

from __future__ import annotations

import json
import os
import sys
from hashlib import blake2b
from time import perf_counter, time_ns

from miglint.base.input_files import MAX_BASELINE, MAX_CONFIGURATION, read_bytes, read_with_time
from miglint.cache.store import Store, environment, open_store

_KIND = "answer"
_CONFIGURATION = ("miglint.toml", "pyproject.toml")
_ENVIRONMENT = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR")
# Besides SQL: files of migration tools.
_READ = (".sql", ".toml", ".conf")
_JOURNAL = "meta/_journal.json"
# Options whose output depends on more than files, or that do more than print.
_NEVER = (
    "--no-cache",
    "--since",
    "--hook",
    "--stdin-filename",
    "--write-baseline",
    "--prune",
    "--report",
    "--config-from",
    "--dry-run",
    "--database-url",
    "--help",
    "-h",
)
# A file written during a run, or just before it, may have been read before or after the write.
_TOO_FRESH_NS = 20_000_000


class CachedOutput:
    """Output of a command: `body`, split where the elapsed time is inserted, `notes`, and the exit status."""

    __slots__ = ("body", "notes", "output", "status")

    def __init__(self, body: list[str], notes: list[str], output: str | None, status: int) -> None:
        self.body = body
        self.notes = notes
        self.output = output
        self.status = status

    def text(self, elapsed_ms: int) -> str:
        """Return the output with the elapsed time inserted."""
        return str(elapsed_ms).join(self.body)


class InputFingerprint:
    """Inputs of a run: folders listed, paths tested for being folders, single files, SQLite's version.

    For the folders in `names`, only the names in them count, not the content.
    """

    __slots__ = ("files", "folders", "names", "probes", "sqlite")

    def __init__(
        self, folders: list[str], probes: list[str], files: list[str], sqlite: bool, names: list[str] | None = None
    ) -> None:
        self.names = names or []
        self.folders = folders
        self.probes = probes
        self.files = files
        self.sqlite = sqlite

    def state(self) -> tuple[str, int]:
        """Return a hash over all inputs, and the time of the newest file."""
        digest = blake2b(digest_size=20)
        newest = 0
        for folder in self.folders:
            listed = _listed(folder)
            digest.update("\0".join(listed).encode("utf-8", "surrogateescape"))
            newest = max(newest, _changed(folder))
            for entry in listed:
                name = entry[1:]
                if name.lower().endswith(_READ) and entry[0] != "d":
                    newest = max(newest, _file(digest, f"{folder}/{name}"))
            newest = max(newest, _file(digest, f"{folder}/{_JOURNAL}"))
        for folder in self.names:
            digest.update("\0".join(_listed(folder)).encode("utf-8", "surrogateescape"))
            newest = max(newest, _changed(folder))
        for path in self.probes:
            digest.update(b"d" if os.path.isdir(path) else b"-")
        for path in self.files:
            newest = max(newest, _file(digest, path))
        if self.sqlite:
            # Importing the extension module is enough for the version, and faster than the package.
            import _sqlite3

            digest.update(_sqlite3.sqlite_version.encode())
        return digest.hexdigest(), newest


def _listed(folder: str) -> list[str]:
    """Return the names in a folder, each prefixed with its type; a link with its target."""
    names = []
    try:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                if entry.is_symlink():
                    names.append(f"l{entry.name}\0{os.path.realpath(entry.path)}")
                elif entry.is_dir():
                    names.append(f"d{entry.name}")
                else:
                    names.append(f"f{entry.name}")
    except OSError as error:
        names.append(f"e{error.errno}")
    return sorted(name for name in names if name[1:] != ".miglint_cache")


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _file(digest: blake2b, path: str) -> int:
    """Add a file to the hash and return its change time."""
    try:
        data, changed = read_with_time(path.split("\0", 1)[0], MAX_BASELINE)
    except OSError as error:
        digest.update(f"e{error.errno}{error.strerror};".encode())
        return 0
    digest.update(b"%d:" % len(data))
    digest.update(data)
    return changed


class CachedInvocation:
    """A command line whose output may be cached."""

    __slots__ = ("_inputs", "_name", "_state", "_store", "started", "started_ns")

    def __init__(self, store: Store, name: str, started: float) -> None:
        self._store = store
        self._name = name
        self.started = started
        self.started_ns = time_ns()
        self._inputs: InputFingerprint | None = None
        self._state = ""

    def answer(self) -> CachedOutput | None:
        """Return the cached output if its inputs are unchanged."""
        data = self._store.read(self._name)
        if data is None:
            return None
        try:
            entry = json.loads(data)
            inputs = InputFingerprint(
                entry["folders"], entry["probes"], entry["files"], entry["sqlite"], entry["names"]
            )
            if inputs.state()[0] != entry["state"]:
                return None
            return CachedOutput(list(entry["body"]), list(entry["notes"]), entry["output"], int(entry["status"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def observe(self, inputs: InputFingerprint) -> None:
        """Record the inputs in their current state, after they were read."""
        self._state, newest = inputs.state()
        fresh = newest > self.started_ns - _TOO_FRESH_NS
        self._inputs = None if fresh else inputs

    def forget(self) -> None:
        """Exclude the output from the cache: it depends on more than the recorded inputs."""
        self._inputs = None

    def keep(self, answer: CachedOutput) -> None:
        """Store an output, unless an input changed so recently that the run may have read an older version."""
        inputs = self._inputs
        if inputs is None:
            return
        entry = {
            "folders": inputs.folders,
            "probes": inputs.probes,
            "files": inputs.files,
            "sqlite": inputs.sqlite,
            "names": inputs.names,
            "state": self._state,
            "status": answer.status,
            "notes": answer.notes,
            "output": answer.output,
            "body": answer.body,
        }
        self._store.write(self._name, json.dumps(entry).encode())


def question(arguments: list[str]) -> CachedInvocation | None:
    """Return the invocation for a command line, or None if its output cannot be cached."""
    started = perf_counter()
    if any(argument.split("=", 1)[0] in _NEVER for argument in arguments):
        return None
    root, configuration = _configuration(arguments)
    store = open_store(root)
    if store is None:
        return None
    terminal = sys.stdout.isatty()
    parts = [
        *arguments,
        os.getcwd(),
        *configuration,
        *(f"{name}={os.environ.get(name)}" for name in _ENVIRONMENT),
        str(os.get_terminal_size(sys.stdout.fileno())) if terminal else "",
        *environment(),
    ]
    return CachedInvocation(store, store.name(_KIND, parts), started)


def _configuration(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the folder of the configuration and the text of every file that may be it.

    Finds at least what `config.load` finds, without parsing: a `pyproject.toml` that merely mentions miglint is
    included.
    """
    for number, argument in enumerate(arguments):
        if argument == "--config" or argument.startswith("--config="):
            path = argument[9:] if "=" in argument else "".join(arguments[number + 1 : number + 2])
            return os.path.dirname(os.path.abspath(path)), [path, _text(path)]
    place = os.getcwd()
    root = place
    found: list[str] = []
    while True:
        for name in _CONFIGURATION:
            path = os.path.join(place, name)
            text = _text(path)
            if name == _CONFIGURATION[0] and os.path.lexists(path) and not os.path.isdir(path):
                return place, [*found, path, text]
            if "[tool.miglint" in text:
                return place, [*found, path, text]
            if "miglint" in text:
                found += [path, text]
        above = os.path.dirname(place)
        if above == place:
            return root, found
        place = above


def _text(path: str) -> str:
    try:
        return read_bytes(path, MAX_CONFIGURATION).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
