"""Template tags as names: `{{.prefix}}users` is parsed as one name and displayed as written.

Each character of a tag that is invalid in an unquoted name is replaced by a letter that both engines accept, that has
no case, and that is rare in SQL. So tags keep their length, equal tags are equal names, and every text that contains
such a name can be converted back.
"""

from __future__ import annotations

from miglint.base.lazy_regex import pattern

_SIGNS = "{} .\"'$-(),/:\t\n"
# Syriac letters: two bytes each, since names are limited to 63 bytes.
_LETTERS = "".join(chr(0x0712 + number) for number in range(len(_SIGNS)))
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Engines fold upper case. Lisu letters have only one case.
_STAND_INS = "".join(chr(0xA4D0 + number) for number in range(len(_CAPITALS)))

_TO_NAME = {ord(sign): letter for sign, letter in zip(_SIGNS + _CAPITALS, _LETTERS + _STAND_INS, strict=True)}
_TO_TEXT = {ord(letter): chr(sign) for sign, letter in _TO_NAME.items()}
_ANY = pattern(f"[{_LETTERS}{_STAND_INS}]")


def encode_tags(tag: str) -> str | None:
    """Return a tag as part of a name, of the same length; None if it has characters that cannot be converted back."""
    name = tag.translate(_TO_NAME)
    return name if all(letter in _STAND_FOR or letter == "_" or _is_plain(letter) for letter in name) else None


_STAND_FOR = frozenset(_LETTERS + _STAND_INS)


def _is_plain(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def has_tag(name: str) -> bool:
    """Return whether a name, or a text that contains one, has an unexpanded template tag."""
    return not name.isascii() and _ANY.search(name) is not None


def decode_tags(text: str) -> str:
    """Return a text with encoded tags replaced by the original ones."""
    return text if text.isascii() else text.translate(_TO_TEXT)
