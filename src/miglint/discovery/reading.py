"""Reading and decoding of files, once each, with detection of non-text content."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from miglint.base.input_files import (
    OpenFolder,
    TooLargeError,
    content_hash,
    read_from,
    read_in_checkout,
    read_with_state,
)
from miglint.base.model import Problem, SourceFile
from miglint.base.structs import Struct

_REPLACEMENT = "\ufffd"
_UTF16_SAMPLE = 256


class ReadResult(Struct, frozen=True):
    """A file as far as it could be read, and its defects."""

    file: SourceFile
    problem: Problem | None


def read_file(
    real: str,
    path: str,
    limit: int,
    allowed: Callable[[str], bool] | None = None,
    folder: OpenFolder | None = None,
) -> ReadResult:
    """Read the file at `real`, displayed as `path`; never raises.

    `allowed` returns whether the file may be read, given its path without links; by default, one in the checkout.
    `folder` is the folder that contains it, if that is open, and one whose files may be read.
    """
    try:
        data = None if folder is None else read_from(folder, real.rpartition("/")[2], real, limit)
        if data is None:
            data = read_in_checkout(real, limit) if allowed is None else read_with_state(real, limit, allowed)[0]
        result = from_bytes(data, path)
        result.file.digest = content_hash(data)
        return result
    except TooLargeError as error:
        reason = str(error.strerror)
        return ReadResult(SourceFile(path, "", reason), Problem("too-large", path, f"{reason}: not read"))
    except OSError as error:
        reason = error.strerror or str(error)
        return ReadResult(SourceFile(path, "", reason), Problem("unreadable", path, f"cannot be read: {reason}"))


def from_bytes(data: bytes, path: str) -> ReadResult:
    """Decode the content of a file; never raises."""
    if data.startswith(codecs.BOM_UTF8):
        start = len(codecs.BOM_UTF8)
        body = data[start:]
    else:
        start, body = 0, data
        encoding = _utf16(data) if data[:1] in (b"\xff", b"\xfe") or b"\0" in data[:4] else None
        if encoding is not None:
            text = data.decode(encoding, "replace").removeprefix("\ufeff").replace("\0", _REPLACEMENT)
            problem = Problem("encoding", path, "the file is encoded as UTF-16, not UTF-8", character=0)
            return ReadResult(SourceFile(path, text), problem)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        text = body.decode("utf-8", "replace")
        character = len(body[: error.start].decode("utf-8"))
        offset = start + error.start
        message = f"byte {offset} (0x{body[error.start]:02X}) is not UTF-8: {error.reason}"
        problem = Problem("encoding", path, message, offset, character=character)
        return ReadResult(SourceFile(path, text.replace("\0", _REPLACEMENT)), problem)
    if "\0" not in text:
        return ReadResult(SourceFile(path, text), None)
    character, offset = text.index("\0"), start + body.index(0)
    problem = Problem("encoding", path, f"byte {offset} is a NUL character", offset, character=character)
    return ReadResult(SourceFile(path, text.replace("\0", _REPLACEMENT)), problem)


def from_text(text: str, path: str) -> ReadResult:
    """Use a text that is already decoded; lone surrogates stand for bytes that are not UTF-8."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return from_bytes(data, path)


def _utf16(data: bytes) -> str | None:
    """Detect UTF-16 by its byte order mark, or by a NUL in every other byte of mostly ASCII text."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" not in data[:4]:
        return None
    sample = data[:_UTF16_SAMPLE]
    low, high = sample[0::2], sample[1::2]
    if len(sample) >= 4 and not low.count(0) and high.count(0) * 2 > len(high):
        return "utf-16-le"
    if len(sample) >= 4 and not high.count(0) and low.count(0) * 2 > len(low):
        return "utf-16-be"
    return None
