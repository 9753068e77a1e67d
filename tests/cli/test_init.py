"""`miglint init` writes what it finds, and leaves the rest as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miglint.cli.main import main
from miglint.config.integrations import with_hook
from miglint.config.settings import load
from miglint.config.starter import MOST_LINES, FolderDialect, SettingLine, starter

UP = "CREATE TABLE {name} (id integer PRIMARY KEY, note text);\n"
CARGO = '[dependencies]\nsqlx = {{ version = "0.8", features = ["{engine}"] }}\n'


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, newline="")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two services of one repository: nothing in the scripts tells that the second is for SQLite."""
    files = {".git/HEAD": "", "docker-compose.yml": "services:\n  db:\n    image: postgres:16\n"}
    for service, engine in (("billing", "postgres"), ("desktop", "sqlite")):
        files[f"{service}/Cargo.toml"] = CARGO.format(engine=engine)
        for number, name in ((1, "users"), (2, "orders")):
            files[f"{service}/migrations/{number}_{name}.up.sql"] = UP.format(name=name)
            files[f"{service}/migrations/{number}_{name}.down.sql"] = f"DROP TABLE {name};\n"
    files["billing/migrations/2_orders.down.sql"] = "ALTER TABLE orders DROP COLUMN note;\n"
    plant(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_found_is_written_with_its_reason(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    text = (project / "miglint.toml").read_text()
    settings = load()
    assert settings.paths == ("billing/migrations", "desktop/migrations")
    assert settings.dialect == "postgres"
    assert [(item.paths, item.dialect) for item in settings.per_path] == [(("desktop/migrations",), "sqlite")]
    # SQLite is no target of the billing service.
    assert settings.targets == {"postgres": (16,)}
    assert (settings.runner, settings.rollbacks, settings.idempotency) == ("sqlx", "required", "auto")
    assert settings.baseline is None
    assert "# billing/Cargo.toml and desktop/Cargo.toml name it.\nrunner" in text
    assert 'desktop/Cargo.toml: sqlx with feature "sqlite"' in text and "docker-compose.yml: postgres:16" in text
    assert len(text.splitlines()) <= MOST_LINES
    out = capsys.readouterr().out
    assert "billing/migrations: sqlx, PostgreSQL, 2 migrations" in out
    assert "desktop/migrations: sqlx, SQLite, 2 migrations" in out
    assert '  idempotency = "auto": errors only for what sqlx may run twice. "required": for all scripts (0 of' in out
    assert "4 pairs" in out and "in billing/migrations/2_orders." in out and "is worth a look" in out


def test_with_a_baseline_the_next_check_is_green(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--baseline"]) == 0
    accepted = len(json.loads((project / "miglint-baseline.json").read_text())["findings"])
    assert accepted > 0
    assert f"{accepted} findings accepted" in capsys.readouterr().out
    assert 'baseline = "miglint-baseline.json"' in (project / "miglint.toml").read_text()
    assert "sqlx refuses applied scripts that change, be it by a comment" in (project / "miglint.toml").read_text()
    assert main(["check"]) == 0
    assert "no findings" in capsys.readouterr().out


def test_nothing_is_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(project, {"miglint.toml": 'paths = ["billing"]\n'})
    assert main(["init"]) == 2
    assert "miglint.toml already exists and is not overwritten" in capsys.readouterr().err
    plant(project, {".github/workflows/miglint.yml": "name: ours\n"})
    assert main(["init", "--pre-commit", "--github"]) == 0
    assert (project / "miglint.toml").read_text() == 'paths = ["billing"]\n'
    assert (project / ".github/workflows/miglint.yml").read_text() == "name: ours\n"
    assert "id: miglint" in (project / ".pre-commit-config.yaml").read_text()
    (project / "miglint.toml").unlink()
    plant(project, {"pyproject.toml": "[tool.miglint]\npaths = []\n"})
    assert main(["init"]) == 2
    assert "pyproject.toml already exists and is not overwritten" in capsys.readouterr().err


def test_the_changes_can_be_seen_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(project.rglob("*"))
    assert main(["init", "--baseline", "--pre-commit", "--github", "--diff"]) == 1
    out = capsys.readouterr().out
    assert '+paths = ["billing/migrations", "desktop/migrations"]' in out
    assert "+++ b/.pre-commit-config.yaml" in out and "+++ b/.github/workflows/miglint.yml" in out
    assert sorted(project.rglob("*")) == before
    assert main(["init", "--pre-commit", "--github"]) == 0
    (project / "miglint.toml").write_text("paths = []\n")
    capsys.readouterr()
    assert main(["init", "--pre-commit", "--github", "--diff"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["init", "--pre-commit"]) == 0
    assert capsys.readouterr().out == "nothing to do: miglint.toml exists, .pre-commit-config.yaml has the hook\n"


def test_idempotent_scripts_are_kept_so(project: Path) -> None:
    for number in range(3, 20):
        plant(project, {f"billing/migrations/{number}_a.up.sql": f"CREATE TABLE IF NOT EXISTS a{number} (id int);\n"})
    assert main(["init"]) == 0
    assert load().idempotency == "required"


def test_hooks_and_workflows_are_for_the_top_of_the_repository(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project / "billing")
    assert main(["init", "--pre-commit", "--github"]) == 2
    assert "--pre-commit and --github: hooks and workflows are read at the top of" in capsys.readouterr().err
    assert not (project / "billing" / "miglint.toml").exists()
    assert main(["init"]) == 0


def test_what_holds_for_one_service_is_not_asked_of_another(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service for PostgreSQL need not run on SQLite, and one of a tool without rollbacks needs none."""
    plant(
        project,
        {
            "billing/migrations/3_unique.up.sql": "ALTER TABLE orders ADD CONSTRAINT o UNIQUE (note);\n",
            "billing/migrations/3_unique.down.sql": "ALTER TABLE orders DROP CONSTRAINT o;\n",
            "billing/migrations/2_orders.down.sql": "DROP TABLE orders;\n",
            "web/prisma/schema.prisma": 'datasource db {\n  provider = "postgresql"\n}\n',
            "web/prisma/migrations/20240101000000_a/migration.sql": "CREATE TABLE a (id integer PRIMARY KEY);\n",
        },
    )
    assert main(["init"]) == 0
    assert load().rollbacks is None
    capsys.readouterr()
    assert main(["check", "--format", "concise"]) == 0
    out = capsys.readouterr().out
    assert "LIT001" not in out and "PAI001" not in out


def test_a_guessed_engine_is_called_a_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {".git/HEAD": "", "migrations/1_a.up.sql": UP.format(name="a")})
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert '# A guess: nothing names one engine.\ndialect = "postgres"' in (tmp_path / "miglint.toml").read_text()
    (tmp_path / "miglint.toml").unlink()
    plant(tmp_path, {"compose.yaml": "services:\n  db:\n    image: postgres:16.2\n"})
    assert main(["init"]) == 0
    assert '# compose.yaml: postgres:16.2.\ndialect = "postgres"' in (tmp_path / "miglint.toml").read_text()


def test_without_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 2
    assert "no folder with migrations found in ." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_settings_of_squawk_are_taken_over(project: Path) -> None:
    plant(project, {".squawk.toml": 'pg_version = "15.0"\nexcluded_rules = ["ban-drop-column"]\n'})
    assert main(["init"]) == 0
    settings = load()
    assert (settings.ignore, settings.targets) == (("squawk:ban-drop-column",), {"postgres": (15, 0)})
    assert len((project / "miglint.toml").read_text().splitlines()) <= MOST_LINES


def test_a_configuration_of_any_size_fits() -> None:
    keys = [SettingLine(name, "x" * 90, "why") for name in ("a", "b", "c", "d", "e", "f")]
    paths = SettingLine("paths", tuple(f"services/{number}/migrations" for number in range(60)), "many")
    text = starter([paths, *keys], [FolderDialect(('a"b\\c',), "sqlite", "why")])
    assert len(text.splitlines()) <= MOST_LINES
    assert 'paths = ["a\\"b\\\\c"]' in text


CONFIGURATIONS = [
    "repos:\n  - repo: https://example.org/a\n    hooks:\n      - id: a\n",
    "repos:\n- repo: https://example.org/a\n  hooks:\n  - id: a\n",
    "# ours\nrepos: # all\n  - repo: https://example.org/a\n    hooks: [{id: a}]\n\n# the end\nci:\n  skip: [a]\n",
    "ci: {}\nrepos:\n    -   repo: https://example.org/a\n        hooks:\n        -   id: a",
    "repos:\r\n  - repo: https://example.org/a\r\n    hooks:\r\n      - id: a\r\nfail_fast: true\r\n",
    "repos:\n",
    "default_stages: [pre-commit]\n\nrepos:",
]


@pytest.mark.parametrize("before", CONFIGURATIONS)
def test_a_hook_is_added_and_no_byte_of_the_rest_changes(before: str) -> None:
    import yaml

    after = with_hook(before)
    start = next(at for at in range(len(after)) if at == len(before) or before[at] != after[at])
    assert after[:start] + after[start + len(after) - len(before) :] == before
    assert "\r\n" not in after or "\n" not in after.replace("\r\n", "")
    old, new = yaml.safe_load(before), yaml.safe_load(after)
    hook = new["repos"][-1]
    assert (hook["repo"], hook["hooks"][0]["id"], hook["hooks"][0]["entry"]) == (
        "local",
        "miglint",
        "miglint check --hook",
    )
    assert new["repos"][:-1] == (old["repos"] or [])
    assert {key: value for key, value in new.items() if key != "repos"} == {
        k: v for k, v in old.items() if k != "repos"
    }
    assert with_hook(after) == after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("repos: []\n", ".pre-commit-config.yaml:1: `repos` is not a list"),
        ("# x\nci: {}\n", "has no `repos` at the start"),
    ],
)
def test_a_file_that_a_hook_cannot_be_added_to(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    plant(project, {".pre-commit-config.yaml": text})
    assert main(["init", "--pre-commit"]) == 2
    assert said in capsys.readouterr().err
    assert (project / ".pre-commit-config.yaml").read_text() == text
    assert not (project / "miglint.toml").exists()


def test_one_check_serves_all(project: Path) -> None:
    assert main(["init", "--baseline"]) == 0
    steps = {path: path.stat().st_ino for path in (project / ".miglint_cache").glob("steps-*")}
    assert main(["check"]) == 0
    assert steps
    # Texts of findings are kept as well, but no step is new.
    assert {path: path.stat().st_ino for path in steps} == steps


def test_scripts_that_can_all_run_twice_are_a_rule(project: Path) -> None:
    for service in ("billing", "desktop"):
        for number in range(3, 15):
            guarded = f"CREATE TABLE IF NOT EXISTS t{number} (id integer);\n"
            plant(project, {f"{service}/migrations/{number}_t.up.sql": guarded})
            plant(project, {f"{service}/migrations/{number}_t.down.sql": f"DROP TABLE IF EXISTS t{number};\n"})
    assert main(["init", "--baseline"]) == 0
    assert load().idempotency == "required"
    assert main(["check"]) == 0
