"""What both front ends have in common."""

from __future__ import annotations

import pytest

from miglint.source import Dialect, Direction, Script, SourceFile, Span
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
