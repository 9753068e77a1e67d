"""Where the rollback of a migration is written: the inverse of what the layouts read."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, History, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery import sections
from miglint.discovery.dialects import named
from miglint.discovery.layouts import layout_named
from miglint.discovery.rollback_forms import CommentLines, MarkedSection, RollbackForm, SeparateFile
from miglint.discovery.rollback_names import default_folder, folder_like, name_like

_ENGINE_WORD = {Dialect.POSTGRES: "postgres", Dialect.SQLITE: "sqlite"}
_SECTION = {Dialect.POSTGRES: "-- PostgreSQL Version", Dialect.SQLITE: "-- SQLite Version"}
_BLOCK_OPENING = pattern(r"/\*[ \t]*liquibase[ \t]+rollback\b[^\S\n]*\n?\Z")
_NOT_REVERSED = "the layout {} has no place for rollbacks; print it with --stdout"


class Placement(Struct, frozen=True):
    """The place of a rollback: it replaces the range `span` of `file`, or is the new file `path` if that is None.

    An empty span is an insertion. `marked` means that the section or the lines of a rollback are there already, so that
    its marker is not written again. `section` is the line above the part for one engine, in a file for several.
    """

    path: str
    form: RollbackForm
    file: SourceFile | None = None
    span: Span = Span(0, 0)
    marked: bool = False
    section: str | None = None


class NoPlace(Struct, frozen=True):
    """A rollback that cannot be written, with the reason."""

    reason: str


def place_rollback(
    history: History, migration: Migration, others: Sequence[History] = (), *, over: bool = False
) -> Placement | NoPlace:
    """Return the place of the rollback of a migration of `history`.

    With `over`, an existing rollback is replaced; without it, what is written is appended to it. `others` are the other
    histories that may use the same files.
    """
    forward, rollback = migration.forward, migration.rollback
    if forward is None:
        return NoPlace("there is no forward script")
    if migration.repeatable:
        return NoPlace("repeatable migrations have no rollback")
    form = _form(history, forward)
    if form is None:
        return NoPlace(_NOT_REVERSED.format(history.layout))
    if rollback is not None:
        return _existing(form, migration, rollback, others, over=over)
    if isinstance(form, SeparateFile):
        return _separate(form, history, migration, forward, others)
    if _sections_of(forward):
        return NoPlace("one script here is written for several engines")
    end = _end_of_text(forward.file.text, forward.span)
    if isinstance(form, MarkedSection):
        # Below everything: the section of the forward may be followed by others.
        end = len(forward.file.text.rstrip())
    return Placement(forward.path, form, forward.file, Span(end, end))


def _form(history: History, forward: Script) -> RollbackForm | None:
    name = posixpath.basename(forward.path)
    # Other tools' migrations in folders of their own are read as Prisma's are.
    layout = layout_named("prisma" if name == "migration.sql" else history.layout)
    return layout.written if layout is not None else None


def _existing(
    form: RollbackForm, migration: Migration, rollback: Script, others: Sequence[History], *, over: bool
) -> Placement | NoPlace:
    text, span = rollback.file.text, rollback.span
    if isinstance(form, CommentLines):
        forward = migration.forward
        if forward is None or not (forward.span.start <= span.start and span.end <= forward.span.end):
            return NoPlace("its rollback is that of another changeset")
        span = _whole_lines(text, span)
    elif _is_shared(rollback, migration, others):
        return NoPlace(f"{rollback.path} is the rollback for several engines")
    section = _SECTION[migration.dialect] if _sections_of(rollback) else None
    if over:
        start = span.start
        if section is not None:
            # The line that says which engine the part is for stays.
            marker = next((part for part in _sections_of(rollback) if part.span.end == span.end), None)
            start = text.find("\n", text.index("ersion", span.start)) + 1 if marker is not None else start
        end = _end_of_text(text, Span(start, span.end))
        return Placement(rollback.path, form, rollback.file, Span(start, max(start, end)), marked=True)
    end = max(span.start, _end_of_text(text, span))
    return Placement(rollback.path, form, rollback.file, Span(end, end), marked=True)


def _separate(
    form: SeparateFile, history: History, migration: Migration, forward: Script, others: Sequence[History]
) -> Placement | NoPlace:
    pairs = tuple(
        (one.forward.path, one.rollback.path)
        for one in history.migrations
        if one.forward is not None and one.rollback is not None and one.forward.path != one.rollback.path
    )
    own = _sections_of(forward)
    shared = not own and _is_shared(forward, migration, others)
    engine = _engine_word(history) if shared else None
    name = posixpath.basename(forward.path)
    if form.name is not None:
        default = "."
        named = form.name(name, engine)
    else:
        default = default_folder(forward.path)
        named = name_like(name, pairs)
        if engine is not None:
            named = f"{named[: -len('.sql')]}.{engine}.sql"
    if named is None and engine is not None:
        return NoPlace("this script is for several engines, whose rollbacks have no different names")
    if named is None:
        return NoPlace(f"{name} has no rollback in the layout {history.layout}")
    path = posixpath.join(folder_like(forward.path, pairs, default), named)
    if path == forward.path:
        return NoPlace("its rollback would have the name of the forward")
    return Placement(path, form, section=_SECTION[migration.dialect] if own else None)


def _engine_word(history: History) -> str:
    """Return the word for the engine in file names, as the other files of the history have it."""
    words = Counter(
        word
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None
        for word in posixpath.basename(script.path).split(".")[1:-1]
        if history.dialect in named(word).dialects
    )
    return words.most_common(1)[0][0] if words else _ENGINE_WORD[history.dialect]


def _sections_of(script: Script) -> list[sections.Section]:
    """Return the parts of a script's file that are for one engine each, if it has such."""
    text = script.file.text
    if not sections.may_have_sections(text):
        return []
    return sections.split(script.file, Span(0, len(text)))[0]


def _is_shared(script: Script, migration: Migration, others: Sequence[History]) -> bool:
    """Return whether a migration for another engine has the same script."""
    return any(
        each is not None and each.path == script.path and each.span == script.span
        for history in others
        if history.dialect is not migration.dialect
        for item in history.migrations
        for each in (item.forward, item.rollback)
    )


def _end_of_text(text: str, span: Span) -> int:
    """Return the end of a range without the white space at its end."""
    return span.start + len(text[span.start : span.end].rstrip())


def _whole_lines(text: str, span: Span) -> Span:
    """Return the range of a rollback in comments with what makes it one: the prefix of its lines, or the block."""
    opening = _BLOCK_OPENING.search(text, 0, span.start)
    if opening is not None:
        closing = text.find("*/", span.end)
        return Span(opening.start(), closing + 2 if closing >= 0 else span.end)
    end = text.find("\n", span.end - 1)
    return Span(text.rfind("\n", 0, span.start) + 1, end if end >= 0 else len(text))
