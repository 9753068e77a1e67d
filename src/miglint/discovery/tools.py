"""Which migration tools may run the files of a layout, and what the project's own files say of it.

Several tools name their files alike: `1_users.up.sql` is golang-migrate's as well as sqlx's. What depends on the tool,
above all whether a script can be run twice, is told by what stands in the folders above the migrations: a `Cargo.toml`
that depends on sqlx, a `go.mod` that requires golang-migrate.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import History
from miglint.discovery.reading import read_file

# The tools that may run the files of a layout, where that is not the one tool that the layout is named after.
READERS: dict[str, tuple[str, ...]] = {
    "golang-migrate": ("golang-migrate", "sqlx"),
    "flyway": ("flyway", "refinery"),
    "plain": (),
}
# Those that may only where a file names them.
_NAMED = {"golang-migrate": ("morph",), "plain": ("sqlx",)}
_LARGEST = 1 << 20
# How far above the migrations to look where no repository's top is met.
_LEVELS = 3
_MOST_LEVELS = 10


class _Sign(NamedTuple):
    """A file that names tools: by being there, or by what is written in it."""

    tool: str
    words: re.Pattern[str] | None = None


def _crate(name: str) -> re.Pattern[str]:
    return pattern(rf"(?m)^[ \t]*{name}(?:\.workspace)?[ \t]*=|^[ \t]*\[[^\]\n]*dependencies\.{name}\]")


def _module(path: str) -> re.Pattern[str]:
    return pattern(rf"(?m)^[^/\n]*\b{path}\b")


_SIGNS: dict[str, tuple[_Sign, ...]] = {
    "sqlx.toml": (_Sign("sqlx"),),
    "flyway.toml": (_Sign("flyway"),),
    "flyway.conf": (_Sign("flyway"),),
    "Cargo.toml": (
        _Sign("sqlx", _crate("sqlx(?:-cli)?")),
        _Sign("refinery", _crate("refinery")),
    ),
    "go.mod": (
        _Sign("golang-migrate", _module(r"github\.com/golang-migrate/migrate")),
        _Sign("morph", _module(r"github\.com/mattermost/morph")),
    ),
    "pom.xml": (_Sign("flyway", pattern(r"\bflyway\b")),),
    "build.gradle": (_Sign("flyway", pattern(r"\bflyway\b")),),
    "build.gradle.kts": (_Sign("flyway", pattern(r"\bflyway\b")),),
}


class Beside(NamedTuple):
    """The tools that files name for a history, and the paths on which this depends."""

    tools: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()


def tools_beside(history: History, cwd: str) -> Beside:
    """Return the tools that the files above a history's folder name: those of the nearest folder that names any."""
    readers = READERS.get(history.layout)
    possible = frozenset((*(readers or ()), *_NAMED.get(history.layout, ())))
    if readers is None or not possible:
        return Beside()
    if history.layout == "flyway" and _is_flyways(history):
        return Beside(("flyway",))
    if history.layout == "plain" and "migration" not in Path(cwd, history.root).name:
        return Beside()
    consulted: list[str] = []
    for folder in _upward(Path(cwd, history.root), consulted):
        found: list[str] = []
        for name, signs in _SIGNS.items():
            wanted = [sign for sign in signs if sign.tool in possible]
            if wanted:
                path = str(folder / name)
                consulted.append(path)
                found += _tools_in(path, wanted)
        if found:
            return Beside(tuple(dict.fromkeys(found)), tuple(consulted))
    return Beside((), tuple(consulted))


def _is_flyways(history: History) -> bool:
    """Tell whether a history has what refinery's cannot have: undo and repeatable scripts, versions in three parts."""
    return any(
        item.repeatable or item.rollback is not None or item.version.count(".") > 1 for item in history.migrations
    )


def _upward(start: Path, consulted: list[str]) -> list[Path]:
    """Return a folder and those above it, up to the top of its repository; add where that was looked for."""
    folders = [start, *start.parents][:_MOST_LEVELS]
    last = _LEVELS
    for number, folder in enumerate(folders):
        consulted.append(str(folder / ".git"))
        if os.path.exists(consulted[-1]):  # noqa: PTH110 - a folder, or a file in a worktree
            last = number
            break
    return folders[: last + 1]


def _tools_in(path: str, signs: Iterable[_Sign]) -> Iterator[str]:
    if not os.path.isfile(path):  # noqa: PTH113 - many names are tried, and few are there
        return
    text = read_file(path, path, _LARGEST).file.text
    for sign in signs:
        if sign.words is None or sign.words.search(text):
            yield sign.tool
