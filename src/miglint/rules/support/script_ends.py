"""Where statements can be added at the end of a script, and the edits that add and remove them."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.base.findings import Edit
from miglint.base.lazy_regex import pattern
from miglint.base.model import Script, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Step
from miglint.rules.support.uncut import UNCUT, end_of, indentation, is_uncut, line_break
from miglint.sql import operations as ops
from miglint.sql.operations import Statement
from miglint.sql.psql_marks import first_command

_ENDS = frozenset({"commit", "end", "rollback"})
_REST_OF_LINE = pattern(r"[ \t]*(?:--[^\r\n]*)?(?=\r?\n|$)")


class InsertionPlace(Struct, frozen=True):
    """A place behind a statement (`anchor`): `before` and `after` are what separates new lines from the others."""

    path: str
    offset: int
    anchor: Span
    line: str
    before: str = ""
    marks: tuple[str, str] | None = None

    def insertion(self, statements: Sequence[str], order: int) -> Edit:
        """Return the edit that inserts statements; `order` is their place among others that are inserted here."""
        parts = [self.before, *(self._whole(text) for text in statements)]
        text = self.line.join(part.replace("\r\n", "\n").replace("\n", self.line) for part in parts)
        return Edit(
            self.offset, self.offset, text if self.before else self.line + text[len(self.line) :], self.path, order
        )

    def _whole(self, text: str) -> str:
        """Return a statement with the lines around it that keep a tool from cutting it."""
        if self.marks is None or ";" not in text.rstrip().rstrip(";"):
            return text
        return f"{self.marks[0]}\n{text}\n{self.marks[1]}"


def place_at_end(step: Step, script: Script) -> InsertionPlace | None:
    """Return the place behind the last statement of a script, inside of the transaction that it opens, or None.

    There is none in a script without statements, in one whose text is not that of the file, and in one with commands
    of psql: one may belong to the last statement.
    """
    if script.substituted is not None or first_command(script.text) is not None:
        return None
    statements = step.forward_statements if script is step.migration.forward else step.rollback_statements
    if any(statement.problem is not None for statement in statements):
        return None
    last = next((one for one in reversed(statements) if not _ends(one)), None)
    if last is None:
        return None
    text, marks = script.file.text, UNCUT.get(step.layout)
    end = end_of(text, script.span, last)
    if end is None:
        return None
    before = "" if text[end - 1] == ";" else ";"
    if marks is not None and is_uncut(text, last.span, marks):
        closing = text.find(marks[1], end, script.span.end)
        end = end if closing < 0 else closing + len(marks[1])
    rest = _REST_OF_LINE.match(text, end, script.span.end)
    if rest is not None and not before:
        end = rest.end()
    return InsertionPlace(script.path, end, last.span, line_break(script), before, marks)


def insertion_before(step: Step, script: Script, statement: Statement, text: str) -> Edit | None:
    """Return the insertion of a statement on a line before another one, as one that the tool runs by itself.

    None: the tool runs the other one together with others that are before it.
    """
    start, marks = statement.span.start, UNCUT.get(step.layout)
    if marks is not None and is_uncut(script.file.text, statement.span, marks):
        opening = script.file.text.rfind(marks[0], 0, start)
        if script.file.text[opening + len(marks[0]) : start].strip():
            return None
        start = opening
    return Edit(start, start, text + line_break(script) + indentation(script.file.text, start))


def _ends(statement: Statement) -> bool:
    """Return whether a statement ends what is around the others: a transaction, or a setting for the connection."""
    if statement.kind in _ENDS:
        return True
    return bool(statement.operations) and all(
        isinstance(operation, (ops.Pragma, ops.SetVariable))
        or (isinstance(operation, ops.Transaction) and operation.action in _ENDS)
        for operation in statement.operations
    )


def without_statement(script: Script, statement: Statement) -> Edit | None:
    """Return the removal of a statement with its semicolon, and with its lines where nothing else is on them."""
    text = script.file.text
    end = end_of(text, script.span, statement)
    if script.substituted is not None or end is None:
        return None
    start = statement.span.start
    line = text.rfind("\n", 0, start) + 1
    if not text[line:start].strip() and line >= script.span.start:
        newline = text.find("\n", end)
        rest = text[end : newline if newline >= 0 else len(text)]
        if not rest.strip():
            start, end = line, newline + 1 if newline >= 0 else len(text)
    return Edit(start, end, "", script.path)
