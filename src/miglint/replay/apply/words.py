"""Names inside canonical texts: what a rename carries into expressions, queries and definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.sql.operations import NO_MENTIONS, ColumnUse, Expression, Mentions, Name
from miglint.sql.shown_names import shown_name

# Constants, comments and quoted names: a word in them is no name, unless it is all of the quoted name.
_QUOTED = r"""'(?:[^']|'')*'|--[^\r\n]*|/\*(?:[^*]|\*(?!/))*|"((?:[^"]|"")*)\""""


def swap_word(text: str, old: str, new: str) -> str:
    """Replace a name where it stands as a whole word, but not in constants and comments.

    Exact enough for keys: what matters is that renaming there and back again gives the same key.
    """
    if old not in text:
        return text

    def swap(found: re.Match[str]) -> str:
        if found[2] is not None:
            return shown_name(new)
        return '"' + new.replace('"', '""') + '"' if found[1] == old.replace('"', '""') else found[0]

    return re.sub(rf"{_QUOTED}|((?<!\w){re.escape(old)}(?!\w))", swap, text)


_CONSTANT = pattern(r"""'(?:[^']|'')*'|--[^\r\n]*|/\*(?:[^*]|\*(?!/))*|"(?:[^"]|"")*\"""")


def swap_constants(text: str, new: Mapping[str, str]) -> str:
    """Replace whole constants, given by their values."""

    def swap(found: re.Match[str]) -> str:
        value = found[0][1:-1].replace("''", "'")
        is_it = found[0].startswith("'") and value in new
        return "'" + new[value].replace("'", "''") + "'" if is_it else found[0]

    return _CONSTANT.sub(swap, text) if new else text


def swap_anywhere(text: str, old: str, new: str) -> str:
    """Replace a name where it stands as a whole word, in constants too: `nextval('s'::regclass)`."""
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new.replace("\\", "\\\\"), text)


# A quote or comment that does not end goes to the end of the text: so each character is read once.
_SQLITE_WORD = pattern(
    r"""'[^']*'?|--[^\r\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/)?"""
    r"""|(?P<quoted>"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\[[^\]]*\]?)|(?P<bare>[^\W\d][\w$]*)|\d[\w$]*"""
)
_PLAIN = pattern(r"[^\W\d][\w$]*")


def swap_name(text: str, old: str, new: str) -> str:
    """Replace a name in SQL of SQLite, in any case and quotes; strings are unchanged."""
    folded = old.lower()

    def swapped(found: re.Match[str]) -> str:
        raw = found[0]
        if found["quoted"] is not None:
            name = raw[1:-1] if raw[0] == "[" else raw[1:-1].replace(raw[0] * 2, raw[0])
            return _quoted(new) if name.lower() == folded else raw
        if found["bare"] is None or raw.lower() != folded:
            return raw
        return new if _PLAIN.fullmatch(new) else _quoted(new)

    return _SQLITE_WORD.sub(swapped, text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def swap_column(value: Expression | None, old: str, new: str, *, postgres: bool = True) -> Expression | None:
    """Rename a column inside an expression."""
    if value is None:
        return value
    if not postgres:
        if old not in (column.lower() for column in value.columns):
            return value
        columns = tuple(new if column.lower() == old else column for column in value.columns)
        return replace(value, key=swap_name(value.key, old, new), text=swap_name(value.text, old, new), columns=columns)
    if old not in value.columns:
        return value
    columns = tuple(new if column == old else column for column in value.columns)
    key, text = swap_word(value.key, old, new), swap_word(value.text, old, new)
    return replace(value, key=key, text=text, columns=columns)


def swap_relation(value: Mentions, old: Name, new: Name) -> Mentions:
    """Rename a relation in mentions."""
    if value is NO_MENTIONS or old not in (*value.relations, *value.stars):
        return value

    def swap(name: Name) -> Name:
        return new if name == old else name

    return replace(
        value,
        uses=tuple(use._replace(relation=swap(use.relation)) if use.relation else use for use in value.uses),
        stars=tuple(swap(name) for name in value.stars),
        relations=tuple(swap(name) for name in value.relations),
    )


def swap_mentioned(value: Mentions, relation: Name, own: bool, old: str, new: str) -> Mentions:
    """Rename a column in mentions; `own` means that its relation is the object's own."""
    if value is NO_MENTIONS:
        return value
    columns = tuple(new if own and name == old else name for name in value.columns)
    use = ColumnUse(relation, old)
    return replace(value, columns=columns, uses=tuple(ColumnUse(relation, new) if u == use else u for u in value.uses))


_TOKEN = pattern(r"""'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|\w+(?:\.\w+)*|\S""")
_AFTER_TARGETS = frozenset({"where", "order", "union", "except", "intersect"})
_CLAUSE_END = "Clause"


class _Level:
    """One pair of brackets in a query: which part of it is being read, and whether the relation in question is."""

    __slots__ = ("part", "reads")

    def __init__(self) -> None:
        self.part = ""
        self.reads = False


def swap_in_query(key: str, relation: Name, old: str, new: str) -> str:
    """Rename a column of `relation` in the canonical text of a query, as the server does in a view.

    What is qualified with another relation, or stands where others are read, is another column; a result column keeps
    the name that it had.
    """
    tokens = list(_TOKEN.finditer(key))
    words = [*(token.group() for token in tokens), ""]
    levels = [_Level()]
    names: set[str] = set()
    parts: list[str] = []
    at = 0
    for place, word in enumerate(words[:-1]):
        previous, following = words[place - 1] if place else "", words[place + 1]
        _enter(levels, word)
        query = next((level for level in reversed(levels) if level.part), levels[0])
        qualifier, _, column = word.rpartition(".")
        if query.part == "from" and column == relation.name and qualifier in ("", relation.schema):
            query.reads = True
            names.update((words[place + 2],) if following == "as" else (word, column))
        elif column == old and previous != "as" and (qualifier in names if qualifier else query.reads):
            parts += (key[at : tokens[place].start()], f"{qualifier}.{new}" if qualifier else new)
            at = tokens[place].end()
            is_target = levels[-1].part == "select" and previous in ("select", ",")
            if is_target and following == "as" and words[place + 2] == new:
                at = tokens[place + 2].end()
            elif is_target and _ends_target(following):
                parts.append(f" as {old}")
    return "".join((*parts, key[at:]))


def _enter(levels: list[_Level], word: str) -> None:
    """Follow the brackets and clauses of a query to a word."""
    if word == "(":
        levels.append(_Level())
    elif word == ")" and len(levels) > 1:
        levels.pop()
    elif word in ("from", "select"):
        levels[-1].part = word
    elif _ends_targets(word):
        levels[-1].part = "rest"


def _ends_target(word: str) -> bool:
    return word in (",", ")", "") or _ends_targets(word)


def _ends_targets(word: str) -> bool:
    return word in _AFTER_TARGETS or word.endswith(_CLAUSE_END)
