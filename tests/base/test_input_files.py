"""The one door for files: regular ones, up to a size, and an error at once for all others."""

from __future__ import annotations

import ast
import os
import socket
from pathlib import Path

import pytest

import miglint
from miglint.base.input_files import (
    NotAFileError,
    OpenFolder,
    RecordedReads,
    TooLargeError,
    read_bytes,
    read_from,
    read_with_state,
    refuse_unreadable,
)

ROOT = Path(miglint.__file__).parent
# These read what miglint itself wrote or brought along, what the dry run's own server writes, or a stream.
ALLOWED = frozenset(
    {
        "base/input_files.py",
        "sql/postgres/analysis/catalogs.py",
        "rules/pages.py",
        "cli/new_rule.py",
        "cli/rule_book.py",
    }
)


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100_000)
    assert read_bytes(file, 100_000) == b"x" * 100_000
    with pytest.raises(TooLargeError) as raised:
        read_bytes(file, 99_999)
    assert raised.value.strerror == "larger than 99,999 bytes"
    assert read_with_state(str(file), 1 << 20)[1].st_mtime_ns == file.stat().st_mtime_ns


def test_a_file_in_an_open_folder_is_read_wherever_the_folder_is_now(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "one").write_bytes(b"1")
    (folder / "link").symlink_to("one")
    with OpenFolder(str(folder)) as opened:
        folder.rename(tmp_path / "b")
        folder.mkdir()
        (folder / "one").write_bytes(b"another")
        with RecordedReads() as seen:
            assert read_from(opened, "one", "shown", 10) == b"1"
        assert seen["shown"][0] == b"1"
        # Links are for those who look where they lead.
        assert read_from(opened, "link", "shown", 10) is None
        with pytest.raises(FileNotFoundError):
            read_from(opened, "two", "shown", 10)
        with pytest.raises(NotAFileError, match="folder"):
            (tmp_path / "b" / "below").mkdir()
            read_from(opened, "below", "shown", 10)
        with pytest.raises(NotAFileError):
            _pipe(tmp_path / "b" / "pipe")
            read_from(opened, "pipe", "shown", 10)
        with pytest.raises(TooLargeError):
            (tmp_path / "b" / "large").write_bytes(b"x" * 11)
            read_from(opened, "large", "shown", 10)


def test_holes_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "holes"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(TooLargeError):
        read_bytes(file, 1 << 30)
    with pytest.raises(TooLargeError):
        refuse_unreadable(file, 1 << 30)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


KINDS = {
    "pipe": _pipe,
    "socket": _socket,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "random device": lambda path: path.symlink_to("/dev/urandom"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "empty device": lambda path: path.symlink_to("/dev/null"),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_what_is_no_file_is_refused_and_so_is_a_link_to_it(tmp_path: Path, make: object) -> None:
    make(tmp_path / "it")
    (tmp_path / "link").symlink_to("it")
    for path in (tmp_path / "it", tmp_path / "link"):
        with pytest.raises(NotAFileError) as raised:
            read_bytes(path, 1 << 20)
        assert raised.value.strerror == "not a regular file"
        with pytest.raises(NotAFileError):
            refuse_unreadable(path, 1 << 20)


def test_folders_missing_files_and_names_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(NotAFileError, match="is a folder"):
        read_bytes(tmp_path, 10)
    refuse_unreadable(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none", 10)
    refuse_unreadable(tmp_path / "none", 10)
    with pytest.raises(OSError, match="NUL"):
        read_bytes("a\0b", 10)
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(OSError, match=r"symbolic links"):
        read_bytes(tmp_path / "round", 10)


def test_no_module_opens_a_file_to_read_in_another_way() -> None:
    """The dry run reads what its own servers write; all else goes through the door."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name in ALLOWED or name.startswith("dryrun/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _reads(node):
                wrong.append(f"{name}:{node.lineno}: {ast.unparse(node)[:80]}")
    assert wrong == []


def _reads(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("read_text", "exec_module"):
        return not any(isinstance(item, ast.Constant) and item.value in ("wb", "w") for item in call.args)
    if name == "read_bytes":
        return isinstance(call.func, ast.Attribute)
    if name == "open" and not any(ast.unparse(item).startswith("os.O_WRONLY") for item in call.args[1:]):
        modes = [item.value for item in (*call.args, *(key.value for key in call.keywords)) if _is_mode(item)]
        return not any(set("wxa") & set(mode) for mode in modes)
    return False


def _is_mode(item: ast.expr) -> bool:
    return isinstance(item, ast.Constant) and isinstance(item.value, str) and set(item.value) <= set("rwxab+t")
