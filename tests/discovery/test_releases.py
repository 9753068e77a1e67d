"""Folders of releases are parts of one history."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect

from .conftest import Look, Plant, of, only, pairs


@pytest.mark.parametrize(
    "names",
    [
        ("0.2", "0.10", "0.22"),
        ("v1.2", "v1.10", "v2.0"),
        ("release-1.0", "release-1.1", "release-2.0"),
        ("1.9.x", "1.10.x", "2.0.x"),
        ("2022", "2023", "2024"),
    ],
)
def test_releases_in_their_order(plant: Plant, look: Look, names: tuple[str, ...]) -> None:
    plant({f"store/migration/{name}/0{n}__step.sql": "SELECT 1;" for name in names for n in (1, 2)})
    history = only(look())
    assert history.root == "store/migration"
    assert [path for _, path, _ in pairs(history)] == [
        f"store/migration/{name}/0{n}__step.sql" for name in names for n in (1, 2)
    ]
    assert len({version for version, _, _ in pairs(history)}) == 6


def test_a_version_names_its_release(plant: Plant, look: Look) -> None:
    plant({"m/sqlite/0.22/00__a.sql": "", "m/sqlite/0.22/01__b.sql": "", "m/postgres/0.22/00__a.sql": ""})
    found = look("m")
    assert [version for version, _, _ in pairs(of(found, Dialect.SQLITE))] == ["0.22.00", "0.22.01"]
    assert [version for version, _, _ in pairs(of(found, Dialect.POSTGRES))] == ["0.22.00"]
    assert not [problem for problem in found.problems if problem.kind in ("duplicate-version", "skipped-version")]


def test_rollbacks_of_a_release(plant: Plant, look: Look) -> None:
    inside = {"m/1.0/1_a.sql": "", "m/1.0/rollback/1_a.sql": "", "m/1.1/1_b.sql": "", "m/1.1/rollback/1_b.sql": ""}
    beside = {"n/1.0/1_a.sql": "", "n/rollback/1.0/1_a.sql": "", "n/1.1/1_b.sql": "", "n/rollback/1.1/1_b.sql": ""}
    plant({**inside, **beside, "o/1.0/1_a.up.sql": "", "o/1.0/1_a.down.sql": "", "o/1.1/1_b.up.sql": ""})
    assert pairs(only(look("m"))) == [
        ("1.0.1", "m/1.0/1_a.sql", "m/1.0/rollback/1_a.sql"),
        ("1.1.1", "m/1.1/1_b.sql", "m/1.1/rollback/1_b.sql"),
    ]
    assert [back for _, _, back in pairs(only(look("n")))] == ["n/rollback/1.0/1_a.sql", "n/rollback/1.1/1_b.sql"]
    assert pairs(only(look("o"))) == [
        ("1.0.1", "o/1.0/1_a.up.sql", "o/1.0/1_a.down.sql"),
        ("1.1.1", "o/1.1/1_b.up.sql", None),
    ]


def test_a_release_alone_is_read_with_those_before_it(plant: Plant, look: Look) -> None:
    plant({"m/1.0/1_a.sql": "", "m/1.1/1_b.sql": "", "m/1.2/1_c.sql": ""})
    for asked in ("m/1.1", "m/1.1/1_b.sql"):
        found = look(asked)
        assert [version for version, _, _ in pairs(only(found))] == ["1.0.1", "1.1.1", "1.2.1"]
        assert found.requested == {"m/1.1/1_b.sql"}


def test_versions_that_never_start_again_keep_their_names(plant: Plant, look: Look) -> None:
    plant({"m/2023/20230102_a.sql": "", "m/2024/20240102_b.sql": ""})
    assert [version for version, _, _ in pairs(only(look("m")))] == ["20230102", "20240102"]
    plant({"f/migrations/1.0/V1__a.sql": "", "f/migrations/1.1/V2__b.sql": ""})
    assert [version for version, _, _ in pairs(only(look("f")))] == ["1", "2"]


def test_what_is_no_release(plant: Plant, look: Look) -> None:
    plant({"api/v1/1_a.sql": "", "api/v2/1_a.sql": ""})
    assert [history.root for history in look("api").histories] == ["api/v1", "api/v2"]


def test_a_number_sign_behind_the_version(plant: Plant, look: Look) -> None:
    plant({"m/3.1/0000##add.sql": "", "m/3.1/0001##drop.sql": ""})
    history = only(look("m"))
    assert [(item.version, item.name) for item in history.migrations] == [("3.1.0000", "add"), ("3.1.0001", "drop")]


def test_an_engine_that_is_assumed_is_said(plant: Plant, look: Look) -> None:
    plant({"m/1_a.sql": "CREATE TABLE a (n jsonb);", "n/1_a.sql": "CREATE TABLE a (n int);", "pg/1_a.sql": ""})
    assert "m/1_a.sql contains `jsonb`" in (only(look("m")).assumed or "")
    assert "no script specifies it" in (only(look("n")).assumed or "")
    assert only(look("pg")).assumed is None
    assert only(look("m", dialect=Dialect.POSTGRES)).assumed is None
