"""Access control lists of the catalog, as privileges beyond the default ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import many, pattern
from miglint.schema.objects import Key, Part, Privileges

# The elements of an array's text, and the parts of an `aclitem`: role, letters and grantor.
_ELEMENT = pattern('"(' + many(r'[^"\\]|\\.') + ')"|([^,]+)', re.DOTALL)
_ITEM = pattern('("[^"]*+"' + many('"[^"]*+"') + '|[^="]*+)=([a-zA-Z*]*+)/(.*)', re.DOTALL)
_PRIVILEGE = pattern(r"([a-zA-Z])(\*?)")
_WORDS = {
    "r": "select", "w": "update", "a": "insert", "d": "delete", "D": "truncate", "x": "references", "t": "trigger",
    "m": "maintain", "X": "execute", "U": "usage", "C": "create", "c": "connect", "T": "temporary",
}  # fmt: skip
_PUBLIC = "public"


class Acl(NamedTuple):
    """What the catalog has of the privileges for an object: texts of arrays of `aclitem`, and a name.

    `usual` is what the server gives with a new object of that kind.
    """

    held: str
    usual: str
    owner: str


def acl_of(column: str, kind: str, owner: str) -> str:
    """Return the SQL expression for an `Acl` as JSON, NULL where it is the default; `kind` is that of `acldefault`."""
    return (
        f"CASE WHEN {column} IS NOT NULL THEN json_build_array({column}::text,"
        f" acldefault('{kind}', {owner})::text, pg_get_userbyid({owner})) END"
    )


class _Grant(NamedTuple):
    role: str
    letter: str
    grantor: str

    @property
    def word(self) -> str:
        return _WORDS.get(self.letter, self.letter)


def read_acl(acl: Acl, about: Key, part: Part | None, *, used_by_all: bool = False) -> Iterator[Privileges]:
    """Yield the privileges of each role that has other ones than it has of a new object.

    `used_by_all` is for the schema that `initdb` makes, and lets everybody use.
    """
    held, usual = _grants(acl.held), set(_grants(acl.usual))
    if used_by_all:
        usual.add(_Grant(_PUBLIC, "U", acl.owner))
    for role in sorted({grant.role for grant in (*held, *usual)}):
        granted: list[str] = []
        for grant in (grant for grant in held if grant.role == role):
            # The owner may pass on all that it has.
            options = [" with grant option"] if held[grant] and role != acl.owner else []
            behind = "" if grant.grantor == acl.owner else f" granted by {grant.grantor}"
            granted += [grant.word + option + behind for option in ([] if grant in usual else [""]) + options]
        revoked = [grant.word for grant in usual if grant.role == role and grant not in held]
        if granted or revoked:
            yield Privileges(role, tuple(sorted(granted)), tuple(sorted(revoked)), about, part)


def _grants(text: str) -> dict[_Grant, bool]:
    """Return what an ACL grants, and whether it may be passed on."""
    found: dict[_Grant, bool] = {}
    for quoted, bare in _ELEMENT.findall(text.strip("{}")):
        item = _ITEM.match(re.sub(r"\\(.)", r"\1", quoted) or bare)
        if item is None:
            continue
        role, grantor = _role(item[1]) or _PUBLIC, _role(item[3])
        for letter, star in _PRIVILEGE.findall(item[2]):
            found[_Grant(role, letter, grantor)] = bool(star)
    return found


def _role(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
