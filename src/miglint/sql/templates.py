"""Scripts that a template engine fills in before they run: which statements cannot be read before that.

What the grammar has against such a text says nothing. And what stands in a block, as in `{{if .mysql}} ... {{end}}`,
may be there for another engine, or never.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.sql.operations import Statement, SyntaxProblem

_TAG = pattern(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_EDGES = {"{{": "}}", "{%": "%}"}
_EDGE = pattern(r"\{[{%]")
_COMMENT = pattern(r"\{\{[-~]?\s*(?:/\*|!)")
# Go's templates, Jinja's and Liquid's, and Handlebars'.
_OPENS = pattern(r"\{\{[-~]?\s*(?:(?:if|range|with|block|define)\b|#\s*\w)|\{%[-+]?\s*(?:if|unless|for|macro|raw)\b")
_CLOSES = pattern(r"\{[{%][-+~]?\s*(?:end\w*|/\s*\w+)\s*[-+~]?[}%]\}")
_PLAIN = pattern(r"\{\{\s*[.$]?\w+\s*\}\}|\{\{[-~]?\s*(?:else|end)\b.*?\}\}", re.DOTALL)
_LONGEST = 40


def templated(text: str, offset: int, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the statements of a script that starts at `offset` of its file, with less certainty where tags are in it.

    A script in which the grammar finds nothing wrong stays as it is: its braces are those of a string or a comment.
    """
    tags = _tags(text)
    if not tags or all(statement.problem is None for statement in statements):
        return statements
    blocks = _blocks(tags, len(text))
    return tuple(_read(statement, tags, blocks, text, offset) for statement in statements)


def _read(
    statement: Statement, tags: list[re.Match[str]], blocks: list[tuple[int, int]], text: str, offset: int
) -> Statement:
    start, end = statement.span.start - offset, statement.span.end - offset
    if statement.problem is not None:
        inside = [tag for tag in tags if start <= tag.start() < end]
        message = f"{_shown([*inside, *tags])} is filled in by a template before the engine sees it"
        at = statement.problem.span
    else:
        around = [block for block in blocks if block[0] <= start < block[1]]
        if not around:
            return statement
        message = f"{_short(text[around[-1][0] :])} decides in a template whether the engine sees it"
        at = statement.span
    return replace(statement, operations=(), problem=SyntaxProblem(message, at, certain=False, template=True))


def _tags(text: str) -> list[re.Match[str]]:
    """Return all tags, in their order. Behind an edge that nothing closes, no other of its kind is looked for."""
    tags: list[re.Match[str]] = []
    unclosed: set[str] = set()
    at = 0
    while len(unclosed) < len(_EDGES) and (edge := _EDGE.search(text, at)):
        at = edge.start() + 1
        if edge[0] in unclosed:
            continue
        if text.find(_EDGES[edge[0]], edge.end()) < 0:
            unclosed.add(edge[0])
        elif tag := _TAG.match(text, edge.start()):
            tags.append(tag)
            at = tag.end()
    return tags


def _blocks(tags: list[re.Match[str]], end: int) -> list[tuple[int, int]]:
    """Return where blocks begin and end, outer ones first; an unclosed one goes on to the end."""
    blocks: list[tuple[int, int]] = []
    pending: list[int] = []
    for tag in tags:
        if _OPENS.match(tag[0]):
            pending.append(tag.start())
        elif pending and _CLOSES.match(tag[0]):
            blocks.append((pending.pop(), tag.end()))
    return sorted(blocks + [(start, end) for start in pending])


def _shown(tags: list[re.Match[str]]) -> str:
    """Return the first tag that decides something, or that is no comment, as it stands in a sentence."""
    shown = [tag[0] for tag in tags if not _COMMENT.match(tag[0])] or [tags[0][0]]
    return _short(next((tag for tag in shown if not _PLAIN.fullmatch(tag)), shown[0]))


def _short(text: str) -> str:
    found = _TAG.match(text)
    words = " ".join((found[0] if found else text).split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 5] + "..." + words[-2:]
