"""Placeholders are replaced without moving anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.discovery.placeholders import substitute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${schema}.t", "app      .t"),
        ('"${schema}"."t"', '"app"      ."t"'),
        ("${schema}users", "      appusers"),
        (" ${schema}users", "       appusers"),
        ("users_${schema} x", "users_app       x"),
        ("a${schema}b", "a__schema_b"),
        ("'${schema}'", "'app'      "),
        ("${other} ${my.own:x}", "__other_ __my_own_x_"),
        ("${long}", "__long_"),
    ],
)
def test_substitute(text: str, expected: str) -> None:
    result = substitute(text, {"schema": "app", "long": "much longer than that"})
    assert result is not None and len(result) == len(text)
    assert result == expected


def test_nothing_to_do() -> None:
    assert substitute("SELECT '$1 {x}'", {}) is None
    assert substitute("${", {}) is None


@given(st.text(), st.text(max_size=12), st.text())
def test_length_never_changes(before: str, value: str, after: str) -> None:
    text = f"{before}${{name}}{after}${{name}}"
    result = substitute(text, {"name": value})
    assert result is not None and len(result) == len(text)
    assert result.count("\n") == text.count("\n")
