"""SQLite's lexical rules: a script as statements, each a list of tokens.

This follows the tokenizer of SQLite itself, including its special cases: a block comment may be unterminated, `[`
quotes a name, bytes above 127 are letters, and a byte order mark is white space at the start of any token. Statements
are split here as well, because only a tokenizer knows which semicolons end one.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from miglint.base.lazy_regex import many, pattern
from miglint.base.model import Span

STRING = "'"
QUOTED = '"'
NUMBER = "0"
BLOB = "'x"
VARIABLE = "?"
ILLEGAL = "\0"

_NAME_STARTS = frozenset(f"{string.ascii_letters}_{QUOTED}")

# By group number in `_TOKEN`; words and punctuation are their own kind.
_MARKS = ("", "", "", STRING, QUOTED, NUMBER, BLOB, VARIABLE, ILLEGAL)

# Letters, digits, `_`, `$` and all non-ASCII characters; the negated class compiles ten times faster.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_WORD = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_WORD_OR_DOT = r"[^\x00-#%-\-/:-@\[-^`{-\x7f]"
_DIGITS = r"[0-9]++" + many("_[0-9]++")
_HEX = r"0[xX][0-9A-Fa-f]++" + many("_[0-9A-Fa-f]++")

# Without backtracking, so that an unterminated quote does not match a shorter terminated one, in linear time.
_WHITE = r"[ \t\n\f\r\ufeff][\t-\r ]*+"
_COMMENT = r"--[^\n]*+|/\*(?=.)[^*]*+" + many(r"\*(?!/)[^*]*+") + r"(?:\*/|\Z)"
SPACE = rf"(?:{_WHITE}|{_COMMENT})"
_GAP = SPACE + many(SPACE)
_STRING = "'[^']*+" + many("''[^']*+") + "'"
_NAME = '(?:"[^"]*+' + many('""[^"]*+') + '"|`[^`]*+' + many("``[^`]*+") + r"`|\[[^\]]*+\])"
_BLOB = "[xX]'" + many("[0-9A-Fa-f][0-9A-Fa-f]") + "'"
_VARIABLE = rf"\?[0-9]*+|[$@:#](?:{_WORD}|::)" + many(f"{_WORD}++|::")
_TOKEN = pattern(
    # The most common separators: one space or none.
    rf"(?:{_WHITE}(?![-/\ufeff])|(?![-/ \t\n\f\r\ufeff])|{many(SPACE)})(?:"
    rf"((?![xX]'){_LETTER}{_WORD}*+)"
    r"|(->>|->|\|\||<=|<>|<<|>=|>>|==|!=|[-()*,;=+<>/%&|~]|\.(?![0-9]))"
    rf"|({_STRING})|({_NAME})"
    rf"|((?:{_HEX}|(?>(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?))(?!{_WORD}))"
    rf"|({_BLOB})|({_VARIABLE})"
    rf"""|(['"`\[].*|[xX]'[^']*+'?|[0-9.]{_WORD_OR_DOT}*+|.)"""
    r"|\Z)",
    re.DOTALL,
)
_SPACES = pattern(many(f"{SPACE}|;"), re.DOTALL)
# Up to a semicolon outside quotes and comments.
_PLAIN = r"""[^;'"`\[/-]*+"""
_STATEMENT = pattern(_PLAIN + many(rf"""(?:{_STRING}|{_NAME}|{_COMMENT}|[-/]|['"`\[].*){_PLAIN}"""), re.DOTALL)
_TRIGGER = pattern(
    rf"(?:EXPLAIN{_GAP}(?:QUERY{_GAP}PLAN{_GAP})?)?CREATE{_GAP}(?:TEMP(?:ORARY)?{_GAP})?TRIGGER\b",
    re.IGNORECASE | re.DOTALL,
)

# A statement with more tokens than this is checked by the library but not parsed: no DDL statement is that long.
MAX_TOKENS = 300_000


class Tokens:
    """The tokens of one statement, as parallel lists.

    `words` is compared by readers: the upper-case text of a bare word, the text of punctuation, and a constant such as
    `STRING` for the rest. `complete` is False if the statement was too long to keep.
    """

    __slots__ = ("_closing", "complete", "end", "ends", "start", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.complete = True
        self.start = 0
        self.end = 0
        self._closing: dict[int, int] | None = None

    def __len__(self) -> int:
        return len(self.words)

    def raw(self, index: int) -> str:
        """Return the original text of a token."""
        return self.text[self.starts[index] : self.ends[index]]

    def slice(self, start: int, end: int) -> str:
        """Return the text of the tokens from `start` to before `end`, including what is between them."""
        return self.text[self.starts[start] : self.ends[end - 1]] if start < end else ""

    def span(self, start: int, end: int, offset: int) -> Span:
        """Return the span of the tokens from `start` to before `end`; up to the last, dropped ones are included."""
        last = self.end if end >= len(self.ends) else self.ends[end - 1]
        return Span(self.starts[start] + offset, last + offset)

    def closing(self, index: int) -> int:
        """Return the index of the parenthesis that closes the one at `index`, or the number of tokens."""
        if self._closing is None:
            self._closing, opened = {}, []
            for at, word in enumerate(self.words):
                if word == "(":
                    opened.append(at)
                elif word == ")" and opened:
                    self._closing[opened.pop()] = at
        return self._closing.get(index, len(self.words))

    def is_name(self, index: int) -> bool:
        """Return whether the token at `index` is a bare word or a quoted name."""
        if index >= len(self.words):
            return False
        first = self.words[index][0]
        return first in _NAME_STARTS or first > "\x7f"

    def name(self, index: int) -> str:
        """Return the token at `index` as a name, unquoted."""
        return unquoted(self.raw(index))


def unquoted(raw: str) -> str:
    """Return the name or string value of a token."""
    quote = raw[:1]
    if quote == "[":
        return raw[1:-1]
    if quote in {'"', "`", "'"}:
        return raw[1:-1].replace(quote + quote, quote)
    return raw


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Split a script into statements, as ranges of characters; empty ones are skipped.

    A range starts with the first token and ends before the semicolon. A `CREATE TRIGGER` ends at the semicolon after
    its `END`, as in `sqlite3_complete()`; without a `BEGIN` it is not a valid trigger of SQLite, and ends like any
    other statement.
    """
    at, size = 0, len(text)
    while True:
        start = _end(_SPACES, text, at)
        if start >= size:
            return
        at = _end(_STATEMENT, text, start)
        if at < size and _TRIGGER.match(text, start):
            at = _end_of_trigger(text, start, at)
        yield start, at
        at += 1


def statements(text: str) -> Iterator[Tokens]:
    """Return the statements of a script, each tokenized."""
    return (tokenize(text, start, end) for start, end in pieces(text))


def tokenize(text: str, start: int, end: int) -> Tokens:
    """Tokenize the characters from `start` to `end`."""
    tokens = Tokens(text)
    words, starts, ends = tokens.words, tokens.starts, tokens.ends
    add_word, add_start, add_end = words.append, starts.append, ends.append
    # All words are converted at once; with non-ASCII characters the length could change, and then each is converted
    # separately.
    upper = text[start:end].upper() if text.isascii() else None
    for match in _TOKEN.finditer(text, start, end):
        group = match.lastindex
        if group is None:
            break
        first, last = match.span(group)
        if group > 2:
            add_word(_MARKS[group])
        elif upper is not None:
            add_word(upper[first - start : last - start])
        else:
            raw = text[first:last]
            add_word(raw.upper() if raw.isascii() else raw)
        add_start(first)
        add_end(last)
        if len(words) >= MAX_TOKENS and last < end:
            tokens.complete = False
            break
    tokens.start = start
    tokens.end = ends[-1] if tokens.complete and ends else end
    return tokens


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _end_of_trigger(text: str, start: int, semicolon: int) -> int:
    """Return the end of a trigger whose text contains a semicolon: before the one that follows `; END`."""
    body, before, last = False, "", ""
    for match in _TOKEN.finditer(text, start):
        if match.lastindex is None:
            break
        first, end = match.span(match.lastindex)
        word = text[first:end].upper() if end - first < 6 else ""
        body = body or word == "BEGIN"
        if word == ";":
            if not body:
                return semicolon
            if last == "END" and before in {";", "BEGIN"}:
                return first
        before, last = last, word
    return len(text)
