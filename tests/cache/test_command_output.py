"""The cache: it answers when nothing has changed, and only then, and never gets in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from miglint.cache import command_output, store
from miglint.cache.command_output import (
    CachedOutput,
    InputFingerprint,
    decode_lists,
    encode_lists,
    join_entry,
    split_at,
    split_entry,
)
from miglint.cache.store import Store

SQL = "CREATE TABLE a (id int);\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "p"
    (folder / "migrations").mkdir(parents=True)
    (folder / "migrations" / "001_a.up.sql").write_text(SQL)
    (folder / "migrations" / "001_a.down.sql").write_text("DROP TABLE IF EXISTS a;\n")
    age(folder)
    return folder


def age(folder):
    """Make everything look old: what is just written is never remembered."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1, 1))


@pytest.fixture
def failing(project):
    """The project with a rule that its script breaks."""
    (project / "miglint.toml").write_text('idempotency = "required"\n')
    age(project)
    return project


def run(project, *arguments, **env):
    left_out = ("MIGLINT_CACHE_DIR", "NO_COLOR", "FORCE_COLOR")
    clean = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        [sys.executable, "-m", "miglint", "check", "--format", "json", *arguments],
        cwd=project,
        env={**clean, "XDG_CACHE_HOME": str(project.parent / "home"), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def findings(done):
    return [(item["code"], item["path"]) for item in json.loads(done.stdout)["findings"]]


def entries(project, kind="answer-"):
    return sorted((project / ".miglint_cache").glob(f"{kind}*"))


def poison(project, text="POISON"):
    """Change what is kept, as the owner of the key could, so that an answer from the cache shows."""
    key = (project.parent / "home" / "miglint" / "key").read_bytes()
    kept = Store(str(project / ".miglint_cache"), key, own=True)
    for path in entries(project):
        inputs, printed = split_entry(kept.read(path.name))
        _, notes, output = decode_lists(printed)
        kept.write(path.name, join_entry(inputs, encode_lists([[text], notes, output])))


def test_the_same_question_gets_the_kept_answer(failing):
    project = failing
    first = run(project)
    assert len(entries(project)) == 1
    second = run(project)
    assert findings(second) == findings(first)
    assert second.returncode == first.returncode == 1
    poison(project)
    assert run(project).stdout == "POISON"
    assert run(project, "--no-cache").stdout != "POISON"


def test_the_time_taken_is_not_the_kept_one(project):
    slow = json.loads(run(project).stdout)["summary"]["elapsed_ms"]
    quick = json.loads(run(project).stdout)["summary"]["elapsed_ms"]
    assert quick < slow


@pytest.mark.parametrize(
    "change",
    [
        lambda p: (p / "migrations" / "001_a.up.sql").write_text("CREATE TABLE b (id int);\n"),
        lambda p: (p / "migrations" / "002_b.up.sql").write_text(SQL),
        lambda p: (p / "migrations" / "001_a.down.sql").unlink(),
        lambda p: (p / "migrations" / "rollback").mkdir(),
        lambda p: (p / "rollback").mkdir(),
        lambda p: (p / "miglint.toml").write_text('ignore = ["IDM"]\n'),
        lambda p: (p / "pyproject.toml").write_text('[tool.miglint]\nignore = ["IDM"]\n'),
        lambda p: (p.parent / "miglint.toml").write_text('ignore = ["IDM"]\n'),
        lambda p: (p / "migrations" / "001_a.up.sql").rename(p / "migrations" / "001_c.up.sql"),
    ],
)
def test_any_change_asks_anew(project, change):
    run(project)
    poison(project)
    change(project)
    assert run(project).stdout != "POISON"


def test_content_counts_and_not_time(project):
    run(project)
    poison(project)
    file = project / "migrations" / "001_a.up.sql"
    # Another time, but the same text.
    os.utime(file, (2, 2))
    assert run(project).stdout == "POISON"
    # The same length and the same time, but another text.
    file.write_text(SQL.replace(" a ", " z "))
    os.utime(file, (1, 1))
    assert run(project).stdout != "POISON"


def test_another_format_is_another_answer_from_the_same_steps(failing):
    project = failing
    run(project)
    steps = {path: path.stat().st_ino for path in entries(project, "steps-")}
    concise = run(project, "--format", "concise")
    assert "IDM001" in concise.stdout
    assert len(entries(project)) == 2
    assert steps
    assert {path: path.stat().st_ino for path in entries(project, "steps-")} == steps


def test_what_was_just_written_is_not_remembered(project):
    file = project / "migrations" / "001_a.up.sql"
    soon = time.time() + 60
    os.utime(file, (soon, soon))
    run(project)
    assert entries(project) == []


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"null", b'{"state": 1}', b"\xff\xfe", b"[" * 100_000])
def test_damaged_entries_are_ignored(project, junk):
    good = findings(run(project))
    for path in entries(project) + entries(project, "steps-"):
        path.write_bytes(junk)
    assert findings(run(project)) == good


