"""Functions of PostgreSQL whose arguments are of any type, so that a constant has that of its cast."""

from __future__ import annotations

ANY_ARGUMENTS = frozenset(
    {
        "concat", "concat_ws", "format", "json_build_array", "json_build_object", "jsonb_build_array",
        "jsonb_build_object", "num_nonnulls", "num_nulls", "pg_typeof", "quote_literal", "quote_nullable",
        "to_json", "to_jsonb", "array_to_json", "row_to_json",
    }
)  # fmt: skip
