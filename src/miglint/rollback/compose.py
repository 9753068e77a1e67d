"""The text of a new rollback, in the form of its place, and the files that result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from miglint.base.lazy_regex import pattern
from miglint.base.model import History, Migration, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery.placement import Placement
from miglint.discovery.rollback_forms import CommentLines, MarkedSection
from miglint.rollback.headers import header_of, new_header
from miglint.rollback.written import RollbackText

_OWN_TRANSACTION = pattern(
    r"^[ \t]*(?:begin(?:[ \t]+(?:work|transaction))?|start[ \t]+transaction)[ \t]*;", re.IGNORECASE | re.MULTILINE
)
_OUTSIDE = pattern(r"pragma\s+foreign_keys\b", re.IGNORECASE)


class FileEdit(Struct, frozen=True):
    """A range of a file to replace with `text`; `file` is None for a new file."""

    path: str
    file: SourceFile | None
    span: Span
    text: str


class ComposedFile(Struct, frozen=True):
    """A file as it is (`before` is None for a new one) and as it is to be."""

    path: str
    before: str | None
    after: str


def opens_transactions(history: History, migration: Migration) -> bool:
    """Return whether the scripts of a project open transactions themselves: most rollbacks do, or else the forward."""
    others = [
        script.text
        for one in history.migrations
        if one is not migration and (script := one.rollback) is not None and script.text.strip()
    ]
    if not others:
        others = [migration.forward.text] if migration.forward is not None else []
    return 2 * sum(_OWN_TRANSACTION.search(text) is not None for text in others) > len(others)


def compose(history: History, migration: Migration, placement: Placement, rollback: RollbackText) -> FileEdit:
    """Return the edit that puts a rollback into its place."""
    body = list(_body(rollback, own_transaction=opens_transactions(history, migration)))
    form = placement.form
    if isinstance(form, MarkedSection):
        lines = [*_wrapped(body, form)]
        if not placement.marked:
            lines = [form.marker, *lines]
    elif isinstance(form, CommentLines):
        lines = [f"{form.prefix}{line}".rstrip() for part in body for line in part.splitlines() if line.strip()]
    else:
        lines = [*_head(history, migration, placement), *body]
    text = "\n".join(lines)
    file = placement.file
    newline = "\r\n" if "\r\n" in _like(placement, migration).text else "\n"
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
        lines = header_of(placement.file.text)
    else:
        lines = ()
    yield from lines
    if lines:
        yield ""


def _body(rollback: RollbackText, *, own_transaction: bool) -> Iterator[str]:
    """Yield the comments and statements of a rollback; those that must be outside a transaction are outside."""
    yield from (f"-- {line}" for line in rollback.remarks)
    statements = list(rollback.statements)
    if not statements:
        return
    first = next((place for place, text in enumerate(statements) if not _OUTSIDE.match(text)), len(statements))
    last = len(statements)
    while last > first and _OUTSIDE.match(statements[last - 1]):
        last -= 1
    yield ""
    yield from statements[:first]
    own = own_transaction and not any(_OWN_TRANSACTION.match(text) for text in statements)
    if own:
        yield "BEGIN;"
        yield ""
    yield from statements[first:last]
    if own:
        yield ""
        yield "COMMIT;"
    yield from statements[last:]


def _wrapped(body: Sequence[str], form: MarkedSection) -> Iterator[str]:
    """Yield the parts of a section, with markers around the statements that the tool would split."""
    for part in body:
        if form.begin is not None and form.end is not None and ";" in part.rstrip().rstrip(";"):
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