def test_the_folder_keeps_itself_out_of_git_and_backups(project):
    run(project)
    folder = project / ".miglint_cache"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert not list(folder.glob(".tmp-*"))


def test_a_cache_from_another_checkout_is_not_believed(project):
    run(project)
    poison(project)
    stranger = project.parent / "stranger"
    assert run(project, XDG_CACHE_HOME=str(stranger)).stdout != "POISON"


def test_a_link_in_the_place_of_the_folder_is_not_followed(failing):
    project = failing
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    (project / ".miglint_cache").symlink_to(elsewhere)
    assert run(project).returncode == 1
    assert list(elsewhere.iterdir()) == []


def test_the_folder_can_be_elsewhere(project):
    place = project.parent / "shared-cache"
    run(project, MIGLINT_CACHE_DIR=str(place))
    assert list(place.glob("answer-*"))
    assert not (project / ".miglint_cache").exists()


def forge(folder, key=b"", text="FORGED"):
    """Write what says that all is well into every entry of a cache, sealed with a key."""
    kept = Store(str(folder), key, own=True)
    for path in sorted(folder.glob("answer-*")):
        inputs, printed = split_entry(path.read_bytes()[32:])
        *listed, (sqlite, shape, _) = decode_lists(inputs)
        _, notes, output = decode_lists(printed)
        forged = encode_lists([*listed, [sqlite, shape, "0"]]), encode_lists([[text], notes, output])
        kept.write(path.name, join_entry(*forged))


@pytest.mark.parametrize("key", [b"", b"0" * 32])
def test_an_entry_that_another_key_sealed_is_as_none(failing, key):
    project = failing
    run(project)
    forge(project / ".miglint_cache", key)
    done = run(project)
    assert (done.returncode, "FORGED" in done.stdout) == (1, False)


def test_an_entry_under_another_name_is_as_none(project):
    run(project)
    poison(project)
    (kept,) = entries(project)
    run(project, "--format", "text")
    other = next(path for path in entries(project) if path != kept)
    other.write_bytes(kept.read_bytes())
    assert run(project, "--format", "text").stdout != "POISON"


@pytest.mark.parametrize("named", ["ci-cache", "./ci-cache", "migrations/../ci-cache", "link", "."])
def test_a_cache_that_a_branch_brings_along_is_not_believed(failing, named):
    """The attack: entries that say all is well, in the folder of the checkout that the pipeline keeps its cache in."""
    project = failing
    (project / ".git").mkdir()
    outside = project.parent / "outside"
    first = run(project, MIGLINT_CACHE_DIR=str(outside))
    assert (first.returncode, len(list(outside.glob("answer-*")))) == (1, 1)
    key = (project.parent / "home" / "miglint" / "key").read_bytes()
    place = project if named == "." else project / "ci-cache"
    outside.rename(place) if named != "." else [path.rename(project / path.name) for path in outside.iterdir()]
    # Not even with the key, which nobody else has.
    forge(place, key)
    (project / "link").symlink_to("ci-cache")
    for path in [project, *project.rglob("*")]:
        os.utime(path, (1, 1), follow_symlinks=False)
    before = sorted(place.iterdir())
    done = run(project, MIGLINT_CACHE_DIR=named)
    assert (done.returncode, "FORGED" in done.stdout) == (1, False)
    assert sorted(place.iterdir()) == before


