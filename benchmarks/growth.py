"""Print the seconds and the peak of memory of one file that repeats an operation, up to 20,000 times.

python benchmarks/growth.py [--most N] [--case WORDS] [--dialect postgres|sqlite] [--shape one|each|files|parts]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.growth_cases import CASES, scripts, write  # noqa: E402 - after the path is set
from benchmarks.run import program, timed  # noqa: E402 - after the path is set

_STEPS = (4, 2, 1)


def main() -> None:
    """Measure the cases given on the command line, or all."""
    parser = argparse.ArgumentParser(description="Measure how time and memory grow with the work.")
    parser.add_argument("--most", type=int, default=20_000, help="repetitions of the largest run (default: 20000)")
    parser.add_argument("--case", default="", help="part of the name of a case")
    parser.add_argument("--dialect", choices=tuple(CASES), help="one dialect (default: both)")
    parser.add_argument("--shape", help="one shape (default: one, and parts)")
    given = parser.parse_args()
    miglint = program("miglint")
    shapes = ("one", "parts") if given.shape is None else (given.shape,)
    for dialect, cases in CASES.items():
        for case in cases if given.dialect in (None, dialect) else ():
            for shape in case.shapes:
                if given.case not in case.name or shape not in shapes:
                    continue
                told = []
                for step in _STEPS:
                    with tempfile.TemporaryDirectory(prefix="miglint-growth-") as place:
                        write(Path(place) / "m", scripts(case, shape, given.most // step))
                        command = [miglint, "check", "--no-cache", "--format", "json", "--dialect", dialect, "m"]
                        run = timed(command, dict(os.environ), Path(place))
                    told.append(f"{given.most // step:>7,}: {run.seconds:6.2f} s {run.megabytes:5.0f} MB")
                print(f"{dialect:<9} {shape:<6} {case.name:<38} {'  '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
