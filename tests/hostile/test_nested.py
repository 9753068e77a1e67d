"""No depth of anything ends in a traceback, hangs, or takes a gigabyte.

`make test` checks each construct 50 and 500 deep, `make nested` 5,000 and 50,000 deep as well.
"""

from __future__ import annotations

import os

import pytest
from tests.hostile.nested import NESTED
from tests.hostile.test_hostile import codes, miglint

GIGABYTE = 1 << 30
SHALLOW, DEEP = (50, 500), (5_000, 50_000)


@pytest.mark.parametrize("dialect", NESTED)
@pytest.mark.parametrize("depth", SHALLOW)
def test_nested(tmp_path, dialect, depth):
    # One object's name in many migrations: each construct is a history of its own.
    for name, text in NESTED[dialect].items():
        folder = tmp_path / name.replace(" ", "-") / "migrations"
        folder.mkdir(parents=True)
        (folder / "001_a.up.sql").write_text(text(depth))
        (folder / "001_a.down.sql").write_text("SELECT 1;\n")
    status, report, _ = miglint(
        tmp_path, "--dialect", dialect, "--select", "ALL", "--ignore", "STY", ".", bound=GIGABYTE
    )
    assert status in (0, 1)
    codes(report)
    assert report["summary"]["files"] == 2 * len(NESTED[dialect])


@pytest.mark.skipif(not os.environ.get("MIGLINT_NESTED"), reason="make nested runs it: it takes minutes")
@pytest.mark.timeout(540)
@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize(("dialect", "name"), [(dialect, name) for dialect in NESTED for name in NESTED[dialect]])
def test_nested_deeply(tmp_path, dialect, name, depth):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "001_a.up.sql").write_text(NESTED[dialect][name](depth))
    (tmp_path / "m" / "001_a.down.sql").write_text("SELECT 1;\n")
    status, report, _ = miglint(tmp_path, "--dialect", dialect, "m", bound=GIGABYTE)
    assert status in (0, 1)
    codes(report)
