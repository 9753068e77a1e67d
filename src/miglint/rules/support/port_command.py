"""The command that writes the variant of a migration for the other engine."""

from __future__ import annotations

from shlex import quote

from miglint.base.model import Dialect, Migration


def port_command(migration: Migration, target: Dialect, options: str = "") -> str:
    """Return the command line that ports a migration to an engine."""
    path = migration.forward.path if migration.forward is not None else ""
    return f"miglint port --to {target.value} --at {quote(migration.version)}{options} {quote(path)}".rstrip()
