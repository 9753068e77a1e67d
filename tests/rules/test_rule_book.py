"""`python -m miglint.cli.rule_book`: stale heads and columns are found, and written anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from miglint.cli.rule_book import command

ROOT = Path(__file__).parents[2]
PAGE = "rules/idempotency/IDM003-add-constraint-unguarded.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "comparison.md", tmp_path / "docs")
    return tmp_path


def run(root: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, [*words, "--root", str(root)])
    return result.exit_code, result.output


def test_a_checkout_that_is_up_to_date_stays_as_it_is(checkout: Path) -> None:
    assert run(checkout, "--check") == (0, "")
    assert run(checkout) == (0, "")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (PAGE, "| error | on | postgres, sqlite |", "| info | off | sqlite |"),
        (PAGE, "# IDM003 add-constraint-unguarded", "# IDM003 another-name"),
        ("docs/comparison.md", "[IDM054](../rules/idempotency/", "[IDM054](../rules/"),
        ("docs/comparison.md", "`pg-migration-lint:PGM403`", "`squawk:none-of-its-own`"),
    ],
)
def test_what_is_stale_is_named_and_written_anew(checkout: Path, path: str, old: str, new: str) -> None:
    file = checkout / path
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    status, said = run(checkout, "--check")
    assert (status, said.split()) == (1, [str(file), "is", "stale"])
    assert run(checkout)[0] == 0
    assert file.read_text(encoding="utf-8") == text


def test_the_page_of_a_renamed_rule_is_moved(checkout: Path) -> None:
    page = checkout / PAGE
    text = page.read_text(encoding="utf-8")
    former = page.rename(page.with_name("IDM003-former-name.md"))
    assert run(checkout)[0] == 0
    assert (page.read_text(encoding="utf-8"), former.exists()) == (text, False)


def test_a_rule_without_a_page_and_a_row_without_a_rule_are_refused(checkout: Path) -> None:
    (checkout / PAGE).unlink()
    status, said = run(checkout)
    assert (status, "IDM003 (add-constraint-unguarded) has no page" in said) == (2, True)
    shutil.copy(ROOT / PAGE, checkout / PAGE)
    comparison = checkout / "docs" / "comparison.md"
    comparison.write_text(comparison.read_text(encoding="utf-8").replace("[IDM054]", "[IDM954]"), encoding="utf-8")
    status, said = run(checkout)
    assert (status, "lists an unknown rule: IDM954" in " ".join(said.split())) == (2, True)
