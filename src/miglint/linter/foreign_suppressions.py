"""Suppression comments of other linters."""

from __future__ import annotations

import re
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.rules.registry import Registry

# Text contained in every such comment, to skip most files quickly.
MARKS = (
    "squawk-ignore", "pgm-lint:", "pgfence", "pgsafe:", "eugene:", "diesel-guard:", "safety-assured:", "pgt-ignore",
    "pgls-ignore",
)  # fmt: skip


class ForeignComment(NamedTuple):
    """Another linter's comment: `codes` of miglint's rules for its hazards.

    `about` is `next` (the next statement), `file`, `head` (the file, if before all statements), or `start` and `end` of
    a range.
    """

    tool: str
    about: str
    codes: frozenset[str]


class _Form(Struct, frozen=True):
    tool: str
    about: str
    comment: re.Pattern[str]


_START = r"(?i)[-/*\s]*"
_NAMES = r"(?:[:\s]\s*(?P<names>[\w-][\w:./-]*(?:\s*,\s*[\w-][\w:./-]*)*))?"
_FORMS = tuple(
    _Form(tool, about, pattern(f"{_START}{words}(?![\\w-]){_NAMES}"))
    for tool, about, words in (
        ("squawk", "next", "squawk-ignore"),
        ("squawk", "file", "squawk-ignore-file"),
        ("pg-migration-lint", "next", r"pgm-lint:\s*suppress"),
        ("pg-migration-lint", "file", r"pgm-lint:\s*suppress-file"),
        ("pgfence", "next", r"pgfence(?:-|:\s*)ignore"),
        ("pgsafe", "next", r"pgsafe:\s*ignore"),
        ("eugene", "next", r"eugene:\s*ignore"),
        ("diesel-guard", "file", "diesel-guard:disable"),
        ("diesel-guard", "start", "safety-assured:start"),
        ("diesel-guard", "end", "safety-assured:end"),
        ("pgls", "next", r"(?:pgt|pgls)-ignore"),
        ("pgls", "head", r"(?:pgt|pgls)-ignore-all"),
        ("pgls", "start", r"(?:pgt|pgls)-ignore-start"),
        ("pgls", "end", r"(?:pgt|pgls)-ignore-end"),
    )
)
# Comments without an effect if they name no rule.
_NAMING = frozenset({"pgsafe", "pgls"})


def foreign(text: str, registry: Registry) -> ForeignComment | None:
    """Parse a suppression comment of another linter; None for any other comment."""
    for form in _FORMS:
        if found := form.comment.match(text):
            return ForeignComment(form.tool, form.about, _codes(form, found["names"], registry))
    return None


def _codes(form: _Form, listed: str | None, registry: Registry) -> frozenset[str]:
    """Return the rules for the named hazards; without names, all rules with an alias of that tool."""
    if listed is None:
        disables = form.tool == "diesel-guard" and form.about == "file"
        return frozenset() if form.tool in _NAMING or disables else _all(form.tool, registry)
    codes: set[str] = set()
    for written in listed.split(","):
        name = written.strip().rstrip(":")
        if form.tool == "pgls":
            # `category/group/rule`, of which the linter's category is the relevant one.
            category, _, rest = name.partition("/")
            name = rest.partition("/")[2] if category == "lint" else category
            if category == "lint" and not name:
                codes |= _all(form.tool, registry)
                continue
        codes |= registry.resolve(f"{form.tool}:{name}") or frozenset()
    return frozenset(codes)


def _all(tool: str, registry: Registry) -> frozenset[str]:
    prefix = f"{tool}:"
    return frozenset(code for code, rule in registry.rules.items() if any(a.startswith(prefix) for a in rule.aliases))
