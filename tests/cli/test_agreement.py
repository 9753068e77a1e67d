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
