"""Files that a command writes: all of them or none, or as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from miglint.base.atomic_write import require_inside, write_file
from miglint.base.errors import UsageError
from miglint.base.input_files import read_in_checkout
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES
from miglint.rollback.compose import ComposedFile

_BOM = b"\xef\xbb\xbf"


def write_all(files: Sequence[ComposedFile]) -> None:
    """Write the files; nothing is written if one of them cannot be. Raises `UsageError`."""
    written: list[tuple[Path, bytes]] = []
    for file in files:
        path = Path(file.path)
        try:
            require_inside(path)
            start = b""
            if file.before is not None:
                data = read_in_checkout(path, DEFAULT_MAX_FILE_BYTES)
                start = _BOM if data.startswith(_BOM) else b""
                if data.removeprefix(_BOM) != file.before.encode():
                    raise UsageError(f"{path}: not UTF-8, or changed in the meantime; nothing is written")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}; nothing is written") from None
        written.append((path, start + file.after.encode()))
    for path, data in written:
        try:
            write_file(path, data)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def unified(files: Sequence[ComposedFile]) -> Iterator[str]:
    """Yield the lines of a unified diff of the files."""
    for file in files:
        before = (file.before or "").splitlines(keepends=True)
        name = "/dev/null" if file.before is None else f"a/{file.path}"
        for line in unified_diff(before, file.after.splitlines(keepends=True), name, f"b/{file.path}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
