"""Run miglint beside other linters on a sample of one folder's files, in alternation; print medians and findings.

    python -m benchmarks.peers [--rounds N] [--files N] [--seed N] [--path FOLDER ...] [FOLDER]

Without a folder, 1,554 files are generated. The sample holds forward scripts. The others read only the files they are
given; miglint is measured twice: with these files alone (in a folder of their own), and with the whole folder read for
the history and only these files reported, as `--since` does. Tools are looked for beside this Python, in the folders
of `--path`, and on the search path; those that are missing are left out. The number of findings is that of the lines or
values of each tool's own format: tools count differently, so that it says what a reader sees, and not how good it is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.generate import write

_FILES = 1_554


class Peer(NamedTuple):
    """A tool: the name of its command, the arguments before the files, and how its findings are counted."""

    command: str
    arguments: tuple[str, ...]
    count: Callable[[str], int]


def _listed(text: str) -> int:
    """Count the violations of sqlfluff's JSON, which other output may follow."""
    return sum(len(item["violations"]) for item in json.JSONDecoder().raw_decode(text[text.find("[") :])[0])


PEERS = (
    Peer("squawk", ("--reporter", "json"), lambda text: len(json.loads(text or "[]"))),
    Peer("sqlfluff", ("lint", "--dialect", "postgres", "--format", "json"), _listed),
    Peer(
        "sqruff", ("lint", "--dialect", "postgres", "--quiet"), lambda text: text.count("\nL:") + text.startswith("L:")
    ),
    Peer("safemigrate-lint", ("--format", "json"), lambda text: len(json.loads(text or "[]"))),
)


def _found(name: str, folders: list[Path]) -> str | None:
    """Return the path of a command."""
    for folder in (Path(sys.executable).parent, *folders):
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def _run(command: list[str], place: Path, environment: dict[str, str]) -> tuple[float, str]:
    """Run a command; return its seconds and its output. Any status is accepted: findings have one."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    return time.perf_counter() - started, done.stdout if done.stdout.strip() else done.stderr


def _miglint(text: str) -> int:
    return len(json.loads(text)["findings"])


def compare(sample: list[str], folder: Path, rounds: int, folders: list[Path], scratch: Path) -> None:
    """Run all tools in turn, and print a line for each."""
    place = scratch / "place"
    place.mkdir()
    alone = scratch / "alone"
    alone.mkdir()
    for path in sample:
        shutil.copy(path, alone)
    environment = {**os.environ, "MIGLINT_CACHE_DIR": str(scratch / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ours = _found("miglint", folders) or sys.exit("miglint is not installed")
    runs: list[tuple[str, list[str], Callable[[str], int]]] = [
        ("miglint, these files", [ours, "check", "--no-cache", "--format", "json", str(alone)], _miglint),
        ("miglint, in their history", [ours, "check", "--no-cache", "--format", "json", *sample], _miglint),
    ]
    for peer in PEERS:
        command = _found(peer.command, folders)
        if command is None:
            print(f"{peer.command}: not installed", flush=True)
        else:
            runs.append((peer.command, [command, *peer.arguments, *sample], peer.count))
    seconds: list[list[float]] = [[] for _ in runs]
    findings = [0] * len(runs)
    for turn in range(rounds + 1):
        for number, (name, command_line, count) in enumerate(runs):
            took, output = _run(command_line, place, environment)
            if turn:
                seconds[number].append(took)
                continue
            try:
                findings[number] = count(output)
            except (ValueError, KeyError, TypeError):
                sys.exit(f"{name}: unexpected output: {output[:300]}")
    print(f"\n{len(sample)} of the forward scripts in {folder.name}; medians of {rounds} alternating runs\n")
    print(f"{'':<28} {'seconds':>8}  {'findings':>8}")
    for (name, _, _), listed, number in zip(runs, seconds, findings, strict=True):
        print(f"{name:<28} {median(listed):>8.2f}  {number:>8,}")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description="Run miglint beside other linters.")
    parser.add_argument("folder", nargs="?", type=Path, help="folder of migrations (default: a generated one)")
    parser.add_argument("--rounds", type=int, default=5, help="turns that count (default: 5)")
    parser.add_argument("--files", type=int, default=60, help="size of the sample (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample (default: 1)")
    parser.add_argument("--path", type=Path, action="append", default=[], help="folder with further commands")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="miglint-peers-") as place:
        scratch = Path(place)
        folder = scratch / "generated" if given.folder is None else given.folder.resolve()
        if given.folder is None:
            write(folder, _FILES)
        scripts = sorted(str(path) for path in folder.rglob("*.sql") if "down" not in path.name)
        sample = sorted(random.Random(given.seed).sample(scripts, min(given.files, len(scripts))))
        compare(sample, folder, given.rounds, given.path, scratch)


if __name__ == "__main__":
    main()
