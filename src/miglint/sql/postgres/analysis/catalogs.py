"""What PostgreSQL 14 to 18 bring: types, functions, operators, casts and operator classes, as data read off the engine.

`scripts/read_catalogs.py` writes `catalogs.json`: an object per catalog. Types are named as in `pg_type`, arrays `T[]`.

    types      name: category, `p` if preferred, `typtype`, volatility of its input and of its output function
    ranges     range type: subtype
    functions  name: ["arguments>result VKS[defaults]", ...], `V` the volatility (`i`, `s`, `v`, or `?` where versions do not agree), `K` the
               kind (`f`, `a`, `w`, `p`), `S` `s` if it returns a set; a variadic argument has a `*` in front
    operators  name: ["left,right>result V", ...], left empty for a prefix operator
    casts      source: target: context (`i`, `a`, `e`), method and volatility
    classes    access method: ["name type [default]", ...]
"""

# ruff: noqa: E501 - the format stays readable

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import msgspec

from miglint.base.structs import Struct


class Function(Struct, frozen=True):
    """One function: its argument types, its result, how many arguments have defaults.

    `volatility` is `i`, `s`, `v` or `?` for not known; `kind` is `f`, `a` (aggregate), `w` (window) or `p` (procedure).
    `variadic` means that the last argument may be given any number of times, one by one.
    """

    arguments: tuple[str, ...]
    result: str
    volatility: str = "?"
    kind: str = "f"
    many: bool = False
    defaults: int = 0
    variadic: bool = False


class TypeInfo(Struct, frozen=True):
    """A built-in type: its category, whether it is the preferred one of that, and the volatility of its texts."""

    category: str
    preferred: bool
    kind: str
    reads: str
    writes: str


_FILE = Path(__file__).with_name("catalogs.json")


@cache
def _sections() -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(_FILE.read_bytes(), type=dict[str, msgspec.Raw])


@cache
def _types() -> dict[str, str]:
    return msgspec.json.decode(_sections()["types"], type=dict[str, str])


@cache
def _ranges() -> dict[str, str]:
    return msgspec.json.decode(_sections()["ranges"], type=dict[str, str])


@cache
def _functions() -> dict[str, list[str]]:
    return msgspec.json.decode(_sections()["functions"], type=dict[str, list[str]])


@cache
def _operators() -> dict[str, list[str]]:
    return msgspec.json.decode(_sections()["operators"], type=dict[str, list[str]])


@cache
def _casts() -> dict[str, dict[str, str]]:
    return msgspec.json.decode(_sections()["casts"], type=dict[str, dict[str, str]])


@cache
def _classes() -> dict[str, list[str]]:
    return msgspec.json.decode(_sections()["classes"], type=dict[str, list[str]])


@lru_cache(maxsize=256)
def type_info(name: str) -> TypeInfo | None:
    """Return what is known of a built-in type, None for another one."""
    text = _types().get(name)
    return None if text is None else TypeInfo(text[0], text[1] == "p", text[2], text[3], text[4])


def subtype(name: str) -> str | None:
    """Return the type of the bounds of a built-in range type."""
    return _ranges().get(name)


@lru_cache(maxsize=512)
def functions(name: str) -> tuple[Function, ...]:
    """Return the built-in functions of a name."""
    return tuple(map(_function, _functions().get(name, ())))


def _function(text: str) -> Function:
    signature, _, flags = text.rpartition(" ")
    given, _, result = signature.partition(">")
    arguments = tuple(given.split(",")) if given else ()
    variadic = bool(arguments) and arguments[-1].startswith("*")
    if variadic:
        arguments = (*arguments[:-1], arguments[-1][1:])
    return Function(arguments, result, flags[0], flags[1], flags[2] == "s", int(flags[3:] or 0), variadic)


@lru_cache(maxsize=128)
def operators(name: str) -> tuple[Function, ...]:
    """Return the built-in operators of a name; a prefix operator has one argument."""
    found = []
    for text in _operators().get(name, ()):
        signature, _, volatility = text.rpartition(" ")
        operands, _, result = signature.partition(">")
        left, _, right = operands.partition(",")
        found.append(Function((left, right) if left else (right,), result, volatility))
    return tuple(found)


def cast(source: str, target: str) -> tuple[str, str, str] | None:
    """Return the context, the method and the volatility of a built-in cast; None where there is none."""
    text = _casts().get(source, {}).get(target)
    return None if text is None else (text[0], text[1], text[2])


def classes(method: str) -> tuple[tuple[str, str, bool], ...] | None:
    """Return the operator classes of an access method (name, type, default); None for one that is not built in."""
    found = _classes().get(method)
    if found is None:
        return None
    return tuple((text.split()[0], text.split()[1], text.endswith(" default")) for text in found)
