"""The options of a dry run, for the commands that have one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from miglint.dryrun.limits import LEAST_DISK, LEAST_MEMORY, Limits, size_of, size_text
from miglint.dryrun.options import ENGINES, DryRunOptions

_LIMITS = Limits()
_ONE_VERSION = ("embedded", "local", "sqlite")
_STARTING = frozenset({"dry_run", "database_url", "postgres"})
_TIMES = ("statement_timeout", "lock_timeout", "total_timeout")
_SIZES = ("max_memory", "max_disk")
_ABOUT = frozenset({"run_scripts_as_url_role", "image", "rows", "seed", "extension", *_TIMES, *_SIZES})


def _size(least: int) -> Callable[[click.Context, click.Parameter, str], int]:
    """Return the callback of an option that takes a number of bytes, written with a unit: `512MB`, `2GB`."""

    def convert(context: click.Context, param: click.Parameter, value: str) -> int:
        size = size_of(value)
        if size is None:
            raise click.BadParameter(f"`{value}` is no size; write it like 512MB or 2GB", context, param)
        if size < least:
            raise click.BadParameter(f"{value} is less than {size_text(least)}, which a server needs", context, param)
        return size

    return convert


_OPTIONS = (
    click.option(
        "--dry-run",
        type=click.Choice(ENGINES),
        metavar="[=ENGINE]",
        help=f"Execute all on a throwaway database: {', '.join(ENGINES)}.",
    ),
    click.option("--database-url", metavar="URL", help="Dry run on this server, in databases of its own."),
    click.option(
        "--run-scripts-as-url-role", is_flag=True, help="Let scripts do all that the role of the URL may do."
    ),
    click.option("--postgres", metavar="VERSIONS", help="Dry run in containers of these versions: 14,16."),
    click.option("--image", metavar="NAME", help="Image of the container; {version} stands for the version."),
    click.option("--rows", type=click.IntRange(0), metavar="N", default=100, show_default=True, help="Rows per table."),
    click.option("--seed", type=int, metavar="N", default=0, show_default=True, help="Seed of these rows."),
    click.option("--extension", multiple=True, metavar="NAME", help="Extension that is there before."),
    click.option(
        "--statement-timeout", type=click.FloatRange(0.1), metavar="SECONDS", default=_LIMITS.statement,
        show_default=True, help="For each statement.",
    ),
    click.option(
        "--lock-timeout", type=click.FloatRange(0.1), metavar="SECONDS", default=_LIMITS.lock, show_default=True,
        help="For each wait for a lock.",
    ),
    click.option(
        "--total-timeout", type=click.FloatRange(1), metavar="SECONDS", default=_LIMITS.total, show_default=True,
        help="For the dry run as a whole.",
    ),
    click.option(
        "--max-memory", callback=_size(LEAST_MEMORY), metavar="SIZE", default=size_text(_LIMITS.memory),
        show_default=True, help="Memory of the processes that run scripts.",
    ),
    click.option(
        "--max-disk", callback=_size(LEAST_DISK), metavar="SIZE", default=size_text(_LIMITS.disk),
        show_default=True, help="Disk space of the databases.",
    ),
)  # fmt: skip


_EVERY = "miglint.all_options"


def show_all_options(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    """Print the help with every option, and stop."""
    if asked and not ctx.resilient_parsing:
        ctx.meta[_EVERY] = True
        click.echo(ctx.get_help())
        ctx.exit()


class DryRunCommand(click.Command):
    """A command in which `--dry-run` may stand without an engine, also right before a path.

    `listed` are the names of the options that its help lists; those of all others are listed by `--all-options`.
    """

    listed: frozenset[str] = frozenset()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give `--dry-run` its default engine."""
        end = args.index("--") if "--" in args else len(args)
        for here, behind in pairwise(args[:end]):
            if here == "--dry-run" and behind in ENGINES and not Path(behind).exists():
                self._refuse(ctx, behind)
        plain = ["--dry-run=auto" if arg == "--dry-run" else arg for arg in args[:end]]
        return super().parse_args(ctx, plain + args[end:])

    def _refuse(self, ctx: click.Context, engine: str) -> None:
        ctx.fail(f"`{engine}` would be a path here; the engine is named with `--dry-run={engine}`")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options that most runs need, or all of them where `--all-options` asks for these."""
        help_option = self.get_help_option(ctx)
        every = ctx.meta.get(_EVERY, False) or not self.listed
        about: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for option in self.get_params(ctx):
            record = None if isinstance(option, click.Argument) else option.get_help_record(ctx)
            if record is not None and (every or option.name in self.listed or option is help_option):
                # What may be left out begins with the equals sign: `--dry-run[=ENGINE]`.
                spelling = record[0].replace(" [=", "[=")
                apart = every and (option.name in _STARTING or option.name in _ABOUT)
                about[apart].append((spelling, record[1]))
        if not every:
            with formatter.section("Options"):
                formatter.write_dl(about[False])
            return
        for title, records in (("Options", about[False]), ("Options of a dry run", about[True])):
            with formatter.section(title):
                formatter.write_dl(records)


def dry_run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command takes them as `**given` and has `options_of` take them out again."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options_of(given: dict[str, Any]) -> DryRunOptions | None:
    """Take the options out of `given`; return what was asked for, or None when no dry run was."""
    engine, url, versions = given.pop("dry_run"), given.pop("database_url"), given.pop("postgres")
    as_url_role = given.pop("run_scripts_as_url_role")
    options = DryRunOptions(
        engine=engine or "auto",
        url=url,
        as_url_role=as_url_role,
        rows=given.pop("rows"),
        seed=given.pop("seed"),
        postgres=tuple(part.strip() for part in (versions or "").split(",") if part.strip()),
        image=given.pop("image"),
        extensions=given.pop("extension"),
        limits=Limits(
            statement=given.pop("statement_timeout"),
            lock=given.pop("lock_timeout"),
            total=given.pop("total_timeout"),
            memory=given.pop("max_memory"),
            disk=given.pop("max_disk"),
        ),
    )
    if engine is None and url is None and versions is None:
        _refuse_alone()
        return None
    if as_url_role and url is None:
        raise click.UsageError("--run-scripts-as-url-role is about the role in --database-url: name one")
    for version in options.postgres:
        if not version[0].isdecimal():
            raise click.UsageError(f"--postgres: `{version}` is no version; name them like 14,16")
    if options.postgres and (url or engine in _ONE_VERSION):
        where = "--database-url" if url else f"--dry-run={engine}"
        raise click.UsageError(f"--postgres names the versions of containers, and {where} has one version of its own")
    return options


def _refuse_alone() -> None:
    """Stop where an option is given that says how to run what is not run."""
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in _ABOUT:
            raise click.UsageError(f"{option.opts[0]} is about a dry run: add --dry-run")
