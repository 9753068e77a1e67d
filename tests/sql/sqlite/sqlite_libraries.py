"""Every SQLite library that can be had here: the standard library's, apsw's, and more apsw versions in other folders.

`MIGLINT_APSW_FOLDERS` names folders (separated like `PATH`), each with an `apsw` package of another version. They run
in processes of their own, since one can hold a module once. `MIGLINT_SQLITE_LIBRARIES` names files of SQLite libraries
of any age (`libsqlite3.so`), which are called through their C interface.

Each runs statements, one in a database of its own, and whole scripts, whose rows it returns as text.
"""

from __future__ import annotations

import ctypes
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import apsw

Job = tuple[tuple[str, ...], str]
# What the C interface calls for each row: its number of values, the values, and their names.
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_char_p)
)
Rows = list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Library:
    version: tuple[int, int]
    run: Callable[[list[Job]], list[str | None]]
    run_scripts: Callable[[list[str]], list[Rows | str]]
    """Run scripts in one database; return the rows of each, or its error."""

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


def _text(row: Sequence[Any]) -> tuple[str | None, ...]:
    return tuple(None if value is None else str(value) for value in row)


def scripts_sqlite3(scripts: list[str]) -> list[Rows | str]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    found: list[Rows | str] = []
    for script in scripts:
        try:
            found.append([_text(row) for one in _statements(script) for row in connection.execute(one)])
        except (sqlite3.Error, sqlite3.Warning) as error:
            found.append(str(error))
    connection.close()
    return found


def _statements(text: str) -> Iterator[str]:
    start = 0
    for place, char in enumerate(text):
        if char == ";" and sqlite3.complete_statement(text[start : place + 1]):
            yield text[start : place + 1]
            start = place + 1
    yield text[start:]


def scripts_apsw(scripts: list[str]) -> list[Rows | str]:
    connection = apsw.Connection(":memory:")
    found: list[Rows | str] = []
    for script in scripts:
        try:
            found.append([_text(row) for row in connection.cursor().execute(script)])
        except (apsw.Error, apsw.BindingsError, ValueError) as error:
            found.append(str(error))
    return found


def _ask(folder: str, jobs: list[Job], scripts: list[str]) -> dict[str, Any]:
    """Have the module in another folder run statements and scripts."""
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([jobs, scripts]),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": folder},
    )
    return dict(json.loads(done.stdout))


def _elsewhere(folder: str) -> Library:
    return Library(
        _version(_ask(folder, [], [])["version"]),
        lambda jobs: list(_ask(folder, jobs, [])["errors"]),
        lambda scripts: [
            item if isinstance(item, str) else [tuple(row) for row in item]
            for item in _ask(folder, [], scripts)["scripts"]
        ],
    )


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

    def scripts(texts: list[str]) -> list[Rows | str]:
        database = ctypes.c_void_p()
        native.sqlite3_open(b":memory:", ctypes.byref(database))
        found: list[Rows | str] = []
        for text in texts:
            rows: Rows = []

            def each(_: object, count: int, values: Any, names: object, rows: Rows = rows) -> int:
                rows.append(tuple(None if values[n] is None else values[n].decode() for n in range(count)))
                return 0

            failed = native.sqlite3_exec(database, text.encode(), _CALLBACK(each), None, None)
            found.append(str(native.sqlite3_errmsg(database).decode()) if failed else rows)
        native.sqlite3_close(database)
        return found

    return Library(_version(native.sqlite3_libversion().decode()), lambda jobs: [one(job) for job in jobs], scripts)


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


@lru_cache(maxsize=1)
def libraries() -> tuple[Library, ...]:
    found = [
        Library(_version(sqlite3.sqlite_version), run_sqlite3, scripts_sqlite3),
        Library(_version(apsw.sqlite_lib_version()), run_apsw, scripts_apsw),
    ]
    for folder in filter(None, os.environ.get("MIGLINT_APSW_FOLDERS", "").split(os.pathsep)):
        if Path(folder).is_dir():
            found.append(_elsewhere(folder))
    for path in filter(None, os.environ.get("MIGLINT_SQLITE_LIBRARIES", "").split(os.pathsep)):
        found.append(_native(path))
    return tuple(sorted(found, key=lambda library: library.version))


def newest() -> Library:
    return libraries()[-1]


if __name__ == "__main__":
    version = getattr(apsw, "sqlite_lib_version", None) or apsw.sqlitelibversion  # type: ignore[attr-defined]  # older
    wanted, texts = json.load(sys.stdin)
    answers = run_apsw([(tuple(setup), statement) for setup, statement in wanted])
    json.dump({"version": version(), "errors": answers, "scripts": scripts_apsw(texts)}, sys.stdout)
