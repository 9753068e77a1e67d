"""`--report`, `--statistics`, `--sort` and `--since` on the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def test_several_reports_of_one_run(miglint, project):
    (project / "migrations" / "001_accounts.down.sql").write_text("DROP TABLE accounts2;\n")
    alone = miglint("check", "--format", "concise")
    done = miglint(
        "check", "--format", "concise", "--report", "sarif=out.sarif", "--report=gitlab=gl.json", "--exit-zero"
    )
    assert done.stdout == alone.stdout
    assert alone.returncode == 1
    assert done.returncode == 0
    results = json.loads((project / "out.sarif").read_text())["runs"][0]
    assert len(results["results"]) == len(json.loads((project / "gl.json").read_text())) > 0
    described = results["tool"]["driver"]["rules"][0]
    assert described["help"]["markdown"].startswith(f"# {described['id']} ")
    assert described["fullDescription"]["text"]


def test_a_report_that_cannot_be_written(miglint):
    for given, said in (
        ("sarf=a", "unknown format `sarf` (did you mean `sarif`?)"),
        ("sarif", "names no file"),
        ("sarif=not/there/a", "cannot be written"),
    ):
        done = miglint("check", "--report", given)
        assert done.returncode == 2
        assert said in done.stderr
    done = miglint("check", "--report", "sarif=a", "--output", "a")
    assert (done.returncode, "different files" in done.stderr) == (2, True)


def test_statistics(miglint, project):
    (project / "migrations" / "001_accounts.down.sql").write_text("DROP TABLE accounts2;\n")
    (project / "miglint.toml").write_text('format = "concise"\n')
    done = miglint("check", "--statistics", "--select", "REF,SYM")
    lines = done.stdout.splitlines()
    assert lines[0].split()[1].startswith(("REF", "SYM"))
    assert "(1 migration, 2 files" in lines[-2] + lines[-1]
    assert miglint("check", "--statistics", "--format", "json").returncode == 2


def test_no_migration_changed(miglint, project):
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments], cwd=project, check=True
        )

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    done = miglint("check", "--since", "main")
    assert (done.returncode, done.stdout) == (0, "no migration changed since main (1 looked at)\n")
    Path(project / "migrations" / "002_b.up.sql").write_text("CREATE TABLE IF NOT EXISTS b (id bigint PRIMARY KEY);\n")
    done = miglint("check", "--since", "main", "--select", "PAI")
    assert done.stdout.startswith("2 migrations, 1 changed: 1 with a missing or misplaced script\n")


def test_families_are_listed_and_explained(miglint):
    listed = miglint("rules", "IDM", "PAI001").stdout
    codes = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    assert {code[:3] for code in codes} == {"IDM", "PAI"}
    assert [code for code in codes if code.startswith("PAI")] == ["PAI001"]
    assert miglint("rules", "IDX").returncode == 2
    assert "| [IDM001](" in miglint("explain", "IDM").stdout
    assert miglint("explain", "PAI001").stdout.endswith("Next: `miglint explain PAI002` (orphan-rollback)\n")


def test_shells_complete_rules_and_layouts(miglint):
    def completed(words: str) -> set[str]:
        last = str(len(words.split(" ")) - 1)
        said = miglint(COMP_WORDS=words, COMP_CWORD=last, _MIGLINT_COMPLETE="bash_complete").stdout
        return {line.removeprefix("plain,") for line in said.splitlines()}

    assert {"PAI001", "PAI"} <= completed("miglint explain PAI")
    assert completed("miglint check --select IDM,missing-rollb") == {"IDM,missing-rollback"}
    assert completed("miglint check --layout dies") == {"diesel"}
