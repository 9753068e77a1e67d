"""What the grammar and the server say of a script, at a length that people read."""

from __future__ import annotations

_NEAR = ' at or near "'
_LONGEST_TOKEN = 80


def brief(message: str) -> str:
    """Return a message without most of the token that it quotes: an open quote makes that the rest of the file."""
    said, near, token = message.partition(_NEAR)
    if len(token) <= _LONGEST_TOKEN:
        return message
    return f'{said}{near}{" ".join(token[:_LONGEST_TOKEN].split())}..."'
