"""The text of a new rollback, in the form of its place, and the files that result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from miglint.base.edits import line_break_of
from miglint.base.inert import sql_comment
from miglint.base.lazy_regex import pattern
from miglint.base.model import History, Migration, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery.placement import Placement
from miglint.discovery.rollback_forms import CommentLines, MarkedSection
from miglint.rollback.headers import kept_comments, new_header
from miglint.rollback.written import RollbackText

_OWN_TRANSACTION = pattern(
    r"^[ \t]*(?:begin(?:[ \t]+(?:work|transaction))?|start[ \t]+transaction)[ \t]*;", re.IGNORECASE | re.MULTILINE
)
_TIMEOUT = pattern(r"^SET LOCAL (?:lock|statement)_timeout\b[^;\n]*;", re.IGNORECASE | re.MULTILINE)
_OUTSIDE = pattern(r"pragma\s+foreign_keys\b", re.IGNORECASE)


class FileEdit(Struct, frozen=True):
    """A range of a file to replace with `text`; `file` is None for a new file."""

    path: str
    file: SourceFile | None
    span: Span
    text: str


class ComposedFile(Struct, frozen=True):
    """A file before (None for a new one) and after the edit."""

    path: str
    before: str | None
    after: str


class ScriptHabits(Struct, frozen=True):
    """What the scripts of a project do around their statements: transactions of their own, and time-outs in them."""

    transaction: bool = False
    timeouts: tuple[str, ...] = ()


def habits_of(history: History, migration: Migration) -> ScriptHabits:
    """Return the habits of most rollbacks of a history, or else of the forward."""
    texts = _rollbacks_of(history) or ((migration.forward.text,) if migration.forward is not None else ())
    return _habits(texts)


@lru_cache(maxsize=4)
def _rollbacks_of(history: History) -> tuple[str, ...]:
    scripts = (one.rollback for one in history.migrations)
    return tuple(script.text for script in scripts if script is not None and script.text.strip())


@lru_cache(maxsize=4)
def _habits(texts: tuple[str, ...]) -> ScriptHabits:
    most = len(texts) / 2
    timeouts = Counter(line for text in texts for line in dict.fromkeys(_TIMEOUT.findall(text)))
    return ScriptHabits(
        sum(_OWN_TRANSACTION.search(text) is not None for text in texts) > most,
        tuple(line for line, number in timeouts.items() if number > most),
    )


def compose(history: History, migration: Migration, placement: Placement, rollback: RollbackText) -> FileEdit:
    """Return the edit that puts a rollback into its place."""
    body = list(_body(rollback, habits_of(history, migration)))
    form = placement.form
    if isinstance(form, MarkedSection):
        lines = [*marked_statements(body, form)]
        if not placement.marked:
            lines = [form.marker, *lines]
    elif isinstance(form, CommentLines):
        lines = [f"{form.prefix}{line}".rstrip() for part in body for line in part.splitlines() if line.strip()]
    else:
        lines = [*_head(history, migration, placement), *body]
    text = "\n".join(lines)
    file = placement.file
    newline = line_break_of(_like(placement, migration).text)
    text = _joined(file.text, placement, text) if file is not None else f"{text}\n"
    if newline != "\n":
        text = text.replace(newline, "\n").replace("\n", newline)
    return FileEdit(placement.path, file, placement.span, text)


def _like(placement: Placement, migration: Migration) -> SourceFile:
    """Return the file whose line ends are those of the new text."""
    if placement.file is not None:
        return placement.file
    assert migration.forward is not None  # only forwards have a place for a rollback
    return migration.forward.file


def _joined(text: str, placement: Placement, new: str) -> str:
    """Return the new text with the line ends that separate it from what surrounds it."""
    start, end = placement.span
    before = text[:start]
    if before and not before.endswith("\n"):
        new = f"\n{new}"
    if start == end and before.strip() and not isinstance(placement.form, CommentLines):
        new = f"\n{new}"
    after = text[end:]
    return new if after.startswith(("\n", "\r\n")) else f"{new}\n"


def _head(history: History, migration: Migration, placement: Placement) -> Iterator[str]:
    """Yield the lines above a rollback in a file of its own."""
    if placement.section is not None:
        yield placement.section
        return
    if placement.file is None or not placement.file.text.strip():
        lines: Iterable[str] = new_header(history, migration, placement.path)
    elif placement.span.start == 0:
        lines = kept_comments(placement.file.text)
    else:
        lines = ()
    yield from lines
    if lines:
        yield ""


def _body(rollback: RollbackText, habits: ScriptHabits) -> Iterator[str]:
    """Yield the comments and statements of a rollback; those that must be outside a transaction are outside."""
    yield from map(sql_comment, rollback.remarks)
    statements = list(rollback.statements)
    if not statements:
        return
    first = next((place for place, text in enumerate(statements) if not _OUTSIDE.match(text)), len(statements))
    last = len(statements)
    while last > first and _OUTSIDE.match(statements[last - 1]):
        last -= 1
    yield ""
    yield from statements[:first]
    own = habits.transaction and not any(_OWN_TRANSACTION.match(text) for text in statements)
    if own:
        yield "BEGIN;"
        yield ""
        if habits.timeouts:
            yield from (*habits.timeouts, "")
    yield from statements[first:last]
    if own:
        yield ""
        yield "COMMIT;"
    yield from statements[last:]


def marked_statements(body: Sequence[str], form: MarkedSection) -> Iterator[str]:
    """Yield the parts of a section, with markers around the statements that the tool would split."""
    for part in body:
        split = not part.startswith("--") and ";" in part.rstrip().rstrip(";")
        if split and form.begin is not None and form.end is not None:
            yield from (form.begin, part, form.end)
        else:
            yield part


def composed_files(edits: Sequence[FileEdit]) -> list[ComposedFile]:
    """Return the files that edits lead to, in the order of their paths. Several new texts of one path are joined."""
    found: dict[str, list[FileEdit]] = {}
    for edit in edits:
        found.setdefault(edit.path, []).append(edit)
    files = []
    for path, parts in sorted(found.items()):
        file = parts[0].file
        if file is None:
            files.append(ComposedFile(path, None, "\n".join(part.text for part in parts)))
            continue
        text = file.text
        for part in sorted(parts, key=lambda part: part.span, reverse=True):
            text = text[: part.span.start] + part.text + text[part.span.end :]
        files.append(ComposedFile(path, file.text, text))
    return files
