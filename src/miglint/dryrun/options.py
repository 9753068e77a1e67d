"""Options of a dry run."""

from __future__ import annotations

from miglint.base.structs import Struct, field
from miglint.dryrun.limits import Limits

ENGINES = ("auto", "embedded", "docker", "local", "sqlite")


class DryRunOptions(Struct, frozen=True):
    """Options of a dry run.

    `engine` is one of `ENGINES`; with `sqlite`, PostgreSQL histories are skipped. `url` is a server to use instead of
    starting one; with `as_url_role`, scripts run with the privileges of its role. `rows` are generated per table (0:
    none), deterministically by `seed`. `postgres` lists container versions (`("14", "16")`), `postgres_target` is the
    default one; `image` overrides the container image. `sqlite` is the minimum SQLite version of the targets.
    `extensions` and `roles` are created before the first migration; `sqlite_functions`, which are those of the
    application, have stand-ins that return their first argument. `foreign_keys` is whether the application's SQLite
    connections enforce them. `runner` is the `transaction` setting. With `keeps_cluster`, a new server's
    files are kept in the user's cache folder, and those of an earlier one are used. `explicit` names the options of the
    command line, which settings do not replace.
    """

    engine: str = "auto"
    url: str | None = None
    as_url_role: bool = False
    rows: int = 100
    seed: int = 0
    postgres: tuple[str, ...] = ()
    postgres_target: str | None = None
    image: str | None = None
    sqlite: tuple[int, ...] = ()
    extensions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sqlite_functions: tuple[str, ...] = ()
    foreign_keys: bool = False
    runner: str | None = None
    limits: Limits = field(default_factory=Limits)
    keeps_cluster: bool = True
    explicit: frozenset[str] = frozenset()
