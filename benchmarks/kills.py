"""Kill dry runs at random moments and check for leftovers: `python benchmarks/kills.py --count 200`.

Each round starts a dry run, and at a random time a signal is sent to miglint, to the supervisor of its server,
to the server, or to all three. The next dry run must succeed, and then nothing may be left: no process, folder,
shared memory segment, socket or partial file. As root, rounds run in separate namespaces (processes, mounts, System V
shared memory), so that everything found after a round was left by it; `--user` and `--python` select another account
for the rounds, and an interpreter that it may run. Without root, rounds run in place, and leftovers are found by name.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

INSIDE = "--inside"
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
VICTIMS = ("miglint", "supervisor", "server", "all")
ROOTS = (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp"))
CHECKOUT, ASIDE = Path(__file__).resolve().parents[1], Path("/mnt")
SCRIPTS = {
    "postgres/1_a.up.sql": "CREATE TABLE IF NOT EXISTS a (x int);",
    "postgres/1_a.down.sql": "DROP TABLE IF EXISTS a;",
    # A server process that does not check for signals while its server is killed.
    "postgres/2_b.up.sql": "DO $$ DECLARE n bigint := 0; BEGIN FOR i IN 1..2000000 LOOP n := n + i; END LOOP; END $$;",
    "postgres/2_b.down.sql": "SELECT pg_sleep(0.1);",
    "sqlite/1_a.up.sql": "CREATE TABLE IF NOT EXISTS a (x int);",
    "sqlite/1_a.down.sql": "DROP TABLE IF EXISTS a;",
}
QUICK = {name: text for name, text in SCRIPTS.items() if "/1_" in name}
# Of these, the state before the last eight is kept for later runs; the last one is written anew in each round.
LONG = {f"{number:02}_a.up.sql": f"CREATE TABLE IF NOT EXISTS a{number} (x int);" for number in range(1, 34)} | {
    f"{number:02}_a.down.sql": f"DROP TABLE IF EXISTS a{number};" for number in range(1, 34)
}
CHANGED = "33_a.up.sql"


class Round:
    """What a round needs: the folder that all of them share, and the account that miglint is called by."""

    def __init__(self, place: Path, user: str | None, python: str, alone: bool) -> None:
        self.place = place
        self.python = python
        self.alone = alone
        self.account: dict[str, object] = {}
        if user is not None:
            import pwd

            entry = pwd.getpwnam(user)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(place, entry.pw_uid, entry.pw_gid)
        self.cache = place / "cache"
        self.pids: list[int] = []
        self.known: set[str] = set()

    def start(self, scripts: Path, in_memory: bool) -> subprocess.Popen[str]:
        """Start a dry run in a session of its own; of the long history with what earlier ones have kept."""
        names = ("PATH", "LANG", "COVERAGE_PROCESS_START")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment |= {"HOME": str(self.place), "XDG_CACHE_HOME": str(self.cache)}
        places = [path for path in sys.path if Path(path).name in ("site-packages", "src")]
        environment["PYTHONPATH"] = os.pathsep.join(places)
        if not in_memory:
            environment["TMPDIR"] = str(self.place / "tmp")
        environment["MIGLINT_CACHE_DIR"] = str(self.cache / "results")
        cached = ["--dry-run=embedded"] if scripts.name == "long" else ["--dry-run", "--no-cache"]
        command = [self.python, "-m", "miglint", "check", *cached, "--select", "RUN", "."]
        process = subprocess.Popen(  # type: ignore[call-overload]  # options by name
            command, cwd=scripts, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, **self.account,
        )  # fmt: skip
        self.pids.append(process.pid)
        return process  # type: ignore[no-any-return]  # of the call above

    def processes(self) -> Iterator[tuple[int, int, str]]:
        """Return the number, the parent and the command line of all processes but this one and those that ended."""
        for path in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                if path.name.isdigit() and int(path.name) != os.getpid():
                    words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                    if words:
                        yield int(path.name), parent, words

    def victims(self, miglint: int, which: str) -> list[int]:
        """Return the processes to send a signal to; miglint's own when there is no other one yet."""
        listed = list(self.processes())
        supervisors = [pid for pid, parent, words in listed if parent == miglint and "supervisor.py" in words]
        servers = [pid for pid, parent, _ in listed if parent in supervisors]
        found = {"miglint": [miglint], "supervisor": supervisors, "server": servers}
        return found.get(which, [miglint, *supervisors, *servers]) or [miglint]

    def left(self) -> list[str]:
        """Return what there is of the runs that have ended, and was not there after the round before."""
        marks = [f"miglint-{pid}-" for pid in self.pids]
        found = [str(path) for form in ("*.partial*", ".history-*") for path in self.cache.rglob(form)]
        found += [str(path) for path in (self.place / "tmp").glob("*")]
        for root in ROOTS:
            inside = root.glob("*") if root.is_dir() else ()
            found += [str(path) for path in inside if self._mine(path.name, marks) and path != self.place]
        found += [
            f"process {pid} {words}" for pid, _, words in self.processes() if pid != 1 and self._mine(words, marks)
        ]
        if self.alone:
            found += [f"segment {line}" for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
        new = [one for one in found if one not in self.known]
        self.known.update(found)
        return new

    def _mine(self, name: str, marks: list[str]) -> bool:
        return self.alone or any(mark in name for mark in marks)


def play(rounds: Round, chance: random.Random, longest: float) -> tuple[str, list[str]]:
    """Play one round; return what was done, and what was left or went wrong."""
    which, number = chance.choice(VICTIMS), chance.choice(SIGNALS)
    in_memory, moment = chance.random() < 0.7, chance.random() * longest
    if chance.random() < 0.3:
        shutil.rmtree(rounds.cache, ignore_errors=True)
    long = chance.random() < 0.25
    if long:
        text = f"{LONG[CHANGED]} CREATE TABLE IF NOT EXISTS b{chance.randrange(1 << 30)} (x int);"
        (rounds.place / "long" / CHANGED).write_text(text)
    process = rounds.start(rounds.place / ("long" if long else "scripts"), in_memory)
    time.sleep(moment)
    for pid in rounds.victims(process.pid, which):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    kind = f"{'long, ' if long else ''}{'memory' if in_memory else 'disk'}"
    what = f"{signal.Signals(number).name} to {which} after {moment:.2f} s, {kind}"
    wrong = []
    try:
        said = process.communicate(timeout=90)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0]
        wrong.append("the run did not end")
    # Before miglint's own first line, and while it is read, an interpreter says so itself.
    if "Traceback" in said and ", in entry" in said:
        wrong.append(f"a traceback: {said[-2000:]}")
    following = rounds.start(rounds.place / ("long" if long else "quick"), in_memory)
    said = following.communicate(timeout=90)[0]
    # The long history's last rollback leaves a table.
    if following.returncode not in ((0, 1) if long else (0,)):
        wrong.append(f"the next run ended with {following.returncode}: {said[-1000:]}")
    wrong += rounds.left()
    return what, wrong


