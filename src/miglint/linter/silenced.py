"""Counts of findings hidden by comments and settings: disabled rules are run as well, and their hits counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from miglint.base.structs import replace
from miglint.report.value import Hidden
from miglint.rules.definition import Hit, Rule
from miglint.rules.selection import Selection

COMMENTS, SETTINGS = "comments", "settings"


def with_silenced(chosen: Selection) -> Selection:
    """Return the selection with rules disabled by the settings enabled."""
    rules = {
        code: replace(rule, check=_quiet(rule)) if code in chosen.silenced else rule
        for code, rule in chosen.registry.rules.items()
    }
    registry = replace(chosen.registry, rules=rules)
    return replace(chosen, registry=registry, enabled=chosen.enabled | chosen.silenced)


def _quiet(rule: Rule) -> Callable[..., Iterator[Hit]]:
    """Return the check of a disabled rule; its exceptions are ignored."""

    def check(*given: Any) -> Iterator[Hit]:
        try:
            yield from rule.check(*given)
        except Exception:
            # It may have been disabled for this reason.
            return

    return check


def counted(hidden: Iterable[tuple[str, str]]) -> tuple[Hidden, ...]:
    """Return the number of hidden findings by cause and file, from one pair for each."""
    counts = Counter(hidden)
    return tuple(Hidden(by, path, count) for (by, path), count in sorted(counts.items()))
