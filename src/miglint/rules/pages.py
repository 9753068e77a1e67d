"""The rule book: one Markdown page per rule, in the wheel as package data and in a checkout in `rules/`.

The head of a page (title, summary, table) is what the registry says; the rest is written by people.
"""

from __future__ import annotations

from pathlib import Path

from miglint.rules.definition import Rule

_PACKAGED = Path(__file__).parents[1] / "rulebook"
_CHECKOUT = Path(__file__).parents[3] / "rules"
_COLUMNS = "| severity | default | dialects | fixable | aliases |\n|---|---|---|---|---|\n"


def folder() -> Path:
    """Return the folder of the rule book."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def place(rule: Rule) -> str:
    """Return the path of a rule's page within the rule book: `idempotency/IDM003-add-constraint-unguarded.md`."""
    return f"{rule.category}/{rule.code}-{rule.name}.md"


def page(rule: Rule) -> str | None:
    """Return the page of a rule, or None when it has none."""
    file = folder() / place(rule)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def head(rule: Rule) -> str:
    """Return the head of a rule's page: title, summary, and a table of what else the registry says."""
    cells = (
        str(rule.severity),
        "on" if rule.default else "off",
        ", ".join(rule.dialects),
        "yes" if rule.fixable else "no",
        ", ".join(f"`{alias}`" for alias in rule.aliases) or "none",
    )
    return f"# {rule.code} {rule.name}\n\n{rule.summary}.\n\n{_COLUMNS}| {' | '.join(cells)} |\n"


def with_head(rule: Rule, text: str) -> str:
    """Return the page with the head that the registry says; what follows the first blank line after the table stays."""
    _, table, rest = text.partition(_COLUMNS)
    if not table:
        raise ValueError(f"{place(rule)}: there is no table of severity, default, dialects, fixable and aliases")
    return head(rule) + rest.partition("\n")[2]
