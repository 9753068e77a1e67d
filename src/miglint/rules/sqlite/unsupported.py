"""LIT: what the target SQLite refuses, or interprets differently.

A script for PostgreSQL is checked when the settings name SQLite as a target and no variant for SQLite exists; a script
for SQLite against the version that the settings name. This is the one family that reads text: SQLite itself is called
what it makes of unknown words, and the table of features explains the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.port_command import port_command
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Statement, flat

if TYPE_CHECKING:
    from miglint.sql.sqlite.features import Feature, Use, Version
    from miglint.sql.sqlite.judge import Refusal

# Statements that SQLite lacks altogether: their parts need no explanation.
_WHOLE = frozenset(
    """
    truncate do-block type domain schema sequence function trigger-function extension role policy rule grant comment
    set lock copy call merge alter-object materialized-view
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)
_PLAIN_TYPES = frozenset(
    {"INTEGER", "TEXT", "BIGINT", "INT", "BLOB", "BOOLEAN", "DATETIME", "VARCHAR", "REAL", "SMALLINT"}
)
_OWN_FUNCTIONS = frozenset(
    """
    current_timestamp current_date current_time date time datetime julianday unixepoch strftime lower upper hex random
    randomblob substr printf format coalesce json json_object json_array abs round length replace trim
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)
# In names of types that SQLite accepts with another meaning.
_ODD_TYPES = ("STRING", "CHARINT", "POINT", "INTERVAL", "SERIAL", "[")


class _UnsupportedUse(Struct, frozen=True):
    """A construct at a place of a script; `feature` is None for what SQLite refuses for a reason of its own."""

    script: Script
    span: Span
    kind: str
    feature: Feature | None
    words: str


@cached_by_step
def _found(step: Step) -> tuple[_UnsupportedUse, ...]:
    """Return all that SQLite refuses or misreads in both scripts. Cached by identity of the step."""
    migration = step.migration
    foreign = migration.dialect is Dialect.POSTGRES
    if foreign and (step.sqlite is None or step.served):
        return ()
    found: list[_UnsupportedUse] = []
    for script, statements in (
        (migration.forward, step.forward_statements),
        (migration.rollback, step.rollback_statements),
    ):
        if script is not None:
            for statement in statements:
                template = statement.problem is not None and statement.problem.template
                if not template and (foreign or _needs_check(statement, step.sqlite)):
                    found += _of_statement(script, statement, step.sqlite)
    return tuple(found)


def _needs_check(statement: Statement, target: Version | None) -> bool:
    # A statement that SQLite's grammar refuses is reported already.
    if statement.problem is not None:
        return False
    return target is not None or any(_may_be_rejected(operation) for operation in flat(statement.operations))


def _may_be_rejected(operation: ops.Operation) -> bool:
    """Return whether SQLite may refuse or misread an operation in some version: most need no second look."""
    if isinstance(operation, ops.AddColumn):
        column = operation.column
        computed = column.default is not None and column.default.literal is None
        return bool(operation.constraints) or column.nullable is False or computed or _odd(column)
    if isinstance(operation, ops.CreateTable):
        keys = [item for item in operation.constraints if item.kind == "primary"]
        return len(keys) > 1 or any(_odd(column) for column in operation.columns)
    return False


def _odd(column: ops.Column) -> bool:
    """Return whether a column has a type or a default that SQLite may not support."""
    declared = "" if column.type is None else column.type.name
    if declared not in _PLAIN_TYPES and any(word in declared for word in _ODD_TYPES):
        return True
    default = column.default
    if default is None or default.literal is not None:
        return False
    return any(function.name not in _OWN_FUNCTIONS for function in default.functions)


def _of_statement(script: Script, statement: Statement, target: Version | None) -> Iterator[_UnsupportedUse]:
    from miglint.sql.sqlite.features import NEWEST, uses
    from miglint.sql.sqlite.judge import refusals

    start, end = statement.span
    text = script.text[start - script.span.start : end - script.span.start]
    version = target or NEWEST
    refused = refusals(text, start, version)
    mentioned = uses(text, start)
    if not refused:
        for use in mentioned:
            kind = _kind(use, version, refused=False)
            if kind:
                yield _UnsupportedUse(script, use.span, kind, use.feature, _text(script, use.span))
        return
    first = refused[0]
    # After a semicolon inside a body that SQLite does not recognize, words mean nothing.
    inside = [use for use in mentioned if use.statement == first.statement]
    explained = _explained(script, [(use, kind) for use in inside if (kind := _kind(use, version, refused=True))])
    if not any(use.kind in _REFUSING and not _is_function(use) for use in explained):
        yield _unexplained(script, first)
    yield from explained


_REFUSING = frozenset({"syntax", "refused", "newer"})


def _is_function(use: _UnsupportedUse) -> bool:
    """Return whether it is a name that an older version does not know: its grammar accepts the statement."""
    return use.feature is not None and use.feature.effect == "missing"


def _explained(script: Script, wanted: list[tuple[Use, str]]) -> list[_UnsupportedUse]:
    """Return the uses for which a statement is refused, and those that it would misread elsewhere.

    If SQLite lacks the whole statement, only that is reported.
    """
    whole = [item for item in wanted if item[0].feature.key in _WHOLE]
    refusing = [item for item in whole or wanted if item[1] in _REFUSING]
    return [
        _UnsupportedUse(script, use.span, kind, use.feature, _text(script, use.span))
        for use, kind in (refusing if whole else wanted)
        if kind != "silent" or not any(_meet(use.span, other.span) for other, _ in refusing)
    ]


def _kind(use: Use, version: Version, *, refused: bool) -> str:
    """Return how a version handles a use; empty when it accepts it."""
    feature = use.feature
    if feature.since is not None:
        return "" if feature.taken_by(version) else "newer"
    if feature.effect == "syntax":
        # The library accepted it: it is another construct that looks the same.
        return "syntax" if refused else ""
    return "refused" if feature.effect == "rows" and feature.refused_by(version) else feature.effect


def _unexplained(script: Script, refusal: Refusal) -> _UnsupportedUse:
    kind = "syntax" if refusal.syntax else "refused"
    return _UnsupportedUse(script, refusal.span, kind, None, refusal.message)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _text(script: Script, span: Span) -> str:
    words = " ".join(script.text[span.start - script.span.start : span.end - script.span.start].split())
    return words.removesuffix("(").rstrip() if len(words) > 1 else words


def _hits(step: Step, kind: str, message: str, *, severity: Severity | None = None) -> Iterator[Hit]:
    """Yield a hit for each construct of a kind; `message` takes its `title`, its `words` and the version `since`."""
    for item in _found(step):
        if item.kind != kind:
            continue
        if item.feature is None:
            yield hit_in(item.script, item.span, f"SQLite refuses this: {item.words}", severity=severity)
            continue
        since = "" if item.feature.since is None else _shown(item.feature.since)
        text = message.format(title=item.feature.title, words=item.words, since=since)
        advice = f"{item.feature.advice[0].upper()}{item.feature.advice[1:]}."
        if step.migration.dialect is Dialect.POSTGRES and item.script is step.migration.forward:
            advice += f" Or write a variant: `{port_command(step.migration, Dialect.SQLITE)}`"
        yield hit_in(item.script, item.span, text, advice, severity=severity)


def _shown(version: Version) -> str:
    return ".".join(map(str, version))


@rule(
    "LIT001",
    "sqlite-syntax",
    Severity.ERROR,
    "SQLite has no such syntax in any version",
    dialects=("postgres",),
)
def sqlite_syntax(step: Step) -> Iterator[Hit]:
    """Report PostgreSQL syntax that SQLite lacks, in scripts that it has to run too."""
    yield from _hits(step, "syntax", "SQLite refuses {title}")


@rule("LIT002", "sqlite-too-old", Severity.ERROR, "The target version of SQLite is too old")
def sqlite_too_old(step: Step) -> Iterator[Hit]:
    """Report what newer versions of SQLite accept and the target version does not."""
    if step.sqlite is not None:
        target = _shown(step.sqlite)
        yield from _hits(step, "newer", f"SQLite has {{title}} from {{since}} on, and the target is {target}")


@rule("LIT003", "sqlite-always-refuses", Severity.ERROR, "SQLite parses the statement and always refuses it")
def sqlite_always_refuses(step: Step) -> Iterator[Hit]:
    """Report statements that SQLite parses but refuses whatever the tables contain."""
    yield from _hits(step, "refused", "SQLite always refuses {title}")


@rule("LIT004", "sqlite-refuses-with-rows", Severity.WARNING, "SQLite refuses the statement once the table has rows")
def sqlite_refuses_with_rows(step: Step) -> Iterator[Hit]:
    """Report statements that work on an empty table and fail on one with rows; not on tables just created."""
    made = None
    for hit in _hits(step, "rows", "SQLite refuses {title} once the table has rows"):
        if made is None:
            made = _made(step)
        if not any(start <= hit.span.start < end for start, end in made):
            yield hit


def _made(step: Step) -> list[Span]:
    """Return the statements that add columns to tables which the same script created and left empty."""
    found: list[Span] = []
    for statements in (step.forward_statements, step.rollback_statements):
        empty: set[str] = set()
        for statement in statements:
            for operation in flat(statement.operations):
                if isinstance(operation, ops.CreateTable) and operation.query is None and not operation.if_not_exists:
                    empty.add(operation.name.name.lower())
                elif isinstance(operation, ops.Insert):
                    empty.discard(operation.table.name.lower())
                elif isinstance(operation, ops.AddColumn) and operation.table.name.lower() in empty:
                    found.append(statement.span)
    return found


@rule("LIT005", "sqlite-lacks-name", Severity.ERROR, "SQLite has no function or literal of this name")
def sqlite_lacks_name(step: Step) -> Iterator[Hit]:
    """Report functions and literals that SQLite takes for names of objects that do not exist."""
    # A program can register functions of its own with SQLite.
    own = step.migration.dialect is Dialect.SQLITE
    message = "SQLite does not know `{words}`: the statement fails when it runs"
    yield from _hits(step, "missing", message, severity=Severity.WARNING if own else None)


@rule("LIT006", "sqlite-reads-differently", Severity.WARNING, "SQLite accepts this with a different meaning")
def sqlite_reads_differently(step: Step) -> Iterator[Hit]:
    """Report what SQLite accepts silently and interprets differently."""
    yield from _hits(step, "silent", "SQLite accepts `{words}` with a different meaning")
