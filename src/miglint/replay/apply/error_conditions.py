"""The names of errors in `EXCEPTION WHEN`, and which errors each of them catches."""

from __future__ import annotations

# Appendix A of PostgreSQL's manual, of the classes that statements of scripts raise.
_CODES = {
    "feature_not_supported": "0A000",
    "cardinality_violation": "21000",
    "data_exception": "22000",
    "string_data_right_truncation": "22001",
    "numeric_value_out_of_range": "22003",
    "division_by_zero": "22012",
    "invalid_parameter_value": "22023",
    "invalid_text_representation": "22P02",
    "integrity_constraint_violation": "23000",
    "not_null_violation": "23502",
    "foreign_key_violation": "23503",
    "unique_violation": "23505",
    "check_violation": "23514",
    "exclusion_violation": "23P01",
    "dependent_privilege_descriptors_still_exist": "2B000",
    "dependent_objects_still_exist": "2BP01",
    "invalid_schema_name": "3F000",
    "syntax_error_or_access_rule_violation": "42000",
    "generated_always": "428C9",
    "insufficient_privilege": "42501",
    "syntax_error": "42601",
    "duplicate_column": "42701",
    "undefined_column": "42703",
    "undefined_object": "42704",
    "duplicate_object": "42710",
    "duplicate_function": "42723",
    "ambiguous_function": "42725",
    "datatype_mismatch": "42804",
    "wrong_object_type": "42809",
    "invalid_foreign_key": "42830",
    "undefined_function": "42883",
    "undefined_table": "42P01",
    "duplicate_schema": "42P06",
    "duplicate_table": "42P07",
    "invalid_column_reference": "42P10",
    "invalid_column_definition": "42611",
    "invalid_function_definition": "42P13",
    "invalid_table_definition": "42P16",
    "invalid_object_definition": "42P17",
    "object_not_in_prerequisite_state": "55000",
    "query_canceled": "57014",
    "plpgsql_error": "P0000",
    "raise_exception": "P0001",
    "no_data_found": "P0002",
    "too_many_rows": "P0003",
    "assert_failure": "P0004",
}
# What `OTHERS` leaves alone.
_SPECIAL = frozenset({"57014", "P0004"})
_CLASS = 2


def condition_name(written: str) -> str:
    """Return the name of an error that is written by its name or by its SQLSTATE, as far as it is known."""
    return next((name for name, code in _CODES.items() if code == written.upper()), written.lower())


def catches(caught: tuple[str, ...], condition: str) -> bool:
    """Return whether one of the conditions of a handler catches an error."""
    code = _CODES.get(condition, condition.upper())
    for item in caught:
        name = condition_name(item)
        if name == condition or (name == "others" and code not in _SPECIAL):
            return True
        wanted = _CODES.get(name, name.upper())
        if wanted == code or (wanted.endswith("000") and wanted[:_CLASS] == code[:_CLASS]):
            return True
    return False
