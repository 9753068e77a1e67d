"""Suppression comments: their scope, and errors in them.

`-- miglint: ignore IDM003, SYM001 (why)` applies to the next statement, or, after code, to its own line. `-- miglint:
ignore-file IDM003 (why)` before the first statement applies to the whole file. Comments of other linters apply to the
rules that have their aliases.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import SourceFile, Span
from miglint.base.structs import Struct, field
from miglint.config.toml_table import nearest
from miglint.linter.foreign_suppressions import MARKS, ForeignComment, foreign
from miglint.rules.registry import Registry

# Strings and quoted names are matched in order to skip them. Dollar quotes are not: the body of a DO block is code, and
# comments in it are comments. Unterminated tokens extend to the end, so that every character is scanned once.
_COMMENT = pattern(
    r"(--[^\n]*|/\*.*?(?:\*/|\Z))|[eE]'[^'\\]*+" + many(r"\\.[^'\\]*+") + r"(?:'|\Z)|'[^']*(?:'|\Z)|\"[^\"]*(?:\"|\Z)",
    re.DOTALL,
)
_MARKS = ("miglint:", *MARKS)
_TOGETHER = 256
_OURS = pattern(r"[-/*\s]*miglint:\s*([\w-]*)")
_LIST = pattern(r"\s*([\w-][\w:.-]*(?:\s*,\s*[\w-][\w:.-]*)*)")
_OTHERS = ("irreversible", "dialect", "section")
# Words of other linters.
_MEANT = {
    **dict.fromkeys(
        ("disable", "disable-next-line", "disable-line", "off", "skip", "suppress", "allow", "noqa"), "ignore"
    ),
    **dict.fromkeys(("disable-file", "skip-file", "suppress-file"), "ignore-file"),
}
_WORDS = ("ignore", "ignore-file", *_OTHERS)


class Directive(Struct, frozen=True):
    """A suppression comment: `codes`, for findings that start within `reach`.

    `problems` are errors in it: unknown rules, or a place without effect. `foreign` marks another tool's comment, which
    is checked against that tool's rules.
    """

    file: SourceFile
    span: Span
    word: str
    codes: frozenset[str]
    reach: Span
    reason: str = ""
    problems: tuple[str, ...] = ()
    foreign: bool = False

    def covers(self, code: str, offset: int) -> bool:
        """Return whether it hides a finding of `code` that starts at `offset`."""
        return code in self.codes and self.reach.start <= offset < self.reach.end


class Suppressions:
    """The directives of one file, searchable by the position of a finding."""

    def __init__(self, listed: Sequence[Directive]) -> None:
        self._reaches: dict[str, dict[Span, list[Directive]]] = {}
        for directive in sorted(listed, key=lambda item: item.reach):
            for code in directive.codes:
                self._reaches.setdefault(code, {}).setdefault(directive.reach, []).append(directive)
        self._starts = {code: [reach.start for reach in reaches] for code, reaches in self._reaches.items()}
        self._items = {code: list(reaches.items()) for code, reaches in self._reaches.items()}
        # Maximum end of the reaches that start no later than each one.
        self._ends = {
            code: list(accumulate((reach.end for reach in reaches), max)) for code, reaches in self._reaches.items()
        }

    def hiding(self, code: str, offset: int) -> list[Directive]:
        """Return the directives that hide a finding of `code` that starts at `offset`.

        Of several with the same reach, all are returned the first time, and one later: this suffices to mark them as
        used.
        """
        found: list[Directive] = []
        if code not in self._reaches:
            return found
        starts, ends, reaches = self._starts[code], self._ends[code], self._items[code]
        number = bisect_right(starts, offset) - 1
        while number >= 0 and ends[number] > offset:
            reach, listed = reaches[number]
            if reach.end > offset:
                found += listed
                del listed[1:]
            number -= 1
        return found


class Remarks(Struct, frozen=True):
    """The directives of a run, for the rules about directives: `unused` are those that hid nothing."""

    directives: tuple[Directive, ...]
    unused: tuple[Directive, ...] = ()


def files_with_marks(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return the files that may have directives."""
    found: list[SourceFile] = []
    for first in range(0, len(files), _TOGETHER):
        listed = files[first : first + _TOGETHER]
        whole = "\0".join([file.text for file in listed])
        # Words that none of them has are looked for once.
        if marks := [mark for mark in _MARKS if mark in whole]:
            found += [file for file in listed if any(mark in file.text for mark in marks)]
    return found


