"""Access control lists of the catalog, as privileges beyond the default ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from miglint.base.lazy_regex import many, pattern
from miglint.schema.objects import Key, Part, Privileges

# The elements of an array's text, and the parts of an `aclitem`: role, letters and grantor.
_ELEMENT = pattern('"(' + many(r'[^"\\]|\\.') + ')"|([^,]+)', re.DOTALL)
_ITEM = pattern('("[^"]*+"' + many('"[^"]*+"') + '|[^="]*+)=([a-zA-Z*]*+)/(.*)', re.DOTALL)
_WORDS = {
    "r": "select", "w": "update", "a": "insert", "d": "delete", "D": "truncate", "x": "references", "t": "trigger",
    "m": "maintain", "X": "execute", "U": "usage", "C": "create", "c": "connect", "T": "temporary",
}  # fmt: skip
# What the owner has of a new object, and what PUBLIC has.
_OWNERS = {
    "relation": "arwdDxt", "sequence": "rwU", "schema": "UC", "public schema": "UC", "routine": "X", "type": "U",
    "column": "", "other server": "U", "other foreign-data wrapper": "U", "other language": "U",
    "other large object": "rw",
}  # fmt: skip
_PUBLIC = {"public schema": "U", "routine": "X", "type": "U", "other language": "U"}


def read_acl(text: str, kind: str, about: Key, part: Part | None) -> Iterator[Privileges]:
    """Yield the privileges of each role that an ACL gives other ones than it has of a new object of a `kind`."""
    held, owner = _letters(text)
    usual = {owner: _OWNERS.get(kind, ""), "public": _PUBLIC.get(kind, "")}
    for role in sorted({*held, *(role for role, letters in usual.items() if letters)}):
        anyway = usual.get(role, "")
        letters = held.get(role, "")
        granted = [_WORDS.get(letter, letter) for letter in letters if letter not in "*m" + anyway]
        granted += [
            f"{_WORDS.get(letter, letter)} with grant option"
            for letter, behind in pairwise(letters)
            if behind == "*" and letter not in anyway
        ]
        revoked = [_WORDS[letter] for letter in anyway if letter not in letters]
        if granted or revoked:
            yield Privileges(role, tuple(sorted(granted)), tuple(sorted(revoked)), about, part)


def _letters(text: str) -> tuple[dict[str, str], str]:
    """Return the letters of an ACL by role, and the owner."""
    held: dict[str, str] = {}
    owner = ""
    for quoted, bare in _ELEMENT.findall(text.strip("{}")):
        item = _ITEM.match(re.sub(r"\\(.)", r"\1", quoted) or bare)
        if item is not None:
            owner = item[3].strip('"')
            held[item[1].strip('"') or "public"] = item[2]
    return held, owner
