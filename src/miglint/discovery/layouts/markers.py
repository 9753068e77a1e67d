"""Layouts with both directions in one file, separated by marker comments: dbmate, goose, sql-migrate."""

from __future__ import annotations

import re
from math import inf

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction, Problem, SourceFile, Span
from miglint.base.structs import Struct
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions
from miglint.discovery.rollback_forms import MarkedSection
from miglint.discovery.sections import only_comments
from miglint.discovery.versions import VERSION, SortKey, numeric, textual, written_otherwise

_NAME = pattern(rf"({VERSION})[_\-. ]*(.*)\.sql", re.IGNORECASE | re.DOTALL)
_DIGITS = pattern(r"[0-9]+")
# Tools read files with a direction in their name as a whole, even with leftover markers of another tool.
_DIRECTED = pattern(r"\.(?:up|down)\.sql$", re.IGNORECASE)


class _Tool(Struct, frozen=True):
    """Markers of a tool. Every file contains `needle`; `marker` has the groups `word` and `options`.

    `by_name` means that the tool identifies migrations by the whole file name: numbers may be missing or repeated.
    """

    name: str
    needle: str
    marker: re.Pattern[str]
    forward: str
    no_transaction: re.Pattern[str]
    whole_file: bool
    repeats: bool
    textual: bool
    written: MarkedSection
    by_name: bool = False


_FLAGS = re.IGNORECASE | re.MULTILINE
_TOOLS = (
    _Tool(
        "dbmate",
        "migrate:",
        pattern(r"^[ \t]*--[ \t]*migrate:(?P<word>up|down)\b(?P<options>[^\n]*)", _FLAGS),
        "migrate:up",
        pattern(r"\btransaction:false\b"),
        whole_file=False,
        repeats=False,
        textual=True,
        written=MarkedSection("-- migrate:down"),
    ),
    _Tool(
        "goose",
        "+goose",
        pattern(r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<word>up|down)\b(?P<options>[^\n]*)", _FLAGS),
        "+goose Up",
        pattern(r"^[ \t]*--[ \t]*\+goose[ \t]+NO[ \t]+TRANSACTION\b", _FLAGS),
        whole_file=True,
        repeats=False,
        textual=False,
        written=MarkedSection("-- +goose Down", "-- +goose StatementBegin", "-- +goose StatementEnd"),
    ),
    _Tool(
        "sql-migrate",
        "+migrate",
        pattern(r"^[ \t]*--[ \t]*\+migrate[ \t]+(?P<word>up|down)\b(?P<options>[^\n]*)", _FLAGS),
        "+migrate Up",
        pattern(r"\bnotransaction\b", re.IGNORECASE),
        whole_file=False,
        repeats=True,
        textual=False,
        written=MarkedSection("-- +migrate Down", "-- +migrate StatementBegin", "-- +migrate StatementEnd"),
        by_name=True,
    ),
)


class _MarkedPart(Struct, frozen=True):
    direction: Direction
    span: Span
    transaction: bool
    substituted: str | None = None


def blank_except(text: str, span: Span, keep: list[Span]) -> str:
    """Return the text of `span` with everything outside `keep` replaced by spaces; line ends stay."""
    result: list[str] = []
    at = span.start
    for part in keep:
        result += (_blank(text[at : part.start]), text[part.start : part.end])
        at = part.end
    result.append(_blank(text[at : span.end]))
    return "".join(result)


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _cut(tool: _Tool, file: SourceFile) -> tuple[list[_MarkedPart], list[Problem]]:
    text = file.text
    markers = list(tool.marker.finditer(text))
    problems: list[Problem] = []
    if not only_comments(text, 0, markers[0].start()):
        message = f"statements before the first `-- {tool.forward}` are not part of the migration"
        problems.append(Problem("bad-section", file.path, message))
    untransacted = tool.whole_file and tool.no_transaction.search(text) is not None
    spans: dict[Direction, list[Span]] = {}
    transacted: dict[Direction, bool] = {}
    repeated: set[Direction] = set()
    for number, marker in enumerate(markers):
        direction = Direction.FORWARD if marker["word"].lower() == "up" else Direction.ROLLBACK
        start = min(marker.end() + 1, len(text))
        end = markers[number + 1].start() if number + 1 < len(markers) else len(text)
        if direction in spans and not tool.repeats:
            if direction not in repeated:
                message = f"{tool.name} allows one section per direction; this second one is ignored"
                problems.append(Problem("bad-section", file.path, message, marker.start(), direction))
            repeated.add(direction)
            continue
        spans.setdefault(direction, []).append(Span(start, max(start, end)))
        off = untransacted or (not tool.whole_file and tool.no_transaction.search(marker["options"]) is not None)
        transacted[direction] = transacted.get(direction, True) and not off
    if Direction.FORWARD not in spans:
        problems.append(Problem("bad-section", file.path, f"no `-- {tool.forward}` found", markers[0].start()))
    parts = []
    for direction, found in spans.items():
        span = Span(found[0].start, found[-1].end)
        substituted = blank_except(text, span, found) if len(found) > 1 else None
        parts.append(_MarkedPart(direction, span, transacted[direction], substituted))
    return parts, problems


def _layout(tool: _Tool) -> Layout:
    def key(version: str, name: str) -> SortKey:
        if tool.by_name:
            # Letters sort after digits; equal numbers are ordered by name.
            first = _DIGITS.match(version)
            return (whole_number(first[0]) if first else inf, name)
        return textual(version) if tool.textual else numeric(version)

    def split(found: FoundFile) -> tuple[str, str] | None:
        base = found.name.rsplit("/", 1)[-1]
        match = _NAME.match(base)
        if match is not None:
            return match[1], match[2]
        stem = base[: -len(".sql")]
        return (stem, "") if tool.by_name and stem and not stem[0].isdecimal() else None

    def recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
        return [
            found
            for found in files
            if tool.needle in found.file.text
            and tool.marker.search(found.file.text)
            and split(found)
            and not _DIRECTED.search(found.name)
        ]

    def collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
        pieces: list[FilePart] = []
        problems: list[Problem] = []
        for found in files:
            named = split(found)
            if named is None:
                continue
            parts, wrong = _cut(tool, found.file)
            problems += wrong
            version, name = named
            for part in parts:
                pieces.append(
                    FilePart(
                        found.file,
                        part.span,
                        part.direction,
                        version,
                        name,
                        key(version, found.name),
                        found.folder,
                        transaction=part.transaction,
                        unit=found.name,
                        substituted=part.substituted,
                    )
                )
        taken = written_otherwise(home.folder.others)
        return Collected(pieces, problems, order=textual if tool.textual else numeric, taken=taken)

    return Layout(tool.name, recognize, collect, written=tool.written)


DBMATE, GOOSE, SQL_MIGRATE = map(_layout, _TOOLS)
