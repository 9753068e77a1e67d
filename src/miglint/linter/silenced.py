"""What comments and settings hide: rules that are off are asked as well, and what they say is counted."""

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
    """Return the selection with the rules that the settings turn off turned on."""
    rules = {
        code: replace(rule, check=_quiet(rule)) if code in chosen.silenced else rule
        for code, rule in chosen.registry.rules.items()
    }
    registry = replace(chosen.registry, rules=rules)
    return replace(chosen, registry=registry, enabled=chosen.enabled | chosen.silenced)


def _quiet(rule: Rule) -> Callable[..., Iterator[Hit]]:
    """Return the check of a rule that is off: when it crashes, that is no finding either."""

    def check(*given: Any) -> Iterator[Hit]:
        try:
            yield from rule.check(*given)
        except Exception:
            # It was turned off, perhaps for this.
            return

    return check


def counted(hidden: Iterable[tuple[str, str]]) -> tuple[Hidden, ...]:
    """Return how many findings are hidden by what and in which file, from one pair for each."""
    counts = Counter(hidden)
    return tuple(Hidden(by, path, count) for (by, path), count in sorted(counts.items()))
