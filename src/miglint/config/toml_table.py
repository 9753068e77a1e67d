"""TOML tables with strict access: unknown keys and wrong types are errors with file and line.

`msgspec.convert` with `forbid_unknown_fields` does not replace it: its errors have a path but no line, no similar key
and no hint for keys of other tools, and it takes longer, once per process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from miglint.base.errors import UsageError
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct

_HEADER = pattern(r"\s*+(\[\[?+)([^\]]++)\]")
_KEY = pattern(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'))*)\s*="
)
_PART = pattern(r"[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'")

Steps = tuple[str | int, ...]


class ConfigError(UsageError):
    """An invalid configuration; the message starts with the file and the line."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean ...?)` with the known word nearest to `word`, or an empty string."""
    from difflib import get_close_matches  # only needed for errors

    names = list(known)
    found = get_close_matches(word, names, 1) or get_close_matches(word.lower(), names, 1)
    return f" (did you mean `{found[0]}`?)" if found else ""


def line_of(text: str, steps: Steps) -> int:
    """Return the line of the key at `steps`, or that of the nearest table around it.

    The TOML parser has no positions, so the text is scanned for table headers and keys at the start of a line.
    """
    counts: dict[Steps, int] = {}
    table: Steps = ()
    best, depth = 1, -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            else:
                table = _inside(table, counts)
            here = table
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        if here == steps[: len(here)] and len(here) > depth:
            best, depth = number, len(here)
    return best


def _parts(dotted: str) -> Steps:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _inside(table: Steps, counts: Mapping[Steps, int]) -> Steps:
    """Add the index of the current element if a header continues an array of tables."""
    for length in range(len(table), 0, -1):
        if table[:length] in counts:
            return (*table[:length], counts[table[:length]], *table[length:])
    return table


# What to write instead of a plain value, by key.
_TABLES = {"severity": ': `severity = {IDM001 = "info"}`; `ignore = ["IDM001"]` turns rules off'}
_OF_ONE_RULE = (
    ': it holds options of this rule; `ignore = ["{0}"]` turns it off, `severity = {{{0} = "info"}}` weighs it'
)


class TomlTable(Struct, frozen=True):
    """A table of a configuration file: its values, its key path, and the file's path and text."""

    values: Mapping[str, object]
    path: str
    text: str
    steps: Steps = ()

    def fail(self, message: str, *keys: str | int) -> NoReturn:
        """Raise `ConfigError` with the position of a key."""
        raise ConfigError(f"{self.path}:{line_of(self.text, self.steps + keys)}: {message}")

    def only(self, known: Iterable[str], meant: Mapping[str, str] | None = None) -> None:
        """Raise `ConfigError` for an unknown key; `meant` says what to write instead of keys of other tools."""
        names = list(known)
        for key in self.values:
            if key not in names:
                hint = f": {meant[key]}" if meant is not None and key in meant else nearest(key, names)
                self.fail(f"unknown key `{key}`{hint}", key)

    def string(self, key: str) -> str | None:
        """Return a string, or None if the key is missing."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            self.fail(f"`{key}` must be a string, not {kind_of(value)}", key)
        return value

    def choice(self, key: str, choices: Iterable[str], aliases: Mapping[str, str] | None = None) -> str | None:
        """Return a string that is one of `choices`, or None if the key is missing; `aliases` are other names."""
        value, known = self.string(key), list(choices)
        if value is not None and aliases is not None:
            value = aliases.get(value.lower(), value)
        if value is not None and value not in known:
            listed = ", ".join(f"`{item}`" for item in known)
            self.fail(f"`{key}` is `{value}`, but must be one of {listed}{nearest(value, known)}", key)
        return value

    def number(self, key: str, *, least: int | None = None) -> int | None:
        """Return a whole number, not below `least`, or None if the key is missing."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"`{key}` must be a whole number, not {kind_of(value)}", key)
        if least is not None and value < least:
            self.fail(f"`{key}` must be at least {least}", key)
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty if the key is missing."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            hint = f': `{key} = ["{value}"]`' if isinstance(value, str) else ""
            self.fail(f"`{key}` must be a list of strings, not {kind_of(value)}{hint}", key)
        for item in value:
            if not isinstance(item, str):
                self.fail(f"`{key}` must contain only strings, not {kind_of(item)}", key)
        return tuple(value)

    def table(self, key: str) -> TomlTable:
        """Return the table at `key`, empty if it is missing."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            hint = _OF_ONE_RULE.format(key) if self.steps[-1:] == ("rules",) else _TABLES.get(key, "")
            self.fail(f"`{key}` must be a table, not {kind_of(value)}{hint}", key)
        return TomlTable(value, self.path, self.text, (*self.steps, key))

    def tables(self, key: str) -> tuple[TomlTable, ...]:
        """Return the tables of an array of tables, empty if it is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(f"`{key}` must be an array of tables, written as [[...{key}]]", key)
        return tuple(
            TomlTable(item, self.path, self.text, (*self.steps, key, number)) for number, item in enumerate(value)
        )

    def string_values(self, key: str) -> dict[str, str]:
        """Return a table of strings as a dictionary."""
        table = self.table(key)
        return {name: table.string(name) or "" for name in table.values}


def kind_of(value: object) -> str:
    """Return the display name of a TOML value's type."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")
