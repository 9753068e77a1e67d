"""What functions of the server return where they stand in FROM: rows of named columns, or of one plain column."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL
from miglint.sql.postgres.names import Node, qualified

# Those that return one plain column.
_SCALAR = frozenset(
    {
        "unnest", "generate_series", "regexp_split_to_table", "string_to_table", "jsonb_object_keys",
        "json_object_keys", "generate_subscripts", "regexp_matches", "jsonb_path_query",
    }
)  # fmt: skip
# Those that return rows of named columns.
_PAIRS = {
    "json_each": "json", "json_each_text": "text", "jsonb_each": "jsonb", "jsonb_each_text": "text",
}  # fmt: skip
_VALUES = {
    "json_array_elements": "json", "json_array_elements_text": "text",
    "jsonb_array_elements": "jsonb", "jsonb_array_elements_text": "text",
}  # fmt: skip


def outputs_of(call: Node) -> Mapping[str, str] | None:
    """Return the columns of a function that has names for them; None for others."""
    if "FuncCall" not in call:
        return None
    name = qualified(call["FuncCall"]["funcname"])
    if name.schema not in (None, "pg_catalog"):
        return None
    if (value := _PAIRS.get(name.name)) is not None:
        return {"key": "text", "value": value}
    return {"value": value} if (value := _VALUES.get(name.name)) is not None else None


def is_scalar(analysis: ExpressionAnalysis, call: Node, kind: str) -> bool:
    """Return whether a function returns one plain column, by its type, and has no OUT arguments."""
    body = call.get("FuncCall")
    if body is None or not analysis.kinds.known(kind) or kind in ("record", LITERAL):
        return False
    name = qualified(body["funcname"])
    return name.name in _SCALAR and (len(body.get("args", ())) == 1 or name.name != "unnest")
