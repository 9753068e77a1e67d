"""Cache folder: named binary entries, written atomically; the oldest are evicted.

A cache folder may be inside a checkout from an untrusted source. The names of entries are therefore hashes keyed with a
secret that is stored elsewhere, and each entry starts with such a hash of its content: without the key, nobody can add
or change an entry that a run would accept. Nothing is unpickled.

All failures are silent, since the cache is optional. This module and `command_output.py` run on every start and import
as little as possible.
"""

# contextlib takes longer to import than an answer takes to find.
# ruff: noqa: SIM105

from __future__ import annotations

import os
import sys
from time import time_ns

from miglint import __version__
from miglint.base.hashes import blake2b, hash_of_texts
from miglint.base.input_files import checkout_of, read_bytes

FOLDER = ".miglint_cache"
MAX_ENTRIES = 40
MAX_BYTES = 96 * 1024 * 1024
MAX_ENTRY = MAX_BYTES // 4
# Sizes in bytes of the key, and of the hash at the start of an entry.
_KEY, _SEAL = 32, 32
# Above this, OpenSSL is worth loading.
_LARGE = 128 * 1024
_ENTRIES = ("run-", "answer-", "steps-")
_PARTIAL = ".tmp-"
# What is not complete after a minute is a leftover of a run that was killed.
_LONGEST_WRITE_NS = 60_000_000_000
_LIBRARIES = ("postgast-", "msgspec-", "rpds_py-", "sqlfluff-")
# What `environment` returns, once it is known: two entries and a time for each module of miglint.
_known_environment: list[str] = []
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# miglint cache folder; it can be deleted at any time.\n"


class Store:
    """A folder of entries."""

    __slots__ = ("_folder", "_own", "_secret")

    def __init__(self, folder: str, secret: bytes, *, own: bool) -> None:
        self._folder = folder
        self._secret = secret
        self._own = own

    @property
    def folder(self) -> str:
        """The folder of the entries; it need not exist."""
        return self._folder

    def name(self, kind: str, parts: list[str]) -> str:
        """Return the key of the entry for `parts`."""
        return f"{kind}-{hash_of_texts((kind, *parts), key=self._secret).hexdigest()}"

    def derived(self, purpose: str) -> bytes:
        """Return a key for hashes that nobody without this store's key can compute."""
        return blake2b(purpose.encode(), key=self._secret, digest_size=_KEY).digest()

    def read(self, name: str) -> memoryview | None:
        """Return an entry that was written with this key, and mark it as used."""
        path = os.path.join(self._folder, name)
        try:
            entry = read_bytes(path, MAX_ENTRY + _SEAL)
        except OSError:
            return None
        # Copies of entries take longer than reading them.
        data = memoryview(entry)[_SEAL:]
        if entry[:_SEAL] != self.seal(name, data):
            return None
        try:
            os.utime(path)
        except OSError:
            pass
        return data

    def seal(self, name: str, data: bytes | memoryview) -> bytes:
        """Return the hash that an entry of that name starts with; only the owner of the key can compute it."""
        if len(data) > _LARGE:
            try:
                # SHA-256 by OpenSSL takes half the time where the processor has instructions for it.
                from _hashlib import hmac_digest
            except ImportError:
                pass
            else:
                key = blake2b(name.encode(), key=self._secret, digest_size=_KEY).digest()
                return hmac_digest(key, data, "sha256")
        digest = blake2b(f"{name}\0".encode(), key=self._secret, digest_size=_SEAL)
        digest.update(data)
        return digest.digest()

    def write(self, name: str, data: bytes) -> None:
        """Store an entry; another run may store the same one at the same time."""
        if len(data) > MAX_ENTRY:
            return
        # A symbolic link in a checkout could redirect the write to any place.
        if self._own and os.path.islink(self._folder):
            return
        try:
            if not os.path.isdir(self._folder):
                os.makedirs(self._folder, exist_ok=True)
            for fixed, content in ((".gitignore", b"*\n"), ("CACHEDIR.TAG", _TAG)):
                if not os.path.lexists(os.path.join(self._folder, fixed)):
                    self._put(fixed, content)
            self._put(name, self.seal(name, data), data)
            self._shrink()
        except OSError:
            pass

    def _put(self, name: str, *parts: bytes) -> None:
        temporary = os.path.join(self._folder, f"{_PARTIAL}{os.getpid()}-{os.urandom(4).hex()}")
        try:
            with open(temporary, "xb") as stream:
                for part in parts:
                    stream.write(part)
            os.replace(temporary, os.path.join(self._folder, name))
        # Also if the run is interrupted.
        except BaseException:
            try:
                os.unlink(temporary)
            except OSError:
                pass
            raise

    def _shrink(self) -> None:
        """Evict the least recently used entries, and delete leftovers of killed runs.

        Entries of steps are only limited by their size: a history has several.
        """
        entries = []
        abandoned = time_ns() - _LONGEST_WRITE_NS
        for entry in self._entries():
            state = entry.stat(follow_symlinks=False)
            if entry.name.startswith(_PARTIAL) and state.st_mtime_ns < abandoned:
                os.unlink(entry.path)
                continue
            counted = not entry.name.startswith("steps-")
            entries.append((state.st_mtime_ns, state.st_size, entry.path, counted))
        total = number = 0
        for _, size, path, counted in sorted(entries, reverse=True):
            total += size
            number += counted
            if total > MAX_BYTES or (counted and number > MAX_ENTRIES):
                os.unlink(path)

    def _entries(self) -> list[os.DirEntry[str]]:
        with os.scandir(self._folder) as listed:
            return [entry for entry in listed if entry.name.startswith((_PARTIAL, *_ENTRIES))]

    def size(self) -> tuple[int, int]:
        """Return the number of entries, and their bytes."""
        try:
            sizes = [entry.stat(follow_symlinks=False).st_size for entry in self._entries()]
        except OSError:
            return 0, 0
        return len(sizes), sum(sizes)

    def clear(self) -> None:
        """Delete all entries; others that a run writes at the same time may stay. Raises `OSError`."""
        if self._own and os.path.islink(self._folder):
            return
        try:
            entries = self._entries()
        except FileNotFoundError:
            return
        for entry in entries:
            try:
                os.unlink(entry.path)
            except FileNotFoundError:
                pass


