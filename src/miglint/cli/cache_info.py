"""`miglint cache info`."""

from __future__ import annotations

import click

from miglint.base.inert import inert
from miglint.cache.store import MAX_BYTES, open_store
from miglint.cli.output import write
from miglint.config.settings import load

_MEGABYTE = 1024 * 1024
NO_STORE = "none: the folder or the user's key is inside the checkout, or others can read the key"


def megabytes(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / _MEGABYTE:.1f} MB"


def counted(number: int) -> str:
    """Return a number of entries in words."""
    return f"{number} {'entry' if number == 1 else 'entries'}"


@click.command("info")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
def command(*, config: str | None) -> None:
    """Show where results are kept, how many, and their size.

    Results of checks are kept beside the configuration, or in MIGLINT_CACHE_DIR; servers and databases of dry runs in
    the user's cache folder.
    """
    from miglint.dryrun.kept_files import kept_size

    store = open_store(load(config).root)
    if store is None:
        lines = [f"results: {NO_STORE}"]
    else:
        number, size = store.size()
        lines = [
            f"results: {store.folder}",
            f"  {counted(number)}, {megabytes(size)} of at most {megabytes(MAX_BYTES)}",
        ]
    folder, size = kept_size()
    lines += [f"dry runs: {folder}", f"  {megabytes(size)}"]
    write(inert("".join(f"{line}\n" for line in lines)), None)