def mount_empty_roots() -> None:
    """Mount empty file systems where a run puts files; a checkout that lies there stays where it is."""
    hidden = any(CHECKOUT.is_relative_to(root) for root in ROOTS)
    if hidden:
        subprocess.run(["mount", "--bind", CHECKOUT, ASIDE], check=True)
    for root in ROOTS:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777,size=3g", "tmpfs", root], check=True)
    if hidden:
        CHECKOUT.mkdir(parents=True)
        subprocess.run(["mount", "--move", ASIDE, CHECKOUT], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds until the signal, at most")
    parser.add_argument("--user", help="the account that miglint is called by, where root calls this")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that miglint runs on")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    alone = given.inside
    if os.geteuid() == 0 and sys.platform == "linux" and not alone:
        spaces = ["unshare", "--ipc", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
        return subprocess.run([*spaces, sys.executable, __file__, *sys.argv[1:], INSIDE], check=False).returncode
    if alone:
        mount_empty_roots()
    place = Path(tempfile.mkdtemp(prefix="kills-", dir="/tmp"))
    place.chmod(0o755)
    rounds = Round(place, given.user, given.python, alone)
    for folder, scripts in (("scripts", SCRIPTS), ("quick", QUICK), ("long", LONG)):
        for name, text in scripts.items():
            (place / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (place / folder / name).write_text(text)
    for folder in (place / "tmp", rounds.cache):
        folder.mkdir()
        folder.chmod(0o1777)
    rounds.left()  # What is there already is no leftover.
    chance = random.Random(given.seed)
    rounds.left()  # what was there before
    bad = 0
    counts: Counter[str] = Counter()
    try:
        for number in range(given.count):
            what, wrong = play(rounds, chance, given.longest)
            counts[what.partition(" after")[0]] += 1
            bad += bool(wrong)
            for one in wrong:
                print(f"round {number}: {what}: {one}", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for what, count in sorted(counts.items()):
        print(f"{count:5} {what}")
    print(f"{given.count} rounds with seed {given.seed}, {bad} of them left something or failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
