"""SYN: text that the engine's own grammar rejects, and files that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Direction, Discovered, Script, Span
from miglint.replay.runners import RUNNERS
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.reporting import first_line, hit_in, problems
from miglint.rules.support.scripts import ENGINE, scripts_of, statements_of
from miglint.rules.support.uncut import UNCUT, end_of, indentation, is_uncut, line_break
from miglint.sql import operations as ops
from miglint.sql.operations import Statement, flat
from miglint.sql.psql_marks import may_be_for_psql, shown

# goose and sql-migrate end a statement at a line that ends with a semicolon, comments aside.
_SPLITS = pattern(r";[ \t]*(?:--[^\n]*)?\r?\n")

# Reserved words that people use as names of tables and columns.
_TAKEN_FOR_NAMES = frozenset(
    {
        "all",
        "analyze",
        "column",
        "desc",
        "end",
        "group",
        "limit",
        "offset",
        "order",
        "primary",
        "table",
        "user",
        "window",
    }
)


# What people delete, and DROP removes.
_DROPPED = frozenset({"database", "function", "index", "schema", "sequence", "table", "trigger", "type", "view"})
_DELETE = pattern(r"\bdelete\s+\Z", re.IGNORECASE)
# What statements with data begin with.
_DATA = frozenset({"insert", "replace", "copy", "values"})
# A name in braces is not SQL, but a place that a program fills in.
_PLACEHOLDER = pattern(r"\{[A-Za-z_]\w*\}")
_AMISS = "Correct the statement: it fails wherever the script runs."
_OTHER_ENGINE = "If the file is written for another engine, say so in its first lines: `-- miglint: dialect={}`."


@rule("SYN001", "syntax-error", Severity.ERROR, "The engine's own grammar rejects the statement")
def syntax_error(step: Step) -> Iterator[Hit]:
    """Report statements that the engine cannot parse, at the position that its parser names."""
    engine = ENGINE[step.migration.dialect]
    other = Dialect.SQLITE if step.migration.dialect is Dialect.POSTGRES else Dialect.POSTGRES
    for direction, script in (
        (Direction.FORWARD, step.migration.forward),
        (Direction.ROLLBACK, step.migration.rollback),
    ):
        if script is None:
            continue
        # A rollback is for the engine of its forward.
        readable = direction is Direction.ROLLBACK and all(one.problem is None for one in step.forward_statements)
        for statement in statements_of(step, direction):
            if statement.problem is not None and statement.problem.certain:
                message, span = statement.problem.message, statement.problem.span
                word = script.file.text[span.start : span.end]
                help = _AMISS if readable and step.forward_statements else _OTHER_ENGINE.format(other)
                if message.startswith("unterminated"):
                    help = "Close what is opened here."
                elif word.lower() in _DROPPED and _DELETE.search(script.file.text, max(0, span.start - 20), span.start):
                    help = f"Write `DROP {word.upper()}`: DELETE removes rows, and nothing else."
                elif word.lower() in _TAKEN_FOR_NAMES:
                    help = f'{word} is a keyword of SQL: to use it as a name, quote it: `"{word}"`.'
                severity = None
                if (placeholder := _PLACEHOLDER.match(script.file.text, span.start)) is not None:
                    help = f"If something replaces {placeholder[0]} before the script runs, this cannot be checked."
                    severity = Severity.WARNING
                yield hit_in(script, span, f"{engine} cannot parse this statement: {message}", help, severity=severity)


@rule(
    "SYN008",
    "psql-command",
    Severity.ERROR,
    "A command of psql: the script's migration tool sends it to the server, or what psql runs is not known",
    dialects=("postgres",),
)
def psql_command(step: Step) -> Iterator[Hit]:
    """Report what psql takes for itself: all of it where a tool runs the script, else what decides what is run."""
    for script in (step.migration.forward, step.migration.rollback):
        if script is None or script.dialect is not Dialect.POSTGRES or not may_be_for_psql(script.text):
            continue
        from miglint.sql.postgres.psql_script import read_script  # few scripts need it

        found, base = read_script(script.text), script.span.start
        if step.layout not in RUNNERS:
            statements = statements_of(step, script.direction)
            problems_ = ((item.span.start, item.problem) for item in statements)
            unread = min((at for at, one in problems_ if one and not one.certain), default=script.span.end)
            for note in found.notes:
                if base + note.start >= unread:
                    break
                yield hit_in(
                    script,
                    Span(base + note.start, base + note.end),
                    f"psql {note.message}",
                    "What the script does from here on is not known. Write the statements out, without the command."
                    if note.lost
                    else "Remove the command, or what is not run.",
                    severity=Severity.WARNING,
                )
            continue
        for start, end in found.commands[:1]:
            data = not script.text.startswith("\\", start)
            yield hit_in(
                script,
                Span(base + start, base + end),
                f"{step.layout} sends {shown(script.text, (start, end))} to the server, which cannot parse it",
                "Write the rows as INSERT, or let psql run the file."
                if data
                else "Remove the line, or let psql run the file.",
            )


@rule(
    "SYN009",
    "statement-is-split",
    Severity.ERROR,
    "The migration tool splits a statement at a semicolon inside of it",
    fixable=True,
)
def statement_is_split(step: Step) -> Iterator[Hit]:
    """Report statements with a semicolon at the end of a line, where the tool needs lines around them to see it."""
    marks = UNCUT.get(step.layout)
    for script, statements in () if marks is None else scripts_of(step):
        text = script.file.text
        for statement in statements:
            ends = (found.start() for found in _SPLITS.finditer(text, statement.span.start, statement.span.end))
            if marks is None or statement.problem is not None:
                continue
            # The lines may be inside of the statement, before its first semicolon.
            if any(not is_uncut(text, Span(at, at), marks) for at in ends):
                yield hit_in(
                    script,
                    statement.span,
                    f"{step.layout} splits this statement at its first line that ends with a semicolon",
                    f"Put `{marks[0]}` on a line before it, and `{marks[1]}` behind it.",
                    fix=_uncut_fix(script, statement, marks),
                )


def _uncut_fix(script: Script, statement: Statement, marks: tuple[str, str]) -> Fix | None:
    """Return the lines around a statement that keep it in one piece; None where it shares its lines."""
    text, line = script.file.text, line_break(script)
    end = end_of(text, script.span, statement)
    start = statement.span.start
    if end is None or script.substituted is not None or text[text.rfind("\n", 0, start) + 1 : start].strip():
        return None
    newline = text.find("\n", end)
    if text[end : newline if newline >= 0 else len(text)].strip():
        return None
    indent = indentation(text, start)
    edits = (Edit(start, start, f"{marks[0]}{line}{indent}"), Edit(end, end, f"{line}{marks[1]}"))
    return Fix("keep the statement in one piece", edits, "the migration takes effect then: the tool refuses the pieces")


@rule("SYN002", "unreadable-file", Severity.ERROR, "The file cannot be read", scope="project", always=True)
def unreadable_file(found: Discovered) -> Iterator[Hit]:
    """Report files and folders that cannot be opened or followed."""
    for problem, file in problems(found, "unreadable", "symlink-loop"):
        yield Hit(file, Span(0, 0), problem.message, "Nothing in it was checked.")


@rule("SYN003", "not-utf-8", Severity.ERROR, "The file is not valid UTF-8", scope="project")
def not_utf_8(found: Discovered) -> Iterator[Hit]:
    """Report bytes that are not UTF-8, with their position."""
    for problem, file in problems(found, "encoding"):
        at = problem.character or 0
        yield Hit(
            file,
            Span(at, min(at + 1, len(file.text))),
            problem.message,
            "Save the file as UTF-8: a server that assumes another encoding stores other characters than you see here.",
        )


@rule(
    "SYN004",
    "file-too-large",
    Severity.ERROR,
    "The file is too large to be read as a migration",
    scope="project",
    always=True,
)
def file_too_large(found: Discovered) -> Iterator[Hit]:
    """Report files that were left out because of their size."""
    for problem, file in problems(found, "too-large"):
        yield Hit(
            file,
            first_line(file),
            f"{problem.message}; nothing in it was checked",
            "Load data with the engine's own import and keep the schema change here.",
        )


@rule(
    "SYN005",
    "statement-not-read",
    Severity.WARNING,
    "miglint cannot read the statement",
    once_per_script=True,
)
def statement_not_read(step: Step) -> Iterator[Hit]:
    """Report statements that miglint cannot read though an engine may accept them."""
    for direction, script in (
        (Direction.FORWARD, step.migration.forward),
        (Direction.ROLLBACK, step.migration.rollback),
    ):
        # A file that was not read has a finding of its own.
        for statement in statements_of(step, direction) if script is not None and script.file.error is None else ():
            if script is not None and statement.problem is not None and not statement.problem.certain:
                yield hit_in(
                    script,
                    statement.problem.span,
                    f"this statement cannot be analyzed: {statement.problem.message}",
                    "What it does is not known. "
                    + (
                        "Run miglint on the scripts that the template produces."
                        if statement.problem.template
                        else "A dry run (`--dry-run`) executes it."
                    ),
                )
            elif script is not None and (reason := _too_long(statement)) is not None:
                # A long text may hide anything; data, which have a reason to be long, are what INSERT and COPY have.
                milder = statement.kind.split(" ")[0] in _DATA
                yield hit_in(
                    script,
                    statement.span,
                    f"this statement cannot be analyzed: {reason}",
                    "What it does is not known. Split it into shorter ones.",
                    severity=Severity.WARNING if milder else Severity.ERROR,
                )


def _too_long(statement: Statement) -> str | None:
    """Return why a statement was not read, if it is too long."""
    for operation in statement.operations:
        if isinstance(operation, ops.Opaque) and operation.unread:
            return operation.reason
    return None


@rule(
    "SYN006",
    "opaque-block",
    Severity.INFO,
    "A DO block with dynamic SQL cannot be analyzed",
    on=(ops.Opaque,),
    dialects=("postgres",),
    default=False,
    aliases=("pgsafe:unchecked-do-block",),
)
def opaque_block(step: Step) -> Iterator[Hit]:
    """Report DO blocks with dynamic SQL, or in a language that is not analyzed."""
    for script, statements in scripts_of(step):
        for statement in statements:
            if statement.kind == "do" and statement.refused is None:
                for operation in flat(statement.operations):
                    if isinstance(operation, ops.Opaque):
                        yield hit_in(
                            script,
                            operation.span,
                            f"the block cannot be analyzed: {operation.reason}",
                            "Write the statements out, or execute them in a dry run (`--dry-run`).",
                        )


@rule(
    "SYN007",
    "execute-of-constant",
    Severity.INFO,
    "EXECUTE of a constant string: the statement itself would do the same",
    dialects=("postgres",),
    default=False,
    aliases=("pgsafe:unchecked-do-block",),
)
def execute_of_constant(step: Step) -> Iterator[Hit]:
    """Report EXECUTE of a constant string in a DO block."""
    for script, statements in scripts_of(step):
        reported: set[Span] = set()
        for statement in statements:
            for operation in flat(statement.operations) if statement.kind == "do" else ():
                # A statement that was read out of a string has the position of the string.
                span, base = operation.span, script.span.start
                if span in reported or isinstance(operation, (ops.Opaque, ops.Raise)):
                    continue
                if _is_string(script.text[span.start - base : span.end - base].strip()):
                    reported.add(span)
                    yield hit_in(
                        script,
                        span,
                        "EXECUTE of a constant string: searches of the migrations and most tools overlook it",
                        "Write the statement itself into the block: PL/pgSQL executes it the same way.",
                    )


# A dollar tag stands before and behind the text that it quotes.
_ENDS = 2


def _is_string(text: str) -> bool:
    """Return whether a text is one string constant, not a concatenation."""
    if text.startswith("$"):
        tag = text[: text.find("$", 1) + 1]
        return len(text) > len(tag) and text.endswith(tag) and text.count(tag) == _ENDS
    return len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1].replace("''", "")
