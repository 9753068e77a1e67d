"""What the translation of expressions and the words of both engines share."""

from __future__ import annotations

from typing import Any

# A node of a tree of sqlglot, whose base class has had several names.
Node = Any


class TranslationError(Exception):
    """An expression has no form in the other engine; the message says why."""
