"""Rendering of a schema as JSON, and as a Mermaid diagram; sorted, so that two can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum as PythonEnum
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.schema.objects import Key, Rows, SchemaObject, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression, Name, Query, Type

_UNSHOWN = frozenset({"span", "absent", "source", "sources", "using_text", "check_text"})
_NOT_WORD = pattern(r"[^A-Za-z0-9_()\[\]-]+")
_NOT_NAME = pattern(r"[\"\x00-\x1f\\]")


def to_json(schema: Schema) -> str:
    """Return the objects as JSON, by namespace and name."""
    spaces: dict[str, dict[str, Any]] = {}
    for key, value in ordered(schema):
        if isinstance(value, Rows) and not len(value.keys):
            continue
        shown = value.as_other() if isinstance(value, Rows) else value
        spaces.setdefault(key.space, {})[str(key)] = {"object": type(shown).__name__.lower(), **_plain(shown)}
    document = {"schema_version": 1, "dialect": schema.dialect.value, "objects": spaces}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def to_mermaid(schema: Schema) -> str:
    """Return an entity-relationship diagram of the tables and their foreign keys."""
    lines = ["erDiagram"]
    tables = [(key, value) for key, value in ordered(schema) if isinstance(value, Table) and not value.assumed]
    for _, table in tables:
        lines.append(f"    {_entity(table.name)} {{")
        lines += [f"        {_attribute(table, column)}" for column in table.columns.values()]
        lines.append("    }")
    for _, table in tables:
        lines += [f"    {line}" for line in _relations(table)]
    return "\n".join([*lines, ""])


def ordered(schema: Schema) -> list[tuple[Key, SchemaObject]]:
    """Return the existing objects, sorted by key."""
    return sorted(schema.items(), key=lambda item: item[0])


def _plain(value: object) -> Any:
    """Return a value as JSON-compatible data; parts with default values are omitted."""
    match value:
        case Expression() | Query():
            return value.text
        case Name() | Type() | Key():
            return str(value)
        case Span():
            return list(value)
        case PythonEnum():
            return value.value
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case frozenset():
            return sorted(map(str, value))
    if isinstance(value, Struct):
        return _plain_fields(value)
    return value


def _plain_fields(value: Struct) -> dict[str, Any]:
    names = value.__struct_fields__
    given = {name: getattr(value, name) for name in names if name not in _UNSHOWN}
    settings = value.__struct_defaults__
    defaults = dict(zip(names[len(names) - len(settings) :], settings, strict=True))
    return {
        name.rstrip("_"): _plain(item)
        for name, item in given.items()
        if name not in defaults or item != defaults[name] or name == "nullable"
    }


def _entity(name: Name) -> str:
    return '"' + _NOT_NAME.sub("_", str(name).removeprefix("public.").removeprefix("main.")) + '"'


def _attribute(table: Table, column: Column) -> str:
    kind = _NOT_WORD.sub("_", str(column.type) if column.type is not None and str(column.type) else "any")
    marks = sorted(_marks(table, column), key=["PK", "FK", "UK"].index)
    # In Mermaid, types and names of attributes must begin with a letter.
    name = re.sub(r"\W", "_", column.name)
    parts = [kind if kind[0].isalpha() else f"t{kind}", name if name[0].isalpha() else f"c{name}", ", ".join(marks)]
    return " ".join(part for part in parts if part)


def _marks(table: Table, column: Column) -> set[str]:
    marks = {"primary": "PK", "foreign": "FK", "unique": "UK"}
    return {
        marks[item.kind]
        for item in table.constraints.values()
        if item.kind in marks and column.name in item.columns and (item.kind != "unique" or len(item.columns) == 1)
    }


def _relations(table: Table) -> Iterator[str]:
    for item in table.constraints.values():
        if item.kind == "foreign" and item.table is not None:
            label = ", ".join(item.columns).replace('"', "'")
            one = "|o" if _optional(table, item) else "||"
            many = "o|" if _unique(table, item) else "o{"
            yield f'{_entity(item.table)} {one}--{many} {_entity(table.name)} : "{_NOT_NAME.sub("_", label)}"'


def _optional(table: Table, item: Constraint) -> bool:
    columns = (table.columns.get(name) for name in item.columns)
    return any(column is None or column.nullable is not False for column in columns)


def _unique(table: Table, item: Constraint) -> bool:
    return any(
        other.kind in ("primary", "unique") and set(other.columns) == set(item.columns)
        for other in table.constraints.values()
    )
