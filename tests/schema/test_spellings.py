"""Texts that differ in little: which of them mean the same."""

from __future__ import annotations

import pytest

from miglint.dryrun.sqlite.text import after_name, canonical_default, read_index, read_table
from miglint.schema.printed_texts import stored_text
from miglint.schema.spellings import Surroundings, spelled
from miglint.schema.texts import with_columns

KINDS = {
    "n": "int4",
    "m": "int4",
    "price": "numeric",
    "code": "varchar",
    "name": "text",
    "iv": "interval",
    "ts": "timestamp",
}
PLACE = Surroundings(
    KINDS.get,
    lambda name: {"own": 1, "twice": 2}.get(name, 0),
)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("(name = 'a')", "(name = 'a'::text)", True),
        ("(name = 'x::a')", "(name = 'x::b')", False),
        ("(name = '''::a')", "(name = '''::b')", False),
        ('("x::a" = 1)', '("x::b" = 1)', False),
        ("(name = '1 day')", "(name = '1d')", False),
        ("(name = '01:00')", "(name = '1 hour')", False),
        ("(iv = '01:00')", "(iv = '1 hour')", True),
        ("(now() - '60 minutes')", "(now() - '01:00:00'::interval)", True),
        ("(now() - '1 day')", "(now() - '24 hours')", False),
        ("(n::text = '1')", "(n = '1')", False),
        ("(code::text = 'a')", "(code = 'a')", True),
        ("(code::bpchar = 'a')", "(code = 'a')", False),
        ("(code::varchar(1) = 'a')", "(code = 'a')", False),
        ("(n::int8 / m)", "(n / m)", False),
        ("(n::numeric / m)", "(n::float8 / m)", False),
        ("(n::numeric > price)", "(n > price)", True),
        ("((n + 1)::numeric > price)", "((n + 1) > price)", True),
        ("(n / 2::numeric)", "(n / 2)", False),
        ("(price / 2::numeric)", "(price / 2)", True),
        ("(ts > '2020-01-01 12:00'::date)", "(ts > '2020-01-01 12:00')", False),
        ("(ts > '2020-01-01'::date)", "(ts > '2020-01-01')", False),
        ("jsonb_build_object('a', '[]'::jsonb)", "jsonb_build_object('a', '[]')", False),
        ("own(n::numeric)", "own(n)", True),
        ("twice(n::numeric)", "twice(n)", False),
        ("round(n::numeric)", "round(n)", False),
        ("lower(name)", "pg_catalog.lower(name)", True),
        ("lower(name)", "public.lower(name)", False),
        ("own(name)", "public.own(name)", True),
        ("lower(code::text)", "lower(code)", True),
        ("(coalesce(code, '')::text <> '')", "(coalesce(code, '') <> '')", True),
        ("(coalesce(n, 1)::text <> '')", "(coalesce(n, 1) <> '')", False),
        ("max((a ->> 'b')::text)", "max((a ->> 'b'))", True),
        ("max((a -> 'b')::text)", "max((a -> 'b'))", False),
        ("(from t select price::int4 as p)", "(from t select price as p)", False),
        ("(from t select code::text as p)", "(from t select code as p)", False),
        ("(from t select name::text as p)", "(from t select name as p)", True),
    ],
)
def test_of_texts_of_scripts(one: str, two: str, same: bool) -> None:
    left, right = spelled(one, PLACE), spelled(two, PLACE)
    assert (left == right) is same
    assert (right == left) is same
    assert not same or hash(left) == hash(right)


# Each was printed by PostgreSQL 15 and 18: of what is the same, before and after a change of a column's type there and
# back, or as it is when what was printed is executed.
@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("CHECK (((code)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
         "CHECK (((code)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))", True),
        ("CHECK (((COALESCE(code, ''::character varying))::text <> ''::text))",
         "CHECK (((COALESCE(code, ((''::character varying)::text)::character varying))::text <> ''::text))", True),
        ("f(code)", "f((code)::character varying)", True),
        ("f(n)", "f((n)::character varying)", False),
        ("CHECK ((((n >= 1) AND (n <= 5)) AND (n = ANY (ARRAY[1, '-2'::integer]))))",
         "CHECK ((((n)::numeric >= (1)::numeric) AND ((n)::numeric <= (5)::numeric)"
         " AND ((n)::numeric = ANY (ARRAY[(1)::numeric, ('-2'::integer)::numeric]))))", True),
        ("((n + 1))", "(((n)::numeric + (1)::numeric))", False),
        ("CHECK ((code <> 'x'::citext))", "CHECK (((code)::text <> ('x'::citext)::text))", False),
        ("(a AND b) AND c", "(a OR b) AND c", False),
        ("((name = ') AND ('::text) AND b)", "((name = ') AND (('::text) AND b)", False),
        ("(name = '(ARRAY[''a''::text])::text[]'::text)", "(name = 'ARRAY[''a''::text]'::text)", False),
    ],
)  # fmt: skip
def test_of_printed_texts(one: str, two: str, same: bool) -> None:
    assert (stored_text(one, PLACE) == stored_text(two, PLACE)) is same


def test_deep_parentheses_are_read_at_one_level() -> None:
    assert stored_text("(" * 5000 + "a AND b" + ")" * 5000, PLACE)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("x, tokenize = \"unicode61 separators 'A'\"", "x, tokenize = \"unicode61 separators 'a'\"", False),
        ("x, tokenize = 'Porter'", "x, tokenize = 'porter'", False),
        ('"X", y', "x,Y", True),
        ('"a b"', "a b", False),
    ],
)
def test_of_arguments_of_virtual_tables(one: str, two: str, same: bool) -> None:
    texts = [after_name(f"CREATE VIRTUAL TABLE f USING fts5({given})", "f") for given in (one, two)]
    assert (texts[0] == texts[1]) is same


@pytest.mark.parametrize("constant", ["x where y", " ) ) ", "a , b", ") WHERE ("])
def test_what_is_in_a_constant_ends_no_part_of_an_index(constant: str) -> None:
    elements, where = read_index(f"CREATE INDEX i ON u (replace(a, '{constant}', ''), b) WHERE a <> '{constant}'")
    assert elements == (f"replace ( a , '{constant}' , '' )", "b")
    # Both signs of the comparison are one definition.
    assert where == f"a != '{constant}'"
    assert read_index(f"CREATE INDEX i ON u (b || '{constant}')") == ((f"b || '{constant}'",), None)


def test_what_is_in_a_constant_is_no_clause() -> None:
    found = read_table(
        'CREATE TABLE t (a TEXT CHECK (a <> \' on conflict ignore \') UNIQUE, "desc" INT, UNIQUE ("desc"))'
    )
    assert found.conflicts == ()
    assert found.orders == ()


def test_a_default_in_double_quotes_is_a_string() -> None:
    assert canonical_default('"Admin"') != canonical_default('"admin"')
    assert canonical_default("TRUE") == canonical_default("true")
    assert canonical_default("(1 + 1)") == canonical_default("( 1+1 )")


def test_names_of_columns_have_no_letters_of_their_own() -> None:
    assert with_columns('"Name" = "Admin" OR x = \'"Name"\'', {"name"}) == 'name = "Admin" OR x = \'"Name"\''
