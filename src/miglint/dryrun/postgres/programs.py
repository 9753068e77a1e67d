"""PostgreSQL's programs: location and version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError


class Programs(Struct, frozen=True):
    """Location of the server's programs, and their version as (major, minor)."""

    folder: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        """The major version."""
        return self.version[0]

    @property
    def share(self) -> Path | None:
        """The folder of extension control files, None if it is not in the usual place."""
        for place in ("share/extension", "share/postgresql/extension"):
            folder = self.folder.parent / place
            if (folder / "plpgsql.control").is_file():
                return folder
        debian = Path("/usr/share/postgresql") / str(self.major) / "extension"
        return debian if (debian / "plpgsql.control").is_file() else None


def programs_in(folder: Path) -> Programs | None:
    """Return the programs in a `bin` folder, or None if they cannot be run."""
    try:
        return need_programs(folder)
    except EngineMissingError:
        return None


def need_programs(folder: Path) -> Programs:
    """Return the programs in a `bin` folder; raises `EngineMissingError` with the reason if they cannot be run."""
    server = folder / executable("postgres")
    if not server.is_file() or not (folder / executable("initdb")).is_file():
        raise EngineMissingError(f"no PostgreSQL in {folder}")
    try:
        done = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissingError(f"cannot run {server}: {getattr(error, 'strerror', None) or error}") from None
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or [f"it exited with status {done.returncode}"])[0]
        raise EngineMissingError(f"cannot run {server}: {why[:300]}")
    digits = next((word for word in done.stdout.split() if word[:1].isdecimal()), "0")
    return Programs(folder, tuple(int(part) for part in digits.split(".") if part.isdecimal()) or (0,))


def executable(name: str) -> str:
    """Return the file name of a program."""
    return f"{name}.exe" if sys.platform == "win32" else name
