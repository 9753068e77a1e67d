"""Folders with migrations are found without being named, and what stands beside them is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.discovery.migration_folders import migration_folders, nearest_folder
from miglint.discovery.surroundings import engine_beside, postgres_beside

from .conftest import Plant

PAIR = {"1_a.up.sql": "CREATE TABLE a (n int);", "1_a.down.sql": "DROP TABLE a;"}


def at(folder: str) -> dict[str, str | bytes]:
    return {f"{folder}/{name}": text for name, text in PAIR.items()}


def found(root: Path) -> list[str]:
    return list(migration_folders(str(root)).paths)


@pytest.mark.parametrize(
    "folder", ["db/migrations", "crates/storage-pg/migrations", "src/main/resources/db/migration_postgres"]
)
def test_one_folder(plant: Plant, folder: str) -> None:
    assert found(plant({**at(folder), "sql/1_query.sql": "SELECT 1;", "queries/get.sql": "SELECT 1;"})) == [folder]


def test_the_folder_itself(plant: Plant) -> None:
    assert found(plant(PAIR)) == ["."]


def test_services_apart_and_engines_together(plant: Plant) -> None:
    root = plant(
        {**at("a/migrations"), **at("b/db/migrations/sqlite"), **at("b/db/migrations/postgres"), "b/db/schema.sql": ""}
    )
    assert found(root) == ["a/migrations", "b/db/migrations"]


def test_a_folder_of_migrations_without_the_word(plant: Plant) -> None:
    assert found(plant(at("pkg/ddl"))) == ["pkg/ddl"]
    assert found(plant({"svc/V1__a.sql": "SELECT 1;"})) == ["pkg/ddl", "svc"]


def test_tests_and_examples_count_only_if_there_is_nothing_else(plant: Plant) -> None:
    root = plant({**at("examples/todo/migrations"), **at("store/testdata/migrations"), **at("crates/test_migrations")})
    assert found(root) == ["crates/test_migrations", "examples/todo/migrations", "store/testdata/migrations"]
    assert found(plant(at("db/migrations"))) == ["db/migrations"]


def test_what_is_never_searched(plant: Plant) -> None:
    inside = [at(f"{name}/migrations") for name in ("node_modules/x", "vendor/y", ".cache", "target/debug")]
    root = plant({name: text for files in inside for name, text in files.items()})
    assert found(root) == []
    assert found(plant({**at("other/migrations"), "other/.git/HEAD": "ref"})) == []


def test_folders_for_other_engines_alone(plant: Plant) -> None:
    assert found(plant({"migrations/mysql/1_a.sql": "CREATE TABLE a (n int) ENGINE=InnoDB;"})) == []


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("db/migratons", "db/migrations"),
        ("migrations", "db/migrations"),
        ("services/b/migration", "services/b/migrations"),
        ("./services/b", "services/b/migrations"),
    ],
)
def test_the_nearest_folder(wrong: str, near: str) -> None:
    assert nearest_folder(wrong, ["db/migrations", "services/a/migrations", "services/b/migrations"]) == near
    assert nearest_folder(wrong, []) is None


@pytest.mark.parametrize(
    ("name", "text", "engine"),
    [
        (
            "Cargo.toml",
            '[dependencies]\nsqlx = { version = "0.8", features = ["runtime-tokio", "sqlite"] }\n',
            "sqlite",
        ),
        ("Cargo.toml", '[workspace.dependencies.sqlx]\nfeatures = ["postgres"]\n', "postgres"),
        ("Cargo.toml", '[dependencies]\nsqlx = { features = ["postgres", "sqlite"] }\n', None),
        ("Cargo.toml", '[dependencies]\nrusqlite = "0.31"\n', "sqlite"),
        ("go.mod", "require (\n\tgithub.com/jackc/pgx/v5 v5.5.0\n)\n", "postgres"),
        ("go.mod", "require modernc.org/sqlite v1.29.0\n", "sqlite"),
        ("go.mod", "require github.com/jackc/pgxlisten v1.0.0\n", None),
        ("package.json", '{"dependencies": {"better-sqlite3": "^9"}}', "sqlite"),
        ("package.json", '{"devDependencies": {"pg": "^8"}}', "postgres"),
        ("package.json", "{", None),
        ("prisma/schema.prisma", 'datasource db {\n  provider = "postgresql"\n}\n', "postgres"),
        ("prisma/schema.prisma", 'generator c {\n  provider = "prisma-client-js"\n}\n', None),
        (".sqlfluff", "[sqlfluff]\ndialect = sqlite\n", "sqlite"),
        ("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql+psycopg://localhost/a\n", "postgres"),
    ],
)
def test_the_engine_beside(plant: Plant, name: str, text: str, engine: str | None) -> None:
    root = plant({".git/HEAD": "", name: text, "svc/db/migrations/1_a.sql": ""})
    hint = engine_beside(str(root / "svc" / "db" / "migrations"))
    assert (None if hint is None else hint.value) == engine
    if hint is not None:
        assert name in hint.source


def test_the_nearest_file_decides(plant: Plant) -> None:
    plant({".git/HEAD": "", "go.mod": "require github.com/lib/pq v1\n", "a/m/1.sql": ""})
    root = plant({"a/Cargo.toml": '[dependencies]\nrusqlite = "1"\n', "b/m/1.sql": ""})
    assert [getattr(engine_beside(str(root / name / "m")), "value", None) for name in "ab"] == ["sqlite", "postgres"]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("postgres:16", "16"),
        ("postgres:16.3-alpine", "16"),
        ('"docker.io/postgres:13.4"', "13"),
        ("pgvector/pgvector:pg18", "18"),
        ("postgis/postgis:17-3.5", "17"),
        ("timescale/timescaledb:latest-pg15", "15"),
        ("docker.io/postgres:${POSTGRES_VERSION:-17}", "17"),
        ("postgres", None),
        ("postgres:latest", None),
        ("redis:7", None),
        ("app/umami:postgresql-latest", None),
    ],
)
def test_the_version_beside(plant: Plant, image: str, version: str | None) -> None:
    root = plant({".git/HEAD": "", "docker-compose.dev.yml": f"services:\n  db:\n    image: {image}\n", "m/1.sql": ""})
    hint = postgres_beside(str(root / "m"))
    assert (None if hint is None else hint.value) == version


@pytest.mark.parametrize(("text", "version"), [("12.0", "12"), ("16", "16"), ("8.4", None), ("1" * 5_000, None)])
def test_the_version_in_the_configuration_of_squawk(plant: Plant, text: str, version: str | None) -> None:
    root = plant({".git/HEAD": "", ".squawk.toml": f'pg_version = "{text}"\n', "m/1.sql": ""})
    hint = postgres_beside(str(root / "m"))
    assert (None if hint is None else hint.value) == version
