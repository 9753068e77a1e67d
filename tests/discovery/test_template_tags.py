"""Tags of templates in the place of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.base.template_names import decode_tags, has_tag
from miglint.discovery.template_tags import filled_in


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE {{.prefix}}users (id int);",
        "CREATE TABLE users_{{.suffix}} (id int);",
        "ALTER TABLE {{.Schema}}.t ADD a int;",
        'ALTER TABLE {{index .Options "Namespace"}}.t ADD a int;',
        'ALTER TABLE "{{.Schema}}"."t" ADD a int;',
        "ALTER TABLE ${schema}.t ADD a int;",
        "DROP TABLE {{prefix}}users; DROP TABLE {{this.prefix}}orders;",
        "DROP TABLE IF EXISTS {{.table}};",
        "SET search_path TO {{.Schema}};",
        "SELECT 1 FROM {{.a}}{{.b}}c;",
        "DO $$ BEGIN DROP TABLE {{.p}}t; END $$; DROP TABLE {{.p}}t;",
        "DO LANGUAGE plpgsql $x$ BEGIN DROP TABLE {{.p}}t; END $x$;",
        "INSERT INTO {{.p}}t VALUES ('{{1,2}}', '{{#if x}}', 'it''s {{.p}}');",
        "-- don't\nDROP TABLE {{.p}}t; /* {{if}} */",
        "SELECT {{ref('users')}}.id FROM {{ref('users')}};",
    ],
)
def test_names(text: str) -> None:
    name = filled_in(text)
    assert name is not None and len(name) == len(text)
    assert "{{." not in name.replace("-- don't", "").replace("/* {{if}} */", "")
    assert decode_tags(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE users;",
        "INSERT INTO t VALUES ('{{.x}}');",
        "SELECT '{{1,2},{3,4}}'::int[], '{\"a\": {\"b\": 1}}'::json;",
        "-- {{.x}}\nDROP TABLE users; /* ${x} */",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'Hello {{.name}}' $$;",
        "CREATE FUNCTION f() RETURNS text LANGUAGE plv8 AS $$ return `${x}` $$;",
        "{{if .mysql}} SELECT 1; {{end}} DROP TABLE {{.p}}t;",
        "DO $$ BEGIN {{if .x}} DROP TABLE {{.p}}t; {{end}} END $$; DROP TABLE {{.p}}t;",
        "DO $$ BEGIN RAISE NOTICE '{{.p}}'; END $$;",
        "DROP TABLE {{.p}}t; {% if x %} SELECT 1; {% endif %}",
        "CREATE TABLE {{.p}}t (a int DEFAULT {{.value}});",
        "CREATE TABLE {{.p}}t (a varchar({{.length}}));",
        "CREATE TABLE {{.p}}t (a int) {{.options}};",
        "{{.statement}};",
        "DROP TABLE {{.p | quote}};",
        "DROP TABLE {{- .p -}}t;",
        "DROP TABLE {{{p}}}t;",
        "DROP TABLE {{#p}}t;",
        "DROP TABLE {{$x := 1}}t;",
        "DROP TABLE {{.größe}}t;",
        "DROP TABLE {{.p}}t, \u0712;",
        f"DROP TABLE {{{{.{'long' * 20}}}}}t;",
    ],
)
def test_no_names(text: str) -> None:
    assert filled_in(text) is None


def test_the_same_value_is_the_same_name() -> None:
    text = "DROP TABLE {{ .p }}users; DROP TABLE \"{{  .p}}\".t, '{{ .p }}';{{/* once */}}"
    name = filled_in(text)
    assert name is not None and len(name) == len(text)
    assert decode_tags(name) == "DROP TABLE {{.p}}users  ; DROP TABLE \"{{.p}}\"  .t, '{{.p}}'  ;" + " " * 14


@given(st.text("{}$.%-/*'\"ab \n|_", max_size=60))
def test_any_text_keeps_its_length(text: str) -> None:
    for whole in (text, f"DROP TABLE {{{{.p}}}}t; {text}"):
        name = filled_in(whole)
        assert name is None or (len(name) == len(whole) and has_tag(name) and name.count("\n") <= whole.count("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 50_000,
        "'{{a}}" * 50_000,
        "${a}" + "/*" * 100_000,
        "{{a}} $a$ " * 50_000,
        '"{{.a}}' * 50_001,
        "$$" * 99_999,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    assert filled_in(text + "{{.a}}b {{if .x}}") is None
