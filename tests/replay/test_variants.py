"""Which histories are one for two engines, which migrations are the same one, and what is read around a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.discovery import DiscoveryOptions, discover
from miglint.replay.variants import Variants, variants


def pairs(folder: Path, *names: str, asked: str = ".") -> tuple[Variants, ...]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("SELECT 1;\n")
    return variants(discover([asked], options=DiscoveryOptions(cwd=str(folder))).histories)


def partners(pair: Variants) -> list[tuple[str, str]]:
    found = pair.postgres.migrations
    return [(one.version, pair.partners[one].version) for one in found if one in pair.partners]


@pytest.mark.parametrize(
    ("postgres", "sqlite"),
    [
        ("migrations/postgres", "migrations/sqlite"),
        ("migrations/postgresql", "migrations/sqlite3"),
        ("app/migrations_postgres", "app/migrations_sqlite"),
        ("postgres/migrations", "sqlite/migrations"),
        ("migrations", "migrations_sqlite"),
    ],
)
def test_folders_that_differ_in_the_engine_belong_together(postgres: str, sqlite: str, tmp_path: Path) -> None:
    (pair,) = pairs(tmp_path, f"{postgres}/001_users.up.sql", f"{sqlite}/001_users.up.sql")
    assert (pair.postgres.root, pair.sqlite.root) == (postgres, sqlite)
    assert partners(pair) == [("001", "001")]


def test_one_folder_with_files_for_both_engines(tmp_path: Path) -> None:
    (pair,) = pairs(tmp_path, "m/001_users.up.sql", "m/002_tags.postgres.up.sql", "m/002_tags.sqlite.up.sql")
    assert partners(pair) == [("001", "001"), ("002", "002")]


def test_folders_of_different_projects_do_not(tmp_path: Path) -> None:
    assert pairs(tmp_path, "shop/postgres/001_a.up.sql", "blog/sqlite/001_a.up.sql") == ()


def test_several_candidates_are_none(tmp_path: Path) -> None:
    names = [f"{folder}/001_a.up.sql" for folder in ("migrations", "migrations_postgres", "migrations_sqlite")]
    assert pairs(tmp_path, *names) == ()


def test_times_that_are_not_the_same_are_paired_by_name(tmp_path: Path) -> None:
    (pair,) = pairs(
        tmp_path,
        "postgres/20240101120000_users.up.sql",
        "postgres/20240201120000_sso_users_cascade.up.sql",
        "postgres/20240301120000_add_gateway_downlink_priority.up.sql",
        "sqlite/20240101120300_users.up.sql",
        "sqlite/20240201130000_sso_userscascade.up.sql",
        "sqlite/20240301150000_add_gateway_priority.up.sql",
    )
    assert [one[:8] for one, _ in partners(pair)] == [other[:8] for _, other in partners(pair)]
    assert len(partners(pair)) == 3


def test_the_same_number_under_another_name_is_another_migration(tmp_path: Path) -> None:
    (pair,) = pairs(
        tmp_path,
        "postgres/001_initialize.up.sql",
        "postgres/002_add_conditions.up.sql",
        "postgres/003_collate.up.sql",
        "sqlite/002_initialize.up.sql",
    )
    assert partners(pair) == [("001", "002")]
    # The SQLite history begins at 002: what is older is in it from the start, and 003 is not.
    served = {one.version for one in pair.served if one.dialect is Dialect.POSTGRES}
    assert served == {"001", "002"}


@pytest.mark.parametrize(
    "asked",
    [
        "db/postgres/001_users.up.sql",
        "db/sqlite/rollback/001_users.sql",
        "db/sqlite/001_users.up.sql",
    ],
)
def test_around_one_file_its_other_variant_is_read(asked: str, tmp_path: Path) -> None:
    names = ("db/postgres/001_users.up.sql", "db/sqlite/001_users.up.sql", "db/sqlite/rollback/001_users.sql")
    (pair,) = pairs(tmp_path, *names, asked=asked)
    assert partners(pair) == [("001", "001")]


def test_around_a_folder_per_migration_too(tmp_path: Path) -> None:
    names = ("db/postgres/2024-01-01-000000_users/up.sql", "db/sqlite/2024-01-01-000000_users/up.sql")
    (pair,) = pairs(tmp_path, *names, asked=names[1])
    assert len(partners(pair)) == 1
