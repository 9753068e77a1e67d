"""Pairs of schemas, by what differs, in files beside this one."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def pairs_of(file: str) -> dict[str, tuple[str, str]]:
    """Return the pairs of a file by their names: the old schema and the new one."""
    found = {}
    for part in (_HERE / file).read_text().split("--- pair: ")[1:]:
        name, _, text = part.partition("\n")
        old, _, new = text.partition("--- new\n")
        found[name.strip()] = (old.strip(), new.strip())
    return found
