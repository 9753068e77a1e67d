"""Dry-run options, shared by the commands that support a dry run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from miglint.cli.examples import CommandWithExamples
from miglint.dryrun.limits import LEAST_DISK, LEAST_MEMORY, Limits, size_of, size_text
from miglint.dryrun.options import ENGINES, DryRunOptions

_LIMITS = Limits()
_ONE_VERSION = ("embedded", "local", "sqlite")
_STARTING = frozenset({"dry_run", "database_url", "postgres"})
_TIMES = ("statement_timeout", "lock_timeout", "total_timeout")
_SIZES = ("max_memory", "max_disk")
_ABOUT = frozenset({"run_scripts_as_url_role", "image", "rows", "seed", "extension", "role", *_TIMES, *_SIZES})


def _size(least: int) -> Callable[[click.Context, click.Parameter, str], int]:
    """Return an option callback that parses a size in bytes with a unit: `512MB`, `2GB`."""

    def convert(context: click.Context, param: click.Parameter, value: str) -> int:
        size = size_of(value)
        if size is None:
            raise click.BadParameter(f"`{value}` is not a size; use a form like 512MB or 2GB", context, param)
        if size < least:
            raise click.BadParameter(f"{value} is below the minimum of {size_text(least)}", context, param)
        return size

    return convert


def _engine_option(flag: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that requests a run and may name the engine."""
    return click.option(
        flag, "dry_run", type=click.Choice(ENGINES), metavar="[=ENGINE]", help=f"{text}: {', '.join(ENGINES)}."
    )


_DRY_RUN = _engine_option("--dry-run", "Run the migrations on a throwaway database")
_OPTIONS = (
    click.option("--database-url", metavar="URL", help="Dry run on this server, in temporary databases."),
    click.option(
        "--run-scripts-as-url-role", is_flag=True, help="Run scripts with all privileges of the URL's role."
    ),
    click.option("--postgres", metavar="VERSIONS", help="Dry run in containers of these versions, e.g. 14,16."),
    click.option("--image", metavar="NAME", help="Container image; {version} is replaced by the version."),
    click.option(
        "--rows", type=click.IntRange(0), metavar="N", default=100, show_default=True, help="Generated rows per table.",
    ),
    click.option("--seed", type=int, metavar="N", default=0, show_default=True, help="Random seed for generated rows."),
    click.option("--extension", multiple=True, metavar="NAME", help="Extension to preinstall."),
    click.option("--role", multiple=True, metavar="NAME", help="Role to create, without privileges."),
    click.option(
        "--statement-timeout", type=click.FloatRange(0.1), metavar="SECONDS", default=_LIMITS.statement,
        show_default=True, help="Maximum time per statement.",
    ),
    click.option(
        "--lock-timeout", type=click.FloatRange(0.1), metavar="SECONDS", default=_LIMITS.lock, show_default=True,
        help="Maximum time per lock wait.",
    ),
    click.option(
        "--total-timeout", type=click.FloatRange(1), metavar="SECONDS", default=_LIMITS.total, show_default=True,
        help="Maximum time for the whole dry run.",
    ),
    click.option(
        "--max-memory", callback=_size(LEAST_MEMORY), metavar="SIZE", default=size_text(_LIMITS.memory),
        show_default=True, help="Memory limit for the processes that run scripts.",
    ),
    click.option(
        "--max-disk", callback=_size(LEAST_DISK), metavar="SIZE", default=size_text(_LIMITS.disk),
        show_default=True, help="Disk space limit for the databases.",
    ),
)  # fmt: skip


_EVERY = "miglint.all_options"


def _show_all_options(ctx: click.Context, param: click.Parameter, requested: bool) -> None:
    """Print the help with every option, and stop."""
    if requested and not ctx.resilient_parsing:
        ctx.meta[_EVERY] = True
        click.echo(ctx.get_help())
        ctx.exit()


all_options = click.option(
    "--all-options",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_all_options,
    help="List all options.",
)