def test_a_cache_beside_a_submodule_is_part_of_the_checkout(project):
    (project / ".git").mkdir()
    below = project / "sub"
    (project / "migrations").rename(project / "moved")
    below.mkdir()
    (project / "moved").rename(below / "migrations")
    (below / ".git").write_text("gitdir: ../.git/modules/sub\n")
    age(project)
    run(below, MIGLINT_CACHE_DIR=str(project / "ci-cache"), XDG_CACHE_HOME=str(project.parent / "home"))
    assert not (project / "ci-cache").exists()


def test_a_key_that_comes_with_the_checkout_is_as_none(failing):
    project = failing
    place = project / ".cache" / "miglint"
    place.mkdir(parents=True)
    (place / "key").write_bytes(b"k" * 32)
    (place / "key").chmod(0o600)
    age(project)
    assert run(project, XDG_CACHE_HOME=str(project / ".cache")).returncode == 1
    assert entries(project) == []


@pytest.mark.parametrize("change", [lambda key: key.chmod(0o644), lambda key: key.write_bytes(b"short")])
def test_a_key_that_others_can_read_or_that_is_no_key_is_as_none(project, change):
    run(project)
    poison(project)
    change(project.parent / "home" / "miglint" / "key")
    assert run(project).stdout != "POISON"


