"""What the authors of scripts say in comments about a way back."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern

_COMMENT = pattern(r"--([^\n]*)|/\*(.*?)(?:\*/|\Z)", re.DOTALL)
_NONE = r"""
    \b(?:no|not?\ (?:a|any)|without\ (?:a|any))\ (?:going\ back|way\ back|turning\ back|return|rollback|roll\ back|undo
        |revert|restore|down(?:grade|ward)?(?:\ migration)?|reverse)\b
    |\b(?:no\ need\ for|does(?:n't|\ not)\ need|needs\ no)\ (?:an?\ |any\ )?(?:rollback|down|undo|reverse)\w*
    |\b(?:irreversible|non[- ]?reversible|one[- ]way|up[- ]only|forward[- ]only)\b
    |\b(?:is|are|was)(?:n't|\ not)\ (?:reversible|revertible|revertable)\b
    """
# What says that there is no way back, on purpose. Commented-out SQL and the templates of tools say nothing like it.
_NO_ROLLBACK = pattern(_NONE, re.VERBOSE | re.IGNORECASE)
_NO_WAY_BACK = pattern(
    _NONE
    + r"""
    |\bno[- ]?op\b
    |\b(?:is|are|was)(?:n't|\ not)\ (?:possible|supported|safe|needed|necessary|required)\b
    |\b(?:cannot|can\ ?not|can't|can\ not|won't|will\ not|do\ not|don't|should\ not|shouldn't|must\ not|unable\ to
        |impossible\ to|not\ possible\ to|no\ need\ to|no\ reason\ to)\ (?:\w+\ ){0,2}(?:undo(?:ne)?|revert(?:ed)?
        |rever?s(?:e|ed)|roll(?:ed)?\ ?back|restore[d]?|recover(?:ed)?|go\ back|downgrade[d]?|recreate[d]?|drop(?:ped)?
        |remove[d]?|delete[d]?|do\ anything)\b
    |\b(?:leave|leaving|left|keep|keeping|kept)\ (?:\w+\ ){0,2}(?:blank|empty)\b
    |\b(?:intentional|intentionally|deliberate|deliberately|purposely|purposefully|on\ purpose|by\ design)\b
    |\b(?:nothing\ to\ (?:undo|revert|roll\ ?back)|do(?:es)?\ nothing)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


def states_no_way_back(text: str) -> bool:
    """Return whether a comment in a rollback says that it undoes nothing, and that this is meant."""
    return _NO_WAY_BACK.search(_comments(text)) is not None


def states_no_rollback(text: str) -> bool:
    """Return whether a comment in a forward says that it has no rollback."""
    return _NO_ROLLBACK.search(_comments(text)) is not None


def _comments(text: str) -> str:
    return " ".join(" ".join(match[1] or match[2] or "" for match in _COMMENT.finditer(text)).split())
