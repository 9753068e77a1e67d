"""Reading a TOML table with care: unknown keys and wrong types stop the run and say where they stand."""

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
    """A configuration that cannot be used; the message begins with the file and the line."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean ...?)` for the known word that `word` resembles, or nothing."""
    from difflib import get_close_matches  # only a mistake needs it

    found = get_close_matches(word, list(known), 1)
    return f" (did you mean `{found[0]}`?)" if found else ""


def line_of(text: str, steps: Steps) -> int:
    """Return the line on which the key at `steps` is written, or that of the nearest table around it.

    The parser keeps no places, so the text is looked through again: table headers and keys at the start of a line.
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
    """Add the number of the current element where a header continues an array of tables."""
    for length in range(len(table), 0, -1):
        if table[:length] in counts:
            return (*table[:length], counts[table[:length]], *table[length:])
    return table


class TomlTable(Struct, frozen=True):
    """A table of a configuration file: its values, the steps that lead to it, and the file's path and text."""

    values: Mapping[str, object]
    path: str
    text: str
    steps: Steps = ()

    def fail(self, message: str, *keys: str | int) -> NoReturn:
        """Stop with the place of a key and what is wrong with it."""
        raise ConfigError(f"{self.path}:{line_of(self.text, self.steps + keys)}: {message}")

    def only(self, known: Iterable[str], meant: Mapping[str, str] | None = None) -> None:
        """Stop at a key that is not known; `meant` says what to write instead of keys of other tools."""
        names = list(known)
        for key in self.values:
            if key not in names:
                hint = f": {meant[key]}" if meant is not None and key in meant else nearest(key, names)
                self.fail(f"unknown key `{key}`{hint}", key)

    def string(self, key: str) -> str | None:
        """Return a string, or None when the key is not there."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            self.fail(f"`{key}` must be a string, not {kind_of(value)}", key)
        return value

    def choice(self, key: str, choices: Iterable[str], aliases: Mapping[str, str] | None = None) -> str | None:
        """Return a string that is one of `choices`, or None when the key is not there; `aliases` are other names."""
        value, known = self.string(key), list(choices)
        if value is not None and aliases is not None:
            value = aliases.get(value.lower(), value)
        if value is not None and value not in known:
            listed = ", ".join(f"`{item}`" for item in known)
            self.fail(f"`{key}` cannot be `{value}`: it is one of {listed}{nearest(value, known)}", key)
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when the key is not there."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fail(f"`{key}` must be a list of strings, not {kind_of(value)}", key)
        for item in value:
            if not isinstance(item, str):
                self.fail(f"`{key}` must hold strings only, not {kind_of(item)}", key)
        return tuple(value)

    def table(self, key: str) -> TomlTable:
        """Return the table at `key`, empty when it is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(f"`{key}` must be a table, not {kind_of(value)}", key)
        return TomlTable(value, self.path, self.text, (*self.steps, key))

    def tables(self, key: str) -> tuple[TomlTable, ...]:
        """Return the tables of an array of tables, none when it is not there."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(f"`{key}` must be an array of tables, written as [[...{key}]]", key)
        return tuple(
            TomlTable(item, self.path, self.text, (*self.steps, key, number)) for number, item in enumerate(value)
        )

    def string_values(self, key: str) -> dict[str, str]:
        """Return a table of strings by name."""
        table = self.table(key)
        return {name: table.string(name) or "" for name in table.values}


def kind_of(value: object) -> str:
    """Return the kind of a TOML value for people."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")
