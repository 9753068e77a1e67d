"""What both front ends have in common."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.sql import parse


def script(text: str, dialect: Dialect) -> Script:
    return Script(SourceFile("x.sql", text), Span(0, len(text)), Direction.FORWARD, dialect)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_template_is_no_syntax_error(dialect: Dialect) -> None:
    (statement,) = parse(script("CREATE TABLE {{ .Prefix }}_users (id int)", dialect))
    assert statement.problem is not None
    assert not statement.problem.certain
    assert "{{ .Prefix }}" in statement.problem.message


@pytest.mark.parametrize("dialect", Dialect)
def test_braces_in_a_wrong_statement_are_no_template(dialect: Dialect) -> None:
    statement = parse(script("CREATE TABEL x (a text DEFAULT '{}')", dialect))[0]
    assert statement.problem is not None
    assert statement.problem.certain


@pytest.mark.parametrize("dialect", Dialect)
def test_braces_in_a_right_statement_are_read(dialect: Dialect) -> None:
    (statement,) = parse(script("CREATE TABLE x (a text DEFAULT '{{}}')", dialect))
    assert statement.problem is None


BLOCKS = """{{- /* one script for several engines */ -}}
CREATE TABLE a (id int);
{{if .mysql}}
ALTER TABLE a ENGINE = InnoDB;
UPDATE a SET id = 1;
{{else}}
UPDATE a SET id = 2;
{{end}}
UPDATE a SET id = 3;
"""


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [
        ("{{if .mysql}}", "{{else}}", "{{end}}"),
        ("{{- range .Tables -}}", "{{ . }}", "{{- end -}}"),
        ("{% if mysql %}", "{% else %}", "{% endif %}"),
        ("{{#if mysql}}", "{{else}}", "{{/if}}"),
    ],
)
def test_what_stands_in_a_block_of_a_template_is_not_read(
    dialect: Dialect, opening: str, middle: str, closing: str
) -> None:
    text = BLOCKS.replace("{{if .mysql}}", opening).replace("{{else}}", middle).replace("{{end}}", closing)
    read = {}
    for statement in parse(script(text, dialect)):
        words = text[statement.span.start : statement.span.end].split("}")[-1].strip()
        read[words] = statement.problem is None
        assert statement.problem is None or (statement.problem.template and statement.operations == ())
    assert not read["UPDATE a SET id = 1"]
    assert not read["UPDATE a SET id = 2"]
    plain = parse(script(text + "UPDATE a SET id = 4;", dialect))[-1]
    assert plain.problem is None
    assert plain.operations


def test_the_tag_that_a_template_fills_in_is_named_rather_than_a_comment() -> None:
    (statement,) = parse(script("{{/* why */}}\nDROP TABLE {{ .Prefix }}_users", Dialect.POSTGRES))
    assert statement.problem is not None
    assert statement.problem.message.startswith("{{ .Prefix }} is filled in")
