"""The text of a new `miglint.toml`, from what was found: every key with the reason for its value."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.structs import Struct

HEADER = "# Written by `miglint init`. `miglint rules` lists the rules, and whether each is enabled."
# A configuration that people read at once.
MOST_LINES = 20
_WIDTH = 110
_LISTED = 3


class SettingLine(Struct, frozen=True):
    """A key with its value, and the comment above it: the reason."""

    name: str
    value: str | tuple[str, ...]
    reason: str


class FolderDialect(Struct, frozen=True):
    """The dialect of folders that do not name one, with the reason."""

    paths: tuple[str, ...]
    dialect: str
    reason: str


def starter(keys: Iterable[SettingLine], dialects: Iterable[FolderDialect] = (), imported: Iterable[str] = ()) -> str:
    """Return the configuration. `imported` are lines taken from another tool's configuration.

    Blank lines between the keys, and then imported lines, are left out if there would be more than `MOST_LINES`.
    """
    blocks = [
        [HEADER],
        *(_key(item) for item in keys),
        *([line] for line in imported if line),
        *map(_folders, dialects),
    ]
    spaced = [line for number, block in enumerate(blocks) for line in ([""] if number else []) + block]
    lines = spaced if len(spaced) <= MOST_LINES else [line for line in spaced if line]
    return "\n".join(lines) + "\n"


def _key(item: SettingLine) -> list[str]:
    return [*_comment(item.reason), *_assignment(item.name, item.value)]


def _folders(item: FolderDialect) -> list[str]:
    head = [*_comment(item.reason), "[[per-path]]"]
    return [*head, f"paths = {_list(item.paths)}", f"dialect = {quoted(item.dialect)}"]


def _assignment(name: str, value: str | tuple[str, ...]) -> list[str]:
    if isinstance(value, str):
        return [f"{name} = {quoted(value)}"]
    line = f"{name} = {_list(value)}"
    if len(line) <= _WIDTH or len(value) > _LISTED:
        return [line]
    return [f"{name} = [", *(f"    {quoted(item)}," for item in value), "]"]


def _comment(text: str) -> list[str]:
    return [f"# {' '.join(text.split())}"] if text else []


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, items))}]"


def quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in escaped) + '"'
