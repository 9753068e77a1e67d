"""Canonical texts of PostgreSQL's expressions and queries, token by token: which of them mean the same.

Nothing inside a constant or a quoted name is ever rewritten. What may differ between two texts of one meaning is what
the server adds by itself when it prints a definition: the schema `public`, casts of constants to the type that they
have in their place, and casts between types of text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.schema.spelled_tokens import is_built_in, read_tokens
from miglint.sql.any_arguments import ANY_ARGUMENTS

if TYPE_CHECKING:
    from miglint.sql.operations import Type
    from miglint.sql.postgres.analysis.stored.definitions import StoredForm


class Surroundings(NamedTuple):
    """What the names in a text may be.

    `kind_of` returns the type of the columns of a name, None if it is not known and an empty text if several differ.
    `overloads` returns how many functions of a name the project has, and `owners` the relations that have a column,
    where there are several relations. `reads` are the names of those that a query reads. `stored` reads the form in
    which the server stores a text, of its canonical form, of how it is written, and of the type that it becomes.
    """

    kind_of: Callable[[str], str | None] = lambda name: None
    overloads: Callable[[str], int] = lambda name: 0
    owners: Callable[[str], frozenset[str]] = lambda name: frozenset()
    stored: Callable[[str, str, Type | None], StoredForm | None] = lambda text, written, target: None
    reads: frozenset[str] = frozenset()


NOWHERE = Surroundings()

_TEXT = frozenset({"text", "varchar"})
# Types that the server casts to `text` by itself, without a change of the value.
_LIKE_TEXT = _TEXT | {"name"}
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_PLAIN_DATE = pattern(r"'\d{4}-\d\d-\d\d'")
_SIGN = pattern(r"[-+*/<>=~!@#%^&|`?]+")
_NUMBER = pattern(r"\d[\d.]*")
# Functions and forms whose result has the type of their arguments.
_OF_ARGUMENTS = frozenset({"coalesce", "nullif", "max", "min", "greatest", "least"})
_ARITHMETIC = frozenset({"(", "+", "-", "*", "/", "%"})
_TEXT_SIGNS = frozenset({"->>", "#>>"})


class Spelling(str):
    """A text, equal to another one if they have the same meaning as far as that is sure.

    `place` is what it may name, `written` the text as it is written, if that is known, and `target` the type that the
    value of a default becomes. `tokens` are without casts, `casts` the types that each of them is cast to, and
    `skeleton` the tokens as far as all texts of one meaning have them in common.
    """

    place: Surroundings
    written: str
    target: Type | None
    tokens: tuple[str, ...]
    casts: tuple[tuple[str, ...], ...]
    skeleton: tuple[str, ...]

    def __hash__(self) -> int:
        return hash(self.skeleton)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spelling):
            return False
        if self.written == other.written and str(self) == str(other):
            return True
        if (same := self.is_stored_as(other)) is not None:
            return same
        if self.skeleton != other.skeleton:
            return False
        return all(same_at(self, at, other, at) for at in range(len(self.tokens)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    @cached_property
    def stored(self) -> StoredForm | None:
        """The form in which the server stores it."""
        return self.place.stored(str(self), self.written, self.target) if self.written else None

    def is_stored_as(self, other: Spelling) -> bool | None:
        """Return whether the server stores the same for both; None where that is not known."""
        if not (self.written and other.written) or self.place.reads != other.place.reads:
            return None
        if self.stored is None or other.stored is None:
            return None
        try:
            return self.stored.is_same(other.stored)
        except RecursionError:
            return None


class LenientSpelling(Spelling):
    """A text, equal to another one unless it is sure that the server stores them apart."""

    def __hash__(self) -> int:
        return hash(self.skeleton)

    def is_stored_as(self, other: Spelling) -> bool | None:
        """Return whether the server may store the same for both."""
        same = super().is_stored_as(other)
        if same is not None or self.stored is None or other.stored is None:
            return same
        return True if self.stored.may_be(other.stored) else None


def spelled(
    text: str, place: Surroundings = NOWHERE, written: str = "", target: Type | None = None, *, lenient: bool = False
) -> Spelling:
    """Return a canonical text that stands in a place."""
    spelling = LenientSpelling(text) if lenient else Spelling(text)
    spelling.place, spelling.written, spelling.target = place, written, target
    spelling.tokens, spelling.casts, spelling.skeleton = read_tokens(text)
    return spelling


def same_at(one: Spelling, at: int, two: Spelling, to: int) -> bool:
    """Return whether equal tokens of two texts have equal casts, and constants equal values in their places."""
    left, right = one.casts[at], two.casts[to]
    if one.tokens[at] != two.tokens[to] and one.tokens[at][:1] == "'" and not _is_value(one, at, two, to):
        return False
    if left == right:
        return True
    if (left := _without_text(left)) == (right := _without_text(right)):
        return _is_text(one, at) and _is_text(two, to)
    if left and right:
        return False
    text, place = (one, at) if left else (two, to)
    return _adds(text, place, (left or right)[0]) if len(left or right) == 1 else False


def _is_value(one: Spelling, at: int, two: Spelling, to: int) -> bool:
    """Return whether constants of other letters are of a type in which they are the same value."""
    kind = "bytea" if "'\\x" in (one.tokens[at][:3], two.tokens[to][:3]) else "interval"
    for text, place in ((one, at), (two, to)):
        if kind in text.casts[place] or kind in _beside(text, place):
            return True
        signs = text.tokens[max(place - 1, 0) : place] + text.tokens[place + 1 : place + 2]
        # There is no `+` of text.
        if kind == "interval" and not {"+", "-"}.isdisjoint(signs):
            return True
    return False


def _beside(text: Spelling, at: int) -> tuple[str, ...]:
    """Return the types of the operands that an operator joins with the token at a place, as far as they are known."""
    tokens, found = text.tokens, []
    start = _start(text, at)
    for sign, other in ((start - 1, start - 2), (at + 1, at + 2)):
        if other < 0 or other >= len(tokens) or _SIGN.fullmatch(tokens[sign]) is None:
            continue
        if text.casts[other]:
            found.append(text.casts[other][-1])
        elif (kind := text.place.kind_of(tokens[other].rpartition(".")[2])) is not None:
            found.append(kind)
    return tuple(found)


def _without_text(casts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cast for cast in casts if cast not in _TEXT)


def _is_text(text: Spelling, at: int) -> bool:
    """Return whether the operand that ends at a place is of a type of text, so that it need not be cast to one."""
    token = text.tokens[at]
    if token[:1] == "'":
        return True
    if token == "]":
        return all(part[:1] == "'" or part == "," for part in text.tokens[_opening(text, at) + 1 : at])
    if token == ")":
        return _is_text_in(text, _opening(text, at), at)
    kind = text.place.kind_of(token.rpartition(".")[2])
    if kind is None:
        return not is_output(text, at)
    return kind == "text" or (kind in _LIKE_TEXT and not is_output(text, at))


def _is_text_in(text: Spelling, opening: int, closing: int) -> bool:
    """Return whether what stands between parentheses, or the function called on it, is of a type of text."""
    name = text.tokens[opening - 1] if opening else ""
    if name in _OF_ARGUMENTS:
        return _is_text(text, _first_end(text, opening + 1, closing))
    if name and (name[0].isalpha() or name[0] == "_"):
        from miglint.sql.postgres.analysis.catalogs import functions

        known = functions(name)
        return bool(known) and all(function.result in _LIKE_TEXT for function in known)
    if text.tokens[opening + 1] == "case":
        return _is_case_of_text(text, opening, closing)
    depth = 0
    for token in text.tokens[opening + 1 : closing]:
        depth += (token in "([") - (token in ")]")
        if depth == 0 and token in _TEXT_SIGNS:
            return True
    return False


def _is_case_of_text(text: Spelling, opening: int, closing: int) -> bool:
    """Return whether all results of a CASE are of types of text."""
    depth, is_result = 0, False
    for at in range(opening + 1, closing):
        token = text.tokens[at]
        depth += (token in "([") - (token in ")]")
        if depth == 0 and token in ("when", "else", "end") and is_result and not _is_text(text, at - 1):
            return False
        if depth == 0 and token in ("when", "then", "else"):
            is_result = token != "when"
    return True


def _first_end(text: Spelling, at: int, closing: int) -> int:
    """Return the place of the last token of the first argument from a place."""
    depth = 0
    for place in range(at, closing):
        depth += (text.tokens[place] in "([") - (text.tokens[place] in ")]")
        if depth == 0 and text.tokens[place] == ",":
            return place - 1
    return closing - 1


def _opening(text: Spelling, closing: int) -> int:
    """Return the place of the bracket that the one at a place closes."""
    depth = 0
    for at in range(closing, -1, -1):
        depth += (text.tokens[at] in ")]") - (text.tokens[at] in "([")
        if depth == 0:
            return at
    return 0


def _start(text: Spelling, at: int) -> int:
    """Return the place where the operand begins that ends at a place."""
    if text.tokens[at] not in (")", "]"):
        return at
    opening = _opening(text, at)
    return opening - 1 if opening and _is_name(text.tokens[opening - 1]) else opening


def is_output(text: Spelling, at: int) -> bool:
    """Return whether the operand that ends at a place is a result of a query, which has the type of its cast."""
    if "select" not in text.skeleton:
        return False
    behind = text.tokens[at + 1] if at + 1 < len(text.tokens) else ")"
    if _SIGN.fullmatch(behind) is not None:
        return False
    start = _start(text, at)
    before = text.tokens[start - 1] if start else ""
    if before == ",":
        opening = _enclosing(text, start - 1)
        return opening == 0 or not _is_name(text.tokens[opening - 1])
    return before in ("select", "then", "else")


def _is_name(token: str) -> bool:
    return token[:1].isalpha() and token not in _SYNTAX


# Words before a parenthesis that is not that of a function.
_SYNTAX = frozenset(
    {
        "from", "join", "in", "exists", "any", "all", "as", "union", "except", "intersect", "lateral", "and",
        "or", "not", "where", "when", "then", "else", "case", "select", "by", "on", "having", "distinct",
        "with", "is", "like", "ilike", "between", "values", "filter", "over", "using",
    }
)  # fmt: skip


def _enclosing(text: Spelling, at: int) -> int:
    """Return the place of the bracket that a place is in; 0 if it is in none."""
    depth = 0
    for place in range(at - 1, -1, -1):
        depth += (text.tokens[place] in ")]") - (text.tokens[place] in "([")
        if depth < 0:
            return place
    return 0


def _adds(text: Spelling, at: int, kind: str) -> bool:
    """Return whether the server would add the cast of the operand that ends at a place, where there is none."""
    token = text.tokens[at]
    if "(" in kind or is_output(text, at):
        return False
    if token[:1] == "'":
        if _is_of_any_type(text, at) or (kind == "date" and _PLAIN_DATE.fullmatch(token) is None):
            return False
        beside = _beside(text, at)
        return not beside or kind in beside or "" in beside
    if token == "]":
        return kind.endswith("[]") and _is_text(text, at)
    if text.place.kind_of(token.rpartition(".")[2]) == kind:
        return True
    if kind not in _NUMBERS or not _is_number(text, at):
        return False
    return kind in _beside(text, at) or _is_argument(text, at) or _is_compared(text, at)


def _is_of_any_type(text: Spelling, at: int) -> bool:
    """Return whether an operand is an argument of a function that takes any type."""
    opening = _enclosing(text, at)
    return opening > 0 and text.tokens[opening - 1] in ANY_ARGUMENTS


def _is_number(text: Spelling, at: int) -> bool:
    token = text.tokens[at]
    if token == ")":
        # What is computed of numbers is one.
        opening = _opening(text, at)
        inner = range(opening + 1, at)
        called = opening > 0 and _is_name(text.tokens[opening - 1])
        return not called and all(text.tokens[one] in _ARITHMETIC or _is_number(text, one) for one in inner)
    return _NUMBER.fullmatch(token) is not None or text.place.kind_of(token.rpartition(".")[2]) in _NUMBERS


def _is_compared(text: Spelling, at: int) -> bool:
    """Return whether a column of whole numbers is compared with a number: then its type does not matter."""
    if text.place.kind_of(text.tokens[at].rpartition(".")[2]) not in _NUMBERS[:3]:
        return False
    return any(
        0 <= other < len(text.tokens)
        and text.tokens[sign] in _COMPARISONS
        and _NUMBER.fullmatch(text.tokens[other]) is not None
        for sign, other in ((at - 1, at - 2), (at + 1, at + 2))
    )


def _is_argument(text: Spelling, at: int) -> bool:
    """Return whether the operand that ends at a place is an argument of a function that there is once."""
    tokens = text.tokens
    start = _start(text, at)
    if tokens[start - 1 : start] not in ((",",), ("(",)) or tokens[at + 1 : at + 2] not in ((",",), (")",)):
        return False
    opening = _enclosing(text, start)
    name = tokens[opening - 1].rpartition(".")[2] if opening else ""
    return text.place.overloads(name) == 1 and not is_built_in(name)


def resolves(text: Spelling, at: int) -> bool:
    """Return whether a qualified column is the one of its name without a qualifier, as far as that is known.

    It is not if a query within reads a relation that has such a column as well: that one is nearer.
    """
    qualifier, _, column = text.tokens[at].rpartition(".")
    owners = text.place.owners(column)
    if not owners:
        return True
    while (opening := _enclosing(text, at)) and text.tokens[opening + 1] not in ("from", "with"):
        at = opening
    read = set()
    for place in range(opening + 1, len(text.tokens)):
        if text.tokens[place] == "select":
            break
        read.add(text.tokens[place].rpartition(".")[2])
    return qualifier.rpartition(".")[2] in read or owners.isdisjoint(read)
