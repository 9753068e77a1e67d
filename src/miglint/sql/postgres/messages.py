"""Error messages of the grammar and the server, shortened."""

from __future__ import annotations

_NEAR = ' at or near "'
_LONGEST_TOKEN = 80


def brief(message: str) -> str:
    """Return a message without most of the token that it quotes: for an open quote, that is the rest of the file."""
    words, near, token = message.partition(_NEAR)
    if len(token) <= _LONGEST_TOKEN:
        return message
    return f'{words}{near}{" ".join(token[:_LONGEST_TOKEN].split())}..."'
