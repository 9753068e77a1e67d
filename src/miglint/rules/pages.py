"""The rule book: one Markdown page per rule, in the wheel as package data and in a checkout in `rules/`.

The head of a page (title, summary, table) is what the registry says; the rest is written by people. What holds for all
rules of a family stands once, in the `README.md` of its folder: a page has the sections that are its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from miglint.rules.definition import Rule

_PACKAGED = Path(__file__).parents[1] / "rulebook"
_CHECKOUT = Path(__file__).parents[3] / "rules"
# The sections that a page may leave to its family, each with the section that it stands before.
_INHERITED = {"## Why it matters": "## Bad", "## How to fix": "## Engines"}
FAMILY_PAGE = "README.md"
_RULES = "## Rules\n"
_COLUMNS = "| severity | default | dialects | fixable | aliases |\n|---|---|---|---|---|\n"


def folder() -> Path:
    """Return the folder of the rule book."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def place(rule: Rule) -> str:
    """Return the path of a rule's page within the rule book: `idempotency/IDM003-add-constraint-unguarded.md`."""
    return f"{rule.category}/{rule.code}-{rule.name}.md"


def page(rule: Rule) -> str | None:
    """Return the page of a rule with the sections that it leaves to its family, or None when it has none."""
    file = folder() / place(rule)
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    family = sections((folder() / rule.category / FAMILY_PAGE).read_text(encoding="utf-8"))
    for heading, next_heading in _INHERITED.items():
        if f"\n{heading}\n" not in text and heading in family:
            before, found, after = text.partition(f"\n{next_heading}\n")
            text = f"{before.rstrip()}\n\n{family[heading]}\n{found}{after}"
    return text


def family_overview(name: str) -> str | None:
    """Return the page of a family, which lists its rules, or None when it has none."""
    file = folder() / name / FAMILY_PAGE
    return file.read_text(encoding="utf-8") if file.is_file() else None


def sections(text: str) -> dict[str, str]:
    """Return the sections of a page by heading, `## What it does`; each begins with its heading."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            lines = found[line] = []
        lines.append(line)
    return {heading: "\n".join(body).strip() for heading, body in found.items()}


def family_page(text: str, rules: Iterable[Rule]) -> str:
    """Return the page of a family with the list of its rules from the registry; the rest is unchanged."""
    written = text.partition(_RULES)[0].rstrip()
    rows = [f"| [{rule.code}]({place(rule).partition('/')[2]}) | {rule.name} | {rule.summary} |" for rule in rules]
    listed = "\n".join(["| code | name | what it reports |", "|---|---|---|", *rows])
    return f"{written}\n\n{_RULES}\n{listed}\n"


def head(rule: Rule) -> str:
    """Return the head of a rule's page: title, summary, and a table of its metadata."""
    cells = (
        str(rule.severity),
        "on" if rule.default else "off",
        ", ".join(rule.dialects),
        "yes" if rule.fixable else "no",
        ", ".join(f"`{alias}`" for alias in rule.aliases) or "none",
    )
    return f"# {rule.code} {rule.name}\n\n{rule.summary}.\n\n{_COLUMNS}| {' | '.join(cells)} |\n"


def with_head(rule: Rule, text: str) -> str:
    """Return the page with the head from the registry; the rest, after the first blank line, is unchanged."""
    _, table, rest = text.partition(_COLUMNS)
    if not table:
        raise ValueError(f"{place(rule)}: there is no table of severity, default, dialects, fixable and aliases")
    return head(rule) + rest.partition("\n")[2]
