"""A hundredth of what `make fuzz` checks: the project's own SQL made wrong, the same each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.hostile.fuzz import Failure, fuzz, reason_of
from tests.hostile.mutate import MUTATIONS, Base, Mutant, from_folders, from_the_project, mutant

SEED, COUNT = 11, 300


@pytest.mark.timeout(540)
def test_no_script_that_is_made_wrong_breaks_a_check():
    failures = fuzz([], SEED, COUNT, min(2, os.cpu_count() or 1))
    assert failures == [], f"python -m tests.hostile.fuzz --seed {SEED} --only {failures[0].number}"


def test_what_breaks_a_check_is_found(tmp_path, monkeypatch):
    made = Mutant("a", "none", b"CREATE TABLE a (id int);", None, "postgres")
    assert reason_of(made, tmp_path) is None
    monkeypatch.setattr("miglint.linter.parallel.analyze_range", lambda *_, **__: 1 / 0)
    reason = reason_of(made, tmp_path)
    assert reason is not None
    assert "division by zero" in reason


# In the place of the workers' program: it ends at one number, hangs at another, and finds a third wrong.
BREAKING = """
import json, os, sys
first, last, step = map(int, sys.argv[1].split(","))
for number in range(first, last, step):
    print(json.dumps([number, None]), flush=True)
    if number == 2:
        os._exit(9)
    while number == 4:
        pass
    print(json.dumps([number, "wrong" * (number == 5)]), flush=True)
"""


def test_a_process_that_ends_or_hangs_is_found_and_the_rest_goes_on(monkeypatch):
    monkeypatch.setattr("tests.hostile.fuzz.MOST_SECONDS", 0.5)
    monkeypatch.setattr("tests.hostile.fuzz.PROGRAM", ("-c", BREAKING))
    ended, hung, wrong = fuzz([], SEED, 8, 2)
    assert ended == Failure(2, "the process ended with 9")
    assert hung == Failure(4, "the process ended with -9")
    assert wrong == Failure(5, "wrong")


def test_a_mutant_has_a_number(tmp_path):
    bases = from_the_project()
    assert len(bases) > 1_000
    once, twice = ([mutant(bases, SEED, number) for number in range(200)] for _ in range(2))
    assert once == twice
    assert {word for made in once for word in made.changes.split()} >= {each.__name__[1:] for each in MUTATIONS}
    assert {made.dialect for made in once} == {"postgres", "sqlite"}
    assert mutant(bases, SEED + 1, 0) != once[0]


def test_scripts_of_folders_come_with_their_rollbacks(tmp_path: Path):
    (tmp_path / "001_a.up.sql").write_text("CREATE TABLE a (id int);")
    (tmp_path / "001_a.down.sql").write_text("DROP TABLE a;")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "up.sql").write_text("SELECT 1;")
    found = from_folders([tmp_path])
    assert found == [
        Base(str(tmp_path / "001_a.up.sql"), b"CREATE TABLE a (id int);", b"DROP TABLE a;"),
        Base(str(tmp_path / "x" / "up.sql"), b"SELECT 1;", None),
    ]
