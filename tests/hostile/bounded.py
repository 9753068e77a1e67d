"""Run a command with little memory, and without root's leave to read what nobody may: `bounded.py BYTES ROOT COMMAND`.

A program of its own, since nothing may run between `fork` and `exec` in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2


def main() -> None:
    size, root, *command = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(size), int(size)))
    if root == "no":
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
