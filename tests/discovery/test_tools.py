"""Which tool runs a history: what the files beside and above it say."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.discovery.conftest import Look, Plant, only

from miglint.cli.main import main
from miglint.config.settings import load
from miglint.linter.run import Job, check

# Each of the two runs only some of these once: sqlx records behind the script's own COMMIT.
WRAPPED = "BEGIN;\nCREATE TABLE t (a integer);\nCREATE TABLE u (a integer);\nCOMMIT;\n"
SQLX = '[dependencies]\nsqlx = { version = "0.8", features = ["postgres"] }\n'
MIGRATE = "module example.org/a\n\nrequire (\n\tgithub.com/golang-migrate/migrate/v4 v4.18.1\n)\n"


@pytest.mark.parametrize(
    ("files", "tools"),
    [
        ({}, ()),
        ({"Cargo.toml": SQLX}, ("sqlx",)),
        ({"Cargo.toml": "[dependencies]\nsqlx.workspace = true\n"}, ("sqlx",)),
        ({"Cargo.toml": '[workspace.dependencies.sqlx]\nversion = "0.8"\n'}, ("sqlx",)),
        ({"Cargo.toml": '[package]\nname = "sqlx-example"\ndescription = "sqlx = none"\n'}, ()),
        ({"Cargo.toml": "# sqlx = 1\n"}, ()),
        ({"db/sqlx.toml": ""}, ("sqlx",)),
        ({"go.mod": MIGRATE}, ("golang-migrate",)),
        ({"go.mod": "require github.com/golang-migrate/migrate/v4 v4.18.1\n"}, ("golang-migrate",)),
        ({"go.mod": "require github.com/mattermost/morph v1.1.0\n"}, ("morph",)),
        ({"go.mod": "// was: github.com/golang-migrate/migrate/v4\n"}, ()),
        ({"go.mod": MIGRATE, "db/Cargo.toml": SQLX}, ("sqlx",)),
        ({"go.mod": MIGRATE, "Cargo.toml": SQLX}, ("sqlx", "golang-migrate")),
        ({"go.mod": MIGRATE, "db/Cargo.toml": '[package]\nname = "a"\n'}, ("golang-migrate",)),
        ({"pom.xml": "<artifactId>flyway-core</artifactId>"}, ()),
    ],
)
def test_files_above_name_the_tool(plant: Plant, look: Look, files: dict[str, str], tools: tuple[str, ...]) -> None:
    plant({".git/HEAD": "", "db/migrations/1_a.up.sql": WRAPPED, "db/migrations/1_a.down.sql": "", **files})
    assert only(look()).tools == tools


def test_files_outside_of_the_repository_are_not_asked(plant: Plant, look: Look) -> None:
    plant({"Cargo.toml": SQLX, "a/.git/HEAD": "", "a/migrations/1_a.up.sql": WRAPPED, "a/migrations/1_a.down.sql": ""})
    assert only(look()).tools == ()


@pytest.mark.parametrize(("version", "tools"), [("000001", ("golang-migrate",)), ("0001", ()), ("1", ())])
def test_the_digits_of_golang_migrate(plant: Plant, look: Look, version: str, tools: tuple[str, ...]) -> None:
    plant({".git/HEAD": "", f"db/{version}_a.up.sql": WRAPPED, f"db/{version}_a.down.sql": ""})
    assert only(look()).tools == tools
    plant({"Cargo.toml": SQLX})
    assert only(look()).tools == ("sqlx",)


@pytest.mark.parametrize(
    ("names", "tools"),
    [
        (("V1__a.sql",), ()),
        (("V1__a.sql", "U1__a.sql"), ("flyway",)),
        (("V1__a.sql", "R__b.sql"), ("flyway",)),
        (("V1.0.1__a.sql",), ("flyway",)),
    ],
)
def test_what_only_flyway_reads(plant: Plant, look: Look, names: tuple[str, ...], tools: tuple[str, ...]) -> None:
    plant({".git/HEAD": "", **{f"migrations/{name}": WRAPPED for name in names}})
    assert only(look()).tools == tools


def test_flyway_and_refinery_are_told_apart(plant: Plant, look: Look) -> None:
    plant({".git/HEAD": "", "migrations/V1__a.sql": WRAPPED, "Cargo.toml": '[dependencies]\nrefinery = "0.9"\n'})
    assert only(look()).tools == ("refinery",)
    plant({"Cargo.toml": "", "build.gradle.kts": 'id("org.flywaydb.flyway") version "11.0.0"'})
    assert only(look()).tools == ("flyway",)


def test_plain_files_of_sqlx(plant: Plant, look: Look) -> None:
    plant({".git/HEAD": "", "Cargo.toml": SQLX, "migrations/20240101000000_a.sql": WRAPPED})
    assert only(look()).tools == ("sqlx",)


def test_plain_files_elsewhere_are_nobodys(plant: Plant, look: Look) -> None:
    plant({".git/HEAD": "", "Cargo.toml": SQLX, "schema/001_a.sql": WRAPPED})
    assert only(look()).tools == ()


def outcome(folder: Path) -> tuple[set[str], tuple[str, ...]]:
    """Return the severities of what is said of a second run, and the notes."""
    report = check(Job(load(str(folder / "miglint.toml")), cached=False)).report
    return {str(item.severity) for item in report.findings if item.code.startswith("IDM")}, report.notes


def test_a_note_says_once_where_it_depends_on_the_tool(plant: Plant) -> None:
    scripts = {f"m/{number}_a.{way}.sql": WRAPPED for number in (1, 2) for way in ("up", "down")}
    folder = plant({".git/HEAD": "", "miglint.toml": 'paths = ["m"]\n', **scripts})
    severities, notes = outcome(folder)
    assert severities == {"error"}
    (note,) = [text for text in notes if "name files alike" in text]
    assert "golang-migrate and sqlx name files alike" in note
    assert "only golang-migrate runs each once" in note
    for settings in ('runner = "golang-migrate"', 'idempotency = "required"', 'idempotency = "off"', 'layout = "sqlx"'):
        plant({"miglint.toml": f'paths = ["m"]\n{settings}\n'})
        assert "name files alike" not in "".join(outcome(folder)[1])
    plant({"miglint.toml": 'paths = ["m"]\ndialect = "postgres"\n', "go.mod": MIGRATE})
    assert outcome(folder) == ({"info"}, ())


def test_the_cache_knows_these_files(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {"m/1_a.up.sql": WRAPPED, "m/1_a.down.sql": "DROP TABLE IF EXISTS t, u;\n"}
    folder = plant({".git/HEAD": "", "miglint.toml": 'paths = ["m"]\n', **scripts})
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "home"))
    assert [main(["check", "-q"]) for _ in range(2)] == [1, 1]
    plant({"go.mod": MIGRATE})
    assert [main(["check", "-q"]) for _ in range(2)] == [0, 0]
    plant({"sqlx.toml": ""})
    assert main(["check", "-q"]) == 1
