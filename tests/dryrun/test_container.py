"""PostgreSQL in containers, on a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miglint.base.structs import replace
from miglint.dryrun.container import container as container_module
from miglint.dryrun.container.container import image_of, start_container
from miglint.dryrun.container.host import ContainerHost, client_of_engine, sweep_containers
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.branch import PostgresBranch
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.runner import dry_run

from .engine_of_containers import Images
from .histories import LIMITS, executed, history, migration

PAIR = migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;")
PAIRS = tuple(
    migration(f"CREATE TABLE t{number} (x int);", f"DROP TABLE t{number};", name=str(number)) for number in range(3)
)
LABEL = "miglint.dry-run"
# The first of them waits for an engine to be installed, and for its images.
pytestmark = pytest.mark.timeout(540)
CALLS: list[tuple[type, str]] = [
    (PostgresDatabase, method) for method in ("run", "try_out", "schema", "fill", "digests")
]
CALLS += [(PostgresBranch, method) for method in ("run", "drop")]


def left() -> list[str]:
    """Return what the engine has of ours."""
    with client_of_engine() as client:
        filters = {"label": LABEL}
        found = client.containers.list(all=True, filters=filters, ignore_removed=True)
        return [one.name for one in (*found, *client.networks.list(filters=filters))]


def folders(pid: int) -> list[Path]:
    roots = (Path(tempfile.gettempdir()), Path("/dev/shm"))
    return [path for root in roots if root.is_dir() for path in root.glob(f"miglint-{pid}-*")]


def gone(pid: int, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not left() and not folders(pid):
            return True
        time.sleep(0.1)
    return False


def remove_all() -> None:
    with client_of_engine() as client:
        for one in client.containers.list(all=True, filters={"label": LABEL}):
            one.remove(force=True)


@pytest.fixture
def nothing_is_left(images: Images) -> Iterator[None]:
    """Look that a test leaves no container and no network."""
    assert images.version
    assert left() == []
    yield
    assert left() == []


@pytest.fixture
def started(images: Images, nothing_is_left: None) -> Iterator[PostgresEngine]:
    engine = start_container(images.image, images.version, LIMITS, Deadline.after(120))
    yield engine
    engine.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS a (x int);")
    (tmp_path / "1_a.down.sql").write_text("DROP TABLE IF EXISTS a;")
    return tmp_path


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "miglint", "check", "--no-cache", "--select", "RUN", *arguments, "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def the_container() -> Any:
    with client_of_engine() as client:
        (found,) = client.containers.list(filters={"label": LABEL})
        return found.attrs


def said_in_the_container(*command: str) -> str:
    with client_of_engine() as client:
        (found,) = client.containers.list(filters={"label": LABEL})
        status, output = found.exec_run(list(command))
        assert status == 0, output
        return str(output.decode())


def test_the_seven_steps_run_in_every_version(images: Images, nothing_is_left: None) -> None:
    """PostgreSQL 17.12 gives each column an option with a number of its own, which is no difference."""
    for version in images.versions(2):
        engine = start_container(images.image, version, LIMITS, Deadline.after(120))
        try:
            assert [(step.ok, step.changes) for step in executed(engine, PAIR).steps] == [(True, ())] * 7
            tuned = "CREATE TABLE n (x int); ALTER TABLE n ALTER x SET (n_distinct = 5);"
            undone = executed(engine, migration("ALTER TABLE n ALTER x RESET (n_distinct);"), tuned)
            assert undone.verdict.symmetric is False
        finally:
            engine.close()


def test_the_seven_steps_run_in_a_container(images: Images, started: PostgresEngine) -> None:
    assert started.info.kind == "docker"
    assert started.info.version.startswith(f"{images.version}.")
    assert [step.ok for step in executed(started, PAIR).steps] == [True] * 7
    refused = executed(started, migration("COPY (SELECT 1) TO PROGRAM 'true';")).forward
    assert refused is not None and refused.error is not None and refused.error.limit == "refused"
    # As on the other engines that are made for the run.
    owned = executed(started, migration("CREATE TABLE o (x int); ALTER TABLE o OWNER TO postgres;"))
    assert owned.forward is not None and owned.forward.ok


def test_what_a_container_may_use_has_bounds(started: PostgresEngine) -> None:
    about = the_container()
    bounds = about["HostConfig"]
    assert bounds["Memory"] == bounds["MemorySwap"] == LIMITS.disk * 2 + LIMITS.memory
    assert 0 < bounds["NanoCpus"] <= 2_000_000_000
    assert bounds["PidsLimit"] == 128
    assert [name.removeprefix("CAP_") for name in bounds["CapDrop"]] == ["ALL"]
    assert bounds["SecurityOpt"] == ["no-new-privileges"]
    assert not bounds["Privileged"]
    assert [(mount["Type"], mount["TmpfsOptions"]["SizeBytes"]) for mount in bounds["Mounts"]] == [
        ("tmpfs", LIMITS.disk * 2)
    ]
    assert bounds["LogConfig"]["Config"] == {"max-size": "1m"}


def test_a_container_has_no_network(started: PostgresEngine) -> None:
    if not Path(started.server.access.host).is_absolute():
        pytest.skip("the engine is not of this system: there a container has a port")
    about = the_container()
    assert about["HostConfig"]["NetworkMode"] == "none"
    assert not about["NetworkSettings"]["Ports"]
    devices = [line.split(":")[0].strip() for line in said_in_the_container("cat", "/proc/net/dev").splitlines()[2:]]
    assert "lo" in devices and not [name for name in devices if name.startswith("eth")]
    routes = said_in_the_container("cat", "/proc/net/route").splitlines()[1:]
    assert routes == []


def test_a_container_that_is_reached_by_a_port_has_no_other_way(
    images: Images, nothing_is_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an engine in a virtual machine of its own, out of which no socket comes."""
    with client_of_engine() as client:
        processors = client.info()["NCPU"]
    monkeypatch.setattr(container_module, "host_of", lambda _: ContainerHost(False, True, processors))
    engine = start_container(images.image, images.version, LIMITS, Deadline.after(120))
    try:
        assert [step.ok for step in executed(engine, PAIR).steps] == [True] * 7
        assert engine.server.access.host == "127.0.0.1"
        about = the_container()
        bound = about["NetworkSettings"]["Ports"]
        assert [[at["HostIp"] for at in places] for places in bound.values() if places] == [["127.0.0.1"]]
        ((name, _),) = about["NetworkSettings"]["Networks"].items()
        with client_of_engine() as client:
            network = client.networks.get(name).attrs
        assert [one["Name"] for one in network["Containers"].values()] == [about["Name"].lstrip("/")]
        assert network["Options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
        assert said_in_the_container("cat", "/proc/sys/net/ipv4/ip_default_ttl").strip() == "1"
    finally:
        engine.close()


def test_the_data_has_a_bound(images: Images, nothing_is_left: None) -> None:
    limits = replace(LIMITS, statement=30.0, disk=128 << 20)
    started = start_container(images.image, images.version, limits, Deadline.after(120))
    fat = migration("CREATE TABLE f AS SELECT x, repeat(x::text, 99) AS y FROM generate_series(1, 9000000) x;")
    forward = executed(started, fat).forward
    try:
        assert forward is not None and forward.error is not None and forward.error.limit == "disk"
        assert [step.ok for step in executed(started, PAIR).steps] == [True] * 7
    finally:
        started.close()


def test_two_versions_in_one_run(images: Images, nothing_is_left: None, folder: Path) -> None:
    old, new = images.versions(2)
    assert int(old) < 16 <= int(new)
    # `any_value` came with PostgreSQL 16.
    (folder / "2_b.up.sql").write_text("CREATE OR REPLACE VIEW v AS SELECT any_value(x) AS x FROM a;")
    (folder / "2_b.down.sql").write_text("DROP VIEW IF EXISTS v;")
    command = ("--dry-run=docker", "--postgres", f"{old},{new}", "--image", images.image)
    done = check(folder, *command, "--format", "json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    first, second = report["migrations"]
    assert first["verdict"]["symmetric"] is True and second["verdict"]["symmetric"] is not True
    ran = [one["engine"] for one in second["executions"]]
    assert [(one["kind"], one["version"].split(".")[0]) for one in ran] == [("docker", old), ("docker", new)]
    (failed,) = [found for found in report["findings"] if found["code"] == "RUN001"]
    assert failed["message"].startswith(f"the forward fails on PostgreSQL {old}.")


@pytest.mark.parametrize(("kind", "method"), CALLS, ids=[f"{kind.__name__}.{method}" for kind, method in CALLS])
def test_a_container_that_is_killed_between_two_steps_is_told(
    kind: type, method: str, images: Images, nothing_is_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill the container right before one of the calls that the steps are made of."""
    calls = {"count": 0}
    real = getattr(kind, method)

    def kill_then_call(self: object, *args: object, **named: object) -> object:
        calls["count"] += 1
        if calls["count"] == 2:
            with client_of_engine() as client:
                (found,) = client.containers.list(filters={"label": LABEL})
                found.kill()
        return real(self, *args, **named)

    monkeypatch.setattr(kind, method, kill_then_call)
    options = DryRunOptions(engine="docker", image=images.one, rows=5, limits=LIMITS)
    only = dry_run([history(*PAIRS)], options).histories[0]
    assert only.stopped is not None
    assert only.stopped.startswith("the PostgreSQL container was lost: it exited with status 137")
    assert len(only.migrations) == len(PAIRS)
    assert any(run.before is None and run.unknown for run in only.migrations)


def test_a_container_that_is_removed_is_told(images: Images, nothing_is_left: None) -> None:
    slow = migration("SELECT pg_sleep(1);", "SELECT 1;")

    def remove(done: int, total: int, name: str) -> None:
        if done == 1:
            remove_all()

    options = DryRunOptions(engine="docker", image=images.one, rows=0, limits=LIMITS)
    report = dry_run([history(PAIR, slow, PAIR)], options, progress=remove)
    assert report.histories[0].stopped == "the PostgreSQL container was lost: it was removed"


def test_a_script_that_needs_too_much_memory_is_told(images: Images, nothing_is_left: None) -> None:
    limits = replace(LIMITS, statement=30.0, memory=256 << 20)
    started = start_container(images.image, images.version, limits, Deadline.after(120))
    greedy = "SELECT array_agg(repeat(x::text, 1000)) FROM generate_series(1, 1000000) x;"
    forward = executed(started, migration(greedy)).forward
    try:
        assert forward is not None and forward.error is not None and forward.error.limit == "memory"
        assert [step.ok for step in executed(started, PAIR).steps] == [True] * 7
    finally:
        started.close()


def waiting(folder: Path, images: Images) -> subprocess.Popen[bytes]:
    """Start a dry run that is in the middle of a statement."""
    (folder / "1_a.up.sql").write_text("SELECT pg_sleep(60);")
    command = [sys.executable, "-m", "miglint", "check", "--dry-run=docker", "--image", images.one, "--no-cache", "."]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 30
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    while time.monotonic() < until:
        with client_of_engine() as client:
            for found in client.containers.list(filters={"label": LABEL}, ignore_removed=True):
                told = dict(one.split("=", 1) for one in found.attrs["Config"]["Env"])
                asked = found.exec_run(
                    ["psql", "-h", "127.0.0.1", "-U", "miglint", "-Atc", asleep, "postgres"],
                    environment={"PGPASSWORD": told["POSTGRES_PASSWORD"]},
                )
                if asked.exit_code == 0 and int(asked.output) > 0:
                    return process
        time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_process_that_ends_takes_its_container_along(
    number: signal.Signals, images: Images, nothing_is_left: None, folder: Path
) -> None:
    process = waiting(folder, images)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert gone(process.pid)


def test_what_is_left_when_all_is_killed_is_swept_by_the_next_run(
    images: Images, nothing_is_left: None, folder: Path
) -> None:
    process = waiting(folder, images)
    assert len(left()) == 1
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    # What removes the container, and what removes the folder.
    assert len(children) == 2
    for number in (*map(int, children), process.pid):
        os.kill(number, signal.SIGKILL)
    process.communicate(timeout=20)
    time.sleep(1)
    assert len(left()) == 1
    (folder / "1_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS a (x int);")
    done = check(folder, "--dry-run=docker", "--image", images.one)
    assert done.returncode == 0, done.stderr
    assert folders(process.pid) == []


def test_the_container_of_a_process_that_lives_is_not_swept(started: PostgresEngine) -> None:
    with client_of_engine() as client:
        sweep_containers(client)
    assert len(left()) == 1
    started.check()


def test_an_image_that_is_not_there_is_told_with_the_command(
    images: Images, nothing_is_left: None, folder: Path
) -> None:
    done = check(folder, "--dry-run=docker", "--image", "miglint.invalid/no-such-image:1")
    assert done.returncode == 2
    assert "image miglint.invalid/no-such-image:1 is missing and cannot be pulled" in done.stderr
    assert "docker pull miglint.invalid/no-such-image:1" in done.stderr


def test_the_configuration_names_the_image_and_the_target_the_version(
    images: Images, nothing_is_left: None, folder: Path
) -> None:
    (folder / "miglint.toml").write_text('targets = ["postgres>=13"]\nimage = "miglint.invalid/none:{version}"\n')
    done = check(folder, "--dry-run=docker")
    assert done.returncode == 2 and "docker pull miglint.invalid/none:13" in done.stderr
    # An image that has one version only is not asked for another, unless that is said.
    (folder / "miglint.toml").write_text(f'targets = ["postgres>=13"]\nimage = "{images.one}"\n')
    assert check(folder, "--dry-run=docker").returncode == 0
    done = check(folder, "--dry-run=docker", "--postgres", "13")
    assert done.returncode == 2 and "but version 13 was requested" in done.stderr


def test_an_image_with_another_version_in_it_is_told(images: Images, nothing_is_left: None) -> None:
    with pytest.raises(
        EngineMissingError, match=f"contains PostgreSQL {images.version}, but version 9.6 was requested"
    ):
        start_container(images.one, "9.6", LIMITS, Deadline.after(60))


def test_a_container_that_ends_at_once_is_told(
    images: Images, nothing_is_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_module, "_SETTINGS", ("no_such_setting=1",))
    begun = time.monotonic()
    with pytest.raises(EngineMissingError, match=r"did not start: .*no_such_setting"):
        start_container(images.one, None, LIMITS, Deadline.after(60))
    assert time.monotonic() - begun < 20


def test_an_engine_that_is_not_there_is_told_with_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/no-engine.sock")
    done = check(folder, "--dry-run=docker")
    assert done.returncode == 2
    assert "no Docker or Podman engine is running" in done.stderr and "apt install docker.io" in done.stderr


def test_the_name_of_the_image_of_a_version() -> None:
    assert image_of(None, "14") == "postgres:14"
    assert image_of(None, None) == "postgres:16"
    assert image_of("example/{version}-gis:{version}", "15") == "example/15-gis:15"
    assert image_of("registry:5000/a/b_c@sha256:0f", None) == "registry:5000/a/b_c@sha256:0f"


@pytest.mark.parametrize(
    ("image", "version"), [("x; rm -rf ~", None), (None, "16 $(id)"), ("-v/:/x", None), ("a\n", None)]
)
def test_what_is_no_name_of_an_image_is_in_no_command(image: str | None, version: str | None) -> None:
    with pytest.raises(EngineMissingError, match="is not the name of a container image") as raised:
        image_of(image, version)
    assert "docker pull" not in str(raised.value)
