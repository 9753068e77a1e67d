"""What a caller may say about a dry run."""

from __future__ import annotations

from miglint.base.structs import Struct, field
from miglint.dryrun.limits import Limits

ENGINES = ("auto", "embedded", "docker", "local", "sqlite")


class DryRunOptions(Struct, frozen=True):
    """How to run.

    `engine` is one of `ENGINES`; with `sqlite` the PostgreSQL histories are left out. `url` names a server instead of
    starting one; with `as_url_role` scripts run with the rights of its role. `rows` are generated per table (0: none),
    the same for the same `seed`. `postgres` are versions to run on, in containers (`("14", "16")`), `postgres_target`
    the one of a container when none is said; `image` overrides the container's image. `sqlite` is the lowest version of
    SQLite that is targeted. `extensions` are created before the first migration. `foreign_keys` says that the
    application's SQLite connections enforce them. `runner` is what the settings say of the tool's transactions.
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
    foreign_keys: bool = False
    runner: str | None = None
    limits: Limits = field(default_factory=Limits)
