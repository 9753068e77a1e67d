"""The rule book holds: pages and rules agree, and each example fires what its page says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from miglint.base.findings import Edit, Finding, Severity
from miglint.base.structs import replace
from miglint.cli.rule_book import renewed, with_shown_fixes
from miglint.config.settings import Settings
from miglint.config.settings import load as load_settings
from miglint.discovery.git import changes_since
from miglint.dryrun.limits import Limits
from miglint.dryrun.options import DryRunOptions
from miglint.fixes.edits import EditedPlaces, edits_of, with_edits
from miglint.linter.run import Job, check
from miglint.rules.pages import page as full_page
from miglint.rules.pages import place, sections
from miglint.rules.registry import built_in

from .book import BOOK, Example, Page, pages

PAGES = pages()
EXAMPLES = [example for page in PAGES for example in page.examples]
# As far as anybody knows no SQL makes a rule break down, the model err, or a server go away.
UNSHOWN = frozenset({"INT001", "RUN010", "RUN012", "RUN013"})
# What these say about a pair holds whatever else a page is about; other families answer for their own pages.
PAIR_FAMILIES = frozenset({"SYN", "PAI", "IDM", "SYM", "DAT"})


def findings_of(example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Finding, ...]:
    example.write(folder)
    return checked(folder, monkeypatch, execute=example.code.startswith("RUN"))


def checked(folder: Path, monkeypatch: pytest.MonkeyPatch, *, execute: bool = False) -> tuple[Finding, ...]:
    monkeypatch.chdir(folder)
    dry_run = DryRunOptions(limits=Limits(statement=1)) if execute else None
    baseline = dict.fromkeys([""], "".join(map(str, folder.rglob("baseline.sql"))))
    # An example about something that is configured brings its configuration with it.
    settings = replace(
        load_settings(cwd=str(folder)) if (folder / "miglint.toml").is_file() else Settings(root=str(folder)),
        baseline_schema=baseline if baseline[""] else {},
        exclude=("baseline.sql",),
    )
    branch = changes_since("main").base if (folder / ".git").is_dir() else None
    return check(Job(settings, (".",), cached=False, dry_run=dry_run, branch=branch)).report.findings


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    wanted = {place(rule) for rule in built_in().rules.values()}
    assert {path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.md") if path.name != "README.md"} == wanted


def test_no_page_and_no_row_of_the_comparison_is_stale() -> None:
    assert list(renewed(BOOK.parent)) == [], "python -m miglint.cli.rule_book writes them"


def test_no_diff_of_a_fix_on_a_page_is_stale() -> None:
    assert list(with_shown_fixes(BOOK.parent, {})) == [], "python -m miglint.cli.rule_book writes them"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_a_page_has_its_sections_and_examples(page: Page) -> None:
    shown = [] if page.code in UNSHOWN else ["Bad", "Good"]
    wanted = ["What it does", "Why it matters", *shown, "How to fix"]
    # A page may leave a section to its family; `explain` shows it there.
    explained = [heading.removeprefix("## ") for heading in sections(full_page(built_in().rules[page.code]) or "")]
    assert [section for section in explained if section in wanted] == wanted
    sides = {example.side for example in page.examples}
    assert sides == set(shown)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_fires_what_its_page_says(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings_of(example, tmp_path, monkeypatch)
    fired = {item.code for item in found}
    assert (example.code in fired) == (example.side == "Bad"), describe(found)
    judged = PAIR_FAMILIES | {example.code[:3]}
    others = {
        item.code
        for item in found
        if item.code != example.code and item.code[:3] in judged and item.severity > Severity.INFO
    }
    assert others <= example.also, describe(found)
    assert example.also <= fired, f"also= names what does not fire: {describe(found)}"


def apply_fixes(findings: Iterable[Finding], folder: Path) -> None:
    """Apply the fixes of findings that can be applied together, as a round of `miglint fix` does."""
    places, edits = EditedPlaces(), dict[str, set[Edit]]()
    for finding in findings:
        if finding.fix is None or not places.take(finding):
            continue
        for path, edit in edits_of(finding):
            edits.setdefault(path, set()).add(edit)
        for new in finding.fix.creates:
            (folder / new.path).write_text(new.text, encoding="utf-8")
    for path, listed in edits.items():
        text = (folder / path).read_text(encoding="utf-8")
        (folder / path).write_text(with_edits(text, listed), encoding="utf-8")


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.side == "Bad" and built_in().rules[one.code].fixable], ids=str
)
def test_a_fix_mends_what_it_is_offered_for(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [item for item in findings_of(example, tmp_path, monkeypatch) if item.code == example.code and item.fix]
    if not UNFIXABLE.isdisjoint({f"{example.code} {example.engine}", str(example)}):
        assert not offered
        return
    assert offered
    apply_fixes(offered, tmp_path)
    again = checked(tmp_path, monkeypatch)
    assert example.code not in {item.code for item in again}, describe(again)


# SQLite has no guard for these statements; others fail by their own RAISE, leave no trace in the schema, are about a
# partitioned table, or drop something else first.
UNFIXABLE = frozenset(
    {
        "IDM022 SQLite",
        "IDM040 SQLite",
        "IDM053-Bad-0",
        "IDM061-Bad-0",
        "IDM062-Bad-0",
        "LCK001-Bad-1",
        "LCK002-Bad-1",
        "LCK002-Bad-2",
    }
)


def describe(found: tuple[Finding, ...]) -> str:
    return "\n" + "\n".join(f"{item.path}:{item.line}: {item.severity} {item.code} {item.message}" for item in found)


def test_no_summary_says_a_thing_twice() -> None:
    for item in built_in().rules.values():
        half = item.summary[: len(item.summary) // 2]
        assert item.summary != half * 2, item.code
