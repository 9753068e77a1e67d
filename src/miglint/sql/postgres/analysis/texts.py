"""Constants that their type refuses to read: the errors of its input function."""

from __future__ import annotations

from miglint.sql.postgres.analysis.environment import UNKNOWN, Invalid
from miglint.sql.postgres.analysis.kinds import TypeKinds, element, is_array, spelled
from miglint.sql.type_input import condition_of, out_of_range, unreadable


def refuse_unreadable(kinds: TypeKinds, target: str, text: str) -> None:
    """Raise `Invalid` for a text that a type cannot read."""
    name = kinds.base(target)
    if name == UNKNOWN:
        return
    if is_array(name):
        if not text.strip().startswith(("{", "[")) or (text.strip().startswith("[") and "=" not in text):
            raise Invalid("invalid_text_representation", f'malformed array literal: "{text}"')
        _refuse_element(kinds, element(name), text)
    elif kinds.is_kind(name, "enum"):
        labels = kinds.user_type(name).labels
        if labels is not None and text not in labels:
            raise Invalid("invalid_text_representation", f'invalid input value for enum {spelled(name)}: "{text}"')
    elif out_of_range(name, text):
        raise Invalid("datetime_field_overflow", f'date/time field value out of range: "{text}"')
    elif unreadable(name, text):
        raise Invalid(condition_of(name), f'invalid input syntax for type {spelled(name)}: "{text}"')


def _refuse_element(kinds: TypeKinds, name: str, text: str) -> None:
    """Check the elements of an array if they are plain words."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")) or any(sign in inner[1:-1] for sign in '{}"\\'):
        return
    for item in inner[1:-1].split(","):
        if item.strip() and item.strip().lower() != "null":
            refuse_unreadable(kinds, name, item.strip())
