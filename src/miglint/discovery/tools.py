"""Detection of the migration tool for layouts that several tools read, from other files in the project.

Several tools use the same file names: `1_users.up.sql` is used by golang-migrate and sqlx. Tool-specific behavior, in
particular whether a script can run twice, is determined from files in the folders above the migrations: a `Cargo.toml`
that depends on sqlx, a `go.mod` that requires golang-migrate.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from miglint.base.lazy_regex import pattern
from miglint.base.model import History
from miglint.base.structs import Struct
from miglint.discovery.reading import read_file

# The tools of a layout, if it is not only the tool that the layout is named after.
READERS: dict[str, tuple[str, ...]] = {
    "golang-migrate": ("golang-migrate", "sqlx"),
    "flyway": ("flyway", "refinery"),
    "plain": (),
}
# Tools that are considered only if a file names them.
_NAMED = {"golang-migrate": ("morph",), "plain": ("sqlx",)}
# The comment at the beginning of a script with which its tool opens no transaction.
MARKS = {"sqlx": "-- no-transaction", "morph": "-- morph:nontransactional"}
# Tools that refuse a script that was changed after it ran, comments included.
WITH_CHECKSUMS = frozenset({"atlas", "flyway", "liquibase", "prisma", "refinery", "sqlx"})
_LARGEST = 1 << 20
# Maximum number of levels above the migrations to search, if there is no repository root.
_LEVELS = 3
_MOST_LEVELS = 10


class _Sign(Struct, frozen=True):
    """A file that indicates tools, by its existence or its content."""

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


def tools_of(history: History) -> tuple[str, ...]:
    """Return the tools that may run the scripts of a history: those that files name, or all that read its layout."""
    return history.tools or READERS.get(history.layout, (history.layout,))


def has_mark(text: str) -> bool:
    """Return whether a script begins with the comment with which its tool opens no transaction."""
    return text.startswith(tuple(MARKS.values()))


class Beside(Struct, frozen=True):
    """The tools indicated by files for a history, the paths examined, and the files that name the tools.

    There are no such files where the names of the scripts indicate the tool.
    """

    tools: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def tools_beside(history: History, cwd: str) -> Beside:
    """Return the tools indicated by files above a history's folder: those of the nearest folder with any."""
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
        found = _named_in(folder, possible, consulted)
        if found:
            return Beside(tuple(found), tuple(consulted), tuple(dict.fromkeys(found.values())))
    return Beside(("golang-migrate",) if _has_six_digits(history) else (), tuple(consulted))


def _named_in(folder: Path, possible: frozenset[str], consulted: list[str]) -> dict[str, str]:
    """Return the possible tools that files of a folder name, with the file; record the paths examined."""
    found: dict[str, str] = {}
    for name, signs in _SIGNS.items():
        wanted = [sign for sign in signs if sign.tool in possible]
        if wanted:
            path = str(folder / name)
            consulted.append(path)
            for tool in _tools_in(path, wanted):
                found.setdefault(tool, path)
    return found


def _has_six_digits(history: History) -> bool:
    """Return whether versions look like `000001`, as `migrate create -seq` writes them; sqlx has four digits."""
    versions = [item.version for item in history.migrations]
    return history.layout == "golang-migrate" and all(
        len(one) == 6 and one.isdecimal() and one.startswith("0") for one in versions
    )


def _is_flyways(history: History) -> bool:
    """Return whether a history has features that refinery lacks: undo and repeatable scripts, three-part versions."""
    return any(
        item.repeatable or item.rollback is not None or item.version.count(".") > 1 for item in history.migrations
    )


def folders_upward(start: Path) -> list[Path]:
    """Return a folder and its parents, up to the root of its repository, or three levels up if there is none."""
    return _upward(start, [])


def _upward(start: Path, consulted: list[str]) -> list[Path]:
    """Return a folder and its parents, up to the root of its repository; record the paths examined."""
    folders = [start, *start.parents][:_MOST_LEVELS]
    last = _LEVELS
    for number, folder in enumerate(folders):
        consulted.append(str(folder / ".git"))
        if os.path.exists(consulted[-1]):
            last = number
            break
    return folders[: last + 1]


def _tools_in(path: str, signs: Iterable[_Sign]) -> Iterator[str]:
    if not os.path.isfile(path):
        return
    text = read_file(path, path, _LARGEST).file.text
    for sign in signs:
        if sign.words is None or sign.words.search(text):
            yield sign.tool
