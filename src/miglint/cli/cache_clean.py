"""`miglint cache clean`."""

from __future__ import annotations

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert
from miglint.cache.store import open_store
from miglint.cli.cache_info import NO_STORE, counted, megabytes
from miglint.cli.output import write
from miglint.config.settings import load


@click.command("clean")
@click.option("--servers", is_flag=True, help="Also delete the servers and databases that dry runs keep.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
def command(*, servers: bool, config: str | None) -> None:
    """Delete cached results, and with --servers what dry runs keep.

    The next run makes them again. Runs at the same time are not disturbed.
    """
    store = open_store(load(config).root)
    lines = [f"results: {NO_STORE}"]
    try:
        if store is not None:
            number, size = store.size()
            store.clear()
            lines = [f"results: deleted {counted(number)}, {megabytes(size)}"]
        if servers:
            from miglint.dryrun.kept_files import delete_kept

            lines.append(f"dry runs: deleted {megabytes(delete_kept())}")
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    write(inert("".join(f"{line}\n" for line in lines)), None)
