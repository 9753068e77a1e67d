"""A template's tags as names: `{{.prefix}}users` is one name to a parser, and is shown as it is written.

Each sign of a tag that no bare name may hold stands for a letter that both engines take for one, that has neither
upper nor lower case, and that hardly anybody writes SQL with. So a tag is as long as before, the same tag is the same
name everywhere, and every text that tells of a name can be turned back.
"""

from __future__ import annotations

from miglint.base.lazy_regex import pattern

_SIGNS = "{} .\"'$-(),/:\t\n"
# Syriac letters: two bytes each, for names have at most 63.
_LETTERS = "".join(chr(0x0712 + number) for number in range(len(_SIGNS)))
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Engines fold capitals. These are Lisu letters, of which there is only one case.
_STAND_INS = "".join(chr(0xA4D0 + number) for number in range(len(_CAPITALS)))

_TO_NAME = {ord(sign): letter for sign, letter in zip(_SIGNS + _CAPITALS, _LETTERS + _STAND_INS, strict=True)}
_TO_TEXT = {ord(letter): chr(sign) for sign, letter in _TO_NAME.items()}
_ANY = pattern(f"[{_LETTERS}{_STAND_INS}]")


def encode_tags(tag: str) -> str | None:
    """Return a tag as a part of a name, of the same length; None where it holds what cannot be turned back."""
    name = tag.translate(_TO_NAME)
    return name if all(letter in _STAND_FOR or letter == "_" or _is_plain(letter) for letter in name) else None


_STAND_FOR = frozenset(_LETTERS + _STAND_INS)


def _is_plain(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def has_tag(name: str) -> bool:
    """Tell whether a name, or a text that tells of one, holds a part that nobody has filled in yet."""
    return not name.isascii() and _ANY.search(name) is not None


def decode_tags(text: str) -> str:
    """Return a text that tells of names with the tags in them as the file has them."""
    return text if text.isascii() else text.translate(_TO_TEXT)
