"""Patterns of paths in the settings."""

from __future__ import annotations

from fnmatch import translate
from re import Pattern
from re import compile as compile_pattern


def path_pattern(glob: str) -> Pattern[str]:
    """Compile a pattern for paths; a folder stands for all that is in it, a bare name for that name anywhere."""
    glob = glob.removeprefix("./").rstrip("/")
    source = translate(glob).removesuffix(r"\Z")
    head = "" if "/" in glob else "(?:.*/)?"
    return compile_pattern(rf"{head}{source}(?:/.*)?\Z")
