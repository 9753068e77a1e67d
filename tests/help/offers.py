"""The statements that a help text offers, and where it says that they go.

A statement that can be pasted is in backticks and ends with a semicolon; one with `...` or `<...>` has a gap for its
reader to fill. The words around it say where it goes. An unknown wording is an error, so that a new one gets a place.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.dryrun.prerequisites import script_of
from miglint.dryrun.statements import prepare


class Place(Enum):
    """Where a statement goes: `INSTEAD`, `BEFORE` and `AFTER` are about the statement of the finding."""

    START = "at the start of the script"
    BEFORE = "before the statement"
    INSTEAD = "in the place of the statement"
    AFTER = "after the statement"
    LATER = "after the script"
    END = "at the end of the script"
    ROLLBACK = "at the end of the rollback"


class Offer(NamedTuple):
    """A statement, without its semicolon, and its place."""

    place: Place
    text: str


class Help(NamedTuple):
    """The statements of a help text, as alternatives of which each is tried alone, and its statements with gaps."""

    alternatives: tuple[tuple[Offer, ...], ...]
    gaps: tuple[str, ...]
    unclear: tuple[str, ...]


_CODE = re.compile(r"`([^`]+)`")
_VERB = re.compile(
    r"(?:ALTER|ANALYZE|BEGIN (?!\w+;)|CLUSTER|COMMENT|CREATE|DELETE|DO|DROP|GRANT|IF (?=EXISTS |NOT EXISTS |to_reg)"
    r"|INSERT|LOCK|PRAGMA|REFRESH|REINDEX|REPACK|REVOKE|SELECT|SET|TRUNCATE|UPDATE|VACUUM|WITH)\b"
)
_GAP = re.compile(r"\.\.\.|<[a-z][^<>]*>")
# Another way to the same end begins here.
_OR = re.compile(r"(?:^|[.;,)] ?)\s*or\b[^.]*$", re.IGNORECASE)
# In order: the first that is found in the words before a statement, since the one before it, gives its place.
_LEADS = (
    (Place.ROLLBACK, r"\bto the rollback|\bin the rollback|\bthe rollback\b"),
    (Place.START, r"\bput first:"),
    (Place.END, r"\bput last:"),
    (Place.LATER, r"\bnext migration|\bnext one|\blater migration|\bthen\b"),
    (
        Place.BEFORE,
        r"\bbefore it:|\bin migrations before it\b|\bfirst:|\bfirst\b.*:|\bbefore a retry|, after$",
    ),
    (Place.AFTER, r"\bafter it\b|\bsame transaction\b"),
    (Place.INSTEAD, r"^$|\bwrite$|:$|\($|\bor$|\binstead$"),
)
_FOLLOWS = re.compile(r"^[\s,]*(?:and|then|,|and then)?[\s,]*$")
_BEHIND = re.compile(r"^[;,. ]* (before it|after it)\b")


def read(text: str, dialect: Dialect) -> Help:
    """Return what a help text offers."""
    alternatives: list[list[Offer]] = [[]]
    gaps: list[str] = []
    unclear: list[str] = []
    end, before = 0, Place.INSTEAD
    # What follows a gap in the same recipe needs what the gap was for.
    open_ = False
    for found in _CODE.finditer(text):
        code = found[1].strip()
        if not _VERB.match(code):
            continue
        lead = text[end : found.start()].strip()
        end = found.end()
        if _OR.search(lead) and (alternatives[-1] or open_):
            alternatives.append([])
            open_ = False
        if _GAP.search(code):
            gaps.append(code)
            open_ = True
            alternatives[-1] = []
            continue
        if open_:
            continue
        if not code.endswith(";"):
            continue
        place = _place(lead, text[found.end() :], code, before, first=not alternatives[-1])
        if place is None:
            unclear.append(f"{lead!r} before {code!r}")
            continue
        before = place
        if code.startswith(("IF ", "BEGIN ")):
            alternatives[-1].append(Offer(place, code.rstrip(";")))
        else:
            alternatives[-1] += [Offer(place, part.text) for part in prepare(script_of(code, dialect)).pieces]
    return Help(tuple(tuple(one) for one in alternatives if one), tuple(gaps), tuple(unclear))


def _place(lead: str, behind: str, code: str, before: Place, *, first: bool) -> Place | None:
    if (said := _BEHIND.match(behind)) is not None:
        return Place.BEFORE if said[1] == "before it" else Place.AFTER
    if not first and _FOLLOWS.match(lead):
        return Place.LATER if "then" in lead else before
    for place, words in _LEADS:
        if re.search(words, lead.lower()):
            # A block that looks first has the statement in it.
            return Place.INSTEAD if place is Place.BEFORE and code.startswith(("DO ", "IF ")) else place
    return None
