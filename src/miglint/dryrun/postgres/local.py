"""Locally installed PostgreSQL: a throwaway server from its programs."""

from __future__ import annotations

from pathlib import Path

from miglint.base.program_path import program_on_path
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import need_driver, start_cluster
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.programs import Programs, programs_in

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")


def find_local() -> Programs | None:
    """Return the programs on PATH, or else those of the newest version in the usual package locations."""
    on_path = program_on_path("initdb")
    if on_path is not None:
        # Debian's /usr/bin has wrappers; the link targets are the programs.
        found = programs_in(Path(on_path).resolve().parent)
        if found is not None:
            return found
    candidates = [programs_in(folder) for place in _PLACES for folder in Path("/").glob(place.lstrip("/"))]
    return max((found for found in candidates if found is not None), key=lambda found: found.version, default=None)


def start_local(limits: Limits, deadline: Deadline, why: str, *, keeps: bool = True) -> PostgresEngine:
    """Start a server from the installed programs; with `keeps`, its new files are kept for later runs."""
    need_driver()
    programs = find_local()
    if programs is None:
        raise EngineMissingError(
            "no `initdb` found on PATH or in the usual locations; install PostgreSQL, on Debian and Ubuntu with:"
            " apt install postgresql"
        )
    return start_cluster(programs, "local", limits, deadline, f"{why}: {programs.folder}", keeps=keeps)
