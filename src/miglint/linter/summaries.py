"""Merging of identical findings for most migrations of a history.

A project whose rollbacks are empty files has none: that is a decision of the project, reported once, and not a mistake
in each migration. The single findings are kept for a report about their migrations alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from miglint.base.findings import Severity
from miglint.base.lazy_regex import many, pattern
from miglint.base.model import History, Script, SourceFile, Span
from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.linter.dispatch import PlacedHit
from miglint.rules.definition import Hit, Rule

EMPTY = "PAI003"
_FEWEST = 3
_SHOWN = 20
_NOTHING = pattern(many(r"[\s;]++|--[^\r\n]*+|/\*[^*]*+" + many(r"\*(?!/)[^*]*+") + r"\*/"))


def with_summaries(placed: list[PlacedHit], histories: Iterable[History], settings: Settings) -> list[PlacedHit]:
    """Return the hits, with a single one for each history whose rollbacks are mostly empty."""
    if settings.rollbacks == "required" or not any(item.rule.code == EMPTY for item in placed):
        return placed
    rule = next(item.rule for item in placed if item.rule.code == EMPTY)
    found = placed
    for history in histories:
        rollbacks = _rollbacks_of(history)
        empty = [version for version, script in rollbacks if _is_empty(script)]
        if len(empty) < _FEWEST or 2 * len(empty) <= len(rollbacks):
            continue
        found = _with_summarized(found, rule, {script.path for _, script in rollbacks})
        if settings.rollbacks is None:
            found.append(PlacedHit(rule, _summary(history, empty, len(rollbacks))))
    return found


def _rollbacks_of(history: History) -> list[tuple[str, Script]]:
    return [(item.version, item.rollback) for item in history.migrations if item.forward and item.rollback]


def _summary(history: History, empty: Sequence[str], count: int) -> Hit:
    message = f"{len(empty)} of {count} rollbacks are empty"
    help = f"They are of {named_versions(empty)}. {_HELP}"
    return Hit(SourceFile(history.root, ""), Span(0, 0), message, help, severity=Severity.WARNING)


def _with_summarized(placed: list[PlacedHit], rule: Rule, paths: set[str]) -> list[PlacedHit]:
    return [_summarized(item) if item.rule is rule and item.hit.file.path in paths else item for item in placed]


def named_versions(versions: Sequence[str]) -> str:
    """Return versions as a list: the first ones, and how many there are besides."""
    shown = ", ".join(versions[:_SHOWN])
    more = len(versions) - _SHOWN
    return f"{'version' if len(versions) == 1 else 'versions'} {shown}" + (f" and {more} more" if more > 0 else "")


_HELP = '`rollbacks = "required"` reports each of them; `rollbacks = "none"` declares this as intended.'


def _is_empty(script: Script) -> bool:
    return _NOTHING.fullmatch(script.text) is not None


def _summarized(item: PlacedHit) -> PlacedHit:
    if item.hit.severity not in (None, Severity.ERROR):
        return item
    return replace(item, hit=replace(item.hit, severity=Severity.WARNING, summarized=True))
