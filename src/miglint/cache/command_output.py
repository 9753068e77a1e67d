"""Cache of command output: the output of a command is repeated while its inputs are unchanged.

An entry is keyed by the command line, its working directory, the configuration, and the variables that control color.
It stores the folders listed and the files read, with hashes of their content, and is valid while those are unchanged.
A lookup parses neither SQL nor the configuration nor the command line.

A file is not read again while its size, times and number in the file system are what they were, unless it had changed
so shortly before it was read that a later change may have the same time. Nobody can set the time of the last change of
these (`ctime`); systems without it have all files read.
"""

# pathlib alone takes as long to import as an answer takes to find.

from __future__ import annotations

import os
import sys
from time import perf_counter, time_ns

from miglint.base.hashes import blake2b
from miglint.base.input_files import MAX_BASELINE, MAX_CONFIGURATION, content_hash, read_bytes, read_with_state
from miglint.cache.store import Store, environment, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_KIND = "answer"
# Bytes of the length of an entry's first part.
_LENGTH = 8
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
# Nothing was read before.
_NOTHING: Mapping[str, tuple[bytes, os.stat_result]] = {}
# A file written during a run, or just before it, may have been read before or after the write.
_TOO_FRESH_NS = 20_000_000
# Some file systems count the times of changes in steps of two seconds.
_STEP_NS = 2_500_000_000
_HAS_CHANGE_TIME = os.name == "posix"


class CachedOutput:
    """Output of a command: the parts of its `body`, `notes`, and the exit status.

    The elapsed time is inserted where a part is empty.
    """

    __slots__ = ("body", "notes", "output", "status")

    def __init__(self, body: list[str], notes: list[str], output: str | None, status: int) -> None:
        self.body = body
        self.notes = notes
        self.output = output
        self.status = status

    def parts(self, elapsed_ms: int) -> Iterator[str]:
        """Yield the parts of the output with the elapsed time."""
        return (part or str(elapsed_ms) for part in self.body)


def split_at(parts: Iterable[str], mark: str) -> Iterator[str]:
    """Yield the parts of a body, where each `mark` of the elapsed time becomes an empty one."""
    for part in parts:
        for number, piece in enumerate(part.split(mark)):
            if number:
                yield ""
            if piece:
                yield piece


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

    def shape(self) -> tuple[str, list[str], int]:
        """Return a hash over everything but the content of files, their paths, and the time of the newest folder."""
        digest = blake2b(digest_size=20)
        newest = 0
        paths: list[str] = []
        for folder in self.folders:
            listed = _listed(folder)
            digest.update("\0".join(listed).encode("utf-8", "surrogateescape"))
            newest = max(newest, _changed(folder))
            for entry in listed:
                if entry[0] != "d":
                    name, _, target = entry[1:].partition("\0")
                    if name.lower().endswith(_READ) or target.lower().endswith(_READ):
                        paths.append(f"{folder}/{name}")
            paths.append(f"{folder}/{_JOURNAL}")
        for folder in self.names:
            digest.update("\0".join(_listed(folder)).encode("utf-8", "surrogateescape"))
            newest = max(newest, _changed(folder))
        for path in self.probes:
            digest.update(b"d" if os.path.isdir(path) else b"-")
        if self.sqlite:
            # Importing the extension module is enough for the version, and faster than the package.
            import _sqlite3

            digest.update(_sqlite3.sqlite_version.encode())
        return digest.hexdigest(), [*paths, *self.files], newest

    def state(
        self, seen: Mapping[str, tuple[bytes, os.stat_result]] = _NOTHING, since_ns: int = 0
    ) -> tuple[str, list[str], int]:
        """Return the hash of `shape`, a value for each file, and the time of the newest file or folder.

        `seen` are contents and states of files that were read already, after the time `since_ns`.
        """
        shape, paths, newest = self.shape()
        files = []
        for path in paths:
            try:
                data, state = seen.get(path) or read_with_state(path, MAX_BASELINE)
            except OSError as error:
                files.append(_failed(error))
                continue
            newest = max(newest, state.st_mtime_ns)
            settled = max(state.st_mtime_ns, state.st_ctime_ns) < since_ns - _STEP_NS
            files.append(f"{_known_by(state) if settled else ''}|{_content(data)}")
        return shape, files, newest

    def is_same(self, shape: str, files: list[str]) -> bool:
        """Return whether the inputs are what they were when `state` returned these values."""
        found, paths, _ = self.shape()
        if found != shape or len(paths) != len(files):
            return False
        return all(map(_is_same_file, paths, files))


