"""From what was discovered to a report: replay, rules, directives, settings.

This imports the parsers and all rules; `check.py` does so only when the cache has no answer.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from miglint.config import Settings
from miglint.directives import Directive, Remarks, directives
from miglint.dryrun.report import as_dict, summary
from miglint.dryrun.results import DryRunReport
from miglint.errors import UsageError
from miglint.findings import FAMILIES, Finding
from miglint.replay import Step, empty_schema, replay
from miglint.report.value import MigrationReport, Report
from miglint.rules.execution import Executed
from miglint.rules.internal import RULE_CRASHED
from miglint.rules.registry import Context, Hit, Rule
from miglint.schema.apply import run
from miglint.schema.value import Schema
from miglint.selection import Selection, load_rules, select
from miglint.source import Dialect, Direction, Discovered, History, Migration, Script, SourceFile, Span
from miglint.sql import parse

_MAX_FOLDED = 5


@dataclass(frozen=True, slots=True)
class _Placed:
    """A hit with the rule that made it and the step that it came from."""

    rule: Rule
    hit: Hit
    step: Step | None = None


def judge(
    found: Discovered,
    settings: Settings,
    schemas: Mapping[str, SourceFile],
    progress: Callable[[int, int], None] | None = None,
    executed: DryRunReport | None = None,
) -> Report:
    """Replay all histories, ask all rules that are on, and apply what comments and settings say.

    `schemas` are the baseline schemas by dialect; `progress` is told the migrations done, and all of them. `executed`
    is what a dry run of the same histories saw: its verdicts take the place of the replay's.
    """
    total = sum(len(history.migrations) for history in found.histories)
    known = load_rules()
    chosen = select(settings, known)
    asked = _Asked(chosen, _targets(found, settings))
    statements: dict[str, list[Span]] = defaultdict(list)
    migrations: list[MigrationReport] = []
    placed: list[_Placed] = []
    for history in found.histories:
        steps: list[Step] = []
        ran = [one for one in executed.histories if one.history is history] if executed is not None else []
        for step in steps_of(history, settings, schemas):
            runs = [Executed(step, one.migrations[len(steps)], one) for one in ran]
            steps.append(step)
            placed += asked.step(step)
            placed += [item for one in runs for item in asked.executed(one)]
            migrations.append(_migration(step, runs[0] if runs else None))
            if progress is not None:
                progress(len(migrations), total)
            for script, parsed in (
                (step.migration.forward, step.forward_statements),
                (step.migration.rollback, step.rollback_statements),
            ):
                if script is not None:
                    statements[script.path] += (statement.span for statement in parsed)
        placed += asked.history(steps)
    placed += asked.project(found)
    # A file that serves two dialects gives its statements twice.
    spans = {path: sorted(set(listed)) for path, listed in statements.items()}
    comments = [item for file in found.files for item in directives(file, spans.get(file.path, ()), chosen.names)]
    kept, unused = _suppress(placed, comments, chosen)
    kept += asked.directives(Remarks(tuple(comments), unused))
    findings = _findings(kept, spans, chosen, settings)
    return Report(tuple(migrations), findings, len(found.files), notes=_notes(found) + _executed_notes(executed))


def _executed_notes(executed: DryRunReport | None) -> tuple[str, ...]:
    return () if executed is None else (*map(summary, executed.histories), *executed.notes)


def steps_of(history: History, settings: Settings, schemas: Mapping[str, SourceFile]) -> Iterator[Step]:
    """Replay a history from its baseline schema, in the transactions that the settings say the team's runner makes."""
    file = schemas.get(history.dialect.value) or schemas.get("")
    start = None if file is None else _start(file, history.dialect)
    return replay(as_the_runner(history, settings), parse, start, runner=settings.transaction)


def as_the_runner(history: History, settings: Settings) -> History:
    """Return a history with the transactions that the settings say the team's runner makes."""
    if settings.transaction not in ("per-statement", "none"):
        return history
    return replace(history, migrations=tuple(map(_bare, history.migrations)))


def _start(file: SourceFile, dialect: Dialect) -> Schema:
    """Run a baseline schema: what it does not make does not exist."""
    script = Script(file, Span(0, len(file.text)), Direction.FORWARD, dialect)
    statements = parse(script)
    for statement in statements:
        if statement.problem is not None:
            place = file.position(statement.problem.span.start)
            raise UsageError(f"{file.path}:{place.line}: baseline-schema: {statement.problem.message}")
    return run(empty_schema(dialect, closed=True), statements).schema


