"""Several processes say what one says, and so does a run about some files of those of a run about all."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from miglint.config.settings import load
from miglint.linter import parallel
from miglint.linter.run import Job, check
from miglint.report.value import as_dict


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two histories of forty migrations; each is about the tables of those before it, and some are wrong."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for number in range(40):
            up = f"CREATE TABLE t{number} (id int PRIMARY KEY, n int);\n"
            down = f"DROP TABLE t{number};\n" if number % 3 else "-- miglint: ignore IDM020\nDROP TABLE tt;\n"
            if number:
                up += f'ALTER TABLE t{number // 2} ADD COLUMN "C{number}" int CHECK (n > 0);\n'
            if number == 7:
                up += "ALTER TABLE nowhere DROP ;\n"
            (tmp_path / name / f"{number:03d}_a.up.sql").write_text(up)
            (tmp_path / name / f"{number:03d}_a.down.sql").write_text(down)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reported(folder, *paths):
    report = as_dict(check(Job(load(cwd=str(folder)), paths, cached=False)).report)
    report["summary"].pop("elapsed_ms")
    return report


@pytest.mark.parametrize("processes", [2, 3, 4, 100])
def test_processes_do_not_change_the_answer(folder, monkeypatch, processes):
    monkeypatch.setattr(parallel, "_processes", lambda size: 1)
    alone = reported(folder, "one", "two")
    assert alone["summary"]["errors"] > 20
    monkeypatch.setattr(parallel, "_processes", lambda size: processes)
    assert reported(folder, "one", "two") == alone


def test_what_a_child_cannot_do_is_done_by_the_parent(folder, monkeypatch):
    monkeypatch.setattr(parallel, "_processes", lambda size: 1)
    alone = reported(folder, "one", "two")
    own = os.getpid()

    def pack(self, part):
        assert os.getpid() != own
        os._exit(3)

    monkeypatch.setattr(parallel._Carrier, "pack", pack)
    monkeypatch.setattr(parallel, "_processes", lambda size: 2)
    assert reported(folder, "one", "two") == alone


def test_a_system_without_processes_left_is_no_hindrance(folder, monkeypatch):
    def fork():
        raise BlockingIOError("no more processes")

    alone = reported(folder, "one")
    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(parallel, "_processes", lambda size: 2)
    assert reported(folder, "one") == alone


@pytest.mark.parametrize("path", ["one/007_a.up.sql", "one/000_a.down.sql", "two/039_a.up.sql"])
def test_one_file_is_judged_as_among_all(folder, path):
    everything, part = reported(folder, "one", "two"), reported(folder, path)
    pair = {path, path.replace(".up.", ".down."), path.replace(".down.", ".up.")}
    assert part["findings"] == [item for item in everything["findings"] if item["path"] in pair]
    assert part["migrations"] == [item for item in everything["migrations"] if item["forward"] in pair]
    assert part["findings"]


def test_ranges_cover_everything_once_and_get_shorter():
    for processes in range(1, 6):
        bounds = parallel._bounds([[10] * 1_000], processes)
        assert bounds[0] == 0
        assert bounds[-1] == 1_000
        lengths = [end - start for start, end in pairwise(bounds)]
        assert len(lengths) == processes
        assert lengths == sorted(lengths, reverse=True)
    assert parallel._bounds([], 3) == [0, 0, 0, 0]


def test_a_range_that_begins_with_a_history_has_nothing_to_pass_through():
    whole = parallel._bounds([[10] * 1_000], 2)[1]
    early = parallel._bounds([[10] * 100, [10] * 900], 2)[1]
    half = parallel._bounds([[10] * 500, [10] * 500], 2)[1]
    assert 500 <= half < early < whole
