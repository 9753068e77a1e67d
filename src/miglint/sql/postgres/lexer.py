"""Scanner for SQL text: ends of quotes, comments, brackets and clauses, independent of statements.

All scans jump from one special character to the next, so plain text is skipped at the speed of the regex engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.lazy_regex import many, pattern

PLAIN = pattern(r"[^()\[\],;'\"$/\-]*")
# A clause as most people write it, with one level of brackets and plain quotes; what is not so simple stops it early.
# After a thousand parts it stops too, since each takes memory until the last.
_SIMPLE = pattern(
    r"""[^()\[\],;'"$/\-]*+(?:(?:\([^()\[\];'"$/\-]*+(?>(?:'[^'\\]*+'[^()\[\];'"$/\-]*+){0,1000})\)"""
    r"""|'[^'\\]*+'|"[^"]*+"|-(?!-)|/(?!\*))[^()\[\],;'"$/\-]*+){0,1000}"""
)
_ANYTHING = pattern(r"""[^'"$/\-]*+(?:(?:'[^'\\]*+'|-(?!-)|/(?!\*))[^'"$/\-]*+){0,1000}""")
# A carriage return ends a comment too, unlike in SQLite.
_LINE_END = pattern(r"[\r\n]")
_CODE = pattern(r"[^'\"$/\-]*+")
_TAG = pattern(r"\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$")
_COMMENT_EDGE = pattern(r"/\*|\*/")
_ESCAPE_END = pattern(r"[^'\\]*+" + many(r"(?:\\.|'')[^'\\]*+") + "'", re.DOTALL)
_NAME = r'(?:(?:[Uu]&)?"[^"]*+' + many('""[^"]*+') + r'"|[\w$]+)'
_COMMENT = r"/\*[^*]*+" + many(r"\*(?!/)[^*]*+") + r"\*/"
SPACE = many(rf"\s++|--[^\r\n]*+(?:[\r\n]|\Z)|{_COMMENT}")
_WORD = pattern(_NAME)
QUALIFIED = pattern(rf"{_NAME}(?:{SPACE}\.{SPACE}{_NAME})*")


def skip(text: str, at: int, limit: int) -> int:
    """Return the end of the token at the special character `text[at]`: a quote, a comment, or that character.

    An unterminated one ends at `limit`.
    """
    char = text[at]
    if char == "'":
        if at and text[at - 1] in "eE" and not (at > 1 and _is_word(text[at - 2])):
            match = _ESCAPE_END.match(text, at + 1, limit)
            return match.end() if match else limit
        end = text.find("'", at + 1, limit)
    elif char == '"':
        end = text.find('"', at + 1, limit)
    elif char == "-":
        if text[at + 1 : at + 2] != "-":
            return at + 1
        found = _LINE_END.search(text, at + 2, limit)
        return limit if found is None else found.end()
    elif char == "/":
        return _skip_comment(text, at, limit) if text[at + 1 : at + 2] == "*" else at + 1
    elif char == "$":
        return _skip_dollar_quoted(text, at, limit)
    else:
        return at + 1
    return limit if end < 0 else end + 1


def _skip_dollar_quoted(text: str, at: int, limit: int) -> int:
    tag = None if at and _is_word(text[at - 1]) else _TAG.match(text, at, limit)
    if tag is None:
        return at + 1
    end = text.find(tag.group(), tag.end(), limit)
    return limit if end < 0 else end + len(tag.group())


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_$" or char >= "\x80"


def _skip_comment(text: str, at: int, limit: int) -> int:
    depth, here = 1, at + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, here, limit)
        if edge is None:
            return limit
        depth += 1 if edge.group() == "/*" else -1
        here = edge.end()
    return here


def is_comment(text: str, at: int) -> bool:
    """Return whether a comment starts at `at`."""
    return text.startswith(("--", "/*"), at)


def without_comments(text: str, *, strings: bool = True) -> str:
    """Return a text with a space for each comment and, unless `strings`, for each string constant."""
    parts: list[str] = []
    at, limit = 0, len(text)
    while at < limit:
        run = _CODE.match(text, at)
        stop = run.end() if run else at
        parts.append(text[at:stop])
        at = skip(text, stop, limit) if stop < limit else limit
        is_string = text[stop : stop + 1] in ("'", "$") and at - stop > 1
        parts.append(" " if is_comment(text, stop) or (is_string and not strings) else text[stop:at])
    return "".join(parts)


