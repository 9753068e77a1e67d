"""How far a checkout is trusted: whose configuration, own rules and baseline count."""

from __future__ import annotations

import sys
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.structs import replace
from miglint.config.settings import Settings, load, with_files_of


def load_trusted(
    config: str | None = None,
    *,
    isolated: bool = False,
    config_from: str | None = None,
    no_own_rules: bool = False,
    no_suppressions: bool = False,
    baseline: str | None = None,
) -> Settings:
    """Read the configuration that the options of the command line let count; raises `UsageError`.

    `baseline` is the file of known findings that the command line names: it is read as of the same commit.
    """
    if isolated and (config is not None or config_from is not None):
        other = "--config" if config is not None else "--config-from"
        raise UsageError(f"--isolated is without any configuration: leave out {other}")
    trusted = not isolated and config_from is None and not no_own_rules
    if not trusted:
        _import_nothing_from_here()
    if isolated:
        settings = Settings(str(Path.cwd()))
    elif config_from is not None:
        # Only a run that asks for a commit needs git.
        from miglint.discovery.git import Snapshot

        source = Snapshot(config_from, "--config-from")
        settings = load(config, source=source)
        if baseline is not None:
            settings = with_files_of(settings, source, [str(Path(baseline).absolute())])
    else:
        settings = load(config)
    return replace(
        settings,
        own_code=not isolated and not no_own_rules,
        suppressions=not no_suppressions,
        baseline=None if no_suppressions else settings.baseline,
    )


def _import_nothing_from_here() -> None:
    """Take the working directory out of the way of imports, where `python -m miglint` puts it first.

    What is imported late, by miglint or by own rules, would come from the checkout otherwise.
    """
    here = Path.cwd().resolve()
    sys.path[:] = [place for place in sys.path if place and Path(place).resolve() != here]
