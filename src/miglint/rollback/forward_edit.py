"""What is added to a forward so that its rollback loses nothing: where in the file, and in which form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.edits import line_break_of
from miglint.base.inert import sql_comment
from miglint.base.model import Script, Span
from miglint.discovery.rollback_forms import MarkedSection, RollbackForm
from miglint.replay.steps import Step
from miglint.rollback.compose import FileEdit, marked_statements
from miglint.rollback.written import ForwardAddition
from miglint.sql import operations as ops
from miglint.sql.operations import Statement

_AROUND = (ops.Transaction, ops.SetVariable, ops.Pragma)


def forward_edits(step: Step, addition: ForwardAddition, form: RollbackForm) -> list[FileEdit]:
    """Return the edits of a forward: statements before its first one that changes anything, and after its last one."""
    script = step.migration.forward
    acting = [statement for statement in step.forward_statements if not _is_around(statement)]
    if script is None or not acting:
        return []
    text = script.file.text
    start = _line_start(script, acting[0].span.start, form)
    end = _line_end(script, acting[-1].span.end, form)
    newline = line_break_of(text)
    edits = []
    for place, statements, remarks in (
        (start, addition.first, addition.remarks if addition.first else ()),
        (end, addition.last, () if addition.first else addition.remarks),
    ):
        if statements:
            lines = "\n".join((*map(sql_comment, remarks), *_formed(statements, form)))
            added = f"{lines}\n\n" if place == start else f"\n\n{lines}"
            edits.append(FileEdit(script.path, script.file, Span(place, place), added.replace("\n", newline)))
    return edits


def _is_around(statement: Statement) -> bool:
    return all(isinstance(operation, _AROUND) for operation in statement.operations)


def _formed(statements: Sequence[str], form: RollbackForm) -> Iterator[str]:
    return marked_statements(statements, form) if isinstance(form, MarkedSection) else iter(statements)


def _line_start(script: Script, at: int, form: RollbackForm) -> int:
    """Return the start of the line of a statement, or of the marker above it."""
    text = script.file.text
    start = text.rfind("\n", script.span.start, at) + 1 or script.span.start
    if text[start:at].strip():
        return at
    if isinstance(form, MarkedSection) and form.begin is not None:
        above = text.rfind("\n", script.span.start, max(script.span.start, start - 1)) + 1 or script.span.start
        if text[above:start].strip() == form.begin:
            return above
    return start


def _line_end(script: Script, at: int, form: RollbackForm) -> int:
    """Return the end of a statement with its semicolon, or of the marker below it."""
    text, last = script.file.text, script.span.end
    rest = text[at:last]
    blank = len(rest) - len(rest.lstrip())
    end = at + blank + 1 if rest[blank : blank + 1] == ";" else at
    if isinstance(form, MarkedSection) and form.end is not None:
        below = text[end:last].lstrip()
        if below.startswith(form.end):
            return last - len(below) + len(form.end)
    return end