def _bare(migration: Migration) -> Migration:
    """Return a migration that runs without a transaction around it."""
    forward, rollback = migration.forward, migration.rollback
    return replace(
        migration,
        forward=replace(forward, transaction=False) if forward is not None else None,
        rollback=replace(rollback, transaction=False) if rollback is not None else None,
    )


def _targets(found: Discovered, settings: Settings) -> Mapping[str, tuple[int, ...]]:
    """Return the configured targets, or the dialects that were found."""
    return settings.targets or {history.dialect.value: () for history in found.histories}


class _Asked:
    """The rules that are on, each with its context, asked scope by scope."""

    def __init__(self, chosen: Selection, targets: Mapping[str, tuple[int, ...]]) -> None:
        self._crash = chosen.names.rules[RULE_CRASHED]
        self._scopes: dict[str, list[tuple[Rule, Context]]] = defaultdict(list)
        for code in sorted(chosen.enabled):
            rule = chosen.names.rules[code]
            self._scopes[rule.scope].append((rule, Context(targets, chosen.options[code])))

    def step(self, step: Step) -> Iterator[_Placed]:
        dialect = step.migration.dialect.value
        for rule, context in self._scopes["step"]:
            if dialect in rule.dialects:
                yield from self._ask(rule, context, step, step)

    def history(self, steps: list[Step]) -> Iterator[_Placed]:
        for rule, context in self._scopes["history"]:
            if steps and steps[0].migration.dialect.value in rule.dialects:
                yield from self._ask(rule, context, steps, steps[0])

    def project(self, found: Discovered) -> Iterator[_Placed]:
        for rule, context in self._scopes["project"]:
            yield from self._ask(rule, context, found, None)

    def executed(self, run: Executed) -> Iterator[_Placed]:
        for rule, context in self._scopes["executed"]:
            if run.step.migration.dialect.value in rule.dialects:
                yield from self._ask(rule, context, run, run.step)

    def directives(self, remarks: Remarks) -> Iterator[_Placed]:
        for rule, context in self._scopes["directives"]:
            yield from self._ask(rule, context, remarks, None)

    def _ask(self, rule: Rule, context: Context, subject: object, step: Step | None) -> Iterator[_Placed]:
        try:
            for hit in rule.check(subject, context):
                yield _Placed(rule, hit, step)
        # The one place that catches everything: a rule that breaks down must not take the other answers with it.
        except Exception as error:
            yield _Placed(self._crash, _crash(rule, error, step), step)


def _crash(rule: Rule, error: Exception, step: Step | None) -> Hit:
    script = None if step is None else step.migration.forward or step.migration.rollback
    file = SourceFile("", "") if script is None else script.file
    span = Span(0, 0) if script is None else Span(script.span.start, script.span.start)
    detail = " ".join(str(error).split())[:200]
    message = f"rule {rule.code} ({rule.name}) broke down here: {type(error).__name__}{': ' if detail else ''}{detail}"
    return Hit(file, span, message, "This is a bug of miglint, please report it. The rule said nothing here.", script)


def _migration(step: Step, executed: Executed | None) -> MigrationReport:
    migration = step.migration
    report = MigrationReport(
        migration.version,
        migration.name,
        migration.dialect.value,
        migration.forward.path if migration.forward else None,
        migration.rollback.path if migration.rollback else None,
        step.verdict.as_dict(),
        step.unknown,
    )
    if executed is None:
        return report
    run = executed.run
    # What no engine was asked stays as the replay said it.
    verdict = replace(run.verdict, sqlite_compatible=step.verdict.sqlite_compatible)
    execution = as_dict(run, executed.history)
    return replace(
        report, verdict=verdict.as_dict(), unknown=run.unknown, static_verdict=report.verdict, execution=execution
    )


