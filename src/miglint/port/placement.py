"""Where the variant of a migration for the other engine is written."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable

from miglint.base.edits import line_break_of
from miglint.base.model import Dialect, History, Migration, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery import sections
from miglint.discovery.dialects import named
from miglint.discovery.layouts import layout_named
from miglint.discovery.rollback_forms import CommentLines, MarkedSection
from miglint.replay.variants import Variants
from miglint.rollback.compose import FileEdit, marked_statements

_WORD = {Dialect.POSTGRES: "postgres", Dialect.SQLITE: "sqlite"}
_SECTION = {Dialect.POSTGRES: "-- PostgreSQL Version", Dialect.SQLITE: "-- SQLite Version"}
# A name's ends, before which the word for an engine stands: `001_x.sqlite.up.sql`.
_ENDS = (".up.sql", ".do.sql", ".sql")


class NoVariantPlace(Struct, frozen=True):
    """A script that cannot be written, with the reason."""

    reason: str


def place_variant(
    history: History, migration: Migration, target: Dialect, pairs: Variants | None, parts: Iterable[str]
) -> FileEdit | NoVariantPlace:
    """Return the new file, or section of the same file, with a variant; `parts` are its statements and comments.

    `pairs` are the two histories of the project, if there are two: the names of their scripts say where the next one
    goes.
    """
    forward = migration.forward
    if forward is None:
        return NoVariantPlace("there is no forward script")
    if not posixpath.lexists(forward.path):
        # Names that are not UTF-8 are displayed with other characters.
        return NoVariantPlace(f"{forward.path} is not the name of its file; print it with --stdout")
    layout = layout_named(history.layout)
    form = None if layout is None else layout.written
    if form is None or isinstance(form, CommentLines):
        return NoVariantPlace(f"the layout {history.layout} has no place for it; print it with --stdout")
    body = [*parts]
    if isinstance(form, MarkedSection):
        body = [forward.file.text[: forward.span.start].strip("\n"), *marked_statements(body, form)]
    text = "\n".join(body).strip("\n") + "\n"
    newline = line_break_of(forward.file.text)
    if _has_sections(forward.file):
        end = len(forward.file.text.rstrip())
        new = f"\n\n{_SECTION[target]}\n\n{text}".replace("\n", newline)
        return FileEdit(forward.path, forward.file, Span(end, len(forward.file.text)), new)
    path = variant_path(history, forward.path, target, pairs)
    if path == forward.path:
        return NoVariantPlace("its name would be that of the script that it is made from")
    return FileEdit(path, None, Span(0, 0), text.replace("\n", newline))


def _has_sections(file: SourceFile) -> bool:
    if not sections.may_have_sections(file.text):
        return False
    return bool(sections.split(file, Span(0, len(file.text)))[0])


def variant_path(history: History, path: str, target: Dialect, pairs: Variants | None) -> str:
    """Return the path of the variant of a script."""
    if pairs is not None:
        for before, after in _substitutions(pairs, target):
            found = _substituted(path, before, after)
            if found is not None and found != path:
                return found
    folder, name = posixpath.split(path)
    words = name.split(".")
    for place, word in enumerate(words[1:-1], 1):
        if history.dialect in named(word).dialects:
            words[place] = _WORD[target]
            return posixpath.join(folder, ".".join(words))
    root = history.root
    segments = root.split("/")
    for place in range(len(segments) - 1, -1, -1):
        if history.dialect in named(segments[place]).dialects:
            return _moved(path, root, "/".join((*segments[:place], _WORD[target], *segments[place + 1 :])))
    if posixpath.dirname(path) == root and _takes_words(history):
        end = next((end for end in _ENDS if name.endswith(end)), ".sql")
        return posixpath.join(folder, f"{name.removesuffix(end)}.{_WORD[target]}{end}")
    return _moved(path, root, f"{root}_{_WORD[target]}")


def _takes_words(history: History) -> bool:
    """Return whether a tool reads two files of one version in a folder, with the word of an engine in their names."""
    layout = layout_named(history.layout)
    return history.layout != "flyway" and not (layout is not None and isinstance(layout.written, MarkedSection))


def _moved(path: str, root: str, other: str) -> str:
    rest = path.removeprefix(root).lstrip("/") if path.startswith(root) else path
    return posixpath.join(other, rest)


def _substitutions(pairs: Variants, target: Dialect) -> Iterable[tuple[str, str]]:
    """Yield what stands in the names of one engine's scripts, and what in those of the other, most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in pairs.of(target).migrations:
        other = pairs.partners.get(one)
        if other is not None and one.forward is not None and other.forward is not None:
            found = _difference(other.forward.path, one.forward.path)
            if found is not None:
                counts[found] += 1
    return [words for words, _ in counts.most_common()]


def _difference(path: str, other: str) -> tuple[str, str] | None:
    """Return the segment or word in which two paths differ; None if they differ in more than the engine."""
    ones, others = _words(path), _words(other)
    start = 0
    while start < min(len(ones), len(others)) and ones[start] == others[start]:
        start += 1
    end = 0
    while end < min(len(ones), len(others)) - start and ones[-1 - end] == others[-1 - end]:
        end += 1
    left, right = "".join(ones[start : len(ones) - end]), "".join(others[start : len(others) - end])
    return None if not right or len(left) + len(right) > 60 else (left, right)


def _words(path: str) -> list[str]:
    """Return a path in segments, and its last one in words that begin with a dot."""
    folder, name = posixpath.split(path)
    first, *rest = name.split(".")
    return [*(f"{segment}/" for segment in folder.split("/") if folder), first, *(f".{word}" for word in rest)]


def _substituted(path: str, before: str, after: str) -> str | None:
    words = _words(path)
    if before:
        for place in range(len(words)):
            for end in range(place + 1, len(words) + 1):
                if "".join(words[place:end]) == before:
                    return "".join((*words[:place], after, *words[end:]))
        return None
    suffix = next((one for one in _ENDS if path.endswith(one)), None)
    return None if suffix is None or not after.startswith(".") else f"{path.removesuffix(suffix)}{after}{suffix}"
