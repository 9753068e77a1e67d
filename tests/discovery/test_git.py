"""Git as it is called: a repository's own configuration runs nothing, however it names its programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.project import git
from miglint.base.errors import UsageError
from miglint.discovery.git import Snapshot, deleted_files, touched_since

Trick = Callable[[Path, str], None]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "migrations").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "migrations" / "001_a.up.sql").write_text("SELECT 1;\n")
    (folder / "migrations" / "001_a.down.sql").write_text("SELECT 1;\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


def program(repository: Path) -> str:
    """Return a program that leaves a trace, and fails."""
    path = repository.parent / "evil"
    path.write_text(f"#!/bin/sh\ntouch {repository.parent}/ran\nexit 1\n")
    path.chmod(0o755)
    return str(path)


def configure(key: str, value: str = "{evil}") -> Trick:
    def trick(repository: Path, evil: str) -> None:
        git(repository, "config", key, value.format(evil=evil))

    return trick


def _filter(key: str, name: str = "it") -> Trick:
    def trick(repository: Path, evil: str) -> None:
        (repository / ".git" / "info" / "attributes").write_text("*.sql filter=it\n")
        configure(f"filter.{name}.{key}")(repository, evil)
        configure(f"filter.{name}.required", "true")(repository, evil)

    return trick


def _odd_filter(repository: Path, evil: str) -> None:
    (repository / ".git" / "info" / "attributes").write_text("*.sql filter=a=b.c\n")
    with (repository / ".git" / "config").open("a") as stream:
        stream.write(f'[filter "a=b.c"]\n\tclean = {evil}\n\tRequired = true\n')


def _filter_from_an_included_file(repository: Path, evil: str) -> None:
    (repository / ".gitattributes").write_text("*.sql filter=it\n")
    (repository / "more").write_text(f'[filter "it"]\n\tclean = {evil}\n')
    configure("include.path", "../more")(repository, evil)


def _hooks(repository: Path, evil: str) -> None:
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "query-watchman"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(Path(evil).read_text())
        hook.chmod(0o755)


def _hooks_in_the_tree(repository: Path, evil: str) -> None:
    _hooks(repository, evil)
    (repository / ".git" / "hooks").rename(repository / "hooks")
    configure("core.hooksPath", "hooks")(repository, evil)


def _diff_driver(repository: Path, evil: str) -> None:
    (repository / ".gitattributes").write_text("*.sql diff=it\n")
    for key in ("diff.external", "diff.it.command", "diff.it.textconv"):
        configure(key)(repository, evil)


def _partial_clone(*, transport: str) -> Trick:
    """An object is missing, and the configuration says from where, and by which program, it is to be had."""

    def trick(repository: Path, evil: str) -> None:
        blob = git(repository, "rev-parse", "HEAD:migrations/001_a.up.sql")
        tree = git(repository, "rev-parse", "HEAD^{tree}")
        for name in (blob, tree):
            (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
        git(repository, "config", "core.repositoryformatversion", "1")
        for key, value in {
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": transport.format(evil=evil),
            "remote.origin.uploadpack": evil,
            "core.sshCommand": evil,
            "protocol.allow": "always",
            "protocol.ext.allow": "always",
            "protocol.file.allow": "always",
        }.items():
            git(repository, "config", key, value)

    return trick


def _submodule(repository: Path, evil: str) -> None:
    below = repository / "below"
    below.mkdir()
    git(below, "init", "-q")
    (below / "a").write_text("a")
    git(below, "add", ".")
    git(below, "commit", "-qm", "one")
    git(repository, "add", "below")
    git(repository, "commit", "-qm", "two")
    (below / "a").write_text("b")
    (below / ".git" / "info" / "attributes").write_text("a filter=it\n")
    for key in ("core.fsmonitor", "filter.it.clean"):
        configure(key)(below, evil)


TRICKS: dict[str, Trick] = {
    "fsmonitor": configure("core.fsmonitor"),
    "fsmonitor, built in": configure("core.fsmonitor", "true"),
    "clean": _filter("clean"),
    "process": _filter("process"),
    "smudge": _filter("smudge"),
    "filter with an odd name": _odd_filter,
    "filter from an included file": _filter_from_an_included_file,
    "hooks": _hooks,
    "hooks in the tree": _hooks_in_the_tree,
    "diff": _diff_driver,
    "pager": lambda r, e: [configure(key)(r, e) for key in ("core.pager", "pager.diff", "pager.config", "core.editor")],
    "credentials": lambda r, e: [configure(key)(r, e) for key in ("credential.helper", "core.askPass")],
    "partial clone by a file": _partial_clone(transport="/nowhere"),
    "partial clone by ssh": _partial_clone(transport="ssh://host/path"),
    "partial clone by a program": _partial_clone(transport="ext::{evil}"),
    "submodule": _submodule,
}  # fmt: skip


def ask_everything(repository: Path) -> None:
    """Ask all that miglint asks git; what it answers is not what this is about."""
    for ask in (
        lambda: touched_since("HEAD", str(repository)),
        lambda: deleted_files(str(repository)),
        lambda: Snapshot("HEAD", "--config-from", str(repository)).read(
            str(repository / "migrations" / "001_a.up.sql"), 1 << 20
        ),
    ):
        try:
            ask()
        except UsageError:
            continue


def touch(repository: Path) -> None:
    """Change a file, and the time of another one: git has to look into both to know."""
    (repository / "migrations" / "001_a.up.sql").write_text("SELECT 2;\n")
    os.utime(repository / "migrations" / "001_a.down.sql", (1, 1))


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_hostile_configuration_runs_nothing(repository: Path, trick: Trick) -> None:
    trick(repository, program(repository))
    touch(repository)
    ask_everything(repository)
    assert not (repository.parent / "ran").exists()


@pytest.mark.parametrize("name", ["fsmonitor", "clean", "process", "filter from an included file", "submodule"])
def test_the_tricks_work_on_git_as_it_is(repository: Path, name: str) -> None:
    TRICKS[name](repository, program(repository))
    touch(repository)
    subprocess.run(["git", "-C", str(repository), "diff", "--name-only", "HEAD"], capture_output=True, check=False)
    assert (repository.parent / "ran").exists()


@pytest.mark.parametrize("transport", ["partial clone by a file", "partial clone by ssh", "partial clone by a program"])
def test_a_missing_object_is_fetched_by_git_as_it_is(repository: Path, transport: str) -> None:
    TRICKS[transport](repository, program(repository))
    subprocess.run(["git", "-C", str(repository), "ls-tree", "HEAD"], capture_output=True, check=False, timeout=60)
    assert (repository.parent / "ran").exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_EXTERNAL_DIFF": "{evil}"},
        {"GIT_PAGER": "{evil}", "GIT_EDITOR": "{evil}", "GIT_ASKPASS": "{evil}", "GIT_SSH_COMMAND": "{evil}"},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "{evil}"},
        {"GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='{evil}'"},
        {"GIT_CONFIG": "/nowhere"},
        {"GIT_TRACE": "{folder}/trace", "GIT_TRACE2": "{folder}/trace", "GIT_TRACE_SETUP": "{folder}/trace"},
        {"GIT_EXEC_PATH": "{folder}/bin"},
        {"GIT_CONFIG_COUNT": "many"},
    ],
)
def test_the_environment_runs_nothing_either(
    repository: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = program(repository)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(evil=evil, folder=repository.parent))
    touch(repository)
    monkeypatch.chdir(repository)
    assert touched_since("HEAD") == {"migrations/001_a.up.sql"}
    assert deleted_files() == frozenset()
    assert sorted(path.name for path in repository.parent.iterdir()) == ["evil", "repo"]


def test_a_program_of_the_checkout_is_not_taken_for_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = repository / "git"
    fake.write_text(Path(program(repository)).read_text())
    fake.chmod(0o755)
    monkeypatch.chdir(repository)
    for first in ("", ".", "../repo"):
        monkeypatch.setenv("PATH", os.pathsep.join([first, os.environ["PATH"]]))
        ask_everything(repository)
    assert not (repository.parent / "ran").exists()


def bare(repository: Path, evil: str, *, worktree: bool) -> Path:
    """A folder of the tree that git takes for a bare repository: every file of it can be committed."""
    inside = repository / "docs"
    git(repository, "clone", "-q", "--bare", str(repository), str(inside))
    config = f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {evil}\n"
    config += "\tbare = false\n\tworktree = work\n" if worktree else "\tbare = true\n"
    (inside / "config").write_text(config)
    (inside / "work").mkdir()
    return inside


@pytest.mark.parametrize("worktree", [False, True])
@pytest.mark.parametrize("below", [".", "refs", "work"])
def test_a_bare_repository_in_the_tree_is_none(repository: Path, worktree: bool, below: str) -> None:
    inside = bare(repository, program(repository), worktree=worktree)
    folder = inside / below
    with pytest.raises(UsageError, match="bare"):
        touched_since("HEAD", str(folder))
    with pytest.raises(UsageError, match="bare"):
        Snapshot("HEAD", "--config-from", str(folder))
    assert deleted_files(str(folder)) == frozenset()
    assert not (repository.parent / "ran").exists()


def test_a_repository_that_a_file_points_to_runs_nothing(repository: Path) -> None:
    evil = program(repository)
    inside = bare(repository, evil, worktree=True)
    checkout = repository / "checkout"
    checkout.mkdir()
    (checkout / ".git").write_text(f"gitdir: {inside}\n")
    ask_everything(checkout)
    assert not (repository.parent / "ran").exists()


def test_folders_of_other_owners_that_the_environment_trusts_stay_trusted(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, 12345, 12345)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with pytest.raises(UsageError, match="dubious ownership"):
        touched_since("HEAD", str(repository))
    for name, value in {"COUNT": "1", "KEY_0": "safe.directory", "VALUE_0": str(repository)}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert touched_since("HEAD", str(repository)) == frozenset()


def test_a_snapshot_reads_what_was_committed(repository: Path) -> None:
    (repository / "link").symlink_to("migrations/001_a.up.sql")
    (repository / "a:b *[c].toml").write_text("x")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "two")
    (repository / "migrations" / "001_a.up.sql").write_text("SELECT 2;\n")
    snapshot = Snapshot("HEAD", "--config-from", str(repository / "migrations"))
    assert snapshot.read(str(repository / "migrations" / "001_a.up.sql"), 100) == b"SELECT 1;\n"
    assert snapshot.read(str(repository / "a:b *[c].toml"), 100) == b"x"
    assert snapshot.read(str(repository / "none"), 100) is None
    assert snapshot.read(str(repository / "migrations"), 100) is None
    assert snapshot.read(str(repository / "link"), 100) is None
    with pytest.raises(UsageError, match="larger than 3 bytes"):
        snapshot.read(str(repository / "migrations" / "001_a.up.sql"), 3)
    with pytest.raises(UsageError, match="is outside the repository"):
        snapshot.read(str(repository.parent / "x"), 100)
    with pytest.raises(UsageError, match="not a git revision"):
        Snapshot("--all", "--config-from", str(repository))
