"""Texts of expressions that PostgreSQL has printed: which forms of them are those of one expression."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.schema.spellings import NOWHERE, Surroundings

_CONSTANT = r"(?:E'(?:[^'\\]|''|\\.)*'|'[^']*(?:''[^']*)*')"
_STRING_TYPE = r"(?:character varying|text)(?![\w\[(])"
_COLUMN = r'\w+|"[^"]*(?:""[^"]*)*"'
_WIDER = "numeric|double precision|bigint"
_WHOLE = r"\((?:\d+|'-\d+'::integer)\)"
_PRINTED = pattern(
    rf"\(ARRAY\[(?P<elements>{_CONSTANT}::{_STRING_TYPE}(?:, {_CONSTANT}::{_STRING_TYPE})*)\]\)"
    r"::(?P<each>character varying|text)\[\]"
    rf"|\((?P<constant>{_CONSTANT})::{_STRING_TYPE}\)::(?P<last>{_STRING_TYPE})"
    rf"|\((?P<whole>{_COLUMN})\)::(?P<wide>{_WIDER}) (?P<sign>[<>=]+) (?P<number>{_WHOLE}::(?P=wide)"
    rf"|(?:ANY|ALL) \(ARRAY\[{_WHOLE}::(?P=wide)(?:, {_WHOLE}::(?P=wide))*\]\))"
    rf"|\((?P<column>{_COLUMN})\)::(?P<own>character varying|bpchar|numeric)(?![\w\[(])"
    rf"|{_CONSTANT}|{_COLUMN}"
)
# Takes each constant, so that none is looked for in another.
_ELEMENT = pattern(rf"({_CONSTANT})(?:::{_STRING_TYPE})?")
_WIDENED = pattern(rf"\((\d+|'-\d+'::integer)\)::(?:{_WIDER})")
_OWN = {"character varying": "varchar"}
_WHOLE_NUMBERS = {"numeric": ("int2", "int4", "int8"), "bigint": ("int2", "int4"), "double precision": ("int2", "int4")}


def stored_text(text: str, place: Surroundings = NOWHERE) -> str:
    """Return the text that the server printed, in the form that it has for all texts of one meaning.

    Once it has read its own text again, or a column has had another type in between, it prints other casts (measured
    with PostgreSQL 15 and 18): of the elements instead of their array, of a constant twice, of a column to its own
    type, and of a column of whole numbers and what it is compared with to a wider type. An AND in an AND is gone.
    """

    def kind_of(name: str) -> str | None:
        return place.kind_of(name[1:-1].replace('""', '"') if name[0] == '"' else name)

    def again(found: re.Match[str]) -> str:
        if found["elements"]:
            elements = _ELEMENT.sub(rf"\1::{found['each']}", found["elements"])
            return f"ARRAY[{elements}]"
        if found["constant"]:
            return f"{found['constant']}::{found['last']}"
        if found["whole"]:
            kind, rest = kind_of(found["whole"]), f" {found['sign']} {found['number']}"
            if kind in _WHOLE_NUMBERS[found["wide"]]:
                return found["whole"] + _WIDENED.sub(r"\1", rest)
            return found["whole"] + rest if kind == found["wide"] else found[0]
        if found["column"]:
            own = _OWN.get(found["own"], found["own"])
            return found["column"] if kind_of(found["column"]) == own else found[0]
        return found[0]

    while "::" in text:
        before, text = text, _PRINTED.sub(again, text)
        if before == text:
            break
    return _flattened(text) if " AND " in text or " OR " in text else text


class _Group:
    """What stands between parentheses, as pieces of text and other groups; `words` are the ANDs and ORs among them."""

    __slots__ = ("pieces", "text", "words")

    def __init__(self) -> None:
        self.pieces: list[str | _Group] = []
        self.words: set[str] = set()
        self.text = ""

    def close(self) -> str:
        """Make the text, without parentheses around what AND or OR joins with others anyway."""
        parts = []
        for at, piece in enumerate(self.pieces):
            if isinstance(piece, str):
                parts.append(piece)
            elif len(self.words) == 1 and piece.words == self.words and self._is_operand(at):
                parts.append(piece.text)
            else:
                parts.append(f"({piece.text})")
        self.text = "".join(parts)
        self.pieces.clear()
        return self.text

    def _is_operand(self, at: int) -> bool:
        beside = self.pieces[max(at - 2, 0) : at] + self.pieces[at + 1 : at + 3]
        return all(piece == " " or (isinstance(piece, str) and piece in self.words) for piece in beside)


_PIECE = pattern(rf"{_CONSTANT}|{_COLUMN}|.", re.DOTALL)


def _flattened(text: str) -> str:
    """Return a text in which AND and OR have all their operands at one level, as when it has been read again."""
    open_groups = [_Group()]
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece == "(":
            inner = _Group()
            open_groups[-1].pieces.append(inner)
            open_groups.append(inner)
        elif piece == ")" and len(open_groups) > 1:
            open_groups.pop().close()
        else:
            if piece in ("AND", "OR"):
                open_groups[-1].words.add(piece)
            open_groups[-1].pieces.append(piece)
    return open_groups[0].close() if len(open_groups) == 1 else text
