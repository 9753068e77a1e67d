"""`docs/comparison.md` says nothing of miglint that is not so."""

from __future__ import annotations

import re
from pathlib import Path

from miglint.rules.registry import built_in

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if re.match(r"\| S?\d+ \| ", line)
]


def codes(row: list[str]) -> list[str]:
    return re.findall(r"\[([A-Z]{3}\d{3})\]", row[2])


def test_the_table_is_read() -> None:
    assert len(ROWS) > 90
    assert all(len(row) == 4 and codes(row) for row in ROWS)


def test_every_rule_about_a_live_database_is_in_the_table() -> None:
    listed = {code for row in ROWS for code in codes(row)}
    assert {rule.code for rule in built_in().rules.values() if rule.milder_in_rollback} <= listed


def test_every_hazard_of_the_list_has_its_row() -> None:
    # 41 is MySQL's alone; 97 is what miglint has not, and the text says so.
    assert {int(row[0]) for row in ROWS if row[0].isdigit()} == set(range(1, 99)) - {41, 97}
    assert "SA101" in TEXT
    assert "OW101" in TEXT


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / "docs" / target).resolve().is_file(), target
