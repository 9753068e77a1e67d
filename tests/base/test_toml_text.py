"""TOML of strangers: what would take hours, gigabytes or an error of another kind is a mistake as any other."""

from __future__ import annotations

import time

import pytest

from miglint.base.toml_text import TomlError, toml_values


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = 1\na" + ".a" * 100_000 + " = 1", 2, "a key of more than 100 parts"),
        ("'a'" + ".\t'a'" * 200 + " = 1", 1, "a key of more than 100 parts"),
        ("x = 1\n\na = " + "1" * 5000, 3, "a number of too many digits"),
        ("a = " + "[" * 100_000, None, "values are nested too deep"),
        ("a = ", 1, "invalid TOML: Invalid value"),
        ("a = 1\na = 2\n", 2, "invalid TOML: Cannot overwrite a value"),
    ],
)
def test_a_mistake_has_a_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(TomlError, match=said) as raised:
        toml_values(text)
    assert raised.value.line == line


@pytest.mark.parametrize(
    "text",
    ["a = '" + "x" * 900_000 + "'", "a = 0x" + "f" * 900_000, '# "' + "'" * 900_000, "a" + " " * 900_000 + "= 1"],
)
def test_long_lines_take_no_time(text: str) -> None:
    begun = time.process_time()
    toml_values(text)
    assert time.process_time() - begun < 3.0
