"""The account of a server cannot make miglint, which may be root, read or write other files than the server's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from miglint.dryrun.postgres.os_user import Account, accounts
from miglint.dryrun.postgres.server_files import read_files, write_file

OTHER = Account("another", os.geteuid() + 1, os.getegid())
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the owner of a file")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "base" / "1").mkdir(parents=True)
    for name in ("base/1/2", "base/1/3", "PG_VERSION"):
        (tmp_path / "data" / name).write_text(name)
    (tmp_path / "secret").write_text("of root")
    return tmp_path / "data"


def read(data: Path, account: Account | None = None, limit: int = 100) -> dict[str, bytes | None]:
    chosen = account or Account()
    return dict(read_files(data, chosen, limit, lambda place: place != "base/1/3", frozenset()))


def test_files_and_folders_are_read_in_order(data: Path) -> None:
    expected = {"PG_VERSION": b"PG_VERSION", "base": None, "base/1": None, "base/1/2": b"base/1/2"}
    assert list(read(data).items()) == list(expected.items())
    all_but_base = list(read_files(data, Account(), 100, lambda place: True, frozenset(("base",))))
    assert all_but_base == [("PG_VERSION", b"PG_VERSION"), ("base", None)]


def a_link(data: Path) -> None:
    (data / "base" / "link").symlink_to("../../secret")


def a_linked_folder(data: Path) -> None:
    shutil.rmtree(data / "base")
    (data / "base").symlink_to("/etc")


def a_hard_link(data: Path) -> None:
    (data / "base" / "link").hardlink_to(data.parent / "secret")


def a_pipe(data: Path) -> None:
    os.mkfifo(data / "base" / "pipe")


def too_much(data: Path) -> None:
    (data / "base" / "1" / "4").write_bytes(bytes(100))


def too_deep(data: Path) -> None:
    (data / "/".join("abcdefghijklmnopqrstuvwxyz")).mkdir(parents=True)


@pytest.mark.parametrize("change", [a_link, a_linked_folder, a_hard_link, a_pipe, too_much, too_deep])
def test_nothing_else_is_read(change: Callable[[Path], None], data: Path) -> None:
    change(data)
    with pytest.raises(OSError):
        read(data)


def test_the_folder_itself_is_no_link(data: Path) -> None:
    (data.parent / "link").symlink_to("data")
    with pytest.raises(OSError):
        read(data.parent / "link")
    with pytest.raises(OSError):
        write_file(data.parent / "link", "PG_VERSION", b"18", Account())


@needs_root
def test_files_of_another_account_are_not_read(data: Path) -> None:
    with pytest.raises(OSError):
        read(data, OTHER)


@pytest.mark.parametrize("make", [lambda path, secret: path.symlink_to(secret), lambda path, _: os.mkfifo(path)])
def test_nothing_is_written_elsewhere(make: Callable[[Path, Path], None], data: Path) -> None:
    make(data / "pg_hba.conf", data.parent / "secret")
    write_file(data, "pg_hba.conf", b"local", Account())
    assert (data / "pg_hba.conf").read_text() == "local" and (data / "pg_hba.conf").stat().st_mode & 0o777 == 0o600
    assert (data.parent / "secret").read_text() == "of root"


@needs_root
def test_a_folder_is_handed_over_with_its_content_and_without_what_links_lead_to(data: Path) -> None:
    account = next(accounts())
    (data / "base" / "link").symlink_to("../../secret")
    account.own(data)
    owned = {path for path in (data, *data.rglob("*")) if path.lstat().st_uid == account.uid}
    assert owned == {data, *data.rglob("*")}
    assert (data.parent / "secret").stat().st_uid == 0
    write_file(data, "new", b"", account)
    assert (data / "new").stat().st_uid == account.uid
