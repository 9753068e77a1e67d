"""Types that are made anew under their users: an enum that loses a label, a domain over another type.

The type is renamed, made anew, the columns go over to it by way of their texts, and the old one is dropped.
"""

from __future__ import annotations

from functools import partial

from miglint.schema.objects import Domain, Key, Part
from miglint.sql.operations import Name
from miglint.writer import printer
from miglint.writer.postgres.drafting import Drafting, label
from miglint.writer.postgres.graph import Item
from miglint.writer.words import UnprintableError, identifier, name


def swap_all(draft: Drafting) -> None:
    """Add the actions that make types anew."""
    for key in sorted(draft.plan.swapped):
        one, two = draft.old.find(key), draft.new.find(key)
        if one is None or two is None or draft.plan.drops(Item(key)):
            continue
        word = "DOMAIN" if isinstance(one, Domain) else "TYPE"
        aside = f"{key.name[:50]}__old"
        own = name(Name(key.schema, key.name))
        first = f"ALTER {word} {own} RENAME TO {identifier(aside)};"
        does = f"make {label(draft.new, key)} anew"
        draft.act(20, f"rename the old {label(draft.old, key)}", key, partial(_one, first), drops=[Item(key)])
        draft.act(21, does, key, partial(_created, draft, key), makes=[Item(key)])
        last = f"DROP {word} {name(Name(key.schema, aside))};"
        makes = [Item(key, Part("aside", ""))]
        draft.act(91, f"drop the old {label(draft.old, key)}", key, partial(_one, last), makes=makes)


def _one(text: str) -> list[str]:
    return [text]


def _created(draft: Drafting, key: Key) -> list[str]:
    value = draft.new.find(key)
    if value is None or value.assumed:
        raise UnprintableError("the files use it without creating it")
    return printer.create(draft.new, key, value)
