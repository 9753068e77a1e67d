"""Script from standard input, for `miglint check --stdin-filename`."""

from __future__ import annotations

import sys

from miglint.base.errors import UsageError
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES


def standard_input() -> bytes:
    """Return the content of standard input, limited to the maximum file size; raises `UsageError`."""
    try:
        data = sys.stdin.buffer.read(DEFAULT_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"standard input: cannot be read: {error.strerror or error}") from None
    if len(data) > DEFAULT_MAX_FILE_BYTES:
        raise UsageError(f"standard input: larger than {DEFAULT_MAX_FILE_BYTES:,} bytes")
    return data
