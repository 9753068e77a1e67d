"""Functions that older versions of SQLite do not have.

The names and versions are those of `pragma_function_list` of the libraries 3.35, and 3.39 to 3.54.
"""

from __future__ import annotations

from miglint.sql.sqlite.features.model import MISSING, Feature, Version

# A name before a parenthesis is the name of a table or of a CTE elsewhere.
_BEFORE = r"(?:^|[-(,=<>+*/|] |\b(?:SELECT|AND|OR|NOT|WHERE|BY|SET|THEN|ELSE|WHEN|IN|ON|DISTINCT) )"
_PLAIN_TEXT = "call the function whose name begins with json_"


def _row(since: Version, call: str, advice: str) -> Feature:
    name = call.partition("(")[0]
    word = name.upper()
    pattern = rf"{_BEFORE}(?P<at>{word} \()"
    key = f"function-{name.replace('_', '-')}"
    return Feature(key, f"{name}()", since, MISSING, f"{word} (", pattern, advice, f"SELECT {call}")


FUNCTIONS: tuple[Feature, ...] = (
    _row((3, 38), "unixepoch('2026-01-01')", "write CAST(strftime('%s', ...) AS INTEGER)"),
    _row((3, 38), "format('%d', 1)", "call printf()"),
    _row((3, 41), "unhex('41')", "write a constant as x'...'"),
    _row((3, 42), "json_error_position('{}')", "call json_valid()"),
    _row((3, 43), "octet_length('a')", "write length(CAST(... AS BLOB))"),
    _row((3, 43), "timediff('2026-01-02', '2026-01-01')", "subtract the julianday() of both"),
    _row((3, 44), "concat('a', 'b')", "write ||, with coalesce() around what can be NULL"),
    _row((3, 44), "concat_ws(',', 'a', 'b')", "write ||, with coalesce() around what can be NULL"),
    _row((3, 44), "string_agg('a', ',')", "call group_concat()"),
    _row((3, 45), "jsonb('{}')", "call json()"),
    _row((3, 45), "jsonb_array(1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_extract('{}', '$.a')", _PLAIN_TEXT),
    _row((3, 45), "jsonb_group_array(1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_group_object('a', 1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_insert('{}', '$.a', 1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_object('a', 1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_patch('{}', '{}')", _PLAIN_TEXT),
    _row((3, 45), "jsonb_remove('{}', '$.a')", _PLAIN_TEXT),
    _row((3, 45), "jsonb_replace('{}', '$.a', 1)", _PLAIN_TEXT),
    _row((3, 45), "jsonb_set('{}', '$.a', 1)", _PLAIN_TEXT),
    _row((3, 46), "json_pretty('{}')", "leave the text as it is"),
    _row((3, 48), "if(1, 2, 3)", "call iif()"),
    _row((3, 50), "unistr('a')", "write the characters themselves"),
    _row((3, 50), "unistr_quote('a')", "call quote()"),
    _row((3, 53), "json_array_insert('[1]', '$[0]', 2)", "call json_insert() with '$[#]' to append"),
    _row((3, 53), "jsonb_array_insert('[1]', '$[0]', 2)", "call json_insert() with '$[#]' to append"),
)
