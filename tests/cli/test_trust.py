"""What a checkout may decide about its own check: what it hides is counted, and whose configuration counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

FORMATS = ("text", "json", "github", "sarif", "junit", "markdown")


def report(done):
    return json.loads(done.stdout)


def hidden(done):
    return report(done)["summary"]["hidden"]


def git(project, *arguments):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True, env=env)


def commit(project):
    if not (project / ".git").exists():
        git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one", "--allow-empty")


def prepend(project, text, name="001_accounts.up.sql"):
    file = project / "migrations" / name
    file.write_text(text + file.read_text())


OWN = """
from miglint.api import Severity, hit_in, rule
print("own rules ran")

@rule("OUR001", "ours", Severity.ERROR, "Ours")
def ours(step, context):
    yield hit_in(step.migration.forward, step.migration.forward.span, "ours speaks")
"""


def number_of_findings(miglint):
    return len(report(miglint("check", "--format", "json", "--no-cache"))["findings"])


def test_a_file_that_ignores_all_is_counted(miglint, project):
    total = number_of_findings(miglint)
    here = len([f for f in report(miglint("check", "--format", "json"))["findings"] if "up.sql" in f["path"]])
    prepend(project, "-- miglint: ignore-file ALL (why)\n")
    for _ in range(2):  # the second answer comes from the cache
        done = miglint("check", "--format", "json")
        assert hidden(done) == {"comments": here, "settings": 0, "baseline": 0}
        assert len(report(done)["findings"]) == total - here
    text = miglint("check").stdout
    assert f"hidden: {here} by comments" in text


def test_comments_of_other_linters_are_counted(miglint, project):
    prepend(project, "-- squawk-ignore prefer-robust-stmts\n")
    assert hidden(miglint("check", "--format", "json"))["comments"] == 1


@pytest.mark.parametrize(
    ("configuration", "arguments"),
    [
        ('ignore = ["ALL"]\n', []),
        ('[[per-path]]\npaths = ["migrations"]\nignore = ["ALL"]\n', []),
        ('select = ["LIT"]\n', []),
        ("", ["--ignore", "ALL"]),
    ],
)
def test_settings_that_ignore_all_are_counted(miglint, project, configuration, arguments):
    total = number_of_findings(miglint)
    (project / "miglint.toml").write_text(configuration)
    done = miglint("check", "--format", "json", *arguments)
    assert (done.returncode, report(done)["findings"]) == (0, [])
    assert hidden(done) == {"comments": 0, "settings": total, "baseline": 0}
    assert hidden(miglint("check", "--format", "json", *arguments)) == hidden(done)


def test_the_baseline_is_counted(miglint, project):
    total = number_of_findings(miglint)
    miglint("check", "--write-baseline")
    done = miglint("check", "--format", "json", "--baseline", "miglint-baseline.json")
    assert hidden(done) == {"comments": 0, "settings": 0, "baseline": total}


def test_what_is_hidden_elsewhere_is_not_counted_for_some_files(miglint, project):
    prepend(project, "-- miglint: ignore-file ALL (why)\n")
    for direction in ("up", "down"):
        (project / "migrations" / f"002_b.{direction}.sql").write_text("SELECT 1;\n")
    done = miglint("check", "--format", "json", "migrations/002_b.up.sql")
    assert hidden(done)["comments"] == 0
    assert hidden(miglint("check", "--format", "json", "migrations/001_accounts.up.sql"))["comments"] > 0


def test_every_format_says_it(miglint, project):
    prepend(project, "-- miglint: ignore-file ALL (why)\n")
    (project / "migrations" / "002_b.mysql.up.sql").write_text("SELECT 1;\n")
    (project / "miglint.toml").write_text('exclude = ["*old*"]\nignore = ["DAT"]\n')
    (project / "migrations" / "old").mkdir()
    (project / "migrations" / "old" / "001_x.sql").write_text("SELECT 1;\n")
    (project / "migrations" / "old_1.sql").write_text("SELECT 1;\n")
    said = {name: miglint("check", "--format", name).stdout for name in FORMATS}
    counts = json.loads(said["json"])["summary"]["hidden"]
    assert counts["comments"] > 0
    assert json.loads(said["json"])["summary"]["files_left_out"] == 3
    why = {item["reason"]: item["files"] for item in json.loads(said["json"])["left_out"]}
    assert why == {"excluded by the configuration": 2, "for an unsupported engine": 1}
    words = f"{counts['comments']} by comments"
    files = "3 files left out: 2 excluded by the configuration, 1 for an unsupported engine"
    for name in ("text", "github", "markdown"):
        assert words in said[name]
        assert files in said[name]
    assert "::notice title=miglint::" in said["github"]
    run = json.loads(said["sarif"])["runs"][0]
    assert (run["properties"]["hidden"], run["properties"]["filesLeftOut"]) == (counts, 3)
    values = {p.get("name"): p.get("value") for p in ElementTree.fromstring(said["junit"]).iter("property")}
    assert values["hidden.comments"] == str(counts["comments"])
    assert values["files_left_out"] == "3"


def test_a_rule_that_is_off_and_crashes_says_nothing(miglint, project):
    (project / "ours.py").write_text(
        OWN.replace("    yield", "    raise ValueError\n    yield").replace("print", "str")
    )
    (project / "miglint.toml").write_text('own-rules = ["ours.py"]\nignore = ["OUR001"]\n')
    found = {item["code"] for item in report(miglint("check", "--format", "json"))["findings"]}
    assert found
    assert "INT001" not in found


@pytest.mark.parametrize(
    "configuration",
    ['exclude = ["*"]\n', 'layout = "prisma"\n', 'paths = ["docs"]\n', 'dialect = "sqlite"\nexclude = ["*.sql"]\n'],
)
def test_a_check_without_a_migration_says_so_and_fails(miglint, project, configuration):
    (project / "docs").mkdir()
    (project / "miglint.toml").write_text(configuration)
    for format_ in FORMATS:
        done = miglint("check", "--format", format_)
        assert done.returncode == 2
        assert "no migrations found in " in done.stderr
        assert "--allow-empty" in done.stderr
    assert report(miglint("check", "--format", "json"))["migrations"] == []
    assert miglint("check", "--exit-zero", "-q").returncode == 2
    done = miglint("check", "--allow-empty", "--exit-zero")
    assert (done.returncode, done.stderr.count("no migration in")) == (0, 0)
    if "exclude" in configuration:
        assert "2 left out: excluded by the configuration" in miglint("check").stderr


def test_an_empty_folder_that_is_given_fails(miglint, project):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    (project / "empty").mkdir()
    assert miglint("check", "empty").returncode == 2
    assert miglint("check", "empty", "--allow-empty").returncode == 0
    assert miglint("check", "empty", "migrations").returncode == 1
    assert miglint("check", "empty", "--write-baseline").returncode == 2


def test_where_nothing_needs_to_be_there(miglint, project):
    (project / "miglint.toml").write_text('exclude = ["*"]\n')
    commit(project)
    assert miglint("check", "--since", "HEAD").returncode == 0
    assert miglint("check", "--hook", "migrations/001_accounts.up.sql").returncode == 0
    assert miglint("check", "--stdin-filename", "notes.sql", stdin="SELECT 1;").returncode != 2
    (project / "migrations" / "003_c.up.sql").write_text("SELECT 1;\n")
    assert miglint("check", "--since", "HEAD").returncode == 2


def test_isolated_reads_no_configuration_and_runs_no_rules(miglint, project):
    total = number_of_findings(miglint)
    (project / "ours.py").write_text(OWN)
    (project / "miglint.toml").write_text('own-rules = ["ours.py"]\nignore = ["ALL"]\nexclude = ["*"]\n')
    done = miglint("check", "--isolated", "--format", "json")
    assert len(report(done)["findings"]) == total
    assert "own rules ran" not in done.stdout + done.stderr
    (project / "miglint.toml").write_text("not toml")
    assert len(report(miglint("check", "--isolated", "--format", "json"))["findings"]) == total
    assert miglint("rules", "--isolated").returncode == 0
    assert miglint("schema", "--isolated").returncode == 0
    for other in (["--config", "miglint.toml"], ["--config-from", "HEAD"]):
        done = miglint("check", "--isolated", *other)
        assert (done.returncode, "--isolated cannot be combined with" in done.stderr) == (2, True)


def test_without_suppressions_nothing_hides(miglint, project):
    total = number_of_findings(miglint)
    miglint("check", "--write-baseline")
    (project / "miglint.toml").write_text('baseline = "miglint-baseline.json"\n')
    assert report(miglint("check", "--format", "json"))["findings"] == []
    prepend(project, "-- miglint: ignore-file ALL (why)\n")
    done = miglint("check", "--format", "json", "--no-suppressions")
    assert len(report(done)["findings"]) == total
    assert hidden(done) == {"comments": 0, "settings": 0, "baseline": 0}
    assert miglint("check", "--no-suppressions", "--baseline", "miglint-baseline.json").returncode == 2


def test_own_rules_can_be_forbidden(miglint, project):
    (project / "ours.py").write_text(OWN)
    (project / "miglint.toml").write_text(
        'idempotency = "required"\nown-rules = ["ours.py", "some.module"]\nextend-select = ["OUR"]\n'
        '[rules.OUR001]\nx = 1\n[severity]\nours = "info"\n'
    )
    prepend(project, "-- miglint: ignore OUR001 (why)\n")
    done = miglint("check", "--no-own-rules", "--format", "json")
    assert done.returncode == 1
    assert "own rules ran" not in done.stdout + done.stderr
    assert "own rules are disabled: ours.py, some.module" in done.stderr
    assert {item["code"][:3] for item in report(done)["findings"]}.isdisjoint({"OUR", "DIR"})
    assert miglint("rules", "--no-own-rules").returncode == 0


@pytest.fixture
def attacked(project):
    """A project whose last commit is sound, with a working tree that turns everything off."""
    (project / "ours.py").write_text(OWN)
    (project / "miglint.toml").write_text(
        'own-rules = ["ours.py"]\nbaseline = "known.json"\nignore = ["DAT"]\nidempotency = "required"\n'
    )
    (project / "known.json").write_text('{"baseline_version": 1, "findings": []}')
    commit(project)
    (project / "ours.py").write_text("raise SystemExit('attacked')")
    (project / "miglint.toml").write_text('ignore = ["ALL"]\nexclude = ["*"]\nown-rules = ["ours.py"]\n')
    return project


@pytest.mark.parametrize("below", ["", "migrations"])
def test_the_configuration_can_be_that_of_a_commit(miglint, attacked, below):
    done = miglint("check", "--config-from", "HEAD", "--format", "json", "--no-cache", cwd=attacked / below)
    assert "own rules ran" in done.stdout
    found = json.loads(done.stdout.partition("\n")[2])
    assert "OUR001" in {item["code"] for item in found["findings"]}
    assert "DAT" not in {item["code"][:3] for item in found["findings"]}
    assert found["summary"]["hidden"]["settings"] > 0


def test_the_baseline_is_that_of_the_commit(miglint, attacked):
    miglint("check", "--isolated", "--write-baseline", "--baseline", "known.json")
    assert "error IDM001" in miglint("check", "--config-from", "HEAD").stdout
    assert "error IDM001" in miglint("check", "--config-from", "HEAD", "--baseline", "known.json").stdout
    (attacked / "new.json").write_text((attacked / "known.json").read_text())
    done = miglint("check", "--config-from", "HEAD", "--baseline", "new.json")
    assert (done.returncode, "no such file as of that commit" in done.stderr) == (2, True)


def test_a_baseline_schema_is_that_of_the_commit(miglint, project):
    (project / "miglint.toml").write_text('baseline-schema = "base.sql"\n')
    (project / "base.sql").write_text("CREATE TABLE accounts (id int);\n")
    commit(project)
    before = miglint("check", "--format", "json", "--config-from", "HEAD")
    (project / "base.sql").write_text("SELECT 1;\n")
    after = miglint("check", "--format", "json", "--config-from", "HEAD")
    assert report(before)["findings"] == report(after)["findings"]


def test_a_commit_without_a_configuration_has_the_defaults(miglint, project):
    total = number_of_findings(miglint)
    commit(project)
    (project / "miglint.toml").write_text('ignore = ["ALL"]\n')
    assert len(report(miglint("check", "--config-from", "HEAD", "--format", "json"))["findings"]) == total
    (project.parent / "miglint.toml").write_text('ignore = ["ALL"]\n')
    assert len(report(miglint("check", "--config-from", "HEAD", "--format", "json"))["findings"]) == total


def test_a_project_file_and_a_named_file_of_a_commit(miglint, project):
    (project / "pyproject.toml").write_text('[tool.miglint]\nignore = ["ALL"]\n')
    (project / "conf").mkdir()
    (project / "conf" / "miglint.toml").write_text('select = ["NOPE"]\n')
    commit(project)
    (project / "pyproject.toml").unlink()
    (project / "conf" / "miglint.toml").unlink()
    assert report(miglint("check", "--config-from", "HEAD", "--format", "json"))["findings"] == []
    done = miglint("check", "--config-from", "HEAD", "--config", "conf/miglint.toml", "migrations")
    assert (done.returncode, "conf/miglint.toml:1: unknown rule `NOPE`" in done.stderr) == (2, True)
    assert miglint("check", "--config-from", "HEAD", "--config", "no.toml").returncode == 2
    assert miglint("check", "--config-from", "nowhere").returncode == 2


def test_links_of_a_commit_are_not_followed(miglint, project):
    (project / "real.toml").write_text('ignore = ["ALL"]\n')
    (project / "miglint.toml").symlink_to("real.toml")
    commit(project)
    assert report(miglint("check", "--config-from", "HEAD", "--format", "json"))["findings"] != []


@pytest.mark.parametrize(
    "named", ["{outside}", "../secret.sql", "link.sql", "link/secret.sql", "here/../../secret.sql"]
)
@pytest.mark.parametrize("key", ["baseline-schema", "baseline", "paths"])
def test_files_out_of_the_checkout_are_neither_quoted_nor_written(miglint, project, tmp_path, named, key):
    secret = tmp_path / "secret.sql"
    secret.write_text("hunter2\n")
    (project / "here").mkdir()
    (project / "link.sql").symlink_to(secret)
    (project / "link").symlink_to(tmp_path)
    path = named.format(outside=secret)
    (project / "miglint.toml").write_text(f"{key} = {json.dumps([path] if key == 'paths' else path)}\n")
    for arguments in ([], ["--write-baseline"]):
        done = miglint("check", *arguments)
        assert (done.returncode, f"miglint.toml:1: {key}: `{path}` is outside the checkout" in done.stderr) == (2, True)
        assert "hunter2" not in done.stdout + done.stderr
    assert secret.read_text() == "hunter2\n"


@pytest.mark.parametrize("name", ["miglint.toml", "pyproject.toml", ".sqlfluff", "setup.cfg"])
def test_a_configuration_that_is_a_link_out_of_the_checkout_is_not_quoted(miglint, project, tmp_path, name):
    (tmp_path / "secret").write_text("hunter2 = 1\n[miglint]\n")
    (project / name).symlink_to(tmp_path / "secret")
    done = miglint("check", "--extend-select", "STY")
    assert (done.returncode, "points outside the checkout" in done.stderr) == (2, True)
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("path", ["link.json", "folder/taken.json", "folder/new.json", "./folder/../link.json"])
@pytest.mark.parametrize("arguments", [["--output={}"], ["--report=json={}"], ["--write-baseline", "--baseline={}"]])
def test_nothing_is_written_through_a_link_out_of_the_checkout(miglint, project, tmp_path, path, arguments):
    taken = tmp_path / "taken.json"
    assert miglint("check", "--write-baseline", "--baseline", str(taken)).returncode == 0
    mine = taken.read_text()
    (project / "link.json").symlink_to(taken)
    (project / "folder").symlink_to(tmp_path)
    done = miglint("check", *(argument.format(path) for argument in arguments))
    assert (done.returncode, "points outside it" in done.stderr) == (2, True), done
    assert taken.read_text() == mine
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize("command", [("check",), ("check", "--isolated"), ("rollback", "list"), ("schema",), ("fix",)])
@pytest.mark.parametrize("given", [(), ("migrations",), ("migrations/001_a.up.sql",)])
def test_folders_behind_a_link_out_of_the_checkout_are_not_quoted(miglint, project, tmp_path, command, given):
    git(project, "init", "-q")
    (project / "migrations").rename(project / "away")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "001_a.up.sql").write_text("hunter2;")
    (project / "migrations").symlink_to(tmp_path / "outside")
    done = miglint(*command, *given)
    assert (done.returncode, "a symbolic link in the checkout points outside it" in done.stderr) == (2, True), done
    assert "hunter2" not in done.stdout + done.stderr


def test_a_folder_elsewhere_and_a_link_within_the_checkout_are_read(miglint, project, tmp_path):
    git(project, "init", "-q")
    (project / "migrations").rename(tmp_path / "elsewhere")
    assert miglint("check", str(tmp_path / "elsewhere")).returncode == 0
    (tmp_path / "elsewhere").rename(project / "db")
    (project / "migrations").symlink_to("db")
    assert miglint("check").returncode == 0


@pytest.mark.parametrize("link", [".github", ".github/workflows"])
def test_init_writes_no_workflow_through_a_link_out_of_the_checkout(miglint, project, tmp_path, link):
    (tmp_path / "outside").mkdir()
    (project / link).parent.mkdir(exist_ok=True)
    (project / link).symlink_to(tmp_path / "outside")
    done = miglint("init", "--github")
    assert (done.returncode, "points outside it" in done.stderr) == (2, True), done
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".squawk.toml", 'pg_version = "13"\nexcluded_paths = ["hunter2/*"]\n'),
        ("docker-compose.yml", "services:\n  db:\n    image: postgres:13-hunter2\n"),
        (".pre-commit-config.yaml", "repos:\n  - repo: local\n    hooks: [{id: hunter2}]\n"),
    ],
)
def test_init_quotes_nothing_behind_a_link_out_of_the_checkout(miglint, project, tmp_path, name, text):
    (tmp_path / "outside").write_text(text)
    (project / name).symlink_to(tmp_path / "outside")
    done = miglint("init", "--diff", "--pre-commit")
    assert "hunter2" not in done.stdout + done.stderr
    assert (tmp_path / "outside").read_text() == text


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/full", "pipe"])
@pytest.mark.parametrize("arguments", [["--output={}"], ["--report=json={}"], ["--write-baseline", "--baseline={}"]])
def test_devices_and_pipes_behind_a_link_of_the_checkout_are_left_alone(miglint, project, tmp_path, target, arguments):
    os.mkfifo(tmp_path / "pipe")
    (project / "link.json").symlink_to(tmp_path / target)
    done = miglint("check", *(argument.format("link.json") for argument in arguments))
    assert done.returncode == 2, done
    assert "link.json" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--output={}"], ["--report=json={}"], ["--write-baseline", "--baseline={}"], ["--baseline={}"], ["{}"]],
)
@pytest.mark.parametrize("path", ["link.json", "link.json/new.json"])
def test_a_link_to_itself_is_no_file(miglint, project, arguments, path):
    git(project, "init", "-q")
    (project / "link.json").symlink_to("link.json")
    done = miglint("check", *(argument.format(path) for argument in arguments))
    assert (done.returncode, "link.json" in done.stderr, "Traceback" in done.stderr) == (2, True, False), done
    assert (project / "link.json").is_symlink()


def test_a_link_within_the_checkout_and_a_named_file_are_written(miglint, project, tmp_path):
    (project / "real.json").write_text("")
    (project / "link.json").symlink_to("real.json")
    assert miglint("check", "--format", "json", "--output", "link.json").returncode == 0
    assert miglint("check", "--format", "json", "--output", str(tmp_path / "out.json")).returncode == 0
    assert miglint("check", "--report", "json=link.json").returncode == 0
    assert (project / "link.json").is_symlink()
    assert json.loads((project / "real.json").read_text())["summary"] is not None
    assert (tmp_path / "out.json").is_file()


@pytest.mark.parametrize("arguments", [["--isolated"], ["--no-own-rules"], ["--config-from", "HEAD"]])
def test_modules_of_the_checkout_are_not_imported(project, arguments, tmp_path):
    """`python -m` puts the working directory first on the path, where a file could be taken for a library."""
    (project / "miglint.toml").write_text('extend-select = ["IDM"]\n')
    for name in ("difflib", "sqlglot", "sqlfluff"):
        (project / f"{name}.py").write_text("print('attacked')\nraise SystemExit(0)\n")
    commit(project)
    done = subprocess.run(
        [sys.executable, "-m", "miglint", "check", "--format", "junit", "--select", "IDM0001", *arguments],
        cwd=project,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "attacked" not in done.stdout
    assert "did you mean" in done.stderr


@pytest.mark.parametrize("arguments", [["--isolated"], ["--no-own-rules"], ["--config-from", "HEAD"]])
def test_what_sqlfluff_is_told_by_the_checkout_does_not_run(miglint, project, arguments):
    (project / "library").mkdir()
    (project / "library" / "evil.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('ran').write_text('')\n"
    )
    (project / ".sqlfluff").write_text(
        "[sqlfluff]\ntemplater = jinja\n[sqlfluff:templater:jinja]\nlibrary_path = library\n"
    )
    commit(project)
    miglint("check", "--select", "STY", *arguments)
    assert not (project / "library" / "ran").exists()
    miglint("check", "--select", "STY")
    assert (project / "library" / "ran").exists()


def test_a_compiled_file_beside_own_rules_is_not_taken_for_them(miglint, project):
    (project / "ours.py").write_text("print('attacked')\n")
    mode = "py_compile.PycInvalidationMode.UNCHECKED_HASH"
    script = f"import py_compile; py_compile.compile('ours.py', invalidation_mode={mode})"
    subprocess.run([sys.executable, "-c", script], cwd=project, check=True)
    (project / "ours.py").write_text(OWN)
    (project / "miglint.toml").write_text('own-rules = ["ours.py"]\n')
    done = miglint("check")
    assert "own rules ran" in done.stdout
    assert "attacked" not in done.stdout
    assert list(Path(project / "__pycache__").iterdir())
