"""PAR beyond its pages: where a difference is reported, and which are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.config.settings import Settings
from miglint.linter.run import Job, check

USERS = {
    "postgres/001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);\n",
    "sqlite/001_users.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
}


def told(folder: Path, files: dict[str, str], *asked: str) -> list[tuple[str, str, int, str]]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = Settings(root=str(folder), select=("PAR", "INT"))
    paths = tuple(str(folder / name) for name in asked) or (str(folder),)
    found = check(Job(settings, paths, cached=False)).report.findings
    return [(item.code, str(Path(item.path).relative_to(folder)), item.line, item.message) for item in found]


def test_the_same_in_the_words_of_two_engines(tmp_path: Path) -> None:
    postgres = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE users (id uuid PRIMARY KEY, mood mood NOT NULL, tags text[], data jsonb, raw bytea, at timestamptz,
        price numeric(8, 2), active boolean NOT NULL DEFAULT false, points bigint DEFAULT 0, ratio double precision);
    CREATE INDEX users_data_idx ON users USING gin (data);
    CREATE UNIQUE INDEX users_mood_idx ON users (mood, points);
    """
    sqlite = """
    CREATE TABLE users (id BLOB PRIMARY KEY, mood TEXT NOT NULL CHECK (mood IN ('sad', 'ok')), tags JSON, data TEXT,
        raw BLOB, at DATETIME, price DECIMAL(8, 2), active BOOLEAN NOT NULL DEFAULT 0, points INTEGER DEFAULT '0',
        ratio REAL, UNIQUE (points, mood));
    CREATE INDEX users_data_idx ON users (data);
    """
    assert told(tmp_path, {"postgres/001_a.up.sql": postgres, "sqlite/001_a.up.sql": sqlite}) == []


def test_what_a_later_migration_mends_is_no_finding(tmp_path: Path) -> None:
    files = {
        **USERS,
        "postgres/002_age.up.sql": "ALTER TABLE users ADD COLUMN age int;\n",
        "sqlite/002_age.up.sql": "SELECT 1;\n",
    }
    assert [item[:3] for item in told(tmp_path, files)] == [("PAR002", "postgres/002_age.up.sql", 1)]
    mended = {
        "postgres/003_more.up.sql": "SELECT 1;\n",
        "sqlite/003_more.up.sql": "ALTER TABLE users ADD COLUMN age INTEGER;\n",
    }
    assert told(tmp_path, files | mended) == []


def test_a_column_that_one_variant_drops_is_told_where_it_is_dropped(tmp_path: Path) -> None:
    files = {
        **USERS,
        "postgres/002_name.up.sql": "SELECT 1;\n",
        "sqlite/002_name.up.sql": "SELECT 1;\n\nALTER TABLE users DROP COLUMN name;\n",
    }
    assert told(tmp_path, files) == [
        (
            "PAR002",
            "sqlite/002_name.up.sql",
            3,
            "column users.name is in the schema of PostgreSQL, but not in that of SQLite",
        )
    ]


def test_a_rebuild_that_loses_a_key_is_the_one_to_tell(tmp_path: Path) -> None:
    keyed = {
        "postgres/001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text UNIQUE);\n",
        "sqlite/001_users.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE);\n",
        "postgres/002_age.up.sql": "ALTER TABLE users ADD COLUMN age int;\n",
        "sqlite/002_age.up.sql": "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);\n"
        "INSERT INTO users_new (id, name) SELECT id, name FROM users;\n"
        "DROP TABLE users;\nALTER TABLE users_new RENAME TO users;\n",
    }
    assert [item[:2] for item in told(tmp_path, keyed)] == [("PAR005", "sqlite/002_age.up.sql")]


def test_a_history_that_begins_later_has_it_all_from_the_start(tmp_path: Path) -> None:
    files = {
        "postgres/001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "postgres/002_name.up.sql": "ALTER TABLE users ADD COLUMN name text;\n",
        "sqlite/002_users.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n",
    }
    assert told(tmp_path, files) == []


def test_a_migration_for_one_engine_alone_is_one_finding(tmp_path: Path) -> None:
    files = {
        **USERS,
        "postgres/002_more.up.sql": "ALTER TABLE users ADD COLUMN age int;\nCREATE TABLE tags (id int PRIMARY KEY);\n",
    }
    ((code, path, _, message),) = told(tmp_path, files)
    assert (code, path) == ("PAR010", "postgres/002_more.up.sql")
    assert message.endswith("the schemas differ in table tags, column users.age")


def test_tables_that_the_files_never_made_are_compared_by_what_is_known(tmp_path: Path) -> None:
    files = {
        "postgres/005_a.up.sql": "ALTER TABLE projects ADD COLUMN a text, ADD COLUMN b text;\n",
        "sqlite/005_a.up.sql": "ALTER TABLE projects ADD COLUMN a TEXT;\nUPDATE projects SET name = '';\n",
    }
    assert [item[3] for item in told(tmp_path, files)] == [
        "column projects.b is in the schema of PostgreSQL, but not in that of SQLite"
    ]


@pytest.mark.parametrize("asked", ["postgres/001_users.up.sql", "sqlite/001_users.up.sql"])
def test_a_change_of_either_variant_is_told_of_the_difference(asked: str, tmp_path: Path) -> None:
    files = {**USERS, "sqlite/001_users.up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY);\n"}
    assert [item[:2] for item in told(tmp_path, files, asked)] == [("PAR002", "postgres/001_users.up.sql")]


def test_sections_of_one_file_are_variants_too(tmp_path: Path) -> None:
    text = (
        "-- PostgreSQL Version\nCREATE TABLE users (id bigint PRIMARY KEY, name text);\n"
        "-- SQLite Version\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n"
    )
    assert [item[:3] for item in told(tmp_path, {"001_users.up.sql": text})] == [("PAR002", "001_users.up.sql", 2)]


def test_a_column_takes_the_default_of_its_domain_and_no_null_if_that_takes_none(tmp_path: Path) -> None:
    postgres = """
    CREATE DOMAIN name AS text NOT NULL;
    CREATE DOMAIN nick AS name DEFAULT 'x';
    CREATE TABLE users (id int PRIMARY KEY, a name, b nick, c nick DEFAULT 'y');
    """
    same = "id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL DEFAULT 'x', c TEXT NOT NULL DEFAULT 'y'"
    files = {"postgres/001_a.up.sql": postgres, "sqlite/001_a.up.sql": f"CREATE TABLE users ({same});\n"}
    assert told(tmp_path, files) == []
    other = same.replace("a TEXT NOT NULL", "a TEXT").replace("'x'", "'z'")
    files["sqlite/001_a.up.sql"] = f"CREATE TABLE users ({other});\n"
    assert sorted(item[0] for item in told(tmp_path, files)) == ["PAR004", "PAR008"]