@pytest.mark.parametrize("name", ["MIGLINT_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_place_that_cannot_be_written_is_no_error(failing, name):
    project = failing
    # A file where a folder is wanted fails for every user, root included.
    (project.parent / "file").write_text("")
    assert run(project, **{name: str(project.parent / "file" / "below")}).returncode == 1


def test_errors_are_not_kept(project):
    assert run(project, "--select", "NOPE").returncode == 2
    assert not (project / ".miglint_cache").exists()


def test_two_runs_at_once_agree(project):
    command = [sys.executable, "-m", "miglint", "check", "--format", "json"]
    env = {**os.environ, "XDG_CACHE_HOME": str(project.parent / "home")}
    processes = [
        subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    results = [process.communicate(timeout=120) for process in processes]
    assert len({error for _, error in results}) == 1
    assert all(process.returncode in (0, 1) for process in processes)
    assert len({json.dumps(json.loads(out)["findings"]) for out, _ in results}) == 1
    assert len(entries(project)) == 1


def test_the_oldest_entries_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MAX_ENTRIES", 3)
    kept = Store(str(tmp_path / "c"), b"", own=True)
    for number in range(6):
        kept.write(f"run-{number}", b"x")
        os.utime(tmp_path / "c" / f"run-{number}", (number + 1, number + 1))
    kept.write("run-new", b"x")
    assert sorted(path.name for path in (tmp_path / "c").glob("run-*")) == ["run-4", "run-5", "run-new"]


def test_a_pipe_among_the_files_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "x.sql")
    assert InputFingerprint([str(tmp_path)], [], [], False).state()[0]


def test_files_are_read_again_only_where_a_change_may_have_left_no_trace(tmp_path, monkeypatch):
    reads = []
    read = command_output.read_with_state

    def counted(path, *given):
        reads.append(path.rpartition("/")[2])
        return read(path, *given)

    monkeypatch.setattr(command_output, "read_with_state", counted)
    for name in ("1_a.sql", "2_b.sql"):
        (tmp_path / name).write_text(SQL)
        os.utime(tmp_path / name, (1, 1))
    inputs = InputFingerprint([str(tmp_path)], [], [], False)
    journal = "_journal.json"

    # They have just been made, so that another change may get the same time.
    kept = inputs.state(since_ns=time.time_ns())[:2]
    reads.clear()
    assert inputs.is_same(*kept)
    assert reads == ["1_a.sql", "2_b.sql", journal]

    kept = inputs.state(since_ns=time.time_ns() + 10_000_000_000)[:2]
    reads.clear()
    assert inputs.is_same(*kept)
    assert reads == [journal]
    os.utime(tmp_path / "2_b.sql", (2, 2))
    reads.clear()
    assert inputs.is_same(*kept)
    assert reads == ["2_b.sql", journal]

    # Another text of the same length, at the same time.
    (tmp_path / "1_a.sql").write_text(SQL.replace(" a ", " z "))
    os.utime(tmp_path / "1_a.sql", (1, 1))
    assert not inputs.is_same(*kept)

    monkeypatch.setattr(command_output, "_HAS_CHANGE_TIME", False)
    kept = inputs.state(since_ns=time.time_ns() + 10_000_000_000)[:2]
    reads.clear()
    assert inputs.is_same(*kept)
    assert reads == ["1_a.sql", "2_b.sql", journal]


@pytest.mark.parametrize(("name", "target"), [("1_a.sql", "text.txt"), ("other", "text.sql"), ("1_a.SQL", "text.txt")])
def test_a_link_to_a_script_is_read_whatever_its_target_is_called(tmp_path, name, target):
    (tmp_path / "m").mkdir()
    (tmp_path / target).write_text(SQL)
    (tmp_path / "m" / name).symlink_to(tmp_path / target)
    inputs = InputFingerprint([str(tmp_path / "m")], [], [], False)
    kept = inputs.state()[:2]
    assert inputs.is_same(*kept)
    (tmp_path / target).write_text(f"{SQL}-- more")
    assert not inputs.is_same(*kept)


LAYOUTS = {
    "golang-migrate": {"m/1_a.up.sql": SQL, "m/1_a.down.sql": SQL},
    "sqlx": {f"m/{number}_a.{kind}.sql": SQL for number in range(3) for kind in ("up", "down")},
    "diesel": {"m/2024-01-01-000000_a/up.sql": SQL, "m/2024-01-01-000000_a/down.sql": SQL,
               "m/2024-01-01-000000_a/metadata.toml": "run_in_transaction = false\n"},
    "beside": {"m/1_a.sql": SQL, "rollback/1_a.sql": SQL},
    "below": {"m/1_a.sql": SQL, "m/rollback/1_a.sql": SQL},
    "flyway": {"m/V1__a.sql": SQL, "m/U1__a.sql": SQL, "m/V1__a.sql.conf": "executeInTransaction=false\n"},
    "drizzle": {"m/0000_a.sql": SQL, "m/meta/_journal.json": '{"dialect": "postgresql", "entries": []}'},
    "prisma": {"m/migration_lock.toml": 'provider = "postgresql"\n', "m/20240101000000_a/migration.sql": SQL},
}  # fmt: skip

WATCH = """
import os, sys
seen, inside = set(), []
def hook(event, args):
    if event in ("open", "os.scandir", "os.listdir") and isinstance(args[0], (str, bytes)):
        seen.add(os.path.abspath(os.path.join(*inside, os.fsdecode(args[0]))))
plain_open = os.open
def opened(path, flags, mode=0o777, *, dir_fd=None):
    inside[:] = [] if dir_fd is None else [os.readlink(f"/proc/self/fd/{dir_fd}")]
    try:
        return plain_open(path, flags, mode, dir_fd=dir_fd)
    finally:
        inside.clear()
from miglint.cache.command_output import InputFingerprint
from miglint.linter.run import Job, _discovered, _inputs
from miglint.config.settings import Settings
job = Job(Settings(os.getcwd()), tuple(sys.argv[1:]))
os.open = opened
sys.addaudithook(hook)
found = _discovered(job)
read = {path for path in seen if path.startswith(os.getcwd() + os.sep)}
seen.clear()
_inputs(job, found).state()
assert read
print("\\n".join(sorted(read - seen)))
"""


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("single", [False, True])
def test_an_answer_depends_on_all_that_was_listed_or_read(tmp_path, files, single):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    asked = next(name for name in files if name.endswith(".sql")) if single else "m"
    done = subprocess.run(
        [sys.executable, "-c", WATCH, asked], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("text", ["in 17 ms", "17", "17 and 17", "", "nothing"])
def test_the_elapsed_time_is_inserted_where_its_mark_was(text):
    body = [*split_at([text, "", "\n", text], "17")]
    (stored,) = decode_lists(encode_lists([body]))
    assert "".join(CachedOutput(stored, [], None, 0).parts(5)) == f"{text}\n{text}".replace("17", "5")
