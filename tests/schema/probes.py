"""Small pairs of scripts, each with what PostgreSQL did: read from `probes/*.sql`, asked of the model and the engine.

A file holds any number of them:

    === name
    the schema before
    --- forward [fails CONDITION | again CONDITION | again differs]
    --- rollback [fails CONDITION | differs] [again CONDITION | again differs]

`fails` is the condition of the first run, `again` that of a second one; `differs` says that a run leaves another schema
than it should. Without these words a script runs twice and leaves what it should.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "probes"


class Outcome(NamedTuple):
    """What a script did: the condition that its first run failed with, and its second, or `differs`."""

    first: str | None = None
    again: str | None = None


class Probe(NamedTuple):
    """A pair of scripts over a schema, and what the engine did with them."""

    name: str
    setup: str
    forward: str
    rollback: str
    went: Outcome
    back: Outcome


def _outcome(words: list[str]) -> Outcome:
    first = again = None
    while words:
        word = words.pop(0)
        if word == "fails":
            first = words.pop(0)
        elif word == "differs":
            first = word
        else:
            assert word == "again", word
            again = words.pop(0)
    return Outcome(first, again)


def read(file: str) -> list[Probe]:
    """Return the probes of a file."""
    text = (FOLDER / f"{file}.sql").read_text(encoding="utf-8")
    probes = []
    for part in text.split("\n=== ")[1:]:
        name, _, rest = part.partition("\n")
        setup, _, rest = rest.partition("--- forward")
        said, _, rest = rest.partition("\n")
        forward, _, rest = rest.partition("--- rollback")
        told, _, rollback = rest.partition("\n")
        went, back = _outcome(said.split()), _outcome(told.split())
        probes.append(Probe(name, setup.strip(), forward.strip(), rollback.strip(), went, back))
    return probes


def every() -> list[Probe]:
    """Return the probes of all files."""
    return [probe for file in sorted(FOLDER.glob("*.sql")) for probe in read(file.stem)]
