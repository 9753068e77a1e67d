"""Helpers for the SQL inside PL/pgSQL: its texts, their positions, and the variables it sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.sql.operations import Name, Operation
from miglint.sql.postgres import native
from miglint.sql.postgres.constants import NotConstantError, evaluate
from miglint.sql.postgres.names import Node, qualified
from miglint.sql.postgres.place import ByteMap, Place
from miglint.sql.postgres.relations import nodes_of

ASSIGN = pattern(r'\s*("[^"]*(?:""[^"]*)*"|[\w.]+)(?:\[.*?\])?\s*(?::=|=)\s*', re.DOTALL)
_TAG = pattern(r"\$[^$]*\$")
_ROW_WORDS = frozenset({"insert", "update", "delete", "select", "copy", "merge", "lock", "analyze", "notify", "set"})
_UNKNOWN_PART = "\x01"
_ANY_NAME = "x"


def body_start(place: Place, location: int, body: str) -> int | None:
    """Return the offset at which the block's text starts, if it is contained in the file unchanged."""
    if location < 0:
        return None
    at = place.char(location)
    tag = _TAG.match(place.text, at)
    start = tag.end() if tag else at + 1
    return start if place.text.startswith(body, start) else None


def targets(tree: Any) -> Iterator[str]:
    """Yield the name of each variable that a block assigns, once per assignment."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(item)
        elif type(item) is dict:
            for key, value in item.items():
                if key == "PLpgSQL_stmt_assign":
                    name = ASSIGN.match(value["expr"]["PLpgSQL_expr"]["query"])
                    if name:
                        yield name.group(1)
                elif key in {"target", "var"} and type(value) is dict:
                    yield from row_names(value)
                elif key in {"PLpgSQL_stmt_getdiag", "PLpgSQL_stmt_fetch"}:
                    yield "*"
                stack.append(value)


def row_names(value: Node) -> list[str]:
    """Return the names of the variables of a row or record."""
    ((kind, body),) = value.items()
    if kind == "PLpgSQL_row":
        return [str(item.get("name", "")) for item in body.get("fields", ())]
    return [str(body.get("refname", ""))]


def bound(tree: Any, variables: frozenset[str]) -> Any:
    """Return a tree in which the names of variables are parameters, as PL/pgSQL passes it to the server.

    A name shared by a variable and a column is an error in PL/pgSQL, so every such name is the variable.
    """
    if type(tree) is list:
        return [bound(item, variables) for item in tree]
    if type(tree) is not dict:
        return tree
    reference = tree.get("ColumnRef")
    if reference is not None:
        fields = reference["fields"]
        if len(fields) == 1 and fields[0].get("String", {}).get("sval") in variables:
            return {"ParamRef": {"location": reference.get("location", 0)}}
        return tree
    return {key: bound(value, variables) for key, value in tree.items()}


def statements(text: str) -> list[Node] | None:
    """Return the raw statements of a text, None when it cannot be parsed."""
    found = native.parse_json(text.encode("utf-8", "replace"))
    return None if isinstance(found, native.NativeError) else found


def byte_map(text: str) -> ByteMap | None:
    """Return the map from bytes to characters of a text, if it needs one."""
    return None if text.isascii() else ByteMap(text.encode("utf-8", "replace"))


def short(text: str) -> str:
    """Return a text shortened for use in a message."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def only_rows(node: Node, known: dict[str, str]) -> bool:
    """Return whether dynamic SQL certainly changes at most rows.

    Its first word says so if it is one statement, and if all functions that it is known to call are built in.
    """
    try:
        text = evaluate(node, known, _UNKNOWN_PART)
    except NotConstantError:
        return False
    words = text.split(None, 1)
    if not words or words[0].lower() not in _ROW_WORDS or ";" in text.rstrip().rstrip(";"):
        return False
    # An unknown part is nearly always a name or a constant: where the text cannot be read with one, no call is known.
    nodes = statements(text.replace(_UNKNOWN_PART, _ANY_NAME)) or []
    return all(is_built_in(qualified(body["funcname"])) for kind, body in nodes_of(nodes) if kind == "FuncCall")


def is_built_in(function: Name) -> bool:
    """Return whether PostgreSQL has functions of a name that `qualified` has read."""
    # Loads the catalogs, which few scripts need for this.
    from miglint.sql.postgres.analysis.catalogs import functions

    return function.schema is None and bool(functions(function.name))


def hull(operations: list[Operation], *spans: Span) -> Span | None:
    """Return the least span around operations and spans."""
    every = [operation.span for operation in operations] + list(spans)
    return Span(min(span.start for span in every), max(span.end for span in every)) if every else None
