"""The operating system's account that a throwaway server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError

_CANDIDATES = ("postgres", "nobody")


class Account(Struct, frozen=True):
    """An ordinary account; `name` None is the one that miglint runs under."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to the account."""
        if self.name is None:
            return
        os.chown(folder, self.uid, self.gid)
        for root, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(os.path.join(root, name), self.uid, self.gid, follow_symlinks=False)  # noqa: PTH118

    def popen(self) -> dict[str, object]:
        """Return the arguments of `subprocess` that start a process under the account."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_run(self, program: Path) -> bool:
        """Tell whether the account can reach and execute a program."""
        if self.name is None:
            return os.access(program, os.X_OK)
        program = program.resolve()
        return all(_others(part, stat.S_IXOTH) for part in (program, *program.parents))


def _others(path: Path, bit: int) -> bool:
    return bool(path.stat().st_mode & bit)


def ordinary_account() -> Account:
    """Return the account to run a server under: this one, or an ordinary one when this is root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    import pwd

    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EngineMissingError(
        "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` to run it under;"
        " run miglint as an ordinary user"
    )


def reachable(account: Account, folder: Path, program: str, into: Path) -> Path:
    """Return `folder` when the account can run `program` of it, else a copy of it under `into`."""
    if account.can_run(folder / program):
        return folder
    copy = into / "programs"
    shutil.copytree(folder, copy, symlinks=True)
    copy.chmod(0o755)
    account.own(copy)
    return copy
