"""What psql makes of a script: its commands, and the text that it sends to the server.

The text that is sent has the length of the script: what psql keeps for itself, or does not run, are spaces in it. Where
a command decides what runs and the script does not say how, that is a note.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.lexer import bracket_end, skip, skip_space
from miglint.sql.postgres.psql_arguments import is_true, line_end, read_arguments
from miglint.sql.postgres.psql_buffer import PsqlNote, ScriptBuffer, Substituted

# What can be passed over at once: plain text, quotes without backslashes, and brackets around these.
_RUN = pattern(
    r"""[^'"$/\-\\;:()\[\]]*+(?:(?:'[^'\\]*+'|\([^'"$/\-\\;:()\[\]]*+(?>(?:'[^'\\]*+'[^'"$/\-\\;:()\[\]]*+){0,1000})\)"""
    r"""|-(?!-)|/(?!\*))[^'"$/\-\\;:()\[\]]*+){0,1000}"""
)
_PIPE = pattern(r"[ \t]*\|")
_COMMAND = pattern(r"\\([^\s\\]*+)")
_COPY_FILE = pattern(r"\s+(from|to)\s+(program\b\s*)?('(?:[^']|'')*'|\S+)([^\n]*)", re.IGNORECASE)
_COPY_TARGET = pattern(r"""\s*(?:"(?:[^"]|"")*"|[\w.$])+(?:\s*(?=\())?""")

_WRITES = frozenset(
    """
    a C H T cd conninfo copyright echo errverbose f html help h l l+ list list+ lo_list lo_list+ p pset print qecho s
    setenv sf sf+ sv sv+ t timing warn x z z+ ?
    """.split()  # noqa: SIM905 - readable as a text
)
_WHOLE_LINE = frozenset({"!", "copy", "ef", "ev", "h", "help", "sf", "sf+", "sv", "sv+"})
_TO_FILES = frozenset({"g", "gx", "o", "out", "w", "write"})
_SENDS = frozenset({"g", "gx", "gexec", "gset", "watch", "crosstabview", "gdesc"})
_OBJECTS = frozenset({"lo_export", "lo_import", "lo_unlink", "password"})
_ASSIGN = frozenset({"set", "unset", "getenv", "prompt"})
_ENDING = frozenset({*_SENDS, "r", "reset"})
_BRANCHES = frozenset({"if", "elif", "else", "endif"})
_WHAT = {
    **dict.fromkeys(("i", "include", "ir", "include_relative"), "runs the file {0} here"),
    "gexec": "runs what this query returns",
    "watch": "runs this statement again and again",
    "!": "runs a program here",
    **dict.fromkeys(("e", "edit", "ef", "ev"), "opens an editor and runs what is written there"),
}
_MODES = {
    "AUTOCOMMIT": "commits nothing by itself after this",
    "SINGLELINE": "ends a statement at each line break after this",
    "SINGLESTEP": "asks before each statement after this",
}


class PsqlScript(NamedTuple):
    """What psql makes of a script: the text that it sends, what it sends in the place of parts, and notes.

    `commands` are the places of what only psql understands: its commands, and the data of `COPY ... FROM stdin`.
    """

    text: str
    commands: tuple[tuple[int, int], ...]
    notes: tuple[PsqlNote, ...]
    substituted: tuple[Substituted, ...]


class _Command(NamedTuple):
    """A command at `start` to `end` of the script: the values of its arguments, and its words as they are written."""

    name: str
    start: int
    end: int
    values: tuple[str | None, ...]
    words: tuple[str, ...]

    @property
    def first(self) -> str:
        """The first argument, as it is written where its value is not known."""
        return (self.values[0] if self.values else None) or self.words[-1]

    def target(self) -> str | None:
        """Return the variable that the command sets."""
        if not self.values:
            return None
        return self.values[-1] if self.name == "prompt" else self.values[0]


class _Conditional:
    """An `\\if` that is open: whether psql is in a part that it runs, and whether it has been in one.

    `outer`: psql runs what is around it. `known` is False where the script does not say which part psql runs.
    """

    __slots__ = ("active", "begun", "known", "outer", "taken")

    def __init__(self, value: bool | None, outer: bool, begun: int) -> None:
        self.outer = outer
        self.known = value is not None or not outer
        self.active = self.taken = outer and bool(value)
        self.begun = begun


def read_script(text: str) -> PsqlScript:
    """Read a script as psql does."""
    return _PsqlReader(text).read()


class _PsqlReader:
    """Carries out the commands of a script.

    `idle` is where the part begins that psql does not run, with `kept` the statement at hand before it. From `ended` on
    nothing is run.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.limit = len(text)
        self.buffer = ScriptBuffer(text)
        self.branches: list[_Conditional] = []
        self.restricted = self.rest_unknown = False
        # Where the line of the last command ends.
        self.line = -1
        self.encoded = False
        self.idle: int | None = None
        self.kept: tuple[bool, int, int] = (False, 0, 0)
        self.ended: int | None = None

    def read(self) -> PsqlScript:
        """Read the script to its end."""
        at = 0
        while at < self.limit and self.ended is None:
            run = _RUN.match(self.text, at, self.buffer.line)
            at = run.end() if run else at
            if at >= self.buffer.line:
                at = self._behind_data(at)
            if at < self.limit:
                at = self._special(at)
        stop = self.limit if self.ended is None else self.ended
        for branch in self.branches:
            if branch.outer and not branch.known:
                self._undecided(branch, stop)
        if self.idle is not None:
            # Nor is what psql has of a statement before this part.
            self.buffer.hide(self.buffer.start(self.idle), stop)
        elif self.buffer.is_pending(stop):
            self.buffer.send(stop, stop)
        self.buffer.hide(stop, self.limit)
        return PsqlScript(
            self.buffer.sent_text(),
            tuple(self.buffer.commands),
            tuple(self.buffer.notes),
            tuple(self.buffer.substituted),
        )

    def _behind_data(self, at: int) -> int:
        """Pass over the data that the line before them reads, and return where to go on."""
        line, self.buffer.line = self.buffer.line, self.limit
        if self.idle is None and not self.buffer.is_pending(line):
            self.buffer.begin(self.buffer.behind)
        return max(at, self.buffer.behind)

    def _special(self, at: int) -> int:
        """Read the character that may mean something to psql, and return where to go on."""
        char = self.text[at]
        if char == "\\":
            return self._command(at)
        if char == ";" and self.buffer.depth <= 0:
            return at + 1 if self.idle is not None else self.buffer.end(at)
        if char == ":" and self.idle is None:
            return self.buffer.reference(at)
        self.buffer.depth += (char == "(") - (char == ")")
        self.buffer.slices += (char == "[") - (char == "]")
        return skip(self.text, at, self.limit)

    # --- commands

    def _command(self, at: int) -> int:
        """Read the command at a backslash, and return where what is for the server goes on."""
        found = _COMMAND.match(self.text, at)
        name = found[1] if found else ""
        if name[:1] in (";", ":"):
            return self.buffer.join(at)
        after = at + 1 + len(name)
        arguments = None
        if self.line < after:
            self.line = line_end(self.text, after)
        if name in _WHOLE_LINE or (name in _TO_FILES and _PIPE.match(self.text, after) is not None):
            end = self.line
        else:
            arguments = read_arguments(self.text, after, self.line, self.buffer.variables)
            end = arguments.end
        stop = end + 2 if self.text.startswith("\\\\", end) else end
        self.buffer.commands.append((at, self.buffer.stripped(end)))
        was_idle = self.idle is not None
        pending = not was_idle and self.buffer.is_pending(at)
        self.buffer.hide(at, stop)
        if name in _BRANCHES:
            self._branch(name, at, stop, None if arguments is None else arguments.joined(" "))
        else:
            words = tuple(self.text[at:end].split())
            command = _Command(name, at, end, () if arguments is None else arguments.values, words)
            if self.idle is None:
                if arguments is not None and arguments.program is not None:
                    self._note(command, f"runs the program {arguments.program}")
                self._run(command)
            elif any(not branch.known for branch in self.branches):
                self._perhaps(command)
        if self.idle is None and not was_idle and (not pending or name in _ENDING):
            self.buffer.begin(stop)
        return stop

    def _run(self, command: _Command) -> None:
        """Carry out a command."""
        name = command.name
        only_writes = name in _WRITES or name.startswith("d")
        if name in ("restrict", "unrestrict"):
            self.restricted = name == "restrict"
        elif self.restricted and not only_writes:
            self._note(command, f"runs {command.words[0]} after \\restrict only if it is of an older version")
            self.ended = command.start
        elif (method := _METHODS.get(name)) is not None:
            method(self, command)
        elif name in _WHAT:
            self._note(command, _WHAT[name].format(command.first))
        elif name in _OBJECTS:
            self._note(command, f"changes something outside of the schema, by {command.words[0]}", rows=True)
        elif not only_writes:
            self._note(command, f"does not know the command {command.words[0]}, or only in some versions")

    def _note(self, command: _Command, message: str, *, lost: bool = True, rows: bool = False) -> None:
        self.buffer.note(command.start, command.end, message, lost=lost, rows=rows)

    def _quit(self, command: _Command) -> None:
        self.ended = command.start
        if skip_space(self.text, command.end, self.limit) < self.limit:
            self._note(command, "ends the script here and does not run what follows", lost=False)

    def _reset(self, command: _Command) -> None:
        if self.buffer.is_pending(command.start):
            self._note(command, "does not run what is before this command", lost=False)
            self.buffer.hide(self.buffer.start(command.start), command.start)

    def _encoding(self, command: _Command) -> None:
        is_utf8 = command.first.lower().replace("-", "") in ("utf8", "unicode")
        if command.values and not is_utf8 and not self.encoded and not self.text[command.end :].isascii():
            self.encoded = True
            self._note(command, f"reads what follows in another encoding, by {' '.join(command.words)}")

    def _to_file(self, command: _Command) -> None:
        if "|" in self.text[command.start : command.end]:
            self._note(command, f"pipes its output to a program, by {' '.join(command.words)}")

    def _send(self, command: _Command) -> None:
        """Carry out a command that sends the statement before it."""
        name, at = command.name, command.start
        pending = self.buffer.is_pending(at)
        if not pending and self.buffer.sent and name != "gdesc":
            self._note(command, "runs the statement before this command once more")
        elif pending and name == "gdesc":
            self.buffer.hide(self.buffer.start(at), at)
            self._note(command, "describes the statement before this command and does not run it", lost=False)
        elif pending:
            self.buffer.send(at, command.end)
            self.buffer.hide(at, at + 1, ";")
        if name == "gset":
            self.buffer.variables.set_by_query(command.values[0] if command.values else None)
        elif name in _WHAT:
            self._note(command, _WHAT[name])
        elif name in _TO_FILES:
            self._to_file(command)

    def _assign(self, command: _Command) -> None:
        """Carry out `\\set` and the like."""
        name, values, target = command.name, command.values, command.target()
        if target is None:
            return
        value: str | None = None
        if name == "set":
            rest = [part for part in values[1:] if part is not None]
            value = "".join(rest) if len(rest) == len(values) - 1 else None
        if target in _MODES:
            now = False if name == "unset" else is_true(value or ("on" if value == "" else None))
            # AUTOCOMMIT is on from the start, the others are off.
            if now is not (target == "AUTOCOMMIT"):
                self._note(command, _MODES[target])
                # After a change of where statements end, what they are is not known either.
                self.ended = self.ended if target == "AUTOCOMMIT" else command.start
        elif name == "unset":
            self.buffer.variables.values.pop(target, None)
        else:
            self.buffer.variables.assign(target, value)

    def _connect(self, command: _Command) -> None:
        """Carry out `\\connect`: a script may begin with it, but what follows statements is for another database."""
        if self.buffer.changed:
            self.ended = command.start
        elif all(value == "-" for value in command.values):
            return
        words = " ".join(command.words)
        self._note(command, f"runs what follows in another session, perhaps of another database, by {words}")

    def _copy(self, command: _Command) -> None:
        """Carry out `\\copy`, as the `COPY` that it stands for."""
        text, at, end = self.text, command.start, command.end
        target = _COPY_TARGET.match(text, at + len("\\copy"), end)
        stop = target.end() if target else skip_space(text, at + len("\\copy"), end)
        if text.startswith("(", stop):
            stop = bracket_end(text, stop, end)
        found = _COPY_FILE.match(text, stop, end)
        if found is None or found[2]:
            self._note(command, "runs a program here" if found else "copies rows here")
            return
        place = "STDIN" if found[1].lower() == "from" else "STDOUT"
        self.buffer.changed = True
        sql = f"{text[at + 1 : found.start()]} {found[1]} {place} {found[4].strip().rstrip(';')}"
        self.buffer.substituted.append(Substituted(at, end, sql))
        if found[3].lower() == "stdin" and place == "STDIN":
            self.buffer.read_data(end)

    # --- branches

    def _branch(self, name: str, at: int, stop: int, condition: str | None) -> None:
        """Carry out `\\if`, `\\elif`, `\\else` and `\\endif`."""
        value = is_true(condition)
        if name == "if":
            branch = _Conditional(value, self.idle is None, at)
            self.branches.append(branch)
            self.rest_unknown = self.rest_unknown or (branch.outer and not branch.known and self.buffer.is_pending(at))
        elif not self.branches:
            return
        else:
            branch = self.branches[-1]
            if name == "endif":
                self.branches.pop()
                if branch.outer and not branch.known:
                    self._undecided(branch, stop)
                branch.active = branch.outer
            elif branch.outer and branch.known:
                branch.active = not branch.taken and (name == "else" or bool(value))
                branch.known = branch.taken or name == "else" or value is not None
                branch.taken = branch.taken or branch.active
                branch.begun = branch.begun if branch.known else at
        self._switch(at, stop, active=branch.active)

    def _switch(self, at: int, stop: int, *, active: bool) -> None:
        """Begin or end a part that psql does not run; what it has of a statement before it is kept."""
        if not active and self.idle is None:
            self.idle = at
            self.kept = (self.buffer.is_pending(at), self.buffer.depth, self.buffer.slices)
        elif active and self.idle is not None:
            self.buffer.hide(self.idle, stop)
            self.idle = None
            pending, self.buffer.depth, self.buffer.slices = self.kept
            if not pending:
                self.buffer.begin(stop)

    def _undecided(self, branch: _Conditional, end: int) -> None:
        self.buffer.note(branch.begun, end, "runs a part of this or none of it, and the script does not say which")
        self.buffer.changed = True
        if self.rest_unknown:
            self.ended = end

    def _perhaps(self, command: _Command) -> None:
        """Record what a command in a part that psql may run does to what follows the part."""
        name, target = command.name, command.target()
        if name == "gset":
            self.buffer.variables.set_by_query(command.values[0] if command.values else None)
        elif name in _ASSIGN and target is not None and target not in _MODES:
            self.buffer.variables.values[target] = None
        elif name not in _WRITES and name not in _SENDS and not name.startswith("d"):
            self.rest_unknown = True


_METHODS = {
    **dict.fromkeys(("q", "quit"), _PsqlReader._quit),
    **dict.fromkeys(("r", "reset"), _PsqlReader._reset),
    **dict.fromkeys(("c", "connect"), _PsqlReader._connect),
    **dict.fromkeys(("o", "out", "w", "write"), _PsqlReader._to_file),
    **dict.fromkeys(_SENDS, _PsqlReader._send),
    **dict.fromkeys(_ASSIGN, _PsqlReader._assign),
    "copy": _PsqlReader._copy,
    "encoding": _PsqlReader._encoding,
}
