"""Take the rollback of every migration away, write it anew, and run it on the real engine.

    python -m benchmarks.rollback_bench [--preserve-data] [--rows N] [--limit N] [--output FOLDER] FOLDER ...

Each migration is run as in a dry run, with rows: forward, rollback, rollback again, forward again; and the rollback on
a database on which only the first half of the forward ran. Printed are the numbers and, with `--output`, the failing
migrations by kind and the rollbacks themselves. The status is 1 if a claim is wrong or a rollback fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from miglint.base.model import Dialect, Direction, History, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.config.settings import Settings
from miglint.discovery import discover
from miglint.discovery.rollback_forms import SeparateFile
from miglint.dryrun.compare import compare, counting
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.interfaces import Database, Engine, EngineLostError, UnreadableError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.connection import QueryError
from miglint.dryrun.results import MigrationRun, RowRun
from miglint.dryrun.row_steps import run_rows
from miglint.dryrun.steps import Scripts, run_steps
from miglint.dryrun.surround import surround
from miglint.linter.findings_builder import steps_of
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rollback.assessment import EXACT, SCHEMA_ONLY
from miglint.rollback.forward_edit import forward_edits
from miglint.rollback.written import RollbackText, write_preserving, write_rollback
from miglint.rules.data.losses import reads
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Name, Operation
from miglint.writer.renames import Renames

RESTORED, SAID, WRONG, FAILS, FORWARD_FAILS = "restored", "said and right", "wrong claim", "fails", "forward fails"


class BenchResult(Struct, frozen=True):
    """One migration: how its rollback did, and why. `twice`, `half`: it ran a second time, and after half a forward."""

    version: str
    forward: str
    text: RollbackText
    kind: str
    reason: str = ""
    twice: bool | None = None
    half: bool | None = None
    half_reason: str = ""
    rows: int = 0
    kept: bool | None = None
    destroyed: int = 0
    renames: int = 0
    seconds: float = 0.0


def written_script(migration: Migration, text: RollbackText) -> Script:
    """Return a rollback as a script, in the transaction that the migration's tool has around it."""
    like = migration.rollback or migration.forward
    assert like is not None  # only migrations with a forward are asked
    content = "".join(f"{statement}\n" for statement in text.statements)
    file = SourceFile(f"{migration.version}.rollback.sql", content)
    return Script(file, Span(0, len(content)), Direction.ROLLBACK, migration.dialect, like.transaction)


def preserving_migration(step: Step) -> tuple[Migration, RollbackText]:
    """Return a migration whose forward sets data aside, and the rollback that brings it back."""
    text, addition = write_preserving(step)
    forward = step.migration.forward
    if addition is None or forward is None or forward.substituted is not None:
        return step.migration, text if addition is None else write_rollback(step)
    content, added = forward.file.text, 0
    for edit in reversed(forward_edits(step, addition, SeparateFile())):
        content = content[: edit.span.start] + edit.text + content[edit.span.end :]
        added += len(edit.text)
    file = SourceFile(forward.path, content)
    changed = replace(forward, file=file, span=Span(forward.span.start, forward.span.end + added))
    return replace(step.migration, forward=changed), text


def measure(
    history: History, engine: Engine, rows: int, limit: int | None, *, preserve: bool = False
) -> Iterator[BenchResult]:
    """Yield the results of a history in its order."""
    database = engine.create()
    try:
        surround(history, database, DryRunOptions(), {})
        twin = database.twin() if rows else None
        before = database.schema()
        for number, step in enumerate(steps_of(history, Settings("."), {})):
            if limit is not None and number >= limit:
                return
            migration = step.migration
            if migration.forward is None or step.migration.forward is None:
                continue
            begun = time.perf_counter()
            if preserve:
                migration, text = preserving_migration(step)
            else:
                text = write_rollback(step)
            seconds = time.perf_counter() - begun
            new = replace(migration, rollback=written_script(migration, text))
            scripts = Scripts.of(new, history.layout)
            half, half_reason = _half(scripts, database, before)
            ran = run_steps(new, scripts, database, before)
            row_run = RowRun()
            if twin is not None:
                row_run = run_rows(scripts, twin, before, rows, 0)
                if not (ran.forward is not None and ran.forward.ok) or (row_run.forward and not row_run.forward.ok):
                    twin.drop()
                    twin = database.twin()
            before = ran.after or before
            kind, reason = _judged(text, ran, row_run)
            renames, destroyed = _renames(step, text)
            kept = not row_run.losses if row_run.rollback is not None else None
            twice, filled = ran.verdict.rollback_idempotent, sum(row_run.inserted.values())
            yield BenchResult(
                migration.version, step.migration.forward.path, text, kind, reason, twice, half, half_reason,
                filled, kept, destroyed, renames, seconds,
            )  # fmt: skip
        if twin is not None:
            twin.drop()
    finally:
        database.drop()


