"""What dry runs keep between runs in the user's cache folder: clusters, and histories in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from miglint.dryrun.postgres.kept_cluster import remove_cluster
from miglint.dryrun.workspace import cache_folder

_KEPT = ("cluster-*", "history-*")


def kept_size() -> tuple[Path, int]:
    """Return the folder of what is kept, and the bytes of the files in it."""
    return cache_folder(), sum(map(_size, _kept()))


def delete_kept() -> int:
    """Delete what is kept, and return its bytes; a dry run that uses it goes on with its copy. Raises `OSError`."""
    freed = 0
    for path in _kept():
        size = _size(path)
        if path.is_dir() and not path.is_symlink():
            remove_cluster(path)
        else:
            path.unlink(missing_ok=True)
        freed += size
    return freed


def _kept() -> Iterator[Path]:
    folder = cache_folder()
    return (path for pattern in _KEPT for path in sorted(folder.glob(pattern)))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() and not path.is_symlink() else (path,)
    size = 0
    for file in files:
        # Another run may delete it meanwhile, and those of other users cannot be read.
        with contextlib.suppress(OSError):
            size += file.lstat().st_size
    return size
