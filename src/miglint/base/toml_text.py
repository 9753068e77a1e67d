"""Reading TOML of any origin: bounded in time, with one kind of error.

The time and the memory that `tomllib` takes for a dotted key grow with the square of its parts, and a number of
thousands of digits is an error of another kind than other mistakes are.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern

_MOST_PARTS = 100  # as in the pattern
# Each word is looked at from its start only: the time for it grows with the text.
_DEEP_KEY = pattern(r"(?:(?:(?<![\w-])[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}")
_PLACE = pattern(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


class TomlError(ValueError):
    """A text is not TOML. The message says why without the place; `line` counts from 1, None when it is not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def toml_values(text: str) -> dict[str, object]:
    """Return the values of a TOML document; raises `TomlError`."""
    import tomllib  # many folders have nothing to read

    if (deep := _DEEP_KEY.search(text)) is not None:
        raise TomlError(f"a key of more than {_MOST_PARTS} parts", text.count("\n", 0, deep.start()) + 1)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("values are nested too deep") from None
    except ValueError as error:
        raise _toml_error(str(error), text, known=isinstance(error, tomllib.TOMLDecodeError)) from None


def _toml_error(message: str, text: str, *, known: bool) -> TomlError:
    if not known:
        # The one that Python has for a number of too many digits.
        found = re.search(r"\d{4000}", text)
        return TomlError("a number of too many digits", text.count("\n", 0, found.start()) + 1 if found else None)
    place = _PLACE.search(message)
    if place is None:
        return TomlError(f"invalid TOML: {message}")
    line = int(place[1]) if place[1] else len(text.splitlines()) or 1
    return TomlError(f"invalid TOML: {message[: place.start()]}", line)
