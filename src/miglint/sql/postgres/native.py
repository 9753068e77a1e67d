"""Binding of libpg_query, the library included in postgast, without its Python package.

`import postgast` takes 70 ms, nearly all of it for protobuf classes that miglint does not use. The library also returns
JSON, which is parsed much faster than protobuf; so the four functions that do are bound here. Their structures are
those of `pg_query.h`.
"""

from __future__ import annotations

from ctypes import CDLL, POINTER, Structure, c_char_p, c_int
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import DecodeError, Raw, Struct
from msgspec.json import decode

from miglint.base.lazy_regex import pattern

_EXTRA_BRACE = pattern(rb"([\[,])\{\}\}")


class NativeError(Struct, frozen=True):
    """The grammar's error for a text; `char` is its position, or -1.

    Positions in trees are bytes, but this one is a character: the server counts so for its clients.
    """

    message: str
    char: int


class _Error(Structure):
    _fields_ = (
        ("message", c_char_p),
        ("funcname", c_char_p),
        ("filename", c_char_p),
        ("lineno", c_int),
        ("cursorpos", c_int),
        ("context", c_char_p),
    )


class _ParseResult(Structure):
    _fields_ = (("parse_tree", c_char_p), ("stderr_buffer", c_char_p), ("error", POINTER(_Error)))


class _Functions(Structure):
    _fields_ = (("plpgsql_funcs", c_char_p), ("error", POINTER(_Error)))


@cache
def _library() -> Any:
    package = find_spec("postgast")
    if package is None or not package.submodule_search_locations:
        raise ImportError("miglint reads PostgreSQL with the package postgast, which is not installed")
    folder = Path(next(iter(package.submodule_search_locations)))
    # libpg_query.so, libpg_query.dylib, pg_query.dll
    files = [path for path in folder.glob("*pg_query.*") if path.suffix in {".so", ".dylib", ".dll"}]
    if not files:
        raise ImportError(f"postgast is installed without its library, libpg_query: nothing of that name in {folder}")
    library = CDLL(str(files[0]))
    for parse, free, result in (
        (library.pg_query_parse, library.pg_query_free_parse_result, _ParseResult),
        (library.pg_query_parse_plpgsql, library.pg_query_free_plpgsql_parse_result, _Functions),
    ):
        parse.argtypes, parse.restype = (c_char_p,), result
        free.argtypes, free.restype = (result,), None
    return library


class _RawScript(Struct, gc=False):
    stmts: list[Raw] = []


def parse_statements(data: bytes) -> list[Raw] | NativeError:
    """Parse SQL; return its raw statements as JSON: that of one is small, and that of all a hundred times the text.

    Raises RecursionError for a tree that is too deep to read.
    """
    library = _library()
    result = library.pg_query_parse(data)
    try:
        return _error(result.error) if result.error else decode(result.parse_tree, type=_RawScript).stmts
    except DecodeError as error:
        return NativeError(f"unreadable tree: {error}", -1)
    finally:
        library.pg_query_free_parse_result(result)


def parse_json(data: bytes) -> list[dict[str, Any]] | NativeError:
    """Parse SQL; return its raw statements. Raises RecursionError for a tree that is too deep to read."""
    library = _library()
    result = library.pg_query_parse(data)
    try:
        if result.error:
            return _error(result.error)
        statements: list[dict[str, Any]] = decode(result.parse_tree).get("stmts", [])
        return statements
    except DecodeError as error:
        return NativeError(f"unreadable tree: {error}", -1)
    finally:
        library.pg_query_free_parse_result(result)


def parse_text(data: bytes) -> str | NativeError:
    """Parse SQL; return the tree as JSON text, for callers that only search it."""
    library = _library()
    result = library.pg_query_parse(data)
    try:
        return _error(result.error) if result.error else str(result.parse_tree, "utf-8")
    finally:
        library.pg_query_free_parse_result(result)


def parse_plpgsql(data: bytes) -> list[dict[str, Any]] | NativeError:
    """Parse the PL/pgSQL in a `DO` or `CREATE FUNCTION` statement. Raises RecursionError as `parse_json` does."""
    library = _library()
    result = library.pg_query_parse_plpgsql(data)
    try:
        if result.error:
            return _error(result.error)
        functions: list[dict[str, Any]] = _decode_functions(result.plpgsql_funcs)
        return functions
    except DecodeError as error:
        return NativeError(f"unreadable PL/pgSQL tree: {error}", -1)
    finally:
        library.pg_query_free_plpgsql_parse_result(result)


def _decode_functions(text: bytes) -> Any:
    try:
        return decode(text)
    except DecodeError:
        # Variables that only triggers have are written as `{}}`.
        return decode(_EXTRA_BRACE.sub(rb"\1{}", text))


def _error(pointer: Any) -> NativeError:
    error = pointer.contents
    message = (error.message or b"syntax error").decode("utf-8", "replace")
    # The quoted text may have several lines.
    return NativeError(" ".join(message.split()), error.cursorpos - 1)
