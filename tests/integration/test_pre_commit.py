"""The hook as pre-commit runs it: a real pre-commit, in a repository of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .project import copy_to, git, skip_without_registry

GOOD = "CREATE TABLE IF NOT EXISTS {0} (id bigint PRIMARY KEY);\n"
BACK = "DROP TABLE IF EXISTS {0};\n"


class Repository:
    """A repository with three pairs, one of which was bad before anybody looked."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = env

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        git(self.folder, "add", "--all")

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run pre-commit on what is staged."""
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color", "never", *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Make the hook's repository and the one that uses it, and have pre-commit install the hook."""
    top = tmp_path_factory.mktemp("pre-commit")
    hook = copy_to(top / "hook")
    git(hook, "init", "--quiet")
    git(hook, "add", "--all")
    git(hook, "commit", "--quiet", "--message", "The hook")
    revision = git(hook, "rev-parse", "HEAD")

    folder = top / "work"
    folder.mkdir()
    git(folder, "init", "--quiet")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
    repository = Repository(folder, {**env, "PRE_COMMIT_HOME": str(top / "cache")})
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hook}\n    rev: {revision}\n    hooks:\n      - id: miglint\n"
        "      - id: miglint-fix\n        stages: [manual]\n"
    )
    for name, table in (("001_users", "users"), ("003_tags", "tags")):
        repository.write(f"migrations/{name}.up.sql", GOOD.format(table))
        repository.write(f"migrations/{name}.down.sql", BACK.format(table))
    repository.write("migrations/002_old.up.sql", "CREATE TABLE old (id bigint PRIMARY KEY);\n")
    repository.write("migrations/002_old.down.sql", "DROP TABLE old;\n")
    repository.write("miglint.toml", 'idempotency = "required"\n')
    git(folder, "commit", "--quiet", "--message", "What was there")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install-hooks"],
        cwd=folder,
        env=repository.env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        skip_without_registry(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return repository


@pytest.fixture
def repository(prepared: Repository) -> Iterator[Repository]:
    yield prepared
    git(prepared.folder, "reset", "--quiet", "--hard")


def test_a_commit_is_told_of_its_own_findings_alone(repository: Repository) -> None:
    repository.write("migrations/004_notes.up.sql", "CREATE TABLE notes (id bigint PRIMARY KEY);\n")
    repository.write("migrations/004_notes.down.sql", BACK.format("notes"))
    status, said = repository.run()
    assert status == 1
    assert "migrations/004_notes.up.sql:1:1: error IDM001" in said
    assert "002_old" not in said


def test_a_good_commit_passes(repository: Repository) -> None:
    repository.write("migrations/004_notes.up.sql", GOOD.format("notes"))
    repository.write("migrations/004_notes.down.sql", BACK.format("notes"))
    assert repository.run()[0] == 0


def test_the_history_around_is_read(repository: Repository) -> None:
    repository.write("migrations/004_users.up.sql", "ALTER TABLE users ADD COLUMN IF NOT EXISTS id bigint;\n")
    repository.write("migrations/004_users.down.sql", "ALTER TABLE users DROP COLUMN IF EXISTS id;\n")
    status, said = repository.run()
    assert status == 1
    assert "004_users" in said
    assert "exists already" in said


def test_a_rollback_that_is_changed_alone_speaks_for_its_pair(repository: Repository) -> None:
    repository.write("migrations/003_tags.down.sql", "SELECT 1;\n")
    status, said = repository.run()
    assert status == 1
    assert "migrations/003_tags.down.sql:1:1: error PAI003" in said


def test_a_rollback_that_is_deleted_is_missed(repository: Repository) -> None:
    git(repository.folder, "rm", "--quiet", "migrations/003_tags.down.sql")
    status, said = repository.run()
    assert status == 1
    assert "migrations/003_tags.up.sql:1:1: error PAI001" in said
    assert "002_old" not in said


def test_a_forward_that_is_deleted_leaves_an_orphan(repository: Repository) -> None:
    git(repository.folder, "rm", "--quiet", "migrations/003_tags.up.sql")
    status, said = repository.run()
    assert status == 1
    assert "migrations/003_tags.down.sql:1:1: error PAI002" in said


def test_a_pair_that_is_renamed_stays_a_pair(repository: Repository) -> None:
    for part in ("up", "down"):
        git(repository.folder, "mv", f"migrations/003_tags.{part}.sql", f"migrations/003_labels.{part}.sql")
    assert repository.run()[0] == 0
    git(repository.folder, "mv", "migrations/003_labels.up.sql", "migrations/004_labels.up.sql")
    status, said = repository.run()
    assert status == 1
    assert "migrations/003_labels.down.sql:1:1: error PAI002" in said
    assert "migrations/004_labels.up.sql:1:1: error PAI001" in said


def test_what_is_staged_is_fixed_but_not_what_the_main_branch_has(repository: Repository) -> None:
    repository.write("migrations/002_old.up.sql", "-- again\nCREATE TABLE old (id bigint PRIMARY KEY);\n")
    repository.write("migrations/004_notes.up.sql", "CREATE TABLE notes (id bigint PRIMARY KEY);\n")
    repository.write("migrations/004_notes.down.sql", BACK.format("notes"))
    status, said = repository.run("miglint-fix", "--hook-stage", "manual")
    assert status == 1
    assert "files were modified by this hook" in said
    assert "fixed 1 finding in 1 file" in said
    assert "2 findings not fixed in files that" in said
    assert (repository.folder / "migrations/004_notes.up.sql").read_text() == GOOD.format("notes")
    assert "CREATE TABLE old (" in (repository.folder / "migrations/002_old.up.sql").read_text()
    git(repository.folder, "restore", "migrations/002_old.up.sql", "--staged", "--worktree")
    git(repository.folder, "add", "--all")
    assert repository.run("miglint-fix", "--hook-stage", "manual")[0] == 0


def test_a_commit_without_sql_is_let_through(repository: Repository) -> None:
    repository.write("notes.txt", "nothing to see here\n")
    status, said = repository.run("--verbose")
    assert status == 0
    assert "002_old" not in said


def test_all_files_can_be_asked_for(repository: Repository) -> None:
    status, said = repository.run("--all-files")
    assert status == 1
    assert "migrations/002_old.up.sql:1:1: error IDM001" in said


def test_a_range_of_commits_counts_what_it_deletes(repository: Repository) -> None:
    before = git(repository.folder, "rev-parse", "HEAD")
    git(repository.folder, "rm", "--quiet", "migrations/003_tags.down.sql")
    git(repository.folder, "commit", "--quiet", "--no-verify", "--message", "Delete a rollback")
    try:
        status, said = repository.run("--from-ref", before, "--to-ref", "HEAD")
    finally:
        git(repository.folder, "reset", "--quiet", "--hard", before)
    assert status == 1
    assert "migrations/003_tags.up.sql:1:1: error PAI001" in said
