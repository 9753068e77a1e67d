"""Check scripts by the hundred thousand that were made wrong: `make fuzz FOLDERS="..." COUNT=100000 SEED=1`.

Each must end with exit status 0, 1 or 2, without a traceback, a finding about an internal error, a wait without end or
a gigabyte of memory. Several processes check one script after the other; one that breaks is started anew behind the
script that broke it, whose bytes are written to a folder outside the checkout. `--only N` makes one of them again.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import resource
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.hostile.mutate import PROJECT, Base, Mutant, from_folders, from_the_project, mutant

MOST_MEMORY = 1 << 30
# Processor time for one script, and time in all: other work may keep this machine from it.
MOST_SECONDS, MOST_WAITED = 20, 600
# Beyond this the system refuses memory, so that a fault does no harm to others.
_ADDRESSES = 6 << 30
_SHOWN_EVERY = 60
# What a worker runs; its numbers, the seed and the folders follow.
PROGRAM = ("-m", "tests.hostile.fuzz", "--worker")


class Failure(NamedTuple):
    number: int
    reason: str


def reason_of(made: Mutant, folder: Path) -> str | None:
    """Check one script, and return what is wrong with how that ends."""
    from miglint.cli.main import main

    for old in folder.iterdir():
        old.unlink()
    (folder / "001_a.up.sql").write_bytes(made.forward)
    if made.rollback is not None:
        (folder / "001_a.down.sql").write_bytes(made.rollback)
    # Style is left to sqlfluff, which is tested elsewhere and takes longer than all else.
    arguments = ["check", str(folder), "--no-cache", "--format", "json", "--select", "ALL", "--ignore", "STY"]
    output, errors = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    before = time.process_time()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            status = main([*arguments, "--dialect", made.dialect])
    except BaseException:
        return traceback.format_exc()
    output.flush()
    taken, said = time.process_time() - before, errors.getvalue()
    if status not in (0, 1, 2) or "Traceback" in said:
        return f"exit status {status}\n{said[-4000:]}"
    if status == 2:
        return None
    report = json.loads(output.buffer.getvalue())
    internal = [item["message"] for item in report["findings"] if item["code"].startswith("INT")]
    if internal:
        return "\n".join(internal)
    return f"{taken:.0f} s" if taken > MOST_SECONDS else None


def peak_memory() -> int:
    """Return the most memory that this process has had, in bytes.

    `ru_maxrss` would tell of more: it keeps what the process that started this one had.
    """
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def work(bases_of: list[Path], seed: int, numbers: range) -> None:
    """Check scripts one after the other; say on standard output which one begins, and how it ended."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    bases = from_folders(bases_of) if bases_of else from_the_project()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        for number in numbers:
            print(json.dumps([number, None]), file=told)
            reason, memory = reason_of(mutant(bases, seed, number), folder), peak_memory()
            if reason is None and memory > MOST_MEMORY:
                reason = f"{memory >> 20} MB"
            print(json.dumps([number, reason or ""]), file=told)
            if memory > MOST_MEMORY:
                return
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Worker:
    """A process that checks the scripts of its numbers; started anew behind one that breaks it."""

    def __init__(self, folders: list[Path], seed: int, numbers: range) -> None:
        self._folders, self._seed = folders, seed
        self.left = numbers
        self.current: int | None = None
        self._buffer = b""
        self._start()

    def _start(self) -> None:
        first, last, step = self.left.start, self.left.stop, self.left.step
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM, f"{first},{last},{step}", "--seed", str(self._seed), *map(str, self._folders)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT,
        )  # fmt: skip
        self._since = (time.monotonic(), 0.0)

    def read(self) -> list[Failure]:
        """Return the failures that it has reported since; at the end of one process another goes on, if any is left."""
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            return self._ended()
        failures = []
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            number, reason = json.loads(line)
            self.left = range(number + self.left.step, self.left.stop, self.left.step)
            self.current = number if reason is None else None
            self._since = (time.monotonic(), self._processor_time())
            if reason:
                failures.append(Failure(number, reason))
        return failures

    def _ended(self) -> list[Failure]:
        assert self.process.stdout is not None
        self.process.stdout.close()
        status = self.process.wait()
        broken, self.current, self._buffer = self.current, None, b""
        if broken is None and status:
            # It did not come to check anything; another would not either.
            self.left = range(0)
            broken = -1
        if self.left:
            self._start()
        return [] if broken is None else [Failure(broken, f"the process ended with {status}")]

    def hangs(self) -> bool:
        waited, used = time.monotonic() - self._since[0], self._processor_time() - self._since[1]
        return self.current is not None and (used > MOST_SECONDS or waited > MOST_WAITED)

    def _processor_time(self) -> float:
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fuzz(
    folders: list[Path], seed: int, count: int, processes: int, told: Callable[[Failure], None] = lambda failure: None
) -> list[Failure]:
    """Check `count` scripts made wrong by several processes; return those that failed, and say each at once."""
    failures: list[Failure] = []
    workers = []
    shown = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for first in range(processes):
            worker = Worker(folders, seed, range(first, count, processes))
            workers.append(worker)
            selector.register(worker.process.stdout or -1, selectors.EVENT_READ, worker)
        try:
            while selector.get_map():
                for key, _ in selector.select(timeout=1):
                    worker = key.data
                    pipe = worker.process.stdout
                    found = worker.read()
                    if pipe.closed:
                        selector.unregister(key.fileobj)
                        if worker.process.stdout is not pipe:
                            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
                    for failure in found:
                        told(failure)
                        failures.append(failure)
                if time.monotonic() - shown > _SHOWN_EVERY:
                    shown = time.monotonic()
                    left = sum(len(worker.left) for worker in workers)
                    print(f"{count - left:,} checked, {len(failures)} failed", flush=True)
                for key in list(selector.get_map().values()):
                    if key.data.hangs():
                        key.data.process.send_signal(signal.SIGKILL)
        finally:
            for key in list(selector.get_map().values()):
                key.data.process.kill()
                key.data.process.wait()
    return sorted(failures)