def directives(file: SourceFile, statements: Sequence[Span], registry: Registry) -> Iterator[Directive]:
    """Yield the directives in a file with statements at `statements`, in order."""
    if not any(mark in file.text for mark in _MARKS):
        return
    reader = _CommentReader(file, statements, registry)
    for found in _COMMENT.finditer(file.text):
        comment = found[1]
        if comment is not None and any(mark in comment for mark in _MARKS):
            span = Span(found.start(), found.start() + len(comment.rstrip()))
            if (item := reader.read(span)) is not None:
                yield item


class _CommentReader(Struct, frozen=True):
    """Reads the comments of one file. `open` are the open ranges, with their positions."""

    file: SourceFile
    statements: Sequence[Span]
    registry: Registry
    open: list[tuple[ForeignComment, int]] = field(default_factory=list)

    def read(self, span: Span) -> Directive | None:
        """Read a comment, which may not be a directive."""
        text = self.file.text[span.start : span.end].removesuffix("*/")
        if ours := _OURS.match(text):
            return None if ours[1] in _OTHERS else self._ours(span, ours[1], text[ours.end() :])
        found = foreign(text, self.registry)
        return None if found is None else self._foreign(span, found)

    def _foreign(self, span: Span, found: ForeignComment) -> Directive | None:
        if found.about == "start":
            self.open.append((found, span.start))
            return None
        if found.about == "end":
            begun = [item for item in self.open if item[0] == found._replace(about="start")]
            if not begun:
                return None
            self.open.remove(begun[-1])
            reach = Span(begun[-1][1], span.end)
        elif found.about == "next":
            reach = _reach(self.file.text, span, self.statements)
        elif found.about == "head" and self.statements and self.statements[0].start < span.start:
            return None
        else:
            reach = self._whole()
        return Directive(self.file, span, "ignore", found.codes, reach, foreign=True)

    def _ours(self, span: Span, word: str, rest: str) -> Directive:
        if word not in ("ignore", "ignore-file"):
            hint = f" (did you mean `{_MEANT[word]}`?)" if word in _MEANT else nearest(word, _WORDS)
            problem = f"unknown directive `miglint: {word}`{hint}"
            return Directive(self.file, span, word, frozenset(), Span(0, 0), problems=(problem,))
        listed = _LIST.match(rest)
        written = [name.strip().strip(":.") for name in listed[1].split(",")] if listed else []
        reason = rest[listed.end() if listed else 0 :].strip(" \t\r\n():-\u2013\u2014")
        problems = [] if written else [f"`{word}` names no rule"]
        codes: set[str] = set()
        for name in written:
            known = self.registry.resolve(name)
            if known is None and self.registry.lenient:
                continue
            if known is None:
                problems.append(f"unknown rule `{name}`{self.registry.nearest(name)}")
            else:
                codes |= known
        reach = self._whole() if word == "ignore-file" else _reach(self.file.text, span, self.statements)
        if word == "ignore-file" and self.statements and self.statements[0].start < span.start:
            problems.append("`ignore-file` has no effect after the first statement; move it to the head of the file")
            reach = Span(0, 0)
        return Directive(self.file, span, word, frozenset(codes), reach, reason, tuple(problems))

    def _whole(self) -> Span:
        return Span(0, len(self.file.text) + 1)


def _reach(text: str, span: Span, statements: Sequence[Span]) -> Span:
    """Return the range of finding positions that a comment at `span` applies to."""
    number = bisect_right(statements, span.start, key=lambda item: item.start) - 1
    before = statements[number] if number >= 0 else None
    line = text.rfind("\n", 0, span.start) + 1
    inside = before is not None and span.start < before.end
    if text[line : span.start].strip():
        if before is not None and not inside and before.end > line:
            return Span(min(line, before.start), _line_end(text, span.end))
        return Span(line, _line_end(text, span.end))
    if inside:
        start = _next_code(text, span.end)
        return Span(start, _line_end(text, start))
    following = bisect_left(statements, span.end, key=lambda item: item.start)
    end = statements[following].end if following < len(statements) else len(text)
    return Span(before.end if before is not None else 0, end + 1)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _next_code(text: str, offset: int) -> int:
    """Return the start of the next line that contains more than a comment."""
    while (newline := text.find("\n", offset)) >= 0:
        offset = newline + 1
        line = text[offset : _line_end(text, offset)].strip()
        if line and not line.startswith("--"):
            break
    return offset
