"""The errors that miglint raises deliberately."""

from __future__ import annotations


class MiglintError(Exception):
    """An error with a message for the user."""


class UsageError(MiglintError):
    """A request that cannot be fulfilled: a path that does not exist, an unknown option value."""
