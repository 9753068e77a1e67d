"""`miglint cache info` and `clean`: what is kept between runs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from miglint.cli.main import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a project with one migration; the user's folder is beside it."""
    project = tmp_path / "project"
    (project / "migrations").mkdir(parents=True)
    (project / "migrations" / "001_a.up.sql").write_text("CREATE TABLE a (id int);\n", encoding="utf-8")
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.delenv("MIGLINT_CACHE_DIR", raising=False)

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main([*arguments])
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def test_results_are_shown_and_deleted(run: Run, tmp_path: Path) -> None:
    assert "0 entries" in run("cache", "info")[1]
    run("check", "migrations")
    folder = tmp_path / "project" / ".miglint_cache"
    (folder / "own.txt").write_text("kept", encoding="utf-8")
    entries = [path for path in folder.iterdir() if path.name.startswith(("run-", "answer-", "steps-"))]
    assert entries
    status, said = run("cache", "info")
    assert (status, f"{len(entries)} entr" in said, str(folder) in said) == (0, True, True)
    assert run("cache", "clean") == (0, f"results: deleted {said.splitlines()[1].split(' of ')[0].strip()}\n")
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "CACHEDIR.TAG", "own.txt"]
    assert "0 entries" in run("cache", "info")[1]


def test_servers_are_deleted_on_request_only(run: Run, tmp_path: Path) -> None:
    user = tmp_path / "user" / "miglint"
    (user / "cluster-18-abc" / "data").mkdir(parents=True)
    (user / "cluster-18-abc" / "data" / "PG_VERSION").write_bytes(b"x" * 2_000_000)
    (user / "history-abc").write_bytes(b"x" * 1_000_000)
    (user / "cluster.lock").write_bytes(b"")
    assert "2.9 MB" in run("cache", "info")[1]
    run("cache", "clean")
    assert (user / "history-abc").exists()
    assert "dry runs: deleted 2.9 MB" in run("cache", "clean", "--servers")[1]
    assert sorted(path.name for path in user.iterdir()) == ["cluster.lock", "key"]


def test_a_link_in_the_checkout_is_not_followed(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "run-1").write_bytes(b"x")
    (tmp_path / "project" / ".miglint_cache").symlink_to(elsewhere)
    assert run("cache", "clean")[0] == 0
    assert (elsewhere / "run-1").exists()


def test_without_a_key_there_are_no_results(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGLINT_CACHE_DIR", str(tmp_path / "project" / "inside"))
    for command in ("info", "clean"):
        status, said = run("cache", command)
        assert status == 0
        assert said.startswith("results: none")
