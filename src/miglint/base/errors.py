"""The errors that miglint raises on purpose."""

from __future__ import annotations


class MiglintError(Exception):
    """What went wrong, in words for the person who ran miglint."""


class UsageError(MiglintError):
    """miglint was asked for something that cannot be done: a path that does not exist, an unknown option value."""
