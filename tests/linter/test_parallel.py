"""Several processes say what one says, and so does a run about some files of those of a run about all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from itertools import pairwise

import pytest

from miglint.config.settings import load
from miglint.discovery import discover
from miglint.linter import lead, parallel
from miglint.linter.analysis import Analysis
from miglint.linter.dispatch import RuleDispatcher
from miglint.linter.ranges import analyze_range, lead_of
from miglint.linter.run import Job, check
from miglint.replay import steps
from miglint.report.value import as_dict
from miglint.rules.selection import load_rules, select


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


def in_a_process_of_one_thread(script, *arguments):
    """Run a script in a new interpreter: the one that runs tests has threads, of which a fork may not come."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


REPORT = """
import json, os, sys
from miglint.config.settings import load
from miglint.linter import parallel
from miglint.linter.run import Job, check
from miglint.report.value import as_dict

processes, failing, *paths = sys.argv[1:]
forks, fork, pack, own = [], os.fork, parallel._Carrier.pack, os.getpid()

def counted():
    pid = fork()
    forks.append(pid)
    return pid

def refused():
    raise BlockingIOError("no more processes")

def broken(self, part):
    assert os.getpid() != own
    os._exit(3)

os.fork = refused if failing == "fork" else counted
if failing == "pack":
    parallel._Carrier.pack = broken
parallel._MOST = int(processes)
parallel._SMALLEST = 0
os.sched_getaffinity = lambda pid: range(100)
report = as_dict(check(Job(load(cwd=os.getcwd()), tuple(paths), cached=False)).report)
report["summary"].pop("elapsed_ms")
print(json.dumps([report, len(forks)]))
"""


def reported(folder, *paths):
    report = as_dict(check(Job(load(cwd=str(folder)), paths, cached=False)).report)
    report["summary"].pop("elapsed_ms")
    return report


@pytest.mark.parametrize("processes", [2, 3, 4, 100])
def test_processes_do_not_change_the_answer(folder, processes):
    alone, none = in_a_process_of_one_thread(REPORT, "1", "", "one", "two")
    assert (alone["summary"]["errors"] > 20, none) == (True, 0)
    report, forks = in_a_process_of_one_thread(REPORT, str(processes), "", "one", "two")
    assert report == alone
    assert 0 < forks < processes


@pytest.mark.parametrize("failing", ["pack", "fork"])
def test_what_a_child_cannot_do_is_done_by_the_parent(folder, failing):
    alone, _ = in_a_process_of_one_thread(REPORT, "1", "", "one", "two")
    report, forks = in_a_process_of_one_thread(REPORT, "2", failing, "one", "two")
    assert report == alone
    assert forks == (1 if failing == "pack" else 0)


def test_nothing_is_forked_beside_another_thread(folder, monkeypatch):
    """A lock that the other thread holds would never be free again in the child."""
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        assert not parallel._alone()
        assert parallel._processes(100_000_000) == 1
        monkeypatch.setattr(parallel, "_SMALLEST", 0)
        monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
        assert reported(folder, "one")["summary"]["errors"] > 10
    finally:
        release.set()
        other.join()


@pytest.mark.parametrize("path", ["one/007_a.up.sql", "one/000_a.down.sql", "two/039_a.up.sql"])
def test_one_file_is_judged_as_among_all(folder, path):
    everything, part = reported(folder, "one", "two"), reported(folder, path)
    pair = {path, path.replace(".up.", ".down."), path.replace(".down.", ".up.")}
    assert part["findings"] == [item for item in everything["findings"] if item["path"] in pair]
    assert part["migrations"] == [item for item in everything["migrations"] if item["forward"] in pair]
    assert part["findings"]


def test_ranges_cover_everything_once_and_end_at_the_same_time():
    for processes in range(1, 6):
        bounds = parallel._bounds([[10] * 1_000], processes)
        assert bounds[0] == 0
        assert bounds[-1] == 1_000
        first, *others = pairwise(bounds)
        # The forwards run ahead up to the last range; those of the first range are not run again.
        ended = [first[1] + parallel._ADVANCE * ((others[-1][0] if others else first[1]) - first[1])]
        ended += [parallel._ADVANCE * start + parallel._CHILD * (end - start) for start, end in others]
        assert len(ended) == processes
        assert max(ended) - min(ended) < 10
    assert parallel._bounds([], 3) == [0, 0, 0, 0]


@pytest.mark.parametrize("kept", [0, 5, 1_000])
def test_forwards_run_ahead_once(folder, monkeypatch, kept):
    """The range before a bound uses the runs that led there, as far as they are kept; the other one goes on."""
    settings = load(cwd=str(folder))
    found = discover(["one", "two"])
    analysis = Analysis.of(found, settings, {}, RuleDispatcher(select(settings, load_rules(settings)), {}))
    whole = analyze_range(analysis, 0, 80)
    monkeypatch.setattr(lead, "MOST_RUNS", kept)
    runs = []
    counting = counted(steps.run_forward, runs)
    monkeypatch.setattr(lead, "run_forward", counting)
    monkeypatch.setattr(steps, "run_forward", counting)
    ahead = lead_of(analysis, 25)
    ahead.reach(25)
    assert len(runs) == 25
    second = analyze_range(analysis, 25, 80, lead=ahead)
    first = analyze_range(analysis, 0, 25, lead=ahead)
    first.extend(second)
    assert first == whole
    assert len(runs) == 80 + 25 - min(kept, 25)


def counted(function, calls):
    def call(*arguments, **options):
        calls.append(arguments)
        return function(*arguments, **options)

    return call


def test_a_range_that_begins_with_a_history_has_nothing_to_pass_through():
    whole = parallel._bounds([[10] * 1_000], 2)[1]
    early = parallel._bounds([[10] * 100, [10] * 900], 2)[1]
    half = parallel._bounds([[10] * 500, [10] * 500], 2)[1]
    assert 500 <= half < early < whole
