"""Places in a file: every character is on the line that a plain count of line ends says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miglint.base.model import SourceFile

# Long enough that the lines are looked up in several pieces.
texts = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.sampled_from(("a", "\n", "\r\n", "bcd", "é\n", "e" * 500)), max_size=12),
    st.sampled_from((1, 2, 700, 3_000)),
)


@given(text=texts, data=st.data())
def test_lines_and_columns(text, data):
    file = SourceFile("x.sql", text)
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset]
    line, column = file.position(offset)
    assert line == before.count("\n") + 1
    assert column == offset - (before.rfind("\n") + 1) + 1
    assert file.line(line) == text.split("\n")[line - 1].rstrip("\r\n")
