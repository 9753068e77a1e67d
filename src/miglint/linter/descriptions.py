"""Descriptions of rules for reports, from the registry and the rule book."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata

from miglint.config.settings import Settings
from miglint.report.view import RuleDescription
from miglint.rules.pages import page, place, sections
from miglint.rules.selection import load_rules

_WHAT = "## What it does"


def descriptions(settings: Settings) -> dict[str, RuleDescription]:
    """Return the descriptions of all rules by code."""
    base = _documentation()
    found: dict[str, RuleDescription] = {}
    for code, rule in load_rules(settings).rules.items():
        text = page(rule) or ""
        what = sections(text).get(_WHAT, "").removeprefix(_WHAT).strip()
        url = f"{base}/{place(rule)}" if base and text else ""
        found[code] = RuleDescription(
            rule.name, rule.summary, rule.severity, rule.family, rule.dialects, what, text, rule.aliases, url
        )
    return found


def _documentation() -> str:
    """Return the address of the rule book, the project's URL `Rules`; empty if the package names none."""
    try:
        urls: list[str] = metadata("miglint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    named: dict[str, str] = dict(item.partition(", ")[::2] for item in urls)
    return named.get("Rules", "").rstrip("/")