def keep(failure: Failure, folder: Path, bases: list[Base], seed: int) -> None:
    """Write a script that failed to a folder, and say what happened."""
    if failure.number < 0:
        print(failure.reason, flush=True)
        return
    made = mutant(bases, seed, failure.number)
    place = folder / f"{seed}-{failure.number}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "001_a.up.sql").write_bytes(made.forward)
    if made.rollback is not None:
        (place / "001_a.down.sql").write_bytes(made.rollback)
    said = f"{made.base} ({made.changes}; {made.dialect}), kept in {place}\n{failure.reason}\n"
    print(f"--only {failure.number} --seed {seed}: {said}", flush=True)


def main() -> int:
    """Run from the command line; 1 when a script failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="where the real scripts are; the project's own otherwise")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "miglint-fuzz-failures")
    parser.add_argument("--only", type=int, help="check this one script here")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folders = [folder.resolve() for folder in options.folders]
    if options.keep.resolve().is_relative_to(PROJECT):
        parser.error("--keep names a folder of the checkout: what real scripts become must not enter the project")
    seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed
    if options.worker:
        work(folders, seed, range(*map(int, options.worker.split(","))))
        return 0
    bases = from_folders(folders) if folders else from_the_project()
    if not bases:
        parser.error("there is no script in these folders")
    print(f"seed {seed}: {options.count:,} of {len(bases):,} scripts", flush=True)
    started = time.monotonic()
    told = partial(keep, folder=options.keep, bases=bases, seed=seed)
    if options.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            reason = reason_of(mutant(bases, seed, options.only), Path(folder))
        failures = [Failure(options.only, reason)] if reason else []
        for failure in failures:
            told(failure)
    else:
        failures = fuzz(folders, seed, options.count, options.processes, told)
    print(f"seed {seed}: {len(failures)} failed, in {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
