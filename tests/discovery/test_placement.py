"""Where rollbacks are written: what is written there is read as the rollback of that migration."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.model import Dialect, Discovered, History, Migration, Span
from miglint.base.structs import replace
from miglint.discovery.placement import NoPlace, Placement, place_rollback
from miglint.discovery.rollback_names import name_like

from .conftest import Look, Plant, of, only

UP = "CREATE TABLE t (id int);\n"
DOWN = "DROP TABLE t;\n"


def last(history: History) -> Migration:
    return history.migrations[-1]


def place(found: Discovered, *, over: bool = False) -> Placement | NoPlace:
    history = only(found)
    return place_rollback(history, last(history), found.histories, over=over)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["001_a.up.sql"], "001_a.down.sql"),
        (["001_a.up.sql", "001_a.down.sql", "002_b.sql"], "002_b.down.sql"),
        (["1_a.UP.SQL"], "1_a.down.sql"),
        (["1_a_up.sql", "1_a_down.sql", "2_b.up.sql"], "2_b.down.sql"),
        (["20240101_a.postgres.autocommit.up.sql"], "20240101_a.postgres.autocommit.down.sql"),
        (["2024-01-01-000000_a/up.sql"], "2024-01-01-000000_a/down.sql"),
        (["01-a/up.sql"], "01-a/down.sql"),
        (["20240101000000_a/migration.sql"], "20240101000000_a/down.sql"),
        (["V1.2__a.sql"], "U1.2__a.sql"),
        (["V1__a.sql", "undo/U1__a.sql", "V2__b.sql"], "undo/U2__b.sql"),
        (["001_a.sql"], "rollback/001_rollback_a.sql"),
        (["001_a.sql", "001_a.rollback.sql", "002_b.sql"], "002_b.rollback.sql"),
        (["001_a.sql", "001_a.down.sql", "002_b.sql"], "002_b.down.sql"),
        (["001_a.sql", "rollback/001_a.sql", "002_b.sql"], "rollback/002_b.sql"),
        (["001_a.sql", "001_a_rollback.sql", "002_b.sql"], "002_b_rollback.sql"),
        (["001_a.sql", "rollback_001_a.sql", "002_b.sql"], "rollback_002_b.sql"),
        (["up/001_a.sql"], "down/001_rollback_a.sql"),
        (["up/001_a.sql", "down/001_a.sql", "up/002_b.sql"], "down/002_b.sql"),
        (["deploy/001_a.sql", "revert/001_a.sql", "deploy/002_b.sql"], "revert/002_b.sql"),
        (["postgres/001_a.sql", "rollback/postgres/001_a.sql", "postgres/002_b.sql"], "rollback/postgres/002_b.sql"),
        (["001_add_a.sql", "rollback/001_rollback_a.sql", "002_create_b_table.sql"], "rollback/002_rollback_b.sql"),
        (["001.sql"], "rollback/001_rollback.sql"),
    ],
)
def test_a_file_of_its_own(plant: Plant, look: Look, files: list[str], expected: str) -> None:
    plant(dict.fromkeys(files, UP))
    found = look()
    placed = place(found)
    assert isinstance(placed, Placement), placed
    assert (placed.path, placed.file, placed.span) == (expected, None, Span(0, 0))
    plant({placed.path: DOWN})
    written = last(only(look()))
    assert written.rollback is not None and written.rollback.path == expected
    assert written.forward is not None and written.forward.path == last(only(found)).forward.path


@pytest.mark.parametrize(
    "text",
    [
        f"-- +goose Up\n{UP}",
        f"-- migrate:up\n{UP}\n\n",
        f"-- +migrate Up\n{UP}",
        f"--liquibase formatted sql\n--changeset a:1\n{UP}\n\n",
    ],
)
def test_a_part_of_the_forward_s_file(plant: Plant, look: Look, text: str) -> None:
    plant({"001_a.sql": text})
    placed = place(look())
    assert isinstance(placed, Placement)
    assert placed.path == "001_a.sql"
    assert placed.span == Span(len(text.rstrip()), len(text.rstrip()))
    assert not placed.marked


def test_an_empty_section_is_filled_and_a_full_one_replaced(plant: Plant, look: Look) -> None:
    head = f"-- +goose Up\n{UP}\n-- +goose Down\n"
    plant({"001_a.sql": f"{head}-- nothing yet\n"})
    placed = place(look())
    assert isinstance(placed, Placement) and placed.marked
    assert placed.span == Span(len(head) + len("-- nothing yet"), len(head) + len("-- nothing yet"))
    over = place(look(), over=True)
    assert isinstance(over, Placement)
    assert over.span == Span(len(head), len(head) + len("-- nothing yet"))


def test_lines_of_liquibase_are_replaced_whole(plant: Plant, look: Look) -> None:
    head = f"--liquibase formatted sql\n--changeset a:1\n{UP}"
    for rollback in ("--rollback DROP TABLE t;\n--rollback SELECT 1;\n", "/* liquibase rollback\nDROP TABLE t;\n*/\n"):
        plant({"001_a.sql": f"{head}{rollback}"})
        over = place(look(), over=True)
        assert isinstance(over, Placement)
        assert over.span == Span(len(head), len(head) + len(rollback) - 1)


def test_one_forward_for_two_engines(plant: Plant, look: Look) -> None:
    """Each engine's rollback has a name of its own, with the word that other names have for the engine."""
    plant({"1_a.up.sql": UP, "2_b.postgres.up.sql": UP, "2_b.sqlite3.up.sql": UP})
    found = look()
    names = {}
    for history in found.histories:
        placed = place_rollback(history, history.migrations[0], found.histories)
        assert isinstance(placed, Placement)
        names[history.dialect] = placed.path
    assert names == {Dialect.POSTGRES: "1_a.postgres.down.sql", Dialect.SQLITE: "1_a.sqlite3.down.sql"}
    plant(dict.fromkeys(names.values(), DOWN))
    found = look()
    for dialect, name in names.items():
        rollback = of(found, dialect).migrations[0].rollback
        assert rollback is not None and rollback.path == name


