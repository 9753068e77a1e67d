"""The line under which a clause is marked: the mark must stand under the clause in a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.base.inert import printable
from miglint.report.excerpt import columns, excerpt


def wide(text):
    return sum(map(columns, text))


def marked(line, start, end, width=80):
    """Return what stands above the mark."""
    seen = excerpt(line, start, end, width)
    place, text = 0, ""
    for char in seen.text:
        if seen.start <= place < seen.start + seen.width:
            text += char
        place += columns(char)
    return text


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        ("ALTER TABLE a ADD COLUMN b int", "ADD COLUMN b int"),
        ("\t\tADD COLUMN b int,", "ADD COLUMN b int"),
        ("名前 ALTER TABLE 表 ADD COLUMN 列 int", "ADD COLUMN 列 int"),
        ("e\u0301te\u0301 ADD", "ADD"),
        ("emoji 🎉 ADD", "ADD"),
    ],
)
def test_the_mark_stands_under_the_clause(line, clause):
    start = line.index(clause)
    assert marked(line, start, start + len(clause)) == clause


def test_a_tab_in_the_clause_is_marked_as_wide_as_it_is_shown():
    seen = excerpt("a\tb", 0, 3, 80)
    assert (seen.text, seen.start, seen.width) == ("a    b", 0, 6)


def test_a_long_line_is_cut_around_the_clause():
    line = "x" * 5000 + " ADD COLUMN b int " + "y" * 5000
    start = line.index("ADD")
    seen = excerpt(line, start, start + 16, 60)
    assert wide(seen.text) <= 60
    assert seen.text.startswith("…")
    assert seen.text.endswith("…")
    assert marked(line, start, start + 16, 60) == "ADD COLUMN b int"


def test_a_line_of_megabytes_is_not_gone_through():
    line = "INSERT INTO a VALUES " + "(1, 'x')," * 2_000_000
    assert wide(excerpt(line, 0, len(line), 100).text) <= 100


def test_an_empty_span_and_one_at_the_end_still_show_a_mark():
    assert excerpt("abc", 1, 1, 80).width == 1
    assert excerpt("abc", 3, 3, 80) == ("abc", 3, 1)
    assert excerpt("", 0, 0, 80).width == 1


def test_nothing_from_a_file_can_steer_the_terminal():
    for hostile in ("\x1b[31mred", "a\x07b", "a\rb", "a\u202eb", "a\x9bb", "\u2066x"):
        shown = printable(hostile) + excerpt(hostile, 0, 1, 80).text
        assert all(char.isprintable() for char in shown)
        assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in shown)


@given(st.text(max_size=300), st.integers(0, 310), st.integers(0, 310), st.integers(20, 120))
def test_it_never_breaks_and_never_exceeds_the_width(line, start, end, width):
    line = line.replace("\n", " ")
    seen = excerpt(line, start, max(start, end), width)
    assert wide(seen.text) <= width
    assert seen.start >= 0
    assert seen.width >= 1
    assert seen.start + seen.width <= width + 4
