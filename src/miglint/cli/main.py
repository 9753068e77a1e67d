"""Entry point of the `miglint` command: cached output first, then the full command line.

Everything at the top of this module is imported on every start, so `click` and the rest are imported on demand.
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
    """Run the command line as a process and exit with its status."""
    # A stream that was closed before startup is None.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    status = main()
    # Tearing down modules and values takes longer than checking a script; the operating system frees all at once.
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
        # The reader closed the pipe; the interpreter would report the error again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # Errors of input and output files are handled where they occur; this is, for example, a full disk behind
        # stdout.
        _print_message(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("miglint: interrupted\n")
        return INTERRUPTED
    except Exception:
        # A bug in miglint. By default, the interpreter would print the error unescaped and exit with 1, the status of
        # findings.
        import traceback

        _print_message(f"internal error; please report this bug\n{traceback.format_exc()}")
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
        # Output files are written in one place only, `cli.output`.
        if question is not None and known is not None and known.output is None:
            elapsed = round((perf_counter() - question.started) * 1000)
            sys.stdout.buffer.writelines(part.encode("utf-8", "backslashreplace") for part in known.parts(elapsed))
            sys.stdout.flush()
            for text in known.notes:
                from miglint.cli.notes import note

                note(text)
            return known.status
        if question is not None and known is not None:
            from miglint.cli.output import write_known

            return write_known(known, question.started)
    # A run creates several hundred thousand values, nearly none of them in cycles, so garbage collection is deferred.
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
        _print_message(str(error))
        return 2


def _print_message(message: str) -> None:
    """Print an error; the message may contain file names and content."""
    from miglint.base.inert import inert

    sys.stderr.write(inert(f"miglint: {message}\n"))


if __name__ == "__main__":
    entry()
