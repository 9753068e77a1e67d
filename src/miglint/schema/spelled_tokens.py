"""The tokens of PostgreSQL's expressions and queries, with the casts of each."""

from __future__ import annotations

import re
from functools import lru_cache

from miglint.base.lazy_regex import pattern
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.sql.intervals import folded_interval
from miglint.sql.shown_names import shown_name

_TYPE = (
    r"""(?:"[^"]*"|[\w.$])+(?:\ (?:varying|precision)\b)?(?:\([^()']*\))?(?:\ with(?:out)?\ time\ zone\b)?(?:\[\])*"""
)
# Names with what qualifies them are one token.
_TOKEN = pattern(
    rf"""(?P<cast>::{_TYPE})|(?P<space>\s+)
    |\b[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"
    |[\w$][\w.$]*|[-+*/<>=~!@\#%^&|`?]+|.""",
    re.VERBOSE | re.DOTALL,
)
_HEX = pattern(r"'\\x((?:[0-9a-f]{2})+)'")
_TIMELY = pattern(r"'(?=[^'\d]*\d)([-+:\w ]++)'")


@lru_cache(maxsize=4096)
def read_tokens(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return the tokens of a text without casts, the types that each is cast to, and its skeleton."""
    tokens: list[str] = []
    casts: list[tuple[str, ...]] = []
    for found in _TOKEN.finditer(text):
        if found["space"]:
            continue
        if found["cast"] and tokens:
            casts[-1] = (*casts[-1], _type(found["cast"][2:]))
            continue
        if found[0] == "(" and tokens:
            tokens[-1] = _function(tokens[-1])
        tokens.append(found[0])
        casts.append(())
    names = tuple(_unqualified(token) for token in tokens)
    return names, tuple(casts), tuple(_loosest(token) if token[:1] == "'" else token for token in names)


def _unqualified(name: str) -> str:
    """Return a name without the schema in which it is found anyway."""
    if name[0] == '"':
        return shown_name(name[1:-1].replace('""', '"'))
    plain = name.removeprefix("public.")
    return name.removeprefix("pg_catalog.") if plain == name or plain.startswith("pg_") else plain


def _function(name: str) -> str:
    """Return the name of a function; one of `public` that the server has too is another one than without its schema."""
    plain = name.removeprefix("public.")
    return f'"public".{plain}' if plain != name and is_built_in(plain) else name


def _type(name: str) -> str:
    plain = name.removeprefix("public.")
    return name if plain != name and plain.partition("[")[0] in BUILTIN_TYPES else _unqualified(name)


def is_built_in(function: str) -> bool:
    """Return whether the server has a function of this name."""
    # Loads the catalogs, which few runs need for this.
    from miglint.sql.postgres.analysis.catalogs import functions

    return bool(functions(function))


def _loosest(constant: str) -> str:
    """Return what all constants have in common that may have the value of this one in some type."""
    if (found := _HEX.fullmatch(constant)) is not None:
        text = bytes.fromhex(found[1]).decode("latin-1")
        plain = text.isascii() and text.isprintable() and "'" not in text and "\\" not in text
        return f"'{text}'" if plain else constant
    if (found := _TIMELY.fullmatch(constant)) is not None:
        folded = folded_interval(found[1])
        return constant if folded is None else f"'{folded}'"
    return constant