def test_sections_of_one_file(plant: Plant, look: Look) -> None:
    plant({"001_a.sql": f"-- PostgreSQL Version\n{UP}\n-- SQLite Version\n{UP}"})
    found = look()
    assert len(found.histories) == 2
    for history in found.histories:
        placed = place_rollback(history, history.migrations[0], found.histories)
        assert isinstance(placed, Placement)
        assert placed.path == "rollback/001_rollback_a.sql"
        assert placed.section in ("-- PostgreSQL Version", "-- SQLite Version")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"R__a.sql": UP, "V1__b.sql": UP}, "repeatable migrations have no rollback"),
        ({"supabase/migrations/20240101000000_a.sql": UP}, "the layout supabase has no place for rollbacks"),
        ({"001_a.sql": f"-- +goose Up\n-- PostgreSQL Version\n{UP}-- SQLite Version\n{UP}"}, "for several engines"),
    ],
)
def test_no_place(plant: Plant, look: Look, files: dict[str, str | bytes], reason: str) -> None:
    plant(files)
    found = look()
    history = found.histories[0]
    placed = place_rollback(history, last(history), found.histories)
    assert isinstance(placed, NoPlace)
    assert reason in placed.reason


def test_every_rollback_of_the_example_has_its_place() -> None:
    from miglint.discovery import discover

    found = discover([str(Path(__file__).parents[2] / "migrations")])
    assert sum(len(history.migrations) for history in found.histories) == 4
    for history in found.histories:
        for migration in history.migrations:
            others = tuple(replace(item, rollback=None) if item is migration else item for item in history.migrations)
            placed = place_rollback(
                replace(history, migrations=others), replace(migration, rollback=None), found.histories
            )
            assert isinstance(placed, Placement)
            assert migration.rollback is not None and placed.path == migration.rollback.path


def test_the_majority_decides() -> None:
    pairs = (("1_a.sql", "1_a.down.sql"), ("2_b.sql", "2_b.down.sql"), ("3_c.sql", "3_c.undo.sql"))
    assert name_like("4_d.sql", pairs) == "4_d.down.sql"
