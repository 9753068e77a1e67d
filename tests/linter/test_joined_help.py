"""The help of a finding that stands for several: all that they offer, as one piece of SQL."""

from __future__ import annotations

import re
from pathlib import Path

from miglint.config.settings import load
from miglint.linter.joined_help import one_help
from miglint.linter.run import Job, check

_NAMES = "abcdefgh"


def test_what_is_missing_from_a_rollback_is_offered_whole(tmp_path: Path) -> None:
    columns = ", ".join(f"{name} int DEFAULT 0" for name in _NAMES)
    dropped = ", ".join(f"ALTER {name} DROP DEFAULT" for name in _NAMES)
    scripts = {
        "001_a.up.sql": f"CREATE TABLE t (id bigint PRIMARY KEY, {columns});\n",
        "001_a.down.sql": "DROP TABLE t;\n",
        "002_b.up.sql": f"ALTER TABLE t {dropped}, ADD COLUMN z int;\n",
        "002_b.down.sql": "ALTER TABLE t DROP COLUMN z;\n",
    }
    for name, text in scripts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = check(Job(load(cwd=str(tmp_path)), (str(tmp_path),), cached=False)).report
    (found,) = [item for item in report.findings if item.code == "SYM004"]
    pieces = re.findall(r"`([^`]+)`", found.help or "")
    assert pieces[0] == " ".join(f"ALTER TABLE t ALTER COLUMN {name} SET DEFAULT 0;" for name in _NAMES)


def test_texts_that_differ_in_more_stay_apart() -> None:
    texts = ["Add `A;` to x.", "Add `B;` to y.", "Wait."]
    assert one_help(texts, 2) == texts[:2]
    assert one_help(["Add `A;` or `1`.", "Add `B;` or `1`."], 2) == ["Add `A; B;` or `1`."]
    assert one_help([f"Add `{'x' * 3_000}{number};`" for number in range(3)], 2)[1].endswith("1;`")
