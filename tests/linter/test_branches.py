"""A branch and the one that it will be merged into, in real repositories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.project import git
from miglint.cli.main import main

Found = dict[tuple[str, str], tuple[str, str]]
Check = Callable[..., Found]
TABLE = "CREATE TABLE IF NOT EXISTS {} (id bigint PRIMARY KEY);\n"


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose branch `mine` has parted from `main`, and main went on: 004, and then 006."""
    folder = tmp_path_factory.mktemp("branches") / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(folder, "001_a", TABLE.format("a"))
    write(folder, "003_c", TABLE.format("c"))
    git(folder, "checkout", "-qb", "mine")
    git(folder, "checkout", "-q", "main")
    write(folder, "004_orders", TABLE.format("orders") + "ALTER TABLE a ADD COLUMN n integer;\n")
    write(folder, "006_later", TABLE.format("later"))
    git(folder, "checkout", "-q", "mine")
    return folder


def write(folder: Path, name: str, forward: str, *, commit: bool = True) -> None:
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / "migrations" / f"{name}.up.sql").write_text(forward)
    (folder / "migrations" / f"{name}.down.sql").write_text("SELECT 1;\n")
    if commit:
        git(folder, "add", ".")
        git(folder, "commit", "-qm", name)


def write_one(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(TABLE.format("t" + "".join(filter(str.isalnum, name))))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", name)


@pytest.fixture
def repository(parted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repo"
    shutil.copytree(parted, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(*arguments: str) -> Found:
        rules = "PAI014,PAI015,PAI016,NAM011"
        main(["check", "--since", "main", "--format", "json", "--select", rules, *arguments])
        told = capsys.readouterr()
        return {
            (item["code"], Path(item["path"]).name): (item["severity"], item["message"])
            for item in json.loads(told.out)["findings"]
        }

    return run


def test_two_branches_take_the_same_version(repository: Path, check: Check) -> None:
    write(repository, "004_mine", TABLE.format("mine"))
    assert check() == {
        ("PAI015", "004_mine.up.sql"): ("error", "version 004 is taken on main by migrations/004_orders.up.sql")
    }


def test_a_version_that_sorts_before_one_of_the_base(repository: Path, check: Check) -> None:
    write(repository, "005_mine", TABLE.format("mine"), commit=False)
    assert check() == {
        ("PAI016", "005_mine.up.sql"): ("warning", "sorts before migrations/006_later.up.sql, which main already has")
    }


def test_names_that_both_branches_took(repository: Path, check: Check) -> None:
    write(repository, "007_mine", "CREATE TABLE orders (id bigint);\nALTER TABLE a ADD COLUMN n text;\n")
    found = check()
    assert found == {
        ("NAM011", "007_mine.up.sql"): (
            "error", "column a.n is also created on main, by migrations/004_orders.up.sql"
        )
    }  # fmt: skip
    write(repository, "008_fine", TABLE.format("c2") + "ALTER TABLE c ADD COLUMN n text;\n")
    assert ("NAM011", "008_fine.up.sql") not in check()


def test_names_are_compared_as_the_engine_does(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Relations share a namespace; what is replaced, or is gone at the end of its script, takes no name."""
    git(repository, "checkout", "-q", "main")
    write(
        repository,
        "007_more",
        "CREATE VIEW seen AS SELECT 1;\nCREATE TABLE t_new (n int);\nALTER TABLE t_new RENAME TO t;\n"
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
        "ALTER TABLE a ADD CONSTRAINT k CHECK (id > 0);\n",
    )
    git(repository, "checkout", "-q", "mine")
    write(
        repository,
        "008_mine",
        "CREATE TABLE public.seen (n int);\nCREATE TABLE t_new (n int);\nALTER TABLE t_new RENAME TO u;\n"
        "CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
        "ALTER TABLE a ADD CONSTRAINT k CHECK (id > 1);\n",
    )
    main(["check", "--since", "main", "--format", "concise", "--select", "NAM011"])
    said = capsys.readouterr().out
    assert [line.split("NAM011 ")[1] for line in said.splitlines() if "NAM011" in line] == [
        "table public.seen is also created on main, by migrations/007_more.up.sql",
        "constraint k of a is also created on main, by migrations/007_more.up.sql",
    ]


def test_versions_are_compared_whole(repository: Path, check: Check) -> None:
    git(repository, "checkout", "-q", "main")
    for name in ("V1.1__a", "V1.10__b"):
        write_one(repository, f"flyway/{name}.sql")
    git(repository, "checkout", "-q", "mine")
    for name in ("V1.2__c", "V1.11__d", "V1_10__e", "V2__f"):
        write_one(repository, f"flyway/{name}.sql")
    write_one(repository, "stamped/20240101120000_a.sql")
    git(repository, "checkout", "-q", "main")
    write_one(repository, "stamped/20240101115959_b.sql")
    git(repository, "checkout", "-q", "mine")
    assert {key: message for key, (_, message) in check("flyway", "stamped").items()} == {
        ("PAI016", "V1.2__c.sql"): "sorts before flyway/V1.10__b.sql, which main already has",
        ("PAI015", "V1_10__e.sql"): "version 1.10 is taken on main by flyway/V1.10__b.sql",
    }


def test_after_a_merge_nothing_of_it_is_left(repository: Path, check: Check) -> None:
    write(repository, "007_mine", TABLE.format("mine"))
    git(repository, "merge", "-q", "main", "-m", "merge")
    assert check() == {}


@pytest.mark.parametrize(
    ("runner", "severity", "said"),
    [
        (None, "warning", "edited, but main has it already: sqlx, if that is the tool, compares checksums and stops"),
        ("sqlx", "error", "edited, but main has it already: sqlx compares checksums and stops"),
        ("golang-migrate", None, None),
    ],
)
def test_an_edited_migration(
    repository: Path, check: Check, runner: str | None, severity: str | None, said: str | None
) -> None:
    if runner is not None:
        (repository / "miglint.toml").write_text(f'runner = "{runner}"\n')
    write(repository, "001_a", TABLE.format("a") + "-- a comment\n", commit=False)
    assert check() == ({} if severity is None else {("PAI014", "001_a.up.sql"): (severity, said)})


def test_a_rollback_may_be_edited(repository: Path, check: Check) -> None:
    (repository / "migrations" / "001_a.down.sql").write_text("DROP TABLE IF EXISTS a;\n")
    assert check() == {}


def test_a_clone_that_lacks_a_file_of_the_base(repository: Path, check: Check) -> None:
    blob = git(repository, "rev-parse", "main:migrations/004_orders.up.sql").strip()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    write(repository, "004_mine", "CREATE TABLE orders (id bigint);\nCREATE TABLE later (id bigint);\n")
    assert check().keys() == {("PAI015", "004_mine.up.sql"), ("NAM011", "004_mine.up.sql")}


def test_a_shallow_clone_says_what_to_fetch(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repository, "007_mine", TABLE.format("mine"))
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "mine", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    assert main(["check", "--since", "origin/main"]) == 2
    # `git fetch --unshallow` alone would bring the history of this branch, and no other one.
    command = "git fetch --unshallow origin main:refs/remotes/origin/main"
    assert f"`origin/main`: fetch it with `{command}`, or `fetch-depth: 0`" in capsys.readouterr().err
    assert main(["check", "--since", "HEAD~1"]) == 2
    assert "this clone is shallow, fetch the whole history (`git fetch --unshallow`" in capsys.readouterr().err
    git(clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    main(["check", "--since", "origin/main"])
    assert "no common commit of origin/main and HEAD" in capsys.readouterr().err
    git(clone, *command.split()[1:])
    main(["check", "--since", "origin/main"])
    assert "no common commit" not in capsys.readouterr().err


def test_a_branch_that_the_clone_knows_by_another_name(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "mine", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    for name, said in (
        ("main", "(did you mean `origin/main`?)"),
        ("mien", "(did you mean `mine`?)"),
        ("origin/develop", "fetch it with `git fetch origin develop:refs/remotes/origin/develop`\n"),
        ("0123456789", "unknown git revision `0123456789`\n"),
    ):
        assert main(["check", "--since", name]) == 2
        assert said in capsys.readouterr().err
