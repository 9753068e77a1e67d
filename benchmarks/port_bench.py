"""Write the variant of every migration that has a hand-written one, and compare both.

    python -m benchmarks.port_bench [--to sqlite|postgres] [-v] FOLDER ...

Each variant starts from the schema that the hand-written variants before it lead to. Printed are: how many run whole,
on SQLite itself over that schema (on PostgreSQL: in the replay); how many lead to a schema that differs from the
other engine's in nothing in which the hand-written one does not (by the PAR rules); for how many the rollback that
is written restores the schema; and how much is said not to be carried over. With `-v` also what is between them.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct
from miglint.config.settings import Settings
from miglint.linter.run import Job, replayed
from miglint.port.choices import TypeChoices, learned
from miglint.port.script import PortedScript
from miglint.port.to_postgres import port_to_postgres
from miglint.port.to_sqlite import port_to_sqlite
from miglint.replay.steps import Step, replay_one
from miglint.replay.variants import variants
from miglint.rollback.written import write_rollback
from miglint.schema.parity import differences
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.writer.schema_sql import statements

_FLAGS = ("runs", "like theirs", "restored", "named")


class PortedPair(Struct, frozen=True):
    """A migration: what its variant does, and how it differs from the one that is there."""

    version: str
    runs: str | None
    differs: tuple[str, ...]
    restores: bool
    named: bool
    script: PortedScript
    theirs: str


def pairs_of(folder: str, target: Dialect) -> Iterator[PortedPair]:
    """Yield the migrations of a folder that have a variant for an engine."""
    items = [(item.history, [*item.steps]) for item in replayed(Job(Settings(root="."), (folder,)))]
    steps = {id(history): found for history, found in items}
    for both in variants([history for history, _ in items]):
        ours, others = (both.postgres, both.sqlite) if target is Dialect.SQLITE else (both.sqlite, both.postgres)
        known = {id(step.migration): step for step in steps[id(others)]}
        for step in steps[id(ours)]:
            partner = both.partners.get(step.migration)
            if partner is not None and step.migration.forward is not None and partner.forward is not None:
                yield _pair(step, known[id(partner)], target)


def _pair(step: Step, other: Step, target: Dialect) -> PortedPair:
    if target is Dialect.SQLITE:
        types = TypeChoices(target, learned(step.before, other.before, target))
        script = port_to_sqlite(step, other.before, types)
        runs = _run(other.before, script.text)
        schemas = [(step.before, other.before), (step.after, script.after), (step.after, other.after)]
    else:
        types = TypeChoices(target, learned(other.before, step.before, target))
        script = port_to_postgres(step, other.before, types)
        runs = _replayed(other.before, script, target).forward.failed
        runs = None if runs is None or runs.failure is None else runs.failure.message
        schemas = [(other.before, step.before), (script.after, step.after), (other.after, step.after)]
    before, mine, theirs = (set(_differences(*both)) for both in schemas)
    text = "" if other.migration.forward is None else other.migration.forward.text
    again = _replayed(other.before, script, target)
    # What is not equal afterwards has to be said in the script.
    named = not (mine - before - theirs) or bool(script.losses)
    return PortedPair(
        step.migration.version, runs, tuple(sorted(mine - before - theirs)), _restores(again), named, script, text
    )


def _replayed(before: Schema, script: PortedScript, target: Dialect) -> Step:
    file = SourceFile("variant.sql", script.text)
    forward = Script(file, Span(0, len(script.text)), Direction.FORWARD, target)
    return replay_one(Migration("1", "", target, forward, None), parse, before)


def _restores(step: Step) -> bool:
    """Return whether the rollback that is written for a variant claims the whole schema; the replay checks that."""
    return write_rollback(step).restores in ("exact", "schema_only") or not step.forward_statements


def _run(before: Schema, text: str) -> str | None:
    """Run a variant on SQLite, over the schema before it; return the error."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements(before):
        try:
            database.execute(statement)
        except sqlite3.Error as error:
            # The library is older than the project's.
            return None if "no such function" in str(error) else f"the schema before: {error}"
    try:
        database.executescript(text)
    except sqlite3.Error as error:
        return str(error)
    finally:
        database.close()
    return None


def _differences(postgres: Schema, sqlite: Schema) -> Iterator[str]:
    for item in differences(postgres, sqlite):
        yield f"{item.kind} {item.table}({', '.join(item.parts)}) {item.postgres} {item.sqlite}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return 1 if a variant fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--to", choices=[one.value for one in Dialect], default="sqlite")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args(arguments)
    status = 0
    for folder in options.folders:
        counts: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for pair in pairs_of(folder, Dialect(options.to)):
            counts["pairs"] += 1
            values = (pair.runs is None, not pair.differs, pair.restores, pair.named)
            counts.update(flag for flag, value in zip(_FLAGS, values, strict=True) if value)
            reasons.update(loss.reason for loss in pair.script.losses if not loss.harmless)
            status |= pair.runs is not None
            if options.verbose and not all(values):
                print(f"{pair.version}: {pair.runs or ''} {'; '.join(pair.differs)}")
        shares = ", ".join(f"{flag} {counts[flag]} of {counts['pairs']}" for flag in _FLAGS)
        print(f"{folder} to {options.to}: {shares}; {reasons.total()} statements not carried over")
        for reason, number in reasons.most_common() if options.verbose else ():
            print(f"    {number} {reason}")
    return status


if __name__ == "__main__":
    sys.exit(main())
