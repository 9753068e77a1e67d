"""The statements of a PL/pgSQL trigger function that run on one event, each with the condition under which it does."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.port.expressions import parsed
from miglint.port.trees import TranslationError
from miglint.sql.postgres.lexer import find_word
from miglint.sql.postgres.splitter import split

_WORD = pattern(
    r"\b(?:END\s+IF\b|END\s+CASE\b|END\s+LOOP\b|END\b|CASE\b|ELSIF\b|ELSEIF\b|ELSE\b|THEN\b|IF\b(?!\s+(?:NOT\s+)?EXISTS\b))",
    re.IGNORECASE,
)
_RETURN = pattern(r"RETURN\b", re.IGNORECASE)


class BodyPart(NamedTuple):
    """A statement of a body; `guard` is the condition under which it runs, None for always."""

    guard: str | None
    text: str


class _Branch(NamedTuple):
    condition: str | None
    start: int
    end: int


def body_parts(body: str) -> list[BodyPart]:
    """Return the statements of a body, without branches that never run. Raises `TranslationError`."""
    return [*_parts(body, 0, len(body), [])]


def _parts(body: str, start: int, end: int, guards: list[str]) -> Iterator[BodyPart]:
    """Yield the statements of a part of a body, which runs if all of `guards` hold."""
    at = start
    while True:
        block = _next_if(body, at, end)
        plain = body[at : end if block is None else block.start()]
        for part in split(plain):
            text = plain[part.start : part.end]
            yield BodyPart(_all(guards), text)
            if _RETURN.match(text):
                return
        if block is None:
            return
        branches, at = _branches(body, block.end(), end)
        after = yield from _of_branches(body, branches, guards)
        if after is None:
            return
        guards = after


def _next_if(body: str, at: int, end: int) -> re.Match[str] | None:
    """Return the next IF of a part of a body; CASE is one of an expression."""
    cases = 0
    while (word := find_word(body, _WORD, at, end, nested=True)) is not None:
        at = word.end()
        kind = word[0].upper()
        if kind == "IF":
            return word
        if kind == "CASE":
            cases += 1
        elif kind == "END" and cases:
            cases -= 1
        elif not cases:
            raise TranslationError(f"{kind} in its function has no equivalent")
    return None


def _of_branches(body: str, branches: list[_Branch], guards: list[str]) -> Generator[BodyPart, None, list[str] | None]:
    """Yield the statements of the branches of an IF; return the guards of what comes after, None for nothing."""
    before: list[str] = []
    after = [*guards]
    for branch in branches:
        known = True if branch.condition is None else _known(branch.condition)
        if known is False:
            continue
        own = [] if known or branch.condition is None else [branch.condition]
        inside = [*_parts(body, branch.start, branch.end, [*guards, *before, *own])]
        yield from inside
        leaves = any(_RETURN.match(part.text) for part in inside)
        if leaves and not own and not before:
            return None
        if leaves:
            # What comes after runs only where this branch does not.
            after.append(_negated(" AND ".join(f"({one})" for one in (*before, *own))))
        if known:
            return after
        before.append(_negated(branch.condition or "true"))
    return after


def _branches(body: str, at: int, end: int) -> tuple[list[_Branch], int]:
    """Return the branches of an IF whose condition starts at a place, and the place behind its `END IF;`."""
    found: list[_Branch] = []
    condition: str | None = None
    start, depth, cases = at, 0, 0
    place = at
    while (word := find_word(body, _WORD, place, end, nested=True)) is not None:
        place = word.end()
        kind = " ".join(word[0].upper().split())
        if kind == "CASE":
            cases += 1
        elif kind in ("END", "END CASE") and cases:
            cases -= 1
        elif cases:
            continue
        elif kind == "IF":
            depth += 1
        elif kind == "END IF":
            if depth == 0:
                found.append(_Branch(condition, start, word.start()))
                behind = body.find(";", place, end)
                return found, end if behind < 0 else behind + 1
            depth -= 1
        elif depth == 0 and kind == "THEN":
            condition = body[start : word.start()].strip()
            start = place
        elif depth == 0 and kind in ("ELSIF", "ELSEIF", "ELSE"):
            found.append(_Branch(condition, start, word.start()))
            condition, start = None, place
    raise TranslationError("its function is not read")


def _known(condition: str) -> bool | None:
    """Return whether a condition of constants holds; None if it is not one."""
    from sqlglot import exp
    from sqlglot.optimizer.simplify import simplify

    tree = parsed(f"SELECT {condition}", Dialect.POSTGRES).expressions[0].copy()
    for node in [*tree.find_all(exp.In)]:
        values = node.expressions
        if isinstance(node.this, exp.Literal) and values and all(isinstance(one, exp.Literal) for one in values):
            found = exp.Boolean(this=node.this in values)
            if node is tree:
                return bool(found.this)
            node.replace(found)
    made = simplify(exp.Paren(this=tree)).unnest()
    return bool(made.this) if isinstance(made, exp.Boolean) else None


def _negated(condition: str) -> str:
    return f"({condition}) IS NOT TRUE"


def _all(guards: list[str]) -> str | None:
    """Return the conjunction of conditions, None if there are none."""
    if not guards:
        return None
    return guards[0] if len(guards) == 1 else " AND ".join(f"({one})" for one in guards)
