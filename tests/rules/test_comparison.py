"""`docs/comparison.md` says nothing of miglint that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from miglint.rules.registry import built_in

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if re.match(r"\| S?\d+ \| ", line)
]
SAFETY = ("LCK", "BWC", "TYP")


def codes(row: list[str]) -> list[str]:
    return re.findall(r"\[([A-Z]{3}\d{3})\]", row[2])


def test_the_table_is_read() -> None:
    assert len(ROWS) > 90
    assert all(len(row) == 4 and codes(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_rules_that_exist_and_say_so(row: list[str]) -> None:
    known = built_in().rules
    for code in codes(row):
        assert code in known
        assert f"[{code}](../rules/{code}.md)" in row[2]
        assert (ROOT / "rules" / f"{code}.md").is_file()
        assert (f"[{code}](../rules/{code}.md)°" in row[2]) == (not known[code].default)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_names_of_other_tools_are_the_aliases_of_the_row(row: list[str]) -> None:
    named = set(re.findall(r"`([^`]+)`", row[3]))
    assert named == {alias for code in codes(row) for alias in built_in().rules[code].aliases}


def test_every_safety_rule_is_in_the_table() -> None:
    listed = {code for row in ROWS for code in codes(row)}
    wanted = {code for code in built_in().rules if code.startswith(SAFETY) or "DAT020" <= code <= "DAT999"}
    assert wanted <= listed


def test_every_hazard_of_the_list_has_its_row() -> None:
    # 41 is MySQL's alone; 97 is what miglint has not, and the text says so.
    assert {int(row[0]) for row in ROWS if row[0].isdigit()} == set(range(1, 99)) - {41, 97}
    assert "SA101" in TEXT
    assert "OW101" in TEXT


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / "docs" / target).resolve().is_file(), target
