"""The options of a dry run depend on the checkout: what is in it may have come with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.config.settings import Settings
from miglint.dryrun.options import DryRunOptions
from miglint.linter.dry_run_options import configured


@pytest.mark.parametrize(
    ("cache", "working", "root", "history", "keeps"),
    [
        ("home/.cache", "checkout", "checkout", "checkout/migrations", True),
        ("checkout/.cache", "checkout", "checkout", "checkout/migrations", False),
        # Pipelines often make the checkout the home of their user.
        ("checkout", "checkout/migrations", "checkout/migrations", "checkout/migrations", False),
        ("checkout/.cache", "home", "checkout", "checkout/migrations", False),
        ("checkout/.cache", "home", "home", "checkout/migrations", False),
        ("checkout/.cache", "home", "home", "other", True),
        ("link", "checkout", "checkout", "checkout", False),
        ("checkout/out", "checkout", "checkout", "checkout", False),
    ],
)
def test_servers_are_not_kept_in_a_checkout(
    cache: str, working: str, root: str, history: str, keeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home", "other", "checkout/.git", "checkout/migrations"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("checkout/.cache")
    (tmp_path / "checkout" / "out").symlink_to("../home")
    monkeypatch.chdir(tmp_path / working)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
    settings = Settings(root=str(tmp_path / root))
    assert configured(DryRunOptions(), settings, [str(tmp_path / history)]).keeps_cluster is keeps