def _half(scripts: Scripts, database: Database, before: Schema) -> tuple[bool | None, str]:
    """Run the rollback after the first half of the forward, and say what is wrong; None where there is no half."""
    forward, rollback = scripts.forward, scripts.rollback
    if forward is None or rollback is None or len(forward.pieces) < 2:
        return None, ""
    copy = database.copy()
    try:
        first = replace(forward, pieces=forward.pieces[: len(forward.pieces) // 2], wrapped=False)
        if not copy.run(first).ok:
            return None, ""
        done = copy.run(rollback)
        if not done.ok:
            return False, str(done.error)
        left = counting(compare(before, copy.schema()))
        return not left, "; ".join(
            f"{c.kind} {c.what} {c.name} {c.aspect or ''}: {c.before} -> {c.after}" for c in left
        )
    finally:
        copy.drop()


def _judged(text: RollbackText, ran: MigrationRun, rows: RowRun) -> tuple[str, str]:
    if ran.forward is None or not ran.forward.ok:
        return FORWARD_FAILS, str(ran.forward.error) if ran.forward is not None else ""
    if rows.forward is not None and not rows.forward.ok:
        rows = RowRun()
    for execution in (ran.rollback, rows.rollback):
        if execution is not None and not execution.ok:
            return FAILS, f"{execution.error}{_statement(text, execution.error)}"
    changed = counting(ran.changes)
    lost = [f"{loss.table}.{loss.column or '*'} {loss.count}/{loss.total}" for loss in rows.losses]
    if not changed and not lost:
        return RESTORED, ""
    reason = "; ".join(
        [*(f"{c.kind} {c.what} {c.name} {c.aspect or ''}: {c.before} -> {c.after}" for c in changed), *lost]
    )
    if text.restores == EXACT or (text.restores == SCHEMA_ONLY and changed):
        return WRONG, reason
    return SAID, reason


def _statement(text: RollbackText, error: object) -> str:
    index = getattr(error, "index", -1)
    return f" | {text.statements[index]}" if 0 <= index < len(text.statements) else ""


def _renames(step: Step, text: RollbackText) -> tuple[int, int]:
    """Return the number of renamed objects, and how many of them the rollback drops."""
    renames = Renames(step.forward.moments)
    relations, columns = {item.new for item in renames.relations()}, set(renames.columns())
    if not relations and not columns:
        return 0, 0
    script = written_script(step.migration, text)
    done = run(step.after, parse(script), rollback=True)
    lost = set()
    read: list[Operation] = []
    for moment in done.moments:
        for note in moment.notes:
            # A table that SQLite makes anew is dropped when its rows are in the new one.
            if note.kind != "lost" or note.key is None:
                continue
            if not any(reads(operation, Name(None, note.key.name), note.part) for operation in read):
                lost.add((note.key, note.part))
        read.append(moment.operation)
    destroyed = sum((key, None) in lost for key in relations)
    destroyed += sum((item.relation, item.new) in lost for item in columns)
    return len(relations) + len(columns), destroyed


def _summary(label: str, results: list[BenchResult]) -> str:
    ran = [item for item in results if item.kind != FORWARD_FAILS]
    counted = Counter(item.kind for item in results)
    claims = Counter(item.text.restores for item in ran)
    twice = [item.twice for item in ran if item.twice is not None]
    half = [item.half for item in ran if item.half is not None]
    kept = [item.kept for item in ran if item.kept is not None]
    good = counted[RESTORED] + counted[SAID]
    return "\n".join(
        (
            f"{label}: {len(ran)} migrations; {_share(good, len(ran))} restored, or rightly said not to be",
            f"  {', '.join(f'{kind}: {counted[kind]}' for kind in (RESTORED, SAID, WRONG, FAILS, FORWARD_FAILS))}",
            f"  claims: {', '.join(f'{claim} {number}' for claim, number in claims.most_common())}",
            f"  runs twice: {_share(sum(twice), len(twice))}; after half a forward: {_share(sum(half), len(half))}; "
            f"rows kept: {_share(sum(kept), len(kept))} of {sum(item.rows for item in ran):,} rows",
            f"  renamed: {sum(item.renames for item in ran)}, destroyed: {sum(item.destroyed for item in ran)}; "
            f"{1000 * sum(item.seconds for item in results) / max(1, len(results)):.1f} ms for each rollback",
        )
    )


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({100 * part / whole:.1f} %)" if whole else "none"


def _details(label: str, results: list[BenchResult]) -> str:
    kinds: dict[str, list[str]] = defaultdict(list)
    for item in results:
        line = f"- `{item.version}` ({item.text.restores}) {item.forward}: {item.reason[:400]}"
        if item.kind in (WRONG, FAILS, SAID):
            kinds[item.kind].append(
                line + (f" || missing: {'; '.join(item.text.missing)[:300]}" if item.kind == SAID else "")
            )
        elif item.kind == RESTORED and item.text.restores not in (EXACT,):
            kinds["modest: restored, but said not to be"].append(f"{line}{'; '.join(item.text.missing)[:300]}")
        if item.twice is False and item.kind not in (FAILS,):
            kinds["does not run twice"].append(line)
        if item.half is False and item.kind not in (FAILS,):
            kinds["not after half a forward"].append(f"{line} || {item.half_reason[:400]}")
        if item.destroyed:
            kinds["destroys what was renamed"].append(line)
    order = (WRONG, FAILS, "destroys what was renamed", "does not run twice", "not after half a forward")
    rest = [kind for kind in kinds if kind not in order]
    parts = [
        f"### {label}: {kind} ({len(kinds[kind])})\n\n" + "\n".join(kinds[kind])
        for kind in (*order, *rest)
        if kinds[kind]
    ]
    return "\n\n".join(parts)


def main(arguments: list[str]) -> int:
    """Print the numbers of each history and of each engine; return 1 if a rollback is wrong or fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--limit", type=int, default=None, help="only the first migrations of each history")
    parser.add_argument("--output", type=Path, default=None, help="folder for failing migrations and written rollbacks")
    parser.add_argument("--preserve-data", action="store_true", help="let forwards set data aside")
    options = parser.parse_args(arguments)
    engines: dict[Dialect, Engine] = {}
    every: dict[Dialect, list[BenchResult]] = defaultdict(list)
    status = 0
    try:
        for history in discover(options.folders).histories:
            if not history.migrations:
                continue
            if history.dialect not in engines:
                choice = choices(history.dialect, DryRunOptions(limits=Limits(total=7200)))[0]
                engines[history.dialect] = choice.start(Deadline.after(7200))
            results: list[BenchResult] = []
            try:
                results.extend(
                    measure(
                        history,
                        engines[history.dialect],
                        options.rows,
                        options.limit,
                        preserve=options.preserve_data,
                    )
                )
            except (EngineLostError, QueryError, UnreadableError) as error:
                print(f"{history.root}: stopped: {error}")
            every[history.dialect] += results
            status |= any(item.kind in (WRONG, FAILS) for item in results)
            label = f"{history.root} ({history.dialect.value})"
            print(_summary(label, results), flush=True)
            if options.output is not None:
                _write(options.output, label, results)
        for dialect, results in every.items():
            print(_summary(f"all ({dialect.value})", results))
    finally:
        for engine in engines.values():
            engine.close()
    return status


def _write(folder: Path, label: str, results: list[BenchResult]) -> None:
    name = label.strip("/").replace("/", "+").replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(f"```\n{_summary(label, results)}\n```\n\n{_details(label, results)}\n")
    scripts = folder / name
    scripts.mkdir(exist_ok=True)
    for item in results:
        remarks = "".join(f"-- {line}\n" for line in item.text.remarks)
        text = "".join(f"{statement}\n" for statement in item.text.statements)
        (scripts / f"{item.version.replace('/', '_')}.sql").write_text(f"-- {item.forward}\n{remarks}{text}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
