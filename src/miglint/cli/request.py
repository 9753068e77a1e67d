"""Arguments of `miglint check`; common command lines are parsed without `click`.

Most runs pass paths and a few flags. Importing `click`, which parses everything else and reports errors, takes as long
as checking a script.
"""

from __future__ import annotations

from miglint.base.structs import Struct, replace
from miglint.dryrun.options import DryRunOptions
from miglint.report import FORMATS

COLORS = ("auto", "always", "never")
SORTS = ("migration", "severity")
_SWITCHES = {
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--no-cache": "no_cache",
    "--exit-zero": "exit_zero",
    "--allow-empty": "allow_empty",
    "--statistics": "statistics",
    "--no-baseline": "no_baseline",
    "--isolated": "isolated",
    "--no-own-rules": "no_own_rules",
    "--no-suppressions": "no_suppressions",
}
# Options with a value, and the accepted values; None accepts any.
_VALUES = {
    "--format": FORMATS,
    "--sort": SORTS,
    "--color": COLORS,
    "--config": None,
    "--baseline": None,
    "--layout": None,
}


class CheckArguments(Struct, frozen=True, kw_only=True):
    """The options of a check, named as on the command line (`format_`: `--format`); None where the settings decide.

    `report` has the format and the file of each further report.
    """

    paths: tuple[str, ...] = ()
    dialect: str | None = None
    layout: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    format_: str | None = None
    output: str | None = None
    report: tuple[tuple[str, str], ...] = ()
    sort: str = "migration"
    statistics: bool = False
    fail_on: str | None = None
    exit_zero: bool = False
    config: str | None = None
    since: str | None = None
    fix: bool = False
    hook: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    no_baseline: bool = False
    prune: bool = False
    configure: bool = False
    stdin_filename: str | None = None
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    no_cache: bool = False
    allow_empty: bool = False
    isolated: bool = False
    config_from: str | None = None
    no_own_rules: bool = False
    no_suppressions: bool = False
    dry_run: DryRunOptions | None = None


def plain(arguments: list[str]) -> CheckArguments | None:
    """Parse the arguments after `check`; return None unless all are paths and simple options."""
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
    request = replace(CheckArguments(paths=tuple(paths)), **given)
    return request if contradiction(request) is None else None


def contradiction(request: CheckArguments) -> str | None:
    """Return the error message for options that cannot be combined, or None."""
    if request.stdin_filename is not None and request.paths:
        return "--stdin-filename cannot be combined with paths"
    if request.write_baseline or request.prune:
        writing = "--write-baseline" if request.write_baseline else "--prune"
        for part in _ABOUT_A_PART:
            if getattr(request, part):
                return f"{writing} cannot be combined with --{part.replace('_', '-')}"
    files = [request.output, *(path for _, path in request.report)]
    if len(set(files)) < len(files):
        return "--report and --output must name different files"
    if request.statistics and request.format_ not in (None, "text"):
        return "--statistics is part of the format `text`: leave out --format"
    return _baseline_contradiction(request)


# Options for which a report lacks findings that a baseline must have.
_ABOUT_A_PART = ("stdin_filename", "since", "hook", "config_from", "no_suppressions", "no_baseline")


def _baseline_contradiction(request: CheckArguments) -> str | None:
    if request.configure and not request.write_baseline:
        return "--configure requires --write-baseline"
    if request.write_baseline and request.prune:
        return "--write-baseline removes fixed findings as well: leave out --prune"
    if request.no_baseline and request.baseline is not None:
        return "--no-baseline cannot be combined with --baseline"
    if request.no_suppressions and request.baseline is not None:
        return "--no-suppressions cannot be combined with --baseline"
    return None
