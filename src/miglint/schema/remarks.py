"""Comments and privileges: what they are about, and the keys that they are kept under."""

from __future__ import annotations

from miglint.schema.objects import Key, Part

# The words of COMMENT and GRANT for objects whose kind does not determine them.
_WORDS = {"relation": "table", "type": "type", "routine": "function", "other publication": "publication"}


def words_for(about: Key) -> str:
    """Return the words for the kind of an object, by its key alone."""
    return _WORDS.get(about.space, about.space.removeprefix("other "))


def comment_key(about: Key, part: Part | None = None, words: str | None = None) -> Key:
    """Return the key of the comment on an object, or on a `part` of it; `words` say what kind of object it is."""
    return Key("comment", about.schema, _label(about, part, words), _owner(about, part))


def privilege_key(about: Key, part: Part | None, role: str, words: str | None = None) -> Key:
    """Return the key of what a role may do with an object, or with a column of it."""
    owner = _owner(about, part)
    return Key("privilege", about.schema, _label(about, part, words), f"{owner} {role}".strip())


def _label(about: Key, part: Part | None, words: str | None) -> str:
    if part is None:
        return f"{words or words_for(about)} {about.name}"
    return f"column {about.name}.{part.name}" if part.kind == "column" else f"{part.kind} {part.name}"


def _owner(about: Key, part: Part | None) -> str:
    return about.name if part is not None and part.kind != "column" else about.owner
