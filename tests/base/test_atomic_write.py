"""Files are replaced as a whole; devices, pipes and links are not replaced at all."""

import os
import stat
import threading

import pytest

from miglint.base.atomic_write import write_file


def test_replaces_a_file_as_a_whole_and_leaves_nothing_behind(tmp_path):
    target = tmp_path / "report.json"
    write_file(target, b"one")
    write_file(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_writes_into_a_pipe_and_does_not_replace_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"through")
    reader.join(10)
    assert got == [b"through"]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    write_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_link_to_a_pipe_is_written_through(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = threading.Thread(target=pipe.read_bytes)
    reader.start()
    write_file(link, b"through")
    reader.join(10)
    assert link.is_symlink()
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_folder_is_an_error_and_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_file(folder, b"x")
    assert list(folder.iterdir()) == []
