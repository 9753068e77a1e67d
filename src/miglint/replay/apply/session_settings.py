"""The settings of a session that matter to its statements, and what a transaction brings back."""

from __future__ import annotations

from typing import NamedTuple

from miglint.schema.value import Schema


class SessionSettings(NamedTuple):
    """The settings of a session: its search path, and others by their names."""

    path: tuple[str, ...]
    values: dict[str, str]

    def with_path(self, path: tuple[str, ...]) -> SessionSettings:
        """Return settings with another search path."""
        return SessionSettings(path, self.values)

    def with_value(self, name: str, value: str) -> SessionSettings:
        """Return settings with another value."""
        return SessionSettings(self.path, {**self.values, name: value})


class TransactionStart(NamedTuple):
    """The state at a `BEGIN` or a savepoint of that name; `lasting` are the settings without those of `SET LOCAL`."""

    name: str
    schema: Schema
    settings: SessionSettings
    lasting: SessionSettings
