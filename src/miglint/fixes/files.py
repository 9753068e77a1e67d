"""The stored texts of files that fixes edit, and the bytes that edited texts are stored as."""

from __future__ import annotations

import codecs

from miglint.base.errors import UsageError
from miglint.base.input_files import read_in_checkout
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES


class StoredTexts:
    """Texts by path, each read once; with `given`, standard input takes the place of every file."""

    def __init__(self, given: bytes | None = None) -> None:
        self.given = given
        self._data: dict[str, bytes] = {}

    @property
    def data(self) -> bytes:
        """Return what was read from standard input."""
        return self.given or b""

    def text(self, path: str) -> str:
        """Return the text of a file without its byte order mark. Raises `UsageError` if it is not UTF-8."""
        data = self._read(path)
        try:
            return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{path}: is not UTF-8 and is not edited") from None

    def is_text(self, path: str) -> bool:
        """Return whether a file is UTF-8 without NUL characters: others are not edited."""
        try:
            return "\0" not in self.text(path)
        except UsageError:
            return False

    def encoded(self, path: str, text: str) -> bytes:
        """Return a text as it is stored: with the byte order mark that the file has."""
        data = self.given if self.given is not None else self._data.get(path, b"")
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode("utf-8")

    def _read(self, path: str) -> bytes:
        if self.given is not None:
            return self.given
        if path not in self._data:
            try:
                self._data[path] = read_in_checkout(path, DEFAULT_MAX_FILE_BYTES)
            except OSError as error:
                raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
        return self._data[path]
