"""Strings whose end depends on a setting: with `standard_conforming_strings` off, a backslash in them escapes.

Whether a `SET` of a script takes effect on the strings behind it depends on how the script is sent: all of one query is
read before any of it runs. What is behind such a string is therefore not read.
"""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.sql.operations import Maintenance, Opaque, SetVariable, Statement, SyntaxProblem, Transaction, flat
from miglint.sql.postgres.lexer import skip
from miglint.sql.type_input import truth_of

_STANDARD, _QUOTE = "standard_conforming_strings", "backslash_quote"
_NAMES = pattern("(?i)standard_conforming_strings|backslash_quote")
_MARK = pattern(r"""['"$/\-]""")


def may_depend(text: str) -> bool:
    """Return whether a script sets how its strings are read, and has a backslash."""
    return "\\" in text and _NAMES.search(text) is not None


def read_strings(text: str, offset: int, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the statements of a script up to the first string that may end elsewhere, and the rest as unread."""
    # By its name, whether a setting that is off ends with the transaction.
    off: dict[str, bool] = {}
    for number, statement in enumerate(statements):
        start, end = statement.span.start - offset, statement.span.end - offset
        if off and (found := _uncertain_string(text, start, end, off)) is not None:
            return (*statements[:number], _unread(text, offset, start, found, off))
        for operation in flat(statement.operations):
            if isinstance(operation, SetVariable):
                _set(off, operation)
            elif isinstance(operation, Transaction) and operation.action in ("commit", "rollback"):
                for name in [name for name, local in off.items() if local]:
                    del off[name]
            elif isinstance(operation, Maintenance) and (operation.kind, operation.options) == ("discard", ("all",)):
                off.clear()
    return statements


def _set(off: dict[str, bool], operation: SetVariable) -> None:
    if operation.name == "all":
        off.clear()
    elif operation.name in (_STANDARD, _QUOTE):
        if operation.values is None or _is_on(operation.values[0]):
            off.pop(operation.name, None)
        else:
            off[operation.name] = operation.local


def _is_on(value: str) -> bool:
    return truth_of(value) is True or value.lower() == "safe_encoding"


def _uncertain_string(text: str, at: int, limit: int, off: dict[str, bool]) -> Span | None:
    """Return the first string in a statement that is read otherwise with the settings that are off."""
    while (mark := _MARK.search(text, at, limit)) is not None:
        start, at = mark.start(), skip(text, mark.start(), limit)
        body = text[start:at]
        if mark[0] == "$" and "'" in body and "\\" in body:
            # The body of a routine or a block is read with the same setting.
            return Span(start, at)
        if mark[0] == "'" and "\\" in body:
            escapes = text[start - 1 : start] in ("e", "E") and not text[start - 2 : start - 1].isalnum()
            if (escapes and _QUOTE in off and "\\'" in body) or (not escapes and _STANDARD in off):
                return Span(start, at)
    return None


def _unread(text: str, offset: int, start: int, string: Span, off: dict[str, bool]) -> Statement:
    name = _STANDARD if _STANDARD in off else _QUOTE
    reason = f"what its backslash means depends on {name}, and on how the script is sent"
    whole = Span(offset + start, offset + len(text.rstrip()))
    problem = SyntaxProblem(reason, Span(offset + string.start, offset + string.end), certain=False)
    return Statement(whole, "statement", (Opaque(span=whole, reason=reason),), problem)
