"""Versions: their order, gaps, duplicates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.discovery.versions import gaps, numeric, out_of_order, split_version, textual

from .conftest import Look, Plant, kinds, only, pairs


def test_ten_comes_after_nine(plant: Plant, look: Look) -> None:
    plant({f"{n}_a.sql": "" for n in (10, 9, 8, 11)})
    assert [m.version for m in only(look()).migrations] == ["8", "9", "10", "11"]


def test_dotted_letters_and_dates(plant: Plant, look: Look) -> None:
    plant({f"{n}_a.sql": "" for n in ("1.10", "1.9", "2a", "2", "2024-01-02")})
    assert [m.version for m in only(look()).migrations] == ["1.9", "1.10", "2", "2a", "20240102"]


def test_duplicates_are_told_and_kept(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "", "01_b.sql": "", "rollback/1_a.sql": "", "rollback/1_b.sql": ""})
    found = look()
    assert pairs(only(found)) == [("01", "01_b.sql", "rollback/1_b.sql"), ("1", "1_a.sql", "rollback/1_a.sql")]
    (problem,) = found.problems
    assert (problem.kind, problem.path, problem.related) == ("duplicate-version", "1_a.sql", "01_b.sql")


def test_tools_that_go_by_the_whole_name_take_a_number_twice(plant: Plant, look: Look) -> None:
    text = "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"
    plant({"1-b.sql": text, "1-a.sql": text, "2-c.sql": text})
    found = look()
    assert [(m.version, m.name) for m in only(found).migrations] == [("1", "a"), ("1", "b"), ("2", "c")]
    assert not found.problems


def test_names_with_loose_directions_take_a_number_twice(plant: Plant, look: Look) -> None:
    names = ("1_a_up.sql", "1_a_down.sql", "1_b.up.sql", "1_b.down.sql")
    plant(dict.fromkeys(names, "SELECT 1;"))
    found = look()
    assert pairs(only(found)) == [("1", "1_a_up.sql", "1_a_down.sql"), ("1", "1_b.up.sql", "1_b.down.sql")]
    assert not found.problems


def test_several_migrations_of_one_day(plant: Plant, look: Look) -> None:
    plant({f"2024-01-02.{n}-x.up.sql": "" for n in (10, 9)} | {f"2024-01-02.{n}-x.down.sql": "" for n in (10, 9)})
    found = look()
    assert [m.version for m in only(found).migrations] == ["20240102.9", "20240102.10"]
    assert "duplicate-version" not in kinds(found)


def test_two_rollbacks_of_one_version(plant: Plant, look: Look) -> None:
    plant({"1_a.sql": "", "rollback/1_a.sql": "", "1_a.down.sql": ""})
    (problem,) = look().problems
    assert (problem.kind, problem.path, problem.related) == ("duplicate-version", "rollback/1_a.sql", "1_a.down.sql")


def test_skipped_version(plant: Plant, look: Look) -> None:
    plant({f"{n:03}_a.sql": "" for n in (1, 2, 5, 6)})
    (problem,) = look(rollbacks="optional").problems
    assert (problem.kind, problem.path, problem.version) == ("skipped-version", "005_a.sql", "005")
    assert "3 to 4" in problem.message


@pytest.mark.parametrize("names", [("1_a.sql", "3_b.sql", "2_c.go"), ("1_a.sql", "3_b.sql", "2_b.mysql.sql")])
def test_a_version_of_another_kind_is_not_skipped(plant: Plant, look: Look, names: tuple[str, ...]) -> None:
    plant(dict.fromkeys(names, "-- +goose Up\n"))
    assert "skipped-version" not in kinds(look())


def test_what_comes_after_a_program(plant: Plant, look: Look) -> None:
    text = "-- +goose Up\n"
    programs = ("20240102_b.go", "20240103_c.go", "20240104_d_test.go", "20240105_e.go", "doc.go")
    plant(dict.fromkeys(("20240101_a.sql", "20240104_d.sql", "20240105_e.sql", "20240106_f.sql", *programs), text))
    after = {migration.version: migration.after_program for migration in only(look()).migrations}
    assert after == {"20240101": False, "20240104": True, "20240105": False, "20240106": False}


@pytest.mark.parametrize("numbers", [[20240101, 20240103], [10, 20, 40], [100, 200, 300], [5, 6], [1], []])
def test_no_gap(numbers: list[int]) -> None:
    assert gaps(numbers) == []


def test_orphan_and_missing(plant: Plant, look: Look) -> None:
    plant({"1_a.up.sql": "", "2_b.down.sql": ""})
    found = look()
    assert pairs(only(found)) == [("1", "1_a.up.sql", None), ("2", None, "2_b.down.sql")]
    assert kinds(found) == ["missing-rollback", "orphan-rollback"]
    assert kinds(look(rollbacks="optional")) == ["orphan-rollback"]


def test_tools_that_sort_names(plant: Plant, look: Look) -> None:
    plant({f"{n}_a.sql": "-- migrate:up\n-- migrate:down\n" for n in (9, 10)})
    found = look()
    assert [m.version for m in only(found).migrations] == ["10", "9"]
    (problem,) = found.problems
    assert (problem.kind, problem.version) == ("out-of-order", "10")


def test_dates_of_different_length(plant: Plant, look: Look) -> None:
    plant({"20240201_b.sql": "", "20240101000000_a.sql": ""})
    assert kinds(look(rollbacks="none")) == ["out-of-order"]


def test_order_that_reads_as_it_runs() -> None:
    assert out_of_order(["00000000000000", "20240101000000", "20240101"], numeric) == []
    assert out_of_order(["09", "10"], textual) == []


@given(st.lists(st.integers(0, 10**20)))
def test_numeric_is_the_order_of_numbers(numbers: list[int]) -> None:
    assert [int(v) for v in sorted(map(str, numbers), key=numeric)] == sorted(numbers)


@given(st.text(max_size=30))
def test_any_name_splits_or_not(name: str) -> None:
    parts = split_version(name)
    if parts is not None:
        version, rest = parts
        assert name.startswith(version) and name.endswith(rest)
        assert numeric(version) < numeric(f"{version}.0")
