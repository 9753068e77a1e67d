"""What is no file, or has no end, in the place of each file that miglint opens: an answer at once, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from miglint.cache.store import FOLDER

from .test_hostile import BOUNDED, BYTES

SECONDS = 20
Make = Callable[[Path], None]


def _holes(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 42)


KINDS: dict[str, Make] = {
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
    "holes": _holes,
}
# Where it stands, what the configuration says, the arguments, and what is said of it.
PLACES: dict[str, tuple[str, str, list[str], str]] = {
    "configuration": ("miglint.toml", "", ["check"], "miglint.toml: cannot be read"),
    "project file": ("pyproject.toml", "", ["check"], "pyproject.toml: cannot be read"),
    "configuration that is named": ("other.toml", "", ["check", "--config", "other.toml"], "other.toml: cannot be"),
    "configuration for the rules": ("miglint.toml", "", ["rules"], "miglint.toml: cannot be read"),
    "baseline": ("base.json", 'baseline = "base.json"', ["check"], "base.json: cannot be read"),
    "baseline that is named": ("base.json", "", ["check", "--baseline", "base.json"], "base.json: cannot be read"),
    "own rules": ("ours.py", 'own-rules = ["ours.py"]', ["check"], "miglint.toml:1: own rules `ours.py`"),
    "baseline schema": ("base.sql", 'baseline-schema = "base.sql"', ["check"], "miglint.toml:1: baseline-schema"),
    "squawk": (".squawk.toml", "", ["init", "--from", "squawk"], ".squawk.toml: cannot be read"),
    "script": ("migrations/002_b.up.sql", "", ["check"], "002_b.up.sql"),
    "diesel": ("migrations/2024-01-01-000000_b/metadata.toml", "", ["check"], "metadata.toml"),
    "prisma": ("migrations/migration_lock.toml", 'layout = "prisma"', ["check"], ""),
    "flyway": ("migrations/V1__b.sql.conf", 'layout = "flyway"', ["check"], "V1__b.sql.conf"),
    "drizzle": ("migrations/meta/_journal.json", "", ["check"], "_journal.json"),
    "sqlfluff": (".sqlfluff", 'extend-select = ["STY"]', ["check"], ".sqlfluff"),
    "sqlfluff's exceptions": (".sqlfluffignore", 'extend-select = ["STY"]', ["check"], ".sqlfluffignore"),
    "sqlfluff in a folder": ("migrations/tox.ini", 'extend-select = ["STY"]', ["check"], "tox.ini"),
    "key": ("../home/miglint/key", "", ["check"], ""),
}


def _project(folder: Path) -> Path:
    migrations = folder / "project" / "migrations"
    (migrations / "meta").mkdir(parents=True)
    (migrations / "2024-01-01-000000_b").mkdir()
    for name in ("up.sql", "down.sql"):
        (migrations / "2024-01-01-000000_b" / name).write_text("SELECT 1;\n")
    (migrations / "001_a.up.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY);\n")
    (migrations / "001_a.down.sql").write_text("DROP TABLE a;\n")
    (migrations / "V1__b.sql").write_text("CREATE TABLE b (id bigint PRIMARY KEY);\n")
    return folder / "project"


def run(folder: Path, *arguments: str, stdin: str = os.devnull) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent / "home")}
    with Path(stdin).open("rb") as stream:
        done = subprocess.run(
            [sys.executable, str(BOUNDED), str(BYTES), "yes", sys.executable, "-m", "miglint", *arguments],
            cwd=folder,
            env=environment,
            stdin=stream,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode in (0, 1, 2)
    return done


# One kind for each place, in turn: the door itself is tested with all kinds, and that there is no other door.
@pytest.mark.parametrize(("place", "kind"), list(zip(PLACES, cycle(KINDS))))
def test_it_is_said_what_cannot_be_read(tmp_path: Path, place: str, kind: str) -> None:
    where, configuration, arguments, said = PLACES[place]
    project = _project(tmp_path)
    if configuration:
        (project / "miglint.toml").write_text(f"{configuration}\n")
    path = project / where
    path.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](path)
    done = run(project, *arguments)
    told = done.stderr + done.stdout
    assert said in told
    if said:
        assert done.returncode == (1 if place in ("script", "diesel", "flyway", "drizzle") else 2), told
        assert any(why in told for why in ("not a regular file", "larger than", "points outside"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_of_the_cache_is_as_none(tmp_path: Path, kind: str) -> None:
    project = _project(tmp_path)
    for path in [project, *project.rglob("*")]:
        os.utime(path, (1, 1))
    first = run(project, "check")
    entries = list((project / FOLDER).glob("answer-*"))
    assert entries
    for path in (project / FOLDER).iterdir():
        path.unlink()
        KINDS[kind](path)
    again = run(project, "check")
    assert (again.returncode, again.stdout.splitlines()[:3]) == (first.returncode, first.stdout.splitlines()[:3])


def test_standard_input_without_an_end(tmp_path: Path) -> None:
    done = run(_project(tmp_path), "check", "--stdin-filename", "a.sql", stdin="/dev/zero")
    assert done.returncode == 2
    assert "standard input: larger than" in done.stderr
