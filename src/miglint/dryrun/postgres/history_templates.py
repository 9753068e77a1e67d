"""Histories kept between runs: a stopped server's files, with a database as a history's first migrations left it.

A run that changes only the last of many migrations copies that database instead of running all scripts before it. An
entry is found by the digest of all that led to it: scripts, settings, the server's programs, and miglint's own code. It
is sealed with the user's key, verified as a whole before a byte of it is used, and holds neither settings files (which
name programs) nor links.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from miglint.base.hashes import blake2b
from miglint.base.input_files import read_bytes
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.dryrun.postgres.os_user import Account
from miglint.dryrun.postgres.server_files import read_files
from miglint.dryrun.processes import is_running
from miglint.dryrun.workspace import cache_folder

KIND = "history"
# Bytes of one entry, and of all of them; a server without databases has 23 MB.
_LONGEST = 96 << 20
_MOST = 256 << 20
_SEAL = 32
_PARTIAL = ".history-"
_LONGEST_WRITE_SECONDS = 600
_FILE_NAME = pattern(r"(?:[A-Za-z0-9_]+/)*[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
# Written anew for each server, or of no use to one that was stopped.
_LEFT_OUT = frozenset(
    ("postmaster.pid", "postmaster.opts", "postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf")
)
_EMPTIED = frozenset(("pg_dynshmem", "pg_notify", "pg_replslot", "pg_stat", "pg_stat_tmp", "pg_tblspc"))


class Template(Struct, frozen=True):
    """What is stored with the files of a server, for the run that starts a server from them.

    `password` is the superuser's, `owner` the scripts' role. `stand_in_roles` and `stand_ins` are the roles and the
    extensions that miglint created in place of missing ones. `notes` are about what was created before the first
    migration. `started` is when the scripts began to run.
    """

    password: str
    owner: str
    stand_in_roles: tuple[str, ...]
    stand_ins: tuple[str, ...]
    notes: tuple[str, ...]
    started: str


class _KeptFiles(Struct, frozen=True):
    template: Template
    folders: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...]


class HistoryTemplates:
    """The kept histories of this user; `seal` is a hash of a name and a content with the user's key."""

    def __init__(self, seal: Callable[[str, bytes], bytes], folder: Path | None = None) -> None:
        self._seal = seal
        self._folder = folder if folder is not None else cache_folder()

    def first_of(self, names: Iterable[str]) -> str | None:
        """Return the first of these entries that is there; which of them may be used, only `restore` knows."""
        self._sweep()
        try:
            there = frozenset(path.name for path in self._folder.iterdir())
        except OSError:
            return None
        return next((name for name in names if name in there), None)

    def restore(self, name: str, data: Path) -> Template | None:
        """Write the files of an entry to the new folder `data`; None, with no folder, if it is not genuine."""
        path = self._folder / name
        try:
            content = read_bytes(path, _LONGEST + _SEAL)
            body = memoryview(content)[_SEAL:]
            if content[:_SEAL] != self._sealed(name, body):
                raise ValueError
            entry = msgspec.msgpack.decode(body, type=_KeptFiles)
        except (OSError, ValueError, msgspec.MsgspecError):
            self.discard(name)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        data.mkdir(mode=0o700)
        for folder in entry.folders:
            (data / _checked(folder)).mkdir(mode=0o700)
        for file, bytes_of_it in entry.files:
            (data / _checked(file)).write_bytes(bytes_of_it)
        return entry.template

    def keep(self, name: str, template: Template, data: Path, log: frozenset[str], account: Account) -> None:
        """Store the files of an account's stopped server, with the named files of its log; skipped without room."""
        temporary = self._folder / f"{_PARTIAL}{os.getpid()}-{os.urandom(4).hex()}"
        try:
            folders: list[str] = []
            files: list[tuple[str, bytes]] = []
            for place, content in read_files(data, account, _LONGEST, lambda place: _is_kept(place, log), _EMPTIED):
                if content is None:
                    folders.append(_checked(place))
                else:
                    files.append((_checked(place), content))
            body = msgspec.msgpack.encode(_KeptFiles(template, tuple(folders), tuple(files)))
            if len(body) > _LONGEST:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(self._sealed(name, body))
                stream.write(body)
            temporary.replace(self._folder / name)
            self._shrink()
        except (OSError, ValueError):
            with contextlib.suppress(OSError):
                temporary.unlink()

    def discard(self, name: str) -> None:
        """Remove an entry."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()

    def _sealed(self, name: str, body: bytes | memoryview) -> bytes:
        return self._seal(name, blake2b(body).digest())

    def _sweep(self) -> None:
        """Remove what runs left that were killed while they stored an entry."""
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"{_PARTIAL}*-*"):
                number = path.name.removeprefix(_PARTIAL).partition("-")[0]
                # In a container, the process of that number may be another one, or this one.
                old = time.time() - path.lstat().st_mtime > _LONGEST_WRITE_SECONDS
                if number.isdecimal() and (old or not is_running(int(number))):
                    path.unlink()

    def _shrink(self) -> None:
        """Remove the least recently used entries until the others have room."""
        states = [(path.lstat(), path) for path in self._folder.glob(f"{KIND}-*")]
        total = 0
        for state, path in sorted(states, key=lambda one: one[0].st_mtime_ns, reverse=True):
            total += state.st_size
            if total > _MOST:
                path.unlink()


class KeptHistory(Struct, frozen=True, eq=False):
    """One entry, to start a server from."""

    templates: HistoryTemplates
    name: str

    def restore(self, data: Path) -> Template | None:
        """Write its files to the new folder `data`; None, with no folder, if it is not genuine."""
        return self.templates.restore(self.name, data)

    def discard(self) -> None:
        """Remove the entry."""
        self.templates.discard(self.name)


def _checked(name: str) -> str:
    """Return the name of a file below a data directory, or raise `ValueError`."""
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(name)
    return name


def _is_kept(place: str, log: frozenset[str]) -> bool:
    folder, _, name = place.rpartition("/")
    return place not in _LEFT_OUT and (folder != "pg_wal" or name in log)
