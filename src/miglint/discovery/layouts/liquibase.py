"""Liquibase's formatted SQL: several changesets in one file, rollbacks in comments."""

from __future__ import annotations

import re

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Direction, Problem, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery.dialects import UNMARKED, Mark, named
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions
from miglint.discovery.layouts.markers import blank_except
from miglint.discovery.placeholders import substitute
from miglint.discovery.rollback_forms import CommentLines
from miglint.discovery.sections import only_comments

_HEAD = pattern(r"\s*--[ \t]*liquibase[ \t]+formatted[ \t]+sql\b", re.IGNORECASE)
_CHANGESET = pattern(
    r"^[ \t]*--[ \t]*changeset[ \t]+(?P<author>\"[^\"\n]*\"|[^\s:\"]+):(?P<id>\"[^\"\n]*\"|\S+)(?P<options>[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_LINE = pattern(r"^[ \t]*--[ \t]*rollback\b(?P<sql>[^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_BLOCK = pattern(r"/\*[ \t]*liquibase[ \t]+rollback\b", re.IGNORECASE)
_OPTION = pattern(r"(?<!\w)(\w++):(\"[^\"]*\"|\S+)")
_NOT_NEEDED = pattern(r"(?:empty|not[ \t]+required)[ \t;]*\Z", re.IGNORECASE)
_REFERENCE = pattern(r"changesetid:(\S+)(?:[ \t]+changesetauthor:(\S+))?", re.IGNORECASE)
_NUMBERS = pattern(r"([0-9]+)")


class _Changeset(Struct, frozen=True):
    """One changeset: its range, and the range of its rollback SQL within it."""

    author: str
    id: str
    span: Span
    options: dict[str, str]
    rollback: list[Span]
    note: str | None
    reference: tuple[str, str | None] | None


def _recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    return [found for found in files if _HEAD.match(found.file.text)]


def _collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    pieces: list[FilePart] = []
    problems: list[Problem] = []
    for found in files:
        sets, wrong = _changesets(found.file)
        problems += wrong
        spans = {(each.author, each.id): each for each in sets}
        problems += _repeated(found.file, sets)
        for number, each in enumerate(sets):
            pieces += _pieces(found, each, number, spans, settings)
    return Collected(pieces, problems)


def _changesets(file: SourceFile) -> tuple[list[_Changeset], list[Problem]]:
    text = file.text
    heads = list(_CHANGESET.finditer(text))
    first = heads[0].start() if heads else len(text)
    problems = []
    if not only_comments(text, 0, first):
        message = "statements before the first `--changeset author:id` belong to no changeset"
        problems.append(Problem("bad-section", file.path, message))
    if not heads:
        problems.append(Problem("bad-section", file.path, "no `--changeset author:id` found"))
    result = []
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        span = Span(min(head.end() + 1, end), end)
        options = {key.lower(): value.strip('"') for key, value in _OPTION.findall(head["options"])}
        rollback, note, reference = [], None, None
        for part in _rollback_parts(text, span):
            sql = text[slice(*part)].strip()
            if _NOT_NEEDED.match(sql):
                note = f"Liquibase: rollback {sql}"
            elif referred := _REFERENCE.match(sql):
                reference = (referred[1], referred[2])
            elif sql:
                rollback.append(part)
        author, name = head["author"].strip('"'), head["id"].strip('"')
        result.append(_Changeset(author, name, span, options, rollback, note, reference))
    return result, problems


def _repeated(file: SourceFile, sets: list[_Changeset]) -> list[Problem]:
    """Yield changesets with an earlier one's author and id: Liquibase rejects the file."""
    seen: set[tuple[str, str]] = set()
    problems: list[Problem] = []
    for each in sets:
        name = (each.author, each.id)
        if name in seen and not problems:
            message = f"changeset {each.author}:{each.id} is used twice"
            version = f"{each.author}:{each.id}"
            problem = Problem("duplicate-version", file.path, message, each.span.start, Direction.FORWARD, version)
            problems.append(problem)
        seen.add(name)
    return problems


def _rollback_parts(text: str, span: Span) -> list[Span]:
    """Return the ranges of a changeset's rollback SQL, in line and block comments."""
    parts = [Span(*match.span("sql")) for match in _LINE.finditer(text, *span)]
    at = span.start
    while (opening := _BLOCK.search(text, at, span.end)) is not None:
        at = text.find("*/", opening.end(), span.end)
        if at < 0:
            break
        parts.append(Span(opening.end(), at))
    # Inside a block comment, a rollback line is part of the block.
    parts.sort()
    return [part for number, part in enumerate(parts) if not number or part.start >= parts[number - 1].end]


def _pieces(
    found: FoundFile, each: _Changeset, number: int, sets: dict[tuple[str, str], _Changeset], settings: LayoutOptions
) -> list[FilePart]:
    file = found.file
    version = f"{each.author}:{each.id}"
    delimiter = each.options.get("enddelimiter")
    forward = FilePart(
        file,
        each.span,
        Direction.FORWARD,
        version,
        _stem(found.name),
        # Changesets run in the order of files and of their positions, whatever their ids.
        (_natural(found.name), number),
        found.folder,
        mark=_dbms(each.options.get("dbms", "")),
        transaction=each.options.get("runintransaction", "true").lower() != "false",
        unit=f"{found.name}\0{number}",
        repeatable=any(each.options.get(name, "").lower() == "true" for name in ("runonchange", "runalways")),
        irreversible=None if each.rollback else each.note,
        scope=each.span,
        substituted=_ready(file.text[slice(*each.span)], delimiter, settings),
    )
    span, text = _rollback(file.text, each, sets)
    if span is None:
        return [forward]
    substituted = _ready(text or file.text[slice(*span)], delimiter, settings) or text
    return [forward, forward._replace(span=span, direction=Direction.ROLLBACK, substituted=substituted)]


def _rollback(text: str, each: _Changeset, sets: dict[tuple[str, str], _Changeset]) -> tuple[Span | None, str | None]:
    if each.rollback:
        span = Span(each.rollback[0].start, each.rollback[-1].end)
        return span, blank_except(text, span, each.rollback)
    if each.reference is not None:
        name, author = each.reference
        referred = sets.get((author or each.author, name))
        return (referred.span if referred else None), None
    return None, None


def _ready(text: str, delimiter: str | None, settings: LayoutOptions) -> str | None:
    """Return the text with placeholders and the changeset's own delimiter replaced, or None if it has neither."""
    result = substitute(text, settings.placeholders)
    if delimiter and delimiter != ";":
        # A word must be separate, and `/` must not be the end of a comment.
        before = r"\w" if delimiter[0].isalnum() else "*" + re.escape(delimiter[0])
        ends = re.compile(rf"(?<![{before}]){re.escape(delimiter)}(?=[ \t]*\r?$)", re.MULTILINE)
        if ends.search(result or text):
            result = ends.sub(lambda match: ";".ljust(len(match[0])), result or text)
    return result


def _dbms(value: str) -> Mark:
    """Return the dialects of `dbms:postgresql,!mysql`; a list that contains a supported engine means that one."""
    dialects: list[Dialect] = []
    foreign = None
    for word in filter(None, (part.strip().lower() for part in value.split(","))):
        if word.startswith("!"):
            continue
        mark = named(word)
        dialects += mark.dialects
        foreign = foreign or mark.foreign
    if dialects:
        return Mark(tuple(dict.fromkeys(dialects)))
    return Mark((), foreign) if foreign else UNMARKED


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1][:-4]


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    parts = _NUMBERS.split(name)
    return tuple((whole_number(part), "") if number % 2 else (-1, part) for number, part in enumerate(parts))


LIQUIBASE = Layout("liquibase", _recognize, _collect, releases=False, written=CommentLines("--rollback "))
