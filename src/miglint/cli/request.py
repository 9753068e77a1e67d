"""What a command line asks `miglint check` for, and the plain ones read without `click`.

Most runs name paths and a few switches. To import the library that reads everything else, and says what is wrong with
a command line, takes as long as the check of a script.
"""

from __future__ import annotations

from miglint.base.structs import Struct, replace
from miglint.dryrun.options import DryRunOptions
from miglint.report import FORMATS

COLORS = ("auto", "always", "never")
_SWITCHES = {
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--no-cache": "no_cache",
    "--exit-zero": "exit_zero",
}
# Options with a value, and the values they have; None for any.
_VALUES = {"--format": FORMATS, "--color": COLORS, "--config": None, "--baseline": None, "--layout": None}


class Request(Struct, frozen=True, kw_only=True):
    """The options of a check, by the names they have on the command line (`format_`: `--format`)."""

    paths: tuple[str, ...] = ()
    dialect: str | None = None
    layout: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    format_: str = "text"
    output: str | None = None
    fail_on: str | None = None
    exit_zero: bool = False
    config: str | None = None
    since: str | None = None
    hook: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    stdin_filename: str | None = None
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    no_cache: bool = False
    dry_run: DryRunOptions | None = None


def plain(arguments: list[str]) -> Request | None:
    """Return what the arguments after `check` ask for, or None when they are not all paths and plain options."""
    given: dict[str, str | bool] = {}
    paths: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            paths.append(argument)
        elif argument in _SWITCHES:
            given[_SWITCHES[argument]] = True
        elif name in _VALUES:
            choices = _VALUES[name]
            value = value if equals else next(rest, "")
            if not value or value.startswith("-") or (choices is not None and value not in choices):
                return None
            given["format_" if name == "--format" else name[2:]] = value
        else:
            return None
    return replace(Request(paths=tuple(paths)), **given)
