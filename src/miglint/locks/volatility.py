"""Whether a default is volatile: adding such a column rewrites the table."""

from __future__ import annotations

from functools import lru_cache

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.schema.objects import Key, Routine
from miglint.schema.value import Schema
from miglint.sql.operations import Expression, Name, Select

# Functions of the server (and of common extensions) that are immutable or stable, except those behind operators, types
# and aggregates. Names with volatile overloads are excluded.
CALM = frozenset(
    """
    abbrev abs acldefault acos acosd acosh age area array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_remove array_replace array_reverse array_sort array_to_json
    array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh bit
    bit_count bit_length bool box bpchar broadcast btrim bytea cardinality casefold cash_words cbrt ceil ceiling
    center char char_length character_length chr cidr circle coalesce col_description concat concat_ws convert
    convert_from convert_to cos cosd cosh cot cotd crc32 crc32c crypt current_database current_schema
    current_schemas current_setting current_user database_to_xml database_to_xml_and_xmlschema
    database_to_xmlschema date date_add date_bin date_part date_subtract date_trunc datemultirange daterange
    daterange_canonical daterange_subdiff decode degrees dexp diagonal diameter digest div dlog1 dlog10 dround
    dtrunc encode enum_first enum_last enum_range enum_send erf erfc exp extract factorial family float4 float8
    floor format format_type gamma gcd get_bit get_byte get_current_ts_config getdatabaseencoding getpgusername
    greatest height hmac host hostmask icu_unicode_version inet_client_addr inet_client_port inet_server_addr
    inet_server_port initcap int2 int4 int4inc int4multirange int4range int4range_canonical int4range_subdiff int8
    int8_sum int8multirange int8range int8range_canonical int8range_subdiff interval is_normalized isclosed
    isempty isfinite ishorizontal isopen isparallel isperp isvertical json_array_length json_build_array
    json_build_object json_object json_object_agg json_populate_record json_strip_nulls json_to_record
    json_to_tsvector json_typeof jsonb_array_length jsonb_build_array jsonb_build_object jsonb_insert jsonb_object
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query_array
    jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_populate_record
    jsonb_populate_record_valid jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record
    jsonb_to_tsvector jsonb_typeof justify_days justify_hours justify_interval lcm least left length lgamma like
    like_escape line ln log log10 lower lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_set7bit
    make_date make_interval make_time make_timestamp make_timestamptz makeaclitem masklen md5 min_scale mod money
    multirange mxid_age name nameconcatoid netmask network normalize notlike now npoints nullif num_nonnulls
    num_nulls numeric numeric_div_trunc numeric_exp numeric_inc numeric_ln numeric_log numeric_sqrt nummultirange
    numnode numrange numrange_subdiff obj_description octet_length oid oidvectortypes overlaps overlay parse_ident
    path pclose pg_backend_pid pg_column_size pg_current_snapshot pg_current_xact_id pg_size_bytes pg_size_pretty
    pg_trigger_depth pg_typeof phraseto_tsquery pi plainto_tsquery point polygon popen position
    postgresql_fdw_validator pow power querytree quote_ident quote_literal quote_nullable radians radius
    range_merge regclass regexp_count regexp_instr regexp_like regexp_match regexp_replace regexp_split_to_array
    regexp_substr repeat replace reverse right round row_security_active row_to_json rpad rtrim
    satisfies_hash_partition scale schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema session_user
    set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 shobj_description sign similar_escape
    similar_to_escape similarity sin sind sinh slope split_part sqrt statement_timestamp string_to_array strip
    strpos substr substring system_user table_to_xml table_to_xml_and_xmlschema table_to_xmlschema tan tand tanh
    text textlen time timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json
    to_jsonb to_number to_oct to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc
    to_regprocedure to_regrole to_regtype to_regtypemod to_timestamp to_tsquery to_tsvector transaction_timestamp
    translate trim_array trim_scale trunc ts_delete ts_filter ts_headline ts_lexize ts_rank ts_rank_cd
    tsmultirange tsquery_phrase tsrange tsrange_subdiff tstzmultirange tstzrange tstzrange_subdiff
    tsvector_to_array txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xmax
    txid_snapshot_xmin txid_visible_in_snapshot unaccent unicode_assigned unicode_version unistr upper upper_inc
    upper_inf uuid_extract_timestamp uuid_extract_version uuid_nil varbit varchar version websearch_to_tsquery
    width width_bucket xid xml xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document
    xmlcomment xmlexists xmltext xmlvalidate xpath xpath_exists
    """.split()  # noqa: SIM905 - readable as a text
)


# Those without parameters whose names are also used for functions with parameters.
_BARE = frozenset({"now", "statement_timestamp", "transaction_timestamp"})
# Clauses that make a query more than its expression, in canonical form.
_CLAUSES = (
    " where ",
    " order by ",
    " group by ",
    "Clause",
    "limit",
    "over (",
    "(select ",
    " union ",
    "(from ",
    "(with ",
)


def volatile_part(expression: Expression, schema: Schema) -> str | None:
    """Return the function that makes a default volatile, or None if one value serves all rows.

    A function that is neither built-in nor in the schema counts as volatile, which is the server's default.
    """
    if expression.sequence is not None:
        return "nextval"
    for name in expression.functions:
        if not _calm(name, schema, expression.key):
            return name.name
    return None


def _inlined(routine: Routine, definition: str, schema: Schema) -> bool:
    """Return whether the server inlines the body of a call and the body itself is not volatile.

    This applies to a single plain expression; functions with arguments or settings are excluded.
    """
    if definition.replace(" volatility=volatile", "") != f"() returns {routine.returns} language sql":
        return False
    calls = _expression(routine.body or "")
    own = routine.name.name
    return calls is not None and all(call.name != own and _calm(call, schema) for call in calls)


@lru_cache(maxsize=64)
def _expression(body: str) -> tuple[Name, ...] | None:
    """Return the functions called by a body that consists of `SELECT` and one expression; None for any other body."""
    # The parser is loaded only for such functions.
    from miglint.sql import parse

    script = Script(SourceFile("", body), Span(0, len(body)), Direction.FORWARD, Dialect.POSTGRES)
    statements = parse(script)
    operation = statements[0].operations[0] if len(statements) == 1 and len(statements[0].operations) == 1 else None
    if not isinstance(operation, Select):
        return None
    query = operation.query
    key = query.key.removeprefix("(select ")
    plain = key != query.key and not query.relations and len(query.outputs or ()) == 1
    return query.functions if plain and not any(word in key for word in _CLAUSES) else None


def _calm(name: Name, schema: Schema, key: str | None = None) -> bool:
    """Return whether a function gives all rows the same value; `key` is the key of the calling expression."""
    # Definitions in files take precedence over built-in functions with the same name.
    schemas = (name.schema,) if name.schema is not None else schema.path
    for place in schemas:
        for routine in schema.overloads(place, name.name):
            found = schema.find(routine)
            if isinstance(found, Routine):
                definition = " ".join((found.definition, *found.options))
                return (
                    "volatility=immutable" in definition
                    or "volatility=stable" in definition
                    or _inlined(found, definition, schema)
                )
        if schema.find(Key("type", place, name.name)) is not None:
            # A cast written as a call.
            return True
    if key is not None and name.name in _BARE and f"{name.name}()" not in key:
        # With arguments it is another function of that name, not the built-in one.
        return False
    return name.schema in (None, "pg_catalog", "public") and name.name in CALM
