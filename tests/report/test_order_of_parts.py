"""Findings that are in order part by part are put together as if they were sorted as a whole."""

from __future__ import annotations

import random

import pytest

from miglint.base.findings import Finding, Severity
from miglint.report.value import by_place, together

PATHS = ("m/1_a.up.sql", "m/01_a.up.sql", "m/2_b.up.sql", "m/10_c.up.sql", "m/10_c.down.sql", "")


def finding(chance: random.Random, path: str, number: int) -> Finding:
    """Return a finding at a random place."""
    severity = chance.choice(list(Severity))
    return Finding(
        chance.choice(("IDM001", "SYM001")), "a", "a", severity, path, chance.randrange(3), 1, 1, 1, str(number)
    )


@pytest.mark.parametrize("seed", range(30))
def test_parts_are_put_in_order(seed):
    chance = random.Random(seed)
    paths = chance.sample(PATHS, 4)
    parts: list[list[Finding]] = [[], [], []]
    for number, path in enumerate(chance.choices(paths, k=30)):
        # A path is usually in one part, and sometimes in several.
        part = parts[paths.index(path) % 3] if chance.random() < 0.97 else chance.choice(parts)
        part.append(finding(chance, path, number))
    parts = [by_place(part) for part in parts]
    whole = by_place(sorted((item for part in parts for item in part), key=lambda item: item.path))
    assert [item.message for item in together(parts)] == [item.message for item in whole]
