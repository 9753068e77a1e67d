"""How often replay and engine agree, counted over folders."""

import subprocess
import sys


def test_the_agreement_over_a_folder_is_counted(project):
    folder = project / "migrations"
    for file in folder.iterdir():
        file.unlink()
    (folder / "001_accounts.sqlite.up.sql").write_text("CREATE TABLE IF NOT EXISTS accounts (id integer);\n")
    (folder / "001_accounts.sqlite.down.sql").write_text("DROP TABLE IF EXISTS accounts;\n")
    command = [sys.executable, "-m", "miglint.cli.agreement", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].split() == ["symmetric", "1", "0", "0"]
    assert done.stdout.endswith("verdicts that disagree: 0 of 4\n")


def test_a_forward_that_failed_agrees_with_nothing(project):
    folder = project / "migrations"
    for file in folder.iterdir():
        file.unlink()
    (folder / "001_accounts.sqlite.up.sql").write_text("CREATE TABLE accounts (id integer);\nSELECT app();\n")
    (folder / "001_accounts.sqlite.down.sql").write_text("DROP TABLE accounts;\n")
    command = [sys.executable, "-m", "miglint.cli.agreement", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert [line.split() for line in done.stdout.splitlines()[1:-1]] == [
        [name, "0", "0", "1"]
        for name in ("symmetric", "forward_idempotent", "rollback_idempotent", "rows_stable", "schema")
    ]
