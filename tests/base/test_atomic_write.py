"""Files are replaced as a whole; devices, pipes and links are not replaced at all."""

import os
import stat
import threading
from pathlib import Path

import pytest

from miglint.base.atomic_write import write_file
from miglint.base.input_files import OpenFolder


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


@pytest.mark.parametrize("place", ["sub/report.json", "sub/deep/report.json"])
def test_a_folder_that_becomes_a_link_out_of_the_checkout_is_not_written_to(
    tmp_path, tmp_path_factory, monkeypatch, place
):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "deep").mkdir()
    (tmp_path / "sub" / "deep").mkdir(parents=True)

    def swap_and_open(path, **options):
        (tmp_path / "sub").rename(tmp_path / "away")
        (tmp_path / "sub").symlink_to(outside)
        return OpenFolder(path, **options)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("miglint.base.atomic_write.OpenFolder", swap_and_open)
    for name in (tmp_path / place, Path(place)):
        with pytest.raises(OSError, match="points outside"):
            write_file(name, b"x")
        (tmp_path / "sub").unlink()
        (tmp_path / "away").rename(tmp_path / "sub")
    assert [path for path in [*outside.rglob("*"), *tmp_path.rglob("*")] if path.is_file()] == []


def test_a_file_in_the_place_of_a_device_is_not_cut_off(tmp_path, monkeypatch):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    monkeypatch.setattr("miglint.base.atomic_write.Path.is_file", lambda self: False)
    with pytest.raises(OSError, match="was replaced"):
        write_file(taken, b"x")
    assert taken.read_text() == "mine"


def test_a_folder_that_can_be_written_to_and_not_be_listed(tmp_path):
    (tmp_path / "drop").mkdir(mode=0o300)
    write_file(tmp_path / "drop" / "report.json", b"x")
    assert (tmp_path / "drop" / "report.json").read_bytes() == b"x"
