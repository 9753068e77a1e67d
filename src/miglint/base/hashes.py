"""Hashes of contents, without `hashlib`: that loads OpenSSL, which takes longer than most of what is hashed.

This module is imported on every start and imports as little as possible.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b

        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:
        from hashlib import blake2b, sha256

__all__ = ["blake2b", "hash_of_texts", "sha256"]


def hash_of_texts(texts: Iterable[str], *, key: bytes = b"", size: int = 20) -> blake2b:
    """Return a hash of `size` bytes over texts with their lengths, so that no two lists of texts run together."""
    digest = blake2b(key=key, digest_size=size)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest
