"""Access control lists of the catalog, as who may do what beyond what everybody may anyway."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from miglint.base.lazy_regex import pattern
from miglint.schema.objects import Key, Part, Privileges

_ITEM = pattern(r'((?:"(?:[^"]|"")*"|[^=",])*)=([a-zA-Z*]*)/("(?:[^"]|"")*"|[^,"]+)')
_WORDS = {
    "r": "select", "w": "update", "a": "insert", "d": "delete", "D": "truncate", "x": "references", "t": "trigger",
    "m": "maintain", "X": "execute", "U": "usage", "C": "create", "c": "connect", "T": "temporary",
}  # fmt: skip
# What the owner has of a new object, and what PUBLIC has.
_OWNERS = {
    "relation": "arwdDxt", "sequence": "rwU", "schema": "UC", "routine": "X", "type": "U", "column": "",
}  # fmt: skip
_PUBLIC = {"routine": "X", "type": "U"}


def read_acl(text: str, kind: str, about: Key, part: Part | None) -> Iterator[Privileges]:
    """Yield the privileges of each role that an ACL gives other ones than it has of a new object of a `kind`."""
    held: dict[str, str] = {}
    owner = ""
    # An item with a name in quotes is in quotes itself.
    for role, letters, grantor in _ITEM.findall(text.strip("{}").replace('\\"', '"')):
        owner = grantor.strip('"')
        held[role.strip('"') or "public"] = letters
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