def clause_end(text: str, at: int, limit: int, *, stop_at_comma: bool = True) -> int:
    """Return the end of the clause from `at`: before a comma or closing bracket of its level, or a semicolon.

    Trailing white space and comments are excluded.
    """
    depth, end = 0, at
    while at < limit:
        run = (PLAIN if depth else _SIMPLE).match(text, at, limit)
        stop = run.end() if run else at
        if stop > at:
            chunk = text[at:stop].rstrip()
            if chunk:
                end = at + len(chunk)
        if stop >= limit:
            break
        char = text[stop]
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and (char == ";" or (char == "," and stop_at_comma)):
            break
        at = skip(text, stop, limit)
        if not is_comment(text, stop):
            end = at
    return end


def trimmed_end(text: str, at: int, limit: int) -> int:
    """Return `limit` without the preceding white space and comments; `at` is where the statement starts."""
    end = at
    while at < limit:
        run = _ANYTHING.match(text, at, limit)
        stop = run.end() if run else at
        if stop > at:
            length = len(text[at:stop].rstrip())
            if length:
                end = at + length
        if stop >= limit:
            break
        at = skip(text, stop, limit)
        if not is_comment(text, stop):
            end = at
    return end


def clauses(text: str, at: int, limit: int) -> list[tuple[int, int]]:
    """Split the text from `at` at the commas of its own level; each clause without surrounding space and comments."""
    found = []
    while at < limit:
        start = skip_space(text, at, limit)
        end = clause_end(text, start, limit)
        found.append((start, end))
        comma = skip_space(text, end, limit)
        if comma >= limit or text[comma] != ",":
            break
        at = comma + 1
    return found


def skip_space(text: str, at: int, limit: int) -> int:
    """Return the first position from `at` that is neither white space nor comment."""
    while at < limit:
        if text[at].isspace():
            at += 1
        elif is_comment(text, at):
            at = skip(text, at, limit)
        else:
            break
    return at


def unclosed_comment(text: str, at: int, limit: int) -> int | None:
    """Return the start of an unterminated comment if only space and comments are between `at` and `limit`."""
    while at < limit:
        if text.startswith("/*", at):
            end, depth = at + 2, 1
            while depth:
                edge = _COMMENT_EDGE.search(text, end, limit)
                if edge is None:
                    return at
                depth += 1 if edge.group() == "/*" else -1
                end = edge.end()
            at = end
        elif text[at].isspace():
            at += 1
        elif text.startswith("--", at):
            at = skip(text, at, limit)
        else:
            return None
    return None


def skip_name(text: str, at: int, limit: int) -> int:
    """Return the end of the (qualified) name at `at`."""
    match = QUALIFIED.match(text, at, limit)
    return match.end() if match else at


def name_parts(text: str, at: int, limit: int) -> list[tuple[int, int]]:
    """Return the spans of the parts of the (qualified) name at `at`."""
    found: list[tuple[int, int]] = []
    while (part := _WORD.match(text, at, limit)) is not None:
        found.append(part.span())
        dot = skip_space(text, part.end(), limit)
        if not text.startswith(".", dot, limit):
            break
        at = skip_space(text, dot + 1, limit)
    return found


def words(text: str, at: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of names, numbers, and single signs from `at`; strings and comments are skipped."""
    while (at := skip_space(text, at, limit)) < limit:
        word = None if text[at] == "$" else _WORD.match(text, at, limit)
        end = word.end() if word is not None else skip(text, at, limit)
        if word is not None or (text[at] not in "'$\"" and end == at + 1):
            yield at, end
        at = end


def bracket_end(text: str, at: int, limit: int) -> int:
    """Return the position after the bracket that closes the one at `at`."""
    return bracket_ends(text, at, limit).get(at, limit)


def bracket_ends(text: str, at: int, limit: int) -> dict[int, int]:
    """Return the positions of the bracket at `at` and of those in it, each with the one after what closes it."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    while at < limit:
        run = PLAIN.match(text, at, limit)
        at = run.end() if run else at
        if at >= limit:
            break
        char = text[at]
        if char in "([":
            opened.append(at)
        elif char in ")]":
            if opened:
                ends[opened.pop()] = at + 1
            if not opened:
                break
        at = skip(text, at, limit)
    return ends


def find_word(text: str, word: re.Pattern[str], at: int, limit: int, *, nested: bool = False) -> re.Match[str] | None:
    """Find a word outside quotes and comments, and outside brackets unless `nested`."""
    depth = 0
    while at < limit:
        run = PLAIN.match(text, at, limit)
        stop = run.end() if run else at
        if (nested or depth == 0) and (match := word.search(text, at, stop)):
            return match
        if stop >= limit:
            return None
        char = text[stop]
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        at = skip(text, stop, limit)
    return None