class DryRunCommand(CommandWithExamples):
    """Command whose `--dry-run` option has an optional value, also directly before a path.

    `shown_options` are the names of the options that its help lists; `--all-options` lists all of them. `engine_flag`
    is the option that requests a run.
    """

    shown_options: frozenset[str] = frozenset()
    engine_flag = "--dry-run"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the default engine for a bare `--dry-run`."""
        flag = self.engine_flag
        end = args.index("--") if "--" in args else len(args)
        for here, behind in pairwise(args[:end]):
            if here == flag and behind in ENGINES and not Path(behind).exists():
                self._refuse(ctx, behind)
        plain = [f"{flag}=auto" if arg == flag else arg for arg in args[:end]]
        return super().parse_args(ctx, plain + args[end:])

    def _refuse(self, ctx: click.Context, engine: str) -> None:
        ctx.fail(f"`{engine}` would be a path here; the engine is named with `{self.engine_flag}={engine}`")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options that most runs need, or all of them with `--all-options`."""
        help_option = self.get_help_option(ctx)
        every = ctx.meta.get(_EVERY, False) or not self.shown_options
        about: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for option in self.get_params(ctx):
            record = None if isinstance(option, click.Argument) else option.get_help_record(ctx)
            if record is not None and (every or option.name in self.shown_options or option is help_option):
                # What may be left out begins with the equals sign: `--dry-run[=ENGINE]`.
                spelling = record[0].replace(" [=", "[=")
                apart = every and (option.name in _STARTING or option.name in _ABOUT)
                about[apart].append((spelling, record[1]))
        if not every:
            with formatter.section("Options"):
                formatter.write_dl(about[False])
            return
        for title, records in (("Options", about[False]), ("Dry-run options", about[True])):
            with formatter.section(title):
                formatter.write_dl(records)


def dry_run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the dry-run options to a command that takes `**given`; `options_of` removes them again."""
    for option in reversed((_DRY_RUN, *_OPTIONS)):
        command = option(command)
    return command


def engine_options(flag: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the dry-run options to a command in which another option requests the run."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((_engine_option(flag, text), *_OPTIONS)):
            command = option(command)
        return command

    return decorate


def options_of(given: dict[str, Any], *, always: bool = False) -> DryRunOptions | None:
    """Remove the dry-run options from `given`; return them, or None if no dry run was requested.

    With `always`, the command runs something in any case.
    """
    engine, url, versions = given.pop("dry_run"), given.pop("database_url"), given.pop("postgres")
    options = DryRunOptions(
        engine=engine or "auto",
        url=url,
        as_url_role=given.pop("run_scripts_as_url_role"),
        rows=given.pop("rows"),
        seed=given.pop("seed"),
        postgres=tuple(part.strip() for part in (versions or "").split(",") if part.strip()),
        image=given.pop("image"),
        extensions=given.pop("extension"),
        roles=given.pop("role"),
        limits=Limits(
            statement=given.pop("statement_timeout"),
            lock=given.pop("lock_timeout"),
            total=given.pop("total_timeout"),
            memory=given.pop("max_memory"),
            disk=given.pop("max_disk"),
        ),
        explicit=_explicit(),
    )
    if engine is None and url is None and versions is None and not always:
        _refuse_alone()
        return None
    _refuse_combinations(options)
    return options


def _refuse_combinations(options: DryRunOptions) -> None:
    """Raise `UsageError` for options that contradict each other, or are not versions."""
    if options.as_url_role and options.url is None:
        raise click.UsageError("--run-scripts-as-url-role requires --database-url with a role")
    for version in options.postgres:
        if not version[0].isdecimal():
            raise click.UsageError(f"--postgres: `{version}` is not a version; use a form like 14,16")
    if options.postgres and (options.url or options.engine in _ONE_VERSION):
        flag = getattr(click.get_current_context().command, "engine_flag", "--dry-run")
        where = "--database-url" if options.url else f"{flag}={options.engine}"
        raise click.UsageError(f"--postgres selects container versions and cannot be combined with {where}")


def _explicit() -> frozenset[str]:
    """Return the names of the options that the command line has."""
    context = click.get_current_context()
    names = [option.name for option in context.command.params if option.name is not None]
    return frozenset(name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)


def _refuse_alone() -> None:
    """Reject options that configure a dry run when no dry run was requested."""
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in _ABOUT:
            flag = getattr(context.command, "engine_flag", "--dry-run")
            raise click.UsageError(f"{option.opts[0]} requires {flag}")
