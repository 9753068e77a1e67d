"""Write the variant of every migration that has a hand-written one, and compare both.

    python -m benchmarks.port_bench [--to sqlite|postgres] [--server URL [--extension NAME]...] [-v] FOLDER ...

Each variant starts from the schema that the hand-written variants before it lead to. Printed are: how many run whole
on the engine over that schema (on PostgreSQL with `--server`, else in the replay); how many lead to a schema that
differs from the other engine's in nothing in which the hand-written one does not (by the PAR rules); for how many the
rollback that is written claims to restore the schema, and does on the engine; and how much is said not to be carried
over. With `-v` also what is between them. The server's database is emptied again and again: give it a new one.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

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
from miglint.rollback.written import RollbackText, write_rollback
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


Engine = Callable[[Schema, str, str], tuple[str | None, bool]]
"""What runs a variant over a schema, and its rollback; it returns the error, and whether the schema is restored."""


def pairs_of(folder: str, target: Dialect, engine: Engine) -> Iterator[PortedPair]:
    """Yield the migrations of a folder that have a variant for an engine."""
    items = [(item.history, [*item.steps]) for item in replayed(Job(Settings(root="."), (folder,)))]
    steps = {id(history): found for history, found in items}
    for both in variants([history for history, _ in items]):
        ours, others = (both.postgres, both.sqlite) if target is Dialect.SQLITE else (both.sqlite, both.postgres)
        known = {id(step.migration): step for step in steps[id(others)]}
        for step in steps[id(ours)]:
            partner = both.partners.get(step.migration)
            if partner is not None and step.migration.forward is not None and partner.forward is not None:
                yield _pair(step, known[id(partner)], target, engine)


def _pair(step: Step, other: Step, target: Dialect, engine: Engine) -> PortedPair:
    if target is Dialect.SQLITE:
        types = TypeChoices(target, learned(step.before, other.before, target))
        script = port_to_sqlite(step, other.before, types)
        schemas = [(step.before, other.before), (step.after, script.after), (step.after, other.after)]
    else:
        types = TypeChoices(target, learned(other.before, step.before, target))
        script = port_to_postgres(step, other.before, types)
        schemas = [(other.before, step.before), (script.after, step.after), (other.after, step.after)]
    before, mine, theirs = (set(_differences(*both)) for both in schemas)
    text = "" if other.migration.forward is None else other.migration.forward.text
    again = _replayed(other.before, script, target)
    back = write_rollback(again)
    failed = again.forward.failed
    runs = None if failed is None or failed.failure is None else failed.failure.message
    error, restored = engine(other.before, script.text, "\n".join(back.statements))
    # What is not equal afterwards has to be said in the script.
    named = not (mine - before - theirs) or bool(script.losses)
    return PortedPair(
        step.migration.version,
        error or runs,
        tuple(sorted(mine - before - theirs)),
        restored and _restores(again, back),
        named,
        script,
        text,
    )


def _replayed(before: Schema, script: PortedScript, target: Dialect) -> Step:
    file = SourceFile("variant.sql", script.text)
    forward = Script(file, Span(0, len(script.text)), Direction.FORWARD, target)
    return replay_one(Migration("1", "", target, forward, None), parse, before)


def _restores(step: Step, back: RollbackText) -> bool:
    """Return whether the rollback that is written for a variant claims the whole schema; the replay checks that."""
    return back.restores in ("exact", "schema_only") or not step.forward_statements


def on_sqlite(before: Schema, text: str, back: str) -> tuple[str | None, bool]:
    """Run a variant and its rollback on SQLite, over the schema before it."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in statements(before):
            database.execute(statement)
    except sqlite3.Error as error:
        # The library is older than the project's.
        return None if "no such function" in str(error) else f"the schema before: {error}", True
    try:
        start = _definitions(database)
        database.executescript(text)
        database.executescript(back)
        return None, _definitions(database) == start
    except sqlite3.Error as error:
        return str(error), False
    finally:
        database.close()


def _definitions(database: sqlite3.Connection) -> list[tuple[str, str]]:
    found = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    return sorted((name, "".join(sql.replace('"', "").split())) for name, sql in found)


_CATALOG = """
    SELECT attrelid::regclass::text, attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' ||
           coalesce(pg_get_expr(adbin, adrelid), '') || attidentity::text || attgenerated::text
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v')
    UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'
    ORDER BY 1, 2
"""


def on_postgres(url: str, extensions: Sequence[str]) -> Engine:
    """Return what runs variants and their rollbacks on a server, in its schema `public` with some extensions."""
    import psycopg

    connection = psycopg.connect(url, autocommit=True)

    def engine(before: Schema, text: str, back: str) -> tuple[str | None, bool]:
        made = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in extensions)
        connection.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {made}")
        try:
            connection.execute("\n".join(statements(before)))
        except psycopg.Error as error:
            return f"the schema before: {error}", True
        start = connection.execute(_CATALOG).fetchall()
        try:
            connection.execute(text)
            connection.execute(back)
        except psycopg.Error as error:
            connection.execute("ROLLBACK")
            return str(error).splitlines()[0], False
        return None, connection.execute(_CATALOG).fetchall() == start

    return engine


def in_the_replay(before: Schema, text: str, back: str) -> tuple[str | None, bool]:
    """Leave it to the replay."""
    return None, True


def _differences(postgres: Schema, sqlite: Schema) -> Iterator[str]:
    for item in differences(postgres, sqlite):
        yield f"{item.kind} {item.table}({', '.join(item.parts)}) {item.postgres} {item.sqlite}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return 1 if a variant fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--to", choices=[one.value for one in Dialect], default="sqlite")
    parser.add_argument("--server", metavar="URL", help="an empty database of a PostgreSQL server")
    parser.add_argument("--extension", action="append", default=[], help="an extension that projects take for granted")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args(arguments)
    status = 0
    engine = on_sqlite
    if options.to == "postgres":
        engine = in_the_replay if options.server is None else on_postgres(options.server, options.extension)
    for folder in options.folders:
        counts: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for pair in pairs_of(folder, Dialect(options.to), engine):
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
