"""The options of a dry run: those of the command line, completed from the configuration."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.errors import UsageError
from miglint.base.structs import replace
from miglint.cache.store import is_in_checkout
from miglint.config.settings import Settings
from miglint.dryrun.limits import LEAST_DISK, LEAST_MEMORY, Limits, size_of, size_text
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.workspace import cache_folder


def configured(options: DryRunOptions, settings: Settings, roots: Iterable[str]) -> DryRunOptions:
    """Return the options with those of the settings that the command line does not have; raises `UsageError`.

    Extensions and roles are added to those of the command line. `roots` are the folders of the histories: a cache
    folder in one of their checkouts may have come with it, with settings of a server that name programs.
    """
    given, own = options.explicit, settings.dry_run
    free = options.url is None and not options.postgres
    engine = own.engine if own.engine is not None and options.engine == "auto" and free else options.engine
    postgres = settings.targets.get("postgres")
    return replace(
        options,
        engine=engine,
        postgres=own.postgres if free and engine in ("auto", "docker") else options.postgres,
        postgres_target=str(postgres[0]) if postgres else options.postgres_target,
        sqlite=options.sqlite or settings.targets.get("sqlite", ()),
        image=options.image or settings.image,
        rows=options.rows if own.rows is None or "rows" in given else own.rows,
        seed=options.seed if own.seed is None or "seed" in given else own.seed,
        extensions=tuple(dict.fromkeys((*options.extensions, *own.extensions))),
        roles=tuple(dict.fromkeys((*options.roles, *own.roles))),
        sqlite_functions=own.sqlite_functions,
        runner=settings.transaction,
        limits=_limits(options.limits, given, settings),
        keeps_cluster=not is_in_checkout(str(cache_folder()), settings.root, *roots),
        explicit=frozenset(),
    )


def _limits(limits: Limits, given: frozenset[str], settings: Settings) -> Limits:
    own = settings.dry_run

    def seconds(key: str, default: float) -> float:
        return default if key.replace("-", "_") in given else own.seconds.get(key, default)

    def size(key: str, default: int, least: int) -> int:
        if key.replace("-", "_") in given or key not in own.sizes:
            return default
        found = size_of(own.sizes[key])
        if found is None or found < least:
            where = settings.place("dry-run", key)
            text = f"`{key}` is `{own.sizes[key]}`, but must be a size of at least {size_text(least)}"
            raise UsageError(f"{where}{text}")
        return found

    return replace(
        limits,
        statement=seconds("statement-timeout", limits.statement),
        lock=seconds("lock-timeout", limits.lock),
        total=seconds("total-timeout", limits.total),
        memory=size("max-memory", limits.memory, LEAST_MEMORY),
        disk=size("max-disk", limits.disk, LEAST_DISK),
    )
