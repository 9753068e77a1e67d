"""All fixes, unsafe ones too, for examples of the rule book and for cases, in the layouts of several tools.

What `miglint fix --unsafe-fixes` writes has no more findings of any rule, of a warning or above, than what was there.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.rules.book import pages

from miglint.base.findings import Severity
from miglint.config.settings import load
from miglint.fixes.files import StoredTexts
from miglint.fixes.rounds import Fixed, fix_all
from miglint.fixes.wanted import WantedFixes
from miglint.linter.run import Job, check
from miglint.report.value import Report
from miglint.rules.registry import built_in

ENGINES = {"PostgreSQL": "postgres", "SQLite": "sqlite"}
CASES = Path(__file__).parents[1] / "data" / "cases"
# The names of a pair, or of the one file that holds both scripts.
LAYOUTS = {
    "golang-migrate": ("{:06}_a.up.sql", "{:06}_a.down.sql"),
    "sqlx": ("{:014}_a.up.sql", "{:014}_a.down.sql"),
    "plain": ("{:03}_a.sql", "{:03}_a_rollback.sql"),
    "diesel": ("2024-01-01-{:06}_a/up.sql", "2024-01-01-{:06}_a/down.sql"),
    "flyway": ("V{}__a.sql", "U{}__a.sql"),
    "goose": ("{:05}_a.sql",),
}


def scripts() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield a name, an engine and pairs: the bad examples of fixable rules, and some of the cases."""
    for page in pages():
        for one in page.examples:
            up = one.text("up")
            if one.side == "Bad" and one.runs and up is not None and built_in().rules[one.code].fixable:
                first = [(text, "")] if (text := one.text("baseline")) is not None else []
                yield str(one), ENGINES[one.engine], [*first, (up, one.text("down") or "")]
    lines = [line for path in sorted(CASES.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    for case in map(json.loads, random.Random(17).sample(lines, 60)):
        yield case["name"], case["dialect"], [(case["setup"], ""), (case["up"], case["down"])]


def write(folder: Path, layout: str, engine: str, pairs: list[tuple[str, str]], rerun: str) -> None:
    tool = "" if layout != "sqlx" else 'runner = "sqlx"\n'
    (folder / "miglint.toml").write_text(f'paths = ["m"]\ndialect = "{engine}"\nidempotency = "{rerun}"\n{tool}')
    for number, pair in enumerate(pairs, 1):
        names = LAYOUTS[layout]
        texts = pair if len(names) > 1 else (f"-- +goose Up\n{pair[0]}\n-- +goose Down\n{pair[1]}",)
        for name, text in zip(names, texts, strict=True):
            path = folder / "m" / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def fixed_of(folder: Path, rerun: str) -> Fixed:
    job = Job(load(str(folder / "miglint.toml")), ("m",), cached=False)
    wanted = WantedFixes(unsafe=True, reruns=rerun == "required")

    def checked(texts: Mapping[str, str], only: frozenset[str] | None) -> Report:
        return check(Job(job.settings, job.paths, cached=False, texts=texts, report_only=only)).report

    return fix_all(checked, StoredTexts().text, lambda item, _: wanted.wants(item))


def counts(report: Report) -> Counter[str]:
    return Counter(item.code for item in report.findings if item.severity >= Severity.WARNING)


@pytest.mark.parametrize("rerun", ["auto", "required"])
def test_no_fix_adds_what_another_rule_reports(rerun: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = Counter[str]()
    for number, (name, engine, pairs) in enumerate(scripts()):
        layout = list(LAYOUTS)[(number + (rerun == "auto")) % len(LAYOUTS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        write(folder, layout, engine, pairs, rerun)
        fixed = fixed_of(folder, rerun)
        more = counts(fixed.last) - counts(fixed.first)
        assert not more, f"{name} as {layout}: {[one.code for one in fixed.applied]}"
        applied.update(item.code[:3] for item in fixed.applied)
    assert min(applied[family] for family in ("IDM", "LCK", "NAM", "SYM", "TXN")) > 0


def created_of(fixed: Fixed) -> list[tuple[str, str]]:
    """Return the forwards that fixes have created: name and text, in order."""
    return [(Path(path).name, text) for path, text in sorted(fixed.creates.items()) if path.endswith(".up.sql")]


BASE = """CREATE TABLE IF NOT EXISTS shop (id int PRIMARY KEY);
CREATE TABLE IF NOT EXISTS desk (id int PRIMARY KEY, shop int);
CREATE TABLE IF NOT EXISTS door (id int PRIMARY KEY, shop int, label text);
"""


def test_each_constraint_of_a_script_is_validated_in_a_migration_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    forward = "".join(
        f"ALTER TABLE {table} ADD CONSTRAINT of_shop FOREIGN KEY (shop) REFERENCES shop (id);\n"
        for table in ("desk", "door")
    )
    write(tmp_path, "golang-migrate", "postgres", [(BASE, ""), (forward, "")], "auto")
    fixed = fixed_of(tmp_path, "auto")
    assert fixed.texts["m/000002_a.up.sql"].count("REFERENCES shop (id) NOT VALID") == 2
    assert created_of(fixed) == [
        ("000003_validate_of_shop.up.sql", "ALTER TABLE desk VALIDATE CONSTRAINT of_shop;\n"),
        ("000004_validate_of_shop.up.sql", "ALTER TABLE door VALIDATE CONSTRAINT of_shop;\n"),
    ]
    assert not fixed.withheld


def test_fixes_that_create_migrations_are_applied_in_one_go_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = [(BASE, "")]
    for number in range(12):
        pairs.append(
            (
                f"ALTER TABLE door ADD COLUMN n{number} int;\nCREATE INDEX door_{number} ON door (id, n{number});\n",
                f"DROP INDEX door_{number};\nALTER TABLE door DROP COLUMN n{number};\n",
            )
        )
    write(tmp_path, "golang-migrate", "postgres", pairs, "auto")
    fixed = fixed_of(tmp_path, "auto")
    assert [text for _, text in created_of(fixed)] == [
        f"CREATE INDEX CONCURRENTLY door_{number} ON door (id, n{number});\n" for number in range(12)
    ]
    assert len({name[:6] for name, _ in created_of(fixed)}) == 12
    assert not fixed.withheld
