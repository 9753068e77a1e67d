"""Parsing of PL/pgSQL with types unknown to libpg_query.

Like the server, it compiles a block, but it knows only built-in types and fails for a variable or argument of type
`shop.mood` or `mood[]`. The effects of a script on the schema do not depend on these types, so they are replaced by
known ones: always in the head of a routine, in declarations if the first attempt fails. The SQL inside is unchanged.
"""

from __future__ import annotations

import re
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres import native
from miglint.sql.postgres.names import Node, constant_text

_DECLARATIONS = pattern(r"\bDECLARE\b.*?(?:\bBEGIN\b|\Z)", re.IGNORECASE | re.DOTALL)
_NAME = r'(?:"[^"]+"|(?<!\w)\w++)'
_DECLARED = pattern(
    rf"({_NAME}\s+(?:CONSTANT\s+)?)"
    rf"(?:{_NAME}\s*\.\s*{_NAME}(?:\s*\.\s*{_NAME})?(?:\s*%\s*\w+)?(?:\s*\[\s*\])*|{_NAME}(?:\s*\[\s*\])+)"
    r"(?=\s*(?:(;)|:=|=|DEFAULT\b|NOT\s+NULL\b|COLLATE\b))",
    re.IGNORECASE,
)
_MODES = {"FUNC_PARAM_OUT": "OUT", "FUNC_PARAM_INOUT": "INOUT", "FUNC_PARAM_TABLE": "OUT"}
_KEPT_RETURNS = frozenset({"trigger", "event_trigger", "void"})


def parse_block(statement: str) -> list[dict[str, Any]] | native.NativeError:
    """Parse the PL/pgSQL of a statement."""
    tree = native.parse_plpgsql(statement.encode("utf-8", "replace"))
    if isinstance(tree, native.NativeError):
        simpler = _DECLARATIONS.sub(lambda match: _DECLARED.sub(_known_type, match.group()), statement)
        if simpler != statement:
            again = native.parse_plpgsql(simpler.encode("utf-8", "replace"))
            return tree if isinstance(again, native.NativeError) else again
    return tree


def _known_type(match: re.Match[str]) -> str:
    # A record can have fields, but no default.
    return match.group(1) + ("record" if match.group(2) else "text")


def routine_text(node: Node, body: str) -> str:
    """Return a `CREATE FUNCTION` with the body of a routine, and a head with known types."""
    arguments = []
    for item in node.get("parameters", ()):
        parameter = item["FunctionParameter"]
        arguments.append(argument_text(_MODES.get(parameter["mode"], ""), parameter.get("name", "")))
    outputs = sum("OUT" in argument for argument in arguments)
    returns = ""
    spelled = node.get("returnType")
    if node.get("is_procedure"):
        returns = "" if outputs else "RETURNS void"
    elif spelled is not None:
        returns = result_text(constant_text(spelled["names"][-1]), outputs, setof=spelled.get("setof", False))
    return with_head(arguments, returns, body)


def argument_text(mode: str, name: str) -> str:
    """Return a parameter with a known type; `mode` is empty, `OUT` or `INOUT`."""
    quoted = '"' + name.replace('"', '""') + '" ' if name else ""
    return f"{mode} {quoted}text"


def result_text(name: str, outputs: int, *, setof: bool) -> str:
    """Return the `RETURNS` clause of a routine that returns the type `name` and has this number of `OUT` parameters."""
    if setof:
        return "RETURNS SETOF text" if outputs == 1 else "RETURNS SETOF record"
    if name in _KEPT_RETURNS:
        return f"RETURNS {name}"
    return "" if outputs else "RETURNS text"


def with_head(arguments: list[str], returns: str, body: str) -> str:
    """Return the `CREATE FUNCTION` of these parts."""
    tag = "$miglint$"
    while tag in body:
        tag = tag[:-1] + "_$"
    return f"CREATE FUNCTION f({', '.join(arguments)}) {returns} LANGUAGE plpgsql AS {tag}{body}{tag}"
