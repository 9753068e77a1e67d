"""Calls of `set_config`, which are `SET` in the form of a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miglint.sql.operations import Call, Opaque, Operation, SetVariable
from miglint.sql.postgres.attached import read_only_by_name
from miglint.sql.postgres.calls import calls_of
from miglint.sql.postgres.expressions import literal_of
from miglint.sql.postgres.names import Node, qualified
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.relations import nodes_of
from miglint.sql.type_input import truth_of

# Settings that decide what the other statements of a script do: no verdict depends on the others.
_MATTER = frozenset(
    {
        "search_path",
        "check_function_bodies",
        "standard_conforming_strings",
        "backslash_quote",
        "transaction_read_only",
        "default_transaction_read_only",
    }
)
_ARGUMENTS = 3


def may_set(place: Place) -> bool:
    """Return whether a statement mentions the function."""
    return "set_config" in place.text[place.start : place.end].lower()


def settings_of(place: Place, tree: Any, select: Node | None = None) -> list[Operation]:
    """Return what the calls in a statement set; `select` is the statement if it is a query of its own."""
    read: list[Operation] = []
    certain = [call for call in (calls_of(select) if select is not None else ()) if _is_set_config(call.name.name)]
    for call in certain:
        read += _set(place, call)
    calls = list(_calls(tree))
    if len(calls) > len(certain):
        # Called for each row, under a condition, or not at all.
        names = {literal_of(call["args"][0]) if call.get("args") else None for call in calls}
        read += [_unknown(place, name) for name in names if name is None or name.lower() in _MATTER]
    return read


def _is_set_config(name: str) -> bool:
    return name == "set_config"


def _set(place: Place, call: Call) -> Iterator[Operation]:
    if len(call.arguments) != _ARGUMENTS:
        return
    name, value, local = call.arguments
    if name is not None and value is not None:
        parts = tuple(part.strip().strip('"') for part in value.split(","))
        setting = SetVariable(
            span=place.whole(), name=name.lower(), values=parts, local=bool(local and truth_of(local))
        )
        yield setting
        yield from read_only_by_name(place, setting)
    elif name is None or name.lower() in _MATTER:
        yield _unknown(place, name)


def _unknown(place: Place, name: str | None) -> Operation:
    return Opaque(span=place.whole(), reason=f"the value that set_config gives {name or 'a setting'} is not known")


def _calls(tree: Any) -> Iterator[Node]:
    for kind, body in nodes_of(tree):
        if kind == "FuncCall" and _is_set_config(qualified(body["funcname"]).name):
            yield body
