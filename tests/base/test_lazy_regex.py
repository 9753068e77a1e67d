"""Patterns are compiled late: here, all of them."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re

import miglint
from miglint.base.lazy_regex import _Pattern, pattern


def test_a_pattern_is_used_like_a_compiled_one() -> None:
    words = pattern(r"(?P<first>\w+)-(\w+)", re.IGNORECASE)
    assert words.pattern == r"(?P<first>\w+)-(\w+)"
    found = words.fullmatch("One-two")
    assert found is not None and found["first"] == "One"
    assert words.sub("x", "a-b c-d") == "x x"
    assert [item.group() for item in words.finditer("a-b c-d")] == ["a-b", "c-d"]
    assert not hasattr(words, "no_such_method")


def test_all_patterns_compile() -> None:
    for module in pkgutil.walk_packages(miglint.__path__, "miglint."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    patterns = [item for item in gc.get_objects() if isinstance(item, _Pattern)]
    assert len(patterns) > 100
    for item in patterns:
        re.compile(item._text, item._flags)