def _suppress(
    placed: Iterable[_Placed], comments: list[Directive], chosen: Selection
) -> tuple[list[_Placed], tuple[Directive, ...]]:
    """Return the hits that no comment hides, and our own comments that hid none though all their rules are on."""
    by_path: dict[str, list[Directive]] = defaultdict(list)
    for comment in comments:
        by_path[comment.file.path].append(comment)
    kept: list[_Placed] = []
    used: set[int] = set()
    for item in placed:
        hiding = [
            comment
            for comment in by_path.get(item.hit.file.path, ())
            if comment.covers(item.rule.code, item.hit.span.start)
        ]
        used.update(id(comment) for comment in hiding)
        if not hiding:
            kept.append(item)
    unused = tuple(
        comment
        for comment in comments
        if id(comment) not in used
        and comment.codes
        and not comment.foreign
        and not comment.problems
        # A rule that is off might have had something to say.
        and comment.codes <= chosen.enabled
    )
    return kept, unused


def _findings(
    placed: Iterable[_Placed], spans: Mapping[str, list[Span]], chosen: Selection, settings: Settings
) -> tuple[Finding, ...]:
    """Return the findings in order of place, folded, with the severities of the settings and their fingerprints."""
    groups: dict[tuple[str, Span, str], list[_Placed]] = defaultdict(list)
    for item in placed:
        groups[item.hit.file.path, item.hit.span, item.rule.code].append(item)
    ordinals: dict[tuple[str, str, str], int] = defaultdict(int)
    relative = _Relative(settings.root)
    findings: list[Finding] = []
    for (path, span, code), group in sorted(groups.items(), key=lambda entry: entry[0]):
        finding = _folded(group)
        inside = relative.path(path)
        severity = chosen.severity_of(finding, inside)
        if severity is None:
            continue
        text = _statement(group[0].hit.file, span, spans.get(path, ()))
        ordinals[inside, code, text] += 1
        identity = "\0".join((inside, code, text, str(ordinals[inside, code, text])))
        digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        findings.append(replace(finding, severity=severity, fingerprint=digest))
    findings.sort(key=lambda item: (item.path, item.line, item.column, -item.severity, item.code))
    return tuple(findings)


def _folded(group: list[_Placed]) -> Finding:
    """Make one finding of the hits of one rule on one span: the worst speaks, the others are named in its help."""
    worst = max(group, key=lambda item: item.hit.severity or item.rule.severity)
    rule, hit = worst.rule, worst.hit
    others = [text for text in dict.fromkeys(item.hit.message for item in group) if text != hit.message]
    message = hit.message if not others else f"{hit.message} (and {len(others)} more)"
    also = [f"Also: {text}" for text in others[:_MAX_FOLDED]]
    start, end = hit.file.position(hit.span.start), hit.file.position(max(hit.span))
    migration = worst.step.migration if worst.step is not None and rule.scope == "step" else None
    dialect = hit.script.dialect if hit.script else migration.dialect if migration else None
    return Finding(
        code=rule.code,
        name=rule.name,
        category=FAMILIES[rule.family],
        severity=hit.severity or rule.severity,
        path=hit.file.path,
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
        message=message,
        help="\n".join([part for part in (hit.help,) if part] + also),
        direction=hit.script.direction.value if hit.script else None,
        version=hit.version or (migration.version if migration else None),
        dialect=dialect.value if dialect else None,
        evidence=hit.evidence,
        fix=hit.fix,
    )


def _statement(file: SourceFile, span: Span, statements: list[Span] | tuple[()]) -> str:
    """Return the text of the statement around a span, less its white space; empty outside of statements."""
    number = bisect_right(statements, span.start, key=lambda item: item.start) - 1
    if number < 0 or statements[number].end <= span.start:
        return ""
    return " ".join(file.text[statements[number].start : statements[number].end].split())


class _Relative:
    """Turns shown paths into paths relative to the folder of the settings, each folder once."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._folders: dict[str, str] = {}

    def path(self, shown: str) -> str:
        folder, _, name = shown.rpartition("/")
        if folder not in self._folders:
            place = Path(folder or ("/" if shown.startswith("/") else ".")).absolute()
            try:
                self._folders[folder] = place.relative_to(self._root).as_posix()
            except ValueError:
                self._folders[folder] = folder
        inside = self._folders[folder]
        return name if inside in ("", ".") else f"{inside}/{name}"


def _notes(found: Discovered) -> tuple[str, ...]:
    """Return what people should know though it is no finding."""
    return tuple(
        problem.message if problem.path in problem.message else f"{problem.path}: {problem.message}"
        for problem in found.problems
        if problem.kind in ("other-dialect", "forward-only")
    )
