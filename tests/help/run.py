"""Try the help of all rule pages and cases: `python -m tests.help.run`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded

from .engines import Postgres
from .sources import cases_to_try, pages_to_try, try_folder
from .trials import Tally


def main(arguments: list[str]) -> int:
    """Print the problems and the counts."""
    engine = start_embedded(Limits(), Deadline.after(3600), "to try help")
    postgres = Postgres(engine)
    bad = 0
    try:
        for label, source in (("pages", pages_to_try()), ("cases", cases_to_try())):
            tally = Tally()
            with tempfile.TemporaryDirectory() as made:
                for number, (name, lay) in enumerate(source):
                    if arguments and not any(word in name for word in arguments):
                        continue
                    folder = Path(made) / str(number)
                    folder.mkdir()
                    seen = len(tally.problems)
                    try_folder(folder, lay(folder), postgres, tally, name)
                    for problem in tally.problems[seen:]:
                        print(f"{name}: {problem}")
                    while tally.contradictions:
                        bad += 1
                        print(f"{name}: {tally.contradictions.pop()}")
            bad += len(tally.problems)
            print(f"{label}: {dict(tally.counts)}")
    finally:
        postgres.close()
        engine.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
