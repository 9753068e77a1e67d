"""Every SQLite library that can be had here: the standard library's, apsw's, and more apsw versions in other folders.

`MIGLINT_APSW_FOLDERS` names folders (separated like `PATH`), each with an `apsw` package of another version. They run
in processes of their own, since one can hold a module once. `MIGLINT_SQLITE_LIBRARIES` names files of SQLite libraries
of any age (`libsqlite3.so`), which are called through their C interface.
"""

from __future__ import annotations

import ctypes
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import apsw

Job = tuple[tuple[str, ...], str]


@dataclass(frozen=True)
class Library:
    version: tuple[int, int]
    run: Callable[[list[Job]], list[str | None]]

    def error(self, statement: str, *setup: str) -> str | None:
        return self.run([(setup, statement)])[0]


def run_sqlite3(jobs: list[Job]) -> list[str | None]:
    found: list[str | None] = []
    for setup, statement in jobs:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            for each in setup:
                connection.execute(each)
            connection.execute(statement).fetchall()
            found.append(None)
        except (sqlite3.Error, sqlite3.Warning) as error:
            found.append(str(error))
        finally:
            connection.close()
    return found


def run_apsw(jobs: list[Job]) -> list[str | None]:
    found: list[str | None] = []
    for setup, statement in jobs:
        cursor = apsw.Connection(":memory:").cursor()
        try:
            for each in setup:
                cursor.execute(each)
            list(cursor.execute(statement))
            found.append(None)
        except (apsw.Error, apsw.BindingsError, ValueError) as error:
            found.append(str(error).removeprefix("SQLError: "))
    return found


def _elsewhere(folder: str) -> Callable[[list[Job]], list[str | None]]:
    def run(jobs: list[Job]) -> list[str | None]:
        done = subprocess.run(
            [sys.executable, __file__],
            input=json.dumps(jobs),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": folder},
        )
        return list(json.loads(done.stdout)["errors"])

    return run


def _native(path: str) -> Library:
    """Call a library through its C interface."""
    native = ctypes.CDLL(path)
    native.sqlite3_libversion.restype = ctypes.c_char_p
    native.sqlite3_errmsg.restype = ctypes.c_char_p

    def one(job: Job) -> str | None:
        database = ctypes.c_void_p()
        native.sqlite3_open(b":memory:", ctypes.byref(database))
        try:
            for statement in (*job[0], job[1]):
                if native.sqlite3_exec(database, statement.encode(), None, None, None):
                    return str(native.sqlite3_errmsg(database).decode())
            return None
        finally:
            native.sqlite3_close(database)

    return Library(_version(native.sqlite3_libversion().decode()), lambda jobs: [one(job) for job in jobs])


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


@lru_cache(maxsize=1)
def libraries() -> tuple[Library, ...]:
    found = [
        Library(_version(sqlite3.sqlite_version), run_sqlite3),
        Library(_version(apsw.sqlite_lib_version()), run_apsw),
    ]
    for folder in filter(None, os.environ.get("MIGLINT_APSW_FOLDERS", "").split(os.pathsep)):
        if Path(folder).is_dir():
            done = subprocess.run(
                [sys.executable, __file__],
                input="[]",
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": folder},
            )
            found.append(Library(_version(json.loads(done.stdout)["version"]), _elsewhere(folder)))
    for path in filter(None, os.environ.get("MIGLINT_SQLITE_LIBRARIES", "").split(os.pathsep)):
        found.append(_native(path))
    return tuple(sorted(found, key=lambda library: library.version))


def newest() -> Library:
    return libraries()[-1]


if __name__ == "__main__":
    version = getattr(apsw, "sqlite_lib_version", None) or apsw.sqlitelibversion  # type: ignore[attr-defined]  # older
    answers = run_apsw([(tuple(setup), statement) for setup, statement in json.load(sys.stdin)])
    json.dump({"version": version(), "errors": answers}, sys.stdout)
