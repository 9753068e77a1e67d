"""`miglint check` as people and pipelines run it: what it prints, where, and its exit status."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GOOD = "CREATE TABLE IF NOT EXISTS accounts (id bigint PRIMARY KEY);\n"


def make_good(project):
    (project / "migrations" / "001_accounts.up.sql").write_text(GOOD)
    (project / "migrations" / "001_accounts.down.sql").write_text("DROP TABLE IF EXISTS accounts;\n")


def codes(done):
    return [item["code"] for item in json.loads(done.stdout)["findings"]]


def test_findings_give_1_and_name_the_place(miglint, project):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    done = miglint("check")
    assert done.returncode == 1
    assert "migrations/001_accounts.up.sql:1:1: error IDM001 create-table-unguarded" in done.stdout
    assert "  1 | CREATE TABLE accounts (" in done.stdout
    assert "^^^^" in done.stdout


def test_nothing_at_the_threshold_gives_0(miglint, project):
    make_good(project)
    done = miglint("check", "-q", "--ignore", "DAT")
    assert (done.returncode, done.stdout) == (0, "")


def test_exit_zero_and_fail_on(miglint, project):
    assert miglint("check", "--exit-zero").returncode == 0
    make_good(project)
    assert miglint("check").returncode == 0
    assert miglint("check", "--fail-on", "info").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "nowhere"], "nowhere: no such file or folder"),
        (["check", "--select", "IDM01"], "unknown rule `IDM01` (did you mean `IDM0"),
        (["check", "--ignore", "create-table-ungarded"], "(did you mean `create-table-unguarded`?)"),
        (["check", "--layout", "golang-migrat"], "unknown layout `golang-migrat`"),
        (["check", "--target", "postgress>=14"], "(did you mean `postgres`?)"),
        (["check", "--target", "postgres=14"], "invalid target `postgres=14`: expected a form like `postgres>=14`"),
        (["check", "--config", "no.toml"], "no.toml: cannot be read"),
        (["check", "--since", "nothing"], "--since:"),
        (["check", "--since", "--output=x"], "is not a git revision"),
        (["check", "--baseline", "none.json"], "none.json: cannot be read"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["chek"], "(did you mean `check`?)"),
        (["check", "--target", "mysql>=8"], "unknown engine `mysql`: known engines are postgres and sqlite"),
        (["check", "--select", "NOPE"], "unknown rule `NOPE`: `miglint rules` lists them"),
        (["check", "--rows", "5"], "--rows requires --dry-run"),
        (["check", "--max-disk", "1GB"], "--max-disk requires --dry-run"),
        (["check", "--dry-run", "--max-disk", "much"], "`much` is not a size; use a form like 512MB or 2GB"),
        (["check", "--dry-run", "--max-memory", "1MB"], "1MB is below the minimum of 64 MB"),
        (["check", "--dry-run", "--postgres", "14,new"], "`new` is not a version"),
        (
            ["check", "--write-baseline", "--stdin-filename", "a.sql"],
            "--write-baseline cannot be combined with --stdin-filename",
        ),
        (["check", "--output", "no/such/folder/out.txt"], "cannot be written"),
        (["explain", "IDM01"], "unknown rule `IDM01`"),
        (["rules", "--alias", "squak"], "(did you mean `squawk`?)"),
    ],
)
def test_what_cannot_be_done_gives_2_and_says_why(miglint, arguments, said):
    done = miglint(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_folder_of_migrations_it_says_what_to_do(miglint, project, tmp_path):
    (tmp_path / "empty").mkdir()
    done = miglint("check", cwd=tmp_path / "empty")
    assert done.returncode == 2
    assert done.stderr.startswith("miglint: no folder with migrations found in .; specify the files or folders")


def test_a_broken_file_is_a_finding(miglint, project):
    (project / "migrations" / "002_broken.up.sql").write_text("CREATE TABEL a (id int);\n")
    (project / "migrations" / "002_broken.down.sql").write_bytes(b"DROP TABLE \xff\xfe;\n")
    done = miglint("check", "--format", "json")
    assert done.returncode == 1
    assert {"SYN001", "SYN003"} <= set(codes(done))


def test_one_file_is_judged_in_its_history_and_alone_reported(miglint, project):
    (project / "migrations" / "002_name.up.sql").write_text("ALTER TABLE accounts DROP COLUMN name;\n")
    (project / "migrations" / "002_name.down.sql").write_text("ALTER TABLE accounts ADD COLUMN name text;\n")
    report = json.loads(miglint("check", "--format", "json", "migrations/002_name.up.sql").stdout)
    assert [item["version"] for item in report["migrations"]] == ["002"]
    # That the column was NOT NULL is known from the first migration only.
    assert report["migrations"][0]["verdict"]["symmetric"] is False
    assert {item["path"] for item in report["findings"]} <= {
        "migrations/002_name.up.sql",
        "migrations/002_name.down.sql",
    }


def test_standard_input_takes_the_place_of_a_file(miglint, project):
    done = miglint("check", "--format", "json", "--stdin-filename", "migrations/001_accounts.up.sql", stdin=GOOD)
    assert "IDM001" not in codes(done)
    assert (project / "migrations" / "001_accounts.up.sql").read_text() != GOOD


def test_a_file_that_is_no_migration_says_how_it_can_be_checked(miglint, project):
    (project / "change.sql").write_text(GOOD.replace("IF NOT EXISTS ", ""))
    done = miglint("check", "change.sql")
    assert "change.sql:1:1: warning PAI010" in done.stdout
    assert "miglint check --stdin-filename 001_change.sql < change.sql" in done.stdout.replace("\n        ", " ")
    done = miglint("check", "--stdin-filename", "001_change.sql", stdin=(project / "change.sql").read_text())
    assert "001_change.sql:1:1: error IDM001" in done.stdout


def test_select_ignore_and_extend_select(miglint):
    assert set(codes(miglint("check", "--format", "json", "--select", "IDM"))) == {"IDM001", "IDM020"}
    assert set(codes(miglint("check", "--format", "json", "--select", "idempotency,PAI", "--ignore", "IDM001"))) == {
        "IDM020"
    }
    assert codes(
        miglint("check", "--format", "json", "--select", "SYN", "--extend-select", "create-table-unguarded")
    ) == ["IDM001"]


def test_since_reports_only_what_was_touched(miglint, project):
    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    assert codes(miglint("check", "--format", "json", "--since", "HEAD")) == []
    (project / "migrations" / "002_more.up.sql").write_text("CREATE TABLE more (id int);\n")
    (project / "migrations" / "002_more.down.sql").write_text("DROP TABLE IF EXISTS more;\n")
    report = json.loads(miglint("check", "--format", "json", "--since", "HEAD").stdout)
    assert [item["version"] for item in report["migrations"]] == ["002"]
    assert "IDM001" in [item["code"] for item in report["findings"]]
    git("add", ".")
    git("commit", "-qm", "two")
    report = json.loads(miglint("check", "--format", "json", "--since", "HEAD~1", "migrations").stdout)
    assert [item["version"] for item in report["migrations"]] == ["002"]


def test_a_baseline_hides_what_is_known_and_survives_moved_lines(miglint, project):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    done = miglint("check", "--write-baseline")
    assert done.returncode == 0
    assert "findings written to" in done.stderr
    file = project / "migrations" / "001_accounts.up.sql"
    file.write_text("-- a new head\n\n" + file.read_text())
    done = miglint("check", "--baseline", "miglint-baseline.json")
    assert done.returncode == 0
    assert "hidden by the baseline" in done.stderr
    (project / "migrations" / "002_more.up.sql").write_text("CREATE TABLE more (id int);\n")
    (project / "migrations" / "002_more.down.sql").write_text("DROP TABLE IF EXISTS more;\n")
    done = miglint("check", "--format", "json", "--baseline", "miglint-baseline.json")
    assert done.returncode == 1
    assert {item["version"] for item in json.loads(done.stdout)["findings"]} == {"002"}


def test_a_baseline_knows_nothing_of_files_that_were_not_looked_at(miglint, project):
    (project / "migrations" / "002_name.up.sql").write_text("CREATE TABLE names (id int);\n")
    miglint("check", "--write-baseline")
    make_good(project)
    done = miglint("check", "--baseline", "miglint-baseline.json", "migrations/001_accounts.up.sql")
    assert "2 accepted findings fixed (IDM020 in migrations/001_accounts.down.sql; IDM001 in" in done.stderr
    done = miglint("check", "--baseline", "miglint-baseline.json", "migrations/002_name.up.sql")
    assert "no longer found" not in done.stderr


def test_a_file_that_is_no_baseline_is_refused(miglint, project):
    (project / "b.json").write_text("[]")
    done = miglint("check", "--baseline", "b.json")
    assert done.returncode == 2
    assert "not a miglint baseline" in done.stderr


def test_output_goes_to_a_file_without_colours(miglint, project):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    done = miglint("check", "--output", "out.txt", FORCE_COLOR="1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "IDM001" in (project / "out.txt").read_text()
    assert "\x1b" not in (project / "out.txt").read_text()


def test_a_device_as_output_stays_a_device(miglint, project, tmp_path):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        done = miglint("check", "--format", "json", "--output", str(pipe))
        text = reader.communicate(timeout=20)[0]
    assert done.returncode == 1
    assert json.loads(text)["findings"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours(miglint, arguments, env, colored):
    assert ("\x1b[" in miglint("check", *arguments, **env).stdout) is colored


def test_other_engines_are_told_in_one_line_unless_quiet(miglint, project):
    (project / "migrations" / "mysql").mkdir()
    for name in ("001_a.up.sql", "001_a.down.sql"):
        (project / "migrations" / "mysql" / name).write_text("CREATE TABLE `a` (id int) ENGINE=InnoDB;\n")
    done = miglint("check", "--format", "json")
    assert [line for line in done.stderr.splitlines() if "MySQL" in line] == [
        "note: migrations/mysql: 2 files for MySQL left out"
    ]
    assert miglint("check", "--format", "json", "--quiet").stderr == ""


def test_a_reader_that_goes_away_is_no_error(project, tmp_path):
    for number in range(2, 400):
        (project / "migrations" / f"{number:03}_t.up.sql").write_text(f"CREATE TABLE t{number} (id int);\n")
    command = [sys.executable, "-m", "miglint", "check", "--format", "json"]
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        error = process.stderr.read()
        process.wait(60)
    assert b"Traceback" not in error
    assert b"Exception" not in error


def test_an_interrupt_gives_130(project, tmp_path):
    for number in range(2, 900):
        (project / "migrations" / f"{number:03}_t.up.sql").write_text(f"CREATE TABLE t{number} (id int);\n" * 20)
    # Test runners ignore the signal in their workers, and children inherit that.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from miglint.cli.main import main; print('ready', flush=True);"
        "sys.exit(main(['check', '--no-cache', '-q']))"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert b"interrupted" in error


def test_versions_are_of_containers(miglint):
    for engine in ("--dry-run=embedded", "--dry-run=local", "--database-url=postgresql://localhost/x"):
        done = miglint("check", engine, "--postgres", "15,17")
        assert done.returncode == 2
        assert (
            f"--postgres selects container versions and cannot be combined with {engine.split('=')[0]}" in done.stderr
        )


def test_version_and_help(miglint):
    done = miglint("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("miglint ")
    for arguments in (["--help"], ["check", "--help"], ["rules", "-h"], ["schema", "--help"]):
        done = miglint(*arguments)
        assert done.returncode == 0
        assert done.stdout.startswith("Usage: miglint")


def test_a_known_answer_needs_no_parser(project, tmp_path):
    program = (
        "import sys; from miglint.cli.main import main; main(['check', '-q']);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'click', 'msgspec', 'sqlite3', 'rpds'}))"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "home")}
    # Measuring coverage imports modules of its own.
    env.pop("COVERAGE_PROCESS_START", None)
    for path in (project / "migrations").iterdir():
        os.utime(path, (1, 1))
    os.utime(project / "migrations", (1, 1))
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=project, env=env, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert "rpds" in runs[0].stdout.splitlines()[-1]
    assert runs[1].stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["check"], ["check", "--format", "json"], ["rules"], ["--version"]])
def test_output_that_cannot_be_written_is_said(project, arguments):
    for _ in range(2):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "miglint", *arguments],
                cwd=project, stdout=full, stderr=subprocess.PIPE, text=True, encoding="utf-8", check=False,
            )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr == "miglint: standard output: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_are_closed_are_no_fault(project, closed):
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    command = f"{shlex.quote(sys.executable)} -m miglint check {closed}"
    done = subprocess.run(command, shell=True, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["miglint.toml", "pyproject.toml"])
def test_a_configuration_that_is_nearer_to_the_files_is_named(miglint, project, name):
    make_good(project)
    inner = project / "services" / "a"
    (inner / "migrations").mkdir(parents=True)
    (project / "migrations" / "001_accounts.up.sql").rename(inner / "migrations" / "001_accounts.up.sql")
    (project / "migrations" / "001_accounts.down.sql").rename(inner / "migrations" / "001_accounts.down.sql")
    place = f"services/a/{name}"
    said = f"{place} is not used: configuration is searched from the working directory upward; use `--config`"
    assert said not in miglint("check", "services/a/migrations").stderr
    (project / place).write_text('fail-on = "error"\n' if name == "miglint.toml" else "[tool.miglint]\n")
    for _ in range(2):
        assert said in miglint("check", "services/a/migrations").stderr
    assert said not in miglint("check", "services/a/migrations", "--config", place).stderr
    assert said not in miglint("check", "services").stderr
    (project / place).unlink()
    assert said not in miglint("check", "services/a/migrations").stderr
