"""The `miglint` command's entry: answers that are known, then the command line proper, then the exit status.

What stands here is imported on every start, so `click` and all else waits until it is needed.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress
from time import perf_counter

from miglint import __version__
from miglint.cli.exit_status import INTERRUPTED


def entry() -> None:
    """Run the command line as a process of its own, and end that with the exit status."""
    # A stream that was closed before the start is None.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    status = main()
    # Taking every module and value apart takes longer than the check of a script, and the system frees all at once.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone; the interpreter would complain when it flushes on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # Files have had their say where they are read and written: this is a full disk behind the output, or the like.
        _say(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("miglint: interrupted\n")
        return INTERRUPTED
    except Exception:
        # A bug of miglint. The interpreter would print what the error holds as it is, and end with the status of
        # findings.
        import traceback

        _say(f"crashed, which is a bug of miglint: please report it\n{traceback.format_exc()}")
        return 2


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"miglint {__version__}\n")
        return 0
    question = None
    if arguments[:1] == ["check"]:
        from miglint.cache.command_output import question as ask

        question = ask(arguments)
        known = question.answer() if question is not None else None
        # A file is written in one way only, and that is where all the rest is.
        if question is not None and known is not None and known.output is None:
            elapsed = round((perf_counter() - question.started) * 1000)
            sys.stdout.buffer.write(known.text(elapsed).encode("utf-8", "backslashreplace"))
            sys.stdout.flush()
            for text in known.notes:
                from miglint.cli.output import note

                note(text)
            return known.status
        if question is not None and known is not None:
            from miglint.cli.output import write_known

            return write_known(known, question.started)
    # A run makes values by the hundred thousand, nearly none of them in cycles: looking for those can wait.
    gc.set_threshold(1_000_000, 20, 100)
    from miglint.base.errors import MiglintError

    try:
        if arguments[:1] == ["check"]:
            from miglint.cli.request import plain

            request = plain(arguments[1:])
            if request is not None:
                from miglint.cli.run_check import run_check

                return run_check(request, question)
        from miglint.cli.group import run

        return run(arguments, question)
    except MiglintError as error:
        _say(str(error))
        return 2


def _say(message: str) -> None:
    """Say what is wrong; it may name files, and hold what is in them."""
    from miglint.base.inert import inert

    sys.stderr.write(inert(f"miglint: {message}\n"))


if __name__ == "__main__":
    entry()