def open_store(root: str, *others: str) -> Store | None:
    """Return the cache beside the configuration in `root`, or the one named by `MIGLINT_CACHE_DIR`.

    A folder named by the variable must be outside the checkout; otherwise, or without a key, there is no cache. The
    checkouts of the folders `others` count as well.
    """
    checkout = _checkouts(root, *others)
    named = os.environ.get("MIGLINT_CACHE_DIR")
    if named and _is_within(named, checkout):
        return None
    secret = _secret(checkout)
    if secret is None:
        return None
    return Store(os.path.abspath(named) if named else os.path.join(root, FOLDER), secret, own=not named)


def is_in_checkout(path: str, *places: str) -> bool:
    """Return whether a path is in the checkout of one of the folders, or of the working directory."""
    return _is_within(path, _checkouts(*places))


def _checkouts(*places: str) -> set[str]:
    return {os.path.realpath(top) for place in (*places, os.getcwd()) for top in (place, checkout_of(place))}


def _is_within(path: str, tops: set[str]) -> bool:
    """Return whether a path is inside one of the folders, as written or after resolving links."""
    for way in (os.path.abspath(path), os.path.realpath(path)):
        for top in tops:
            if way == top or way.startswith(top.rstrip(os.sep) + os.sep):
                return True
    return False


def _secret(checkout: set[str]) -> bytes | None:
    """Return the user's key, created on first use.

    Returns None if it cannot be stored, if its location is inside the checkout, or if other users can access it.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/.cache")
    file = os.path.join(base, "miglint", "key")
    if _is_within(file, checkout):
        return None
    try:
        if not os.path.exists(file):
            os.makedirs(os.path.dirname(file), exist_ok=True)
            # Creating a link fails if the name exists, so that two first runs agree on one key.
            temporary = f"{file}.{os.getpid()}-{os.urandom(4).hex()}"
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(os.urandom(_KEY))
            try:
                os.link(temporary, file)
            finally:
                os.unlink(temporary)
    except FileExistsError:
        pass
    except OSError:
        return None
    try:
        state = os.stat(file)
        if os.name == "posix" and (state.st_uid != os.geteuid() or state.st_mode & 0o077):
            return None
        secret = read_bytes(file, _KEY)
    except OSError:
        return None
    return secret if len(secret) == _KEY else None


def environment() -> list[str]:
    """Return what results depend on besides files and settings: the versions of all components.

    It is that of the first call: what is loaded by then stays loaded.
    """
    if not _known_environment:
        _known_environment.extend([__version__, sys.version, *_installed(), *_own_code()])
    return _known_environment


def _installed() -> list[str]:
    """Return the installed versions of the parsers, from the folder names of their metadata."""
    names: list[str] = []
    for place in sys.path:
        if place.endswith("-packages"):
            try:
                names += [name for name in os.listdir(place) if name.startswith(_LIBRARIES)]
            except OSError:
                continue
    return sorted(names)


def _own_code() -> list[str]:
    """Return size and time of miglint's own modules, so that changes to a miglint checkout invalidate the cache."""
    seen: list[str] = []
    pending = [os.path.dirname(os.path.dirname(__file__))]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    state = entry.stat()
                    seen.append(f"{entry.path}\0{state.st_size}\0{state.st_mtime_ns}")
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    pending.append(entry.path)
    return sorted(seen)
