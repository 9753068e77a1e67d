"""Sequences as SQL."""

from __future__ import annotations

from miglint.schema.objects import Sequence
from miglint.schema.sequences import limits
from miglint.writer.words import identifier, name

_WORDS = {
    "as": "AS",
    "start": "START WITH",
    "increment": "INCREMENT BY",
    "minvalue": "MINVALUE",
    "maxvalue": "MAXVALUE",
    "cache": "CACHE",
}
_USUAL = {"as": "AS int8", "increment": "INCREMENT BY 1", "cache": "CACHE 1", "cycle": "NO CYCLE"}
_OPEN = {"minvalue": "NO MINVALUE", "maxvalue": "NO MAXVALUE"}


def options_of(options: tuple[str, ...]) -> list[str]:
    """Return the options of a sequence as they are written."""
    texts = []
    for option in sorted(options, key=lambda text: not text.startswith("as=")):
        word, _, value = option.partition("=")
        if word == "cycle":
            texts.append("CYCLE" if value in ("true", "on", "1", "") else "NO CYCLE")
        elif word in _WORDS:
            texts.append(f"{_WORDS[word]} {value}")
    return texts


def create_sequence(sequence: Sequence, *, guarded: bool = False) -> str:
    """Return the statement that creates a sequence; who owns it is said later."""
    words = {"temporary": "TEMPORARY ", "unlogged": "UNLOGGED "}.get(sequence.persistence, "")
    guard = "IF NOT EXISTS " if guarded else ""
    return " ".join([f"CREATE {words}SEQUENCE {guard}{name(sequence.name)}", *options_of(sequence.options)]) + ";"


def owned_by(sequence: Sequence) -> str:
    """Return the statement that says to which column a sequence belongs."""
    owner = "NONE"
    if sequence.owned_by is not None:
        owner = f"{name(sequence.owned_by[0])}.{identifier(sequence.owned_by[1])}"
    return f"ALTER SEQUENCE {name(sequence.name)} OWNED BY {owner};"


def changed_options(before: Sequence, after: Sequence) -> list[str]:
    """Return the options that `ALTER SEQUENCE` gives a sequence, so that it is as another one."""
    given = {option.partition("=")[0] for option in after.options}
    words = [option for option in after.options if option not in before.options]
    gone = [option.partition("=")[0] for option in before.options if option.partition("=")[0] not in given]
    texts = options_of(tuple(words)) + [text for word in gone if (text := (_USUAL | _OPEN).get(word))]
    return [*texts, f"START WITH {limits(after.options)[2]}"] if "start" in gone else texts
