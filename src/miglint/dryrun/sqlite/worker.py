"""The process that runs SQLite's scripts: reads requests from standard input and writes replies to standard output.

It is started by `process.Worker`, confines itself before it runs a script, and ends with its input or its parent.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import msgspec

from miglint.dryrun.sqlite import wire
from miglint.dryrun.sqlite.confinement import confine
from miglint.dryrun.sqlite.databases import OUT_OF_MEMORY, Databases, failure_of
from miglint.dryrun.sqlite.library import SqliteError

_PARENT_IS_LOOKED_FOR = 0.5
_STACK = 1 << 18


def main() -> None:
    """Serve requests until the end of input."""
    if hasattr(os, "getppid") and sys.platform != "win32":
        threading.stack_size(_STACK)
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    channel = wire.Channel(0, 1)
    start = channel.receive(msgspec.msgpack.Decoder(wire.Start))
    databases = Databases(start, channel.send)
    databases.warm_up()
    channel.send(wire.Ready(confine(start.memory, start.seconds)))
    decoder = msgspec.msgpack.Decoder(wire.Request)
    while True:
        try:
            request = channel.receive(decoder)
        except EOFError:
            return
        try:
            reply = databases.answer(request)
        except SqliteError as error:
            reply = wire.Failed(failure_of(error))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        if isinstance(request, wire.Drop):
            continue
        if not channel.send(reply):
            channel.send(wire.Failed(wire.Failure("SQLITE_TOOBIG", "the reply is too large", limit="memory")))


def _end_with(parent: int) -> None:
    """Exit when the parent has exited, even during a statement: SQLite releases the GIL meanwhile."""
    while os.getppid() == parent:
        time.sleep(_PARENT_IS_LOOKED_FOR)
    os._exit(1)
