"""The rule book: one Markdown page per rule, in the wheel as package data and in a checkout in `rules/`."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parents[1] / "rulebook"
_CHECKOUT = Path(__file__).parents[3] / "rules"


def folder() -> Path:
    """Return the folder of the pages."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def page(code: str) -> str | None:
    """Return the page of a rule, or None when it has none."""
    file = folder() / f"{code}.md"
    return file.read_text(encoding="utf-8") if file.is_file() else None
