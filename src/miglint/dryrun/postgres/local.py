"""PostgreSQL that is installed on this machine: a server of our own from its programs."""

from __future__ import annotations

import shutil
from pathlib import Path

from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import need_driver, start_cluster
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.programs import Programs, programs_in

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")


def find_local() -> Programs | None:
    """Return the programs on the PATH, or else those of the newest version where packages put them."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        # Debian's /usr/bin has wrappers; the programs are where the link leads.
        found = programs_in(Path(on_path).resolve().parent)
        if found is not None:
            return found
    candidates = [programs_in(folder) for place in _PLACES for folder in Path("/").glob(place.lstrip("/"))]
    return max((found for found in candidates if found is not None), key=lambda found: found.version, default=None)


def start_local(limits: Limits, deadline: Deadline, why: str) -> PostgresEngine:
    """Start a server from the programs that are installed."""
    need_driver()
    programs = find_local()
    if programs is None:
        raise EngineMissingError(
            "there is no `initdb` on the PATH or where packages put it; install PostgreSQL, on Debian and Ubuntu with:"
            " apt install postgresql"
        )
    return start_cluster(programs, "local", limits, deadline, f"{why}: {programs.folder}")