def _is_same_file(path: str, known: str) -> bool:
    """Return whether a file is what it was, given its value in `InputFingerprint.state`."""
    stat, _, content = known.partition("|")
    try:
        if stat and _known_by(os.stat(path)) == stat:
            return True
        return _content(read_with_state(path, MAX_BASELINE)[0]) == content
    except OSError as error:
        return _failed(error) == known


def _known_by(state: os.stat_result) -> str:
    """Return a value that is another one after any change of a file's content; empty if the system has none."""
    if not _HAS_CHANGE_TIME:
        return ""
    return f"{state.st_size}:{state.st_mtime_ns}:{state.st_ctime_ns}:{state.st_ino}:{state.st_dev}"


def _content(data: bytes) -> str:
    return content_hash(data).hex()


def _failed(error: OSError) -> str:
    return f"|e{error.errno}{error.strerror}"


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


class CachedInvocation:
    """A command line whose output may be cached."""

    __slots__ = ("_files", "_inputs", "_name", "_shape", "_store", "started", "started_ns")

    def __init__(self, store: Store, name: str, started: float) -> None:
        self._store = store
        self._name = name
        self.started = started
        self.started_ns = time_ns()
        self._inputs: InputFingerprint | None = None
        self._shape = ""
        self._files: list[str] = []

    def answer(self) -> CachedOutput | None:
        """Return the cached output if its inputs are unchanged."""
        data = self._store.read(self._name)
        if data is None:
            return None
        try:
            inputs, printed = split_entry(data)
            folders, probes, files, names, contents, rest = decode_lists(inputs)
            sqlite, shape, status = rest
            if not InputFingerprint(folders, probes, files, sqlite == "1", names).is_same(shape, contents):
                return None
            body, notes, output = decode_lists(printed)
            return CachedOutput(body, notes, output[0] if output else None, int(status))
        except ValueError:
            return None

    def observe(self, inputs: InputFingerprint, seen: Mapping[str, tuple[bytes, os.stat_result]] = _NOTHING) -> None:
        """Record the inputs: as they were `seen` by the run, or in their current state, after they were read."""
        self._shape, self._files, newest = inputs.state(seen, self.started_ns)
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
        output = [] if answer.output is None else [answer.output]
        rest = ["1" if inputs.sqlite else "", self._shape, str(answer.status)]
        listed = [inputs.folders, inputs.probes, inputs.files, inputs.names, self._files, rest]
        printed = [answer.body, answer.notes, output]
        self._store.write(self._name, join_entry(encode_lists(listed), encode_lists(printed)))


def join_entry(inputs: bytes, printed: bytes) -> bytes:
    """Return an entry: what the output depends on, and the output, which is only read where it is printed."""
    return b"".join((len(inputs).to_bytes(_LENGTH, "big"), inputs, printed))


def split_entry(data: bytes | memoryview) -> tuple[memoryview, memoryview]:
    """Return the parts of an entry."""
    view = memoryview(data)
    end = _LENGTH + int.from_bytes(view[:_LENGTH], "big")
    return view[_LENGTH:end], view[end:]


def encode_lists(lists: list[list[str]]) -> bytes:
    """Return lists of texts as bytes: a line with the sizes of each list's texts, then the texts.

    Importing `json`, and `re` with it, takes longer than the rest of an answer.
    """
    texts = [[text.encode("utf-8", "surrogatepass") for text in listed] for listed in lists]
    head = ";".join(",".join(str(len(text)) for text in listed) for listed in texts)
    return b"\n".join((head.encode(), b"".join(text for listed in texts for text in listed)))


def decode_lists(data: bytes | memoryview) -> list[list[str]]:
    """Return the lists of `encode_lists`. Raises `ValueError` for anything else."""
    head, _, body = bytes(data).partition(b"\n")
    lists, place = [], 0
    for sizes in head.decode().split(";"):
        listed = []
        for size in map(int, sizes.split(",") if sizes else ()):
            listed.append(body[place : place + size].decode("utf-8", "surrogatepass"))
            place += size
        lists.append(listed)
    if place != len(body):
        raise ValueError("a text is missing")
    return lists


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
