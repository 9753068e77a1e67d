"""Trust in a checkout: whose configuration, own rules and baseline are used."""

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
    """Load the configuration as restricted by the trust options; raises `UsageError`.

    `baseline` is the baseline file from the command line; it is read from the same commit.
    """
    if isolated and (config is not None or config_from is not None):
        other = "--config" if config is not None else "--config-from"
        raise UsageError(f"--isolated cannot be combined with {other}")
    trusted = not isolated and config_from is None and not no_own_rules
    if not trusted:
        _import_nothing_from_here()
    if isolated:
        settings = Settings(str(Path.cwd()))
    elif config_from is not None:
        # Only runs with a commit need git.
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
    """Remove the working directory from the import path, where `python -m miglint` puts it first.

    Otherwise, imports at run time, by miglint or by own rules, would be resolved in the checkout.
    """
    here = Path.cwd().resolve()
    sys.path[:] = [place for place in sys.path if place and Path(place).resolve() != here]
