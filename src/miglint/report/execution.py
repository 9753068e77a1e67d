"""The dry run in the text report: one line of step results per migration, with details below.

The input is the JSON form of the report, so that cached and new reports print alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from miglint.base.inert import one_line, printable
from miglint.report.ansi import fit, paint, wide
from miglint.report.grouping import wrapped
from miglint.report.value import MigrationReport
from miglint.report.view import DisplayOptions

Execution = Mapping[str, Any]

_STEPS: tuple[str, ...] = ("1 rows", "2 forward", "3 again", "4 rollback", "5 again", "6 forward", "7 continue")
_MARKS = {True: ("good", "✓"), False: ("bad", "✗"), None: ("dim", "·")}
# A second run that fails, of a script that its tool runs only once.
_INFORMATION = ("dim", "i")
_LONGEST_LABEL = 48
_SHOWN_CHANGES = 8
_INDENT = "    "
# Common characters shown before the first difference of two definitions.
_LED = 24


def lines(migrations: tuple[MigrationReport, ...], view: DisplayOptions) -> Iterator[str]:
    """Yield the dry run results: a table per engine, with details below each migration that has problems.

    With `verbose`, steps have times and statements have locks.
    """
    engines: dict[str, list[tuple[MigrationReport, Execution]]] = {}
    for item in migrations:
        for execution in item.executions:
            engines.setdefault(_engine(execution), []).append((item, execution))
    for number, (engine, ran) in enumerate(engines.items()):
        if number:
            yield ""
        yield from _table(engine, ran, view)


def _engine(execution: Execution) -> str:
    engine = execution["engine"]
    return printable(f"dry run on {engine['product']} {engine['version']} ({engine['kind']})")


def _table(engine: str, ran: list[tuple[MigrationReport, Execution]], view: DisplayOptions) -> Iterator[str]:
    labels = [one_line(f"{item.version} {item.name}".strip()) for item, _ in ran]
    widest = max(map(wide, labels))
    longest, heads = max(wide(engine), min(_LONGEST_LABEL, widest)), _STEPS
    if longest + len(_headings(heads)) > view.width:
        # On a narrow terminal the columns are headed by step numbers only.
        yield from wrapped(f"{engine}: {', '.join(_STEPS)}", "", "  ", view)
        engine, heads = "", tuple(name[0] for name in _STEPS)
        longest = max(1, min(widest, view.width - len(_headings(heads))))
    yield paint("bold", f"{fit(engine, longest)}{_headings(heads)}", view)
    headed = len({item.history for item, _ in ran}) > 1
    history = None
    for label, (item, execution) in zip(labels, ran, strict=True):
        if headed and item.history != history:
            history = item.history
            yield f"{one_line(history)}:"
        marks = "  ".join(_mark(step, len(head), view) for head, step in zip(heads, execution["steps"], strict=True))
        yield f"{fit(label, longest)}  {marks}  {time_of(execution['seconds']):>9}"
        yield from _details(item, execution, view)


def _headings(heads: tuple[str, ...]) -> str:
    return f"  {'  '.join(heads)}       time"


def _mark(step: Mapping[str, Any], size: int, view: DisplayOptions) -> str:
    style, sign = _sign(step)
    left = size // 2
    return " " * left + paint(style, sign, view) + " " * (size - left - 1)


def _sign(step: Mapping[str, Any]) -> tuple[str, str]:
    """Return style and sign of a step: a failure that cannot occur in production is an info."""
    if step["ok"] is False and not step.get("matters", True):
        return _INFORMATION
    return _MARKS[step["ok"]]


def time_of(seconds: float) -> str:
    """Format a duration."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"


def _details(item: MigrationReport, execution: Execution, view: DisplayOptions) -> Iterator[str]:
    shown_reasons: set[str | None] = set()
    for step in execution["steps"]:
        if step["ok"] is False or (view.verbose and (step["seconds"] or step["reason"])):
            yield from _step(item, step, view)
        elif step["reason"] is not None and step["reason"] not in shown_reasons and step["ok"] is None:
            # Consecutive steps usually have the same reason.
            shown_reasons.add(step["reason"])
            if not any(other["ok"] is False for other in execution["steps"]):
                yield _cut(f"{_INDENT}{step['number']} {step['name']}: {step['reason']}", view)
    yield from _rows(execution["rows"] or {}, view)
    for direction, path in (("forward", item.forward), ("rollback", item.rollback)):
        if view.verbose:
            yield from _statements(direction, path, execution[direction], view)
        yield from _costs(direction, path, execution.get("costs"), view)


def _step(item: MigrationReport, step: Mapping[str, Any], view: DisplayOptions) -> Iterator[str]:
    style, sign = _sign(step)
    error = step["error"]
    text = f"{step['number']} {step['name']}"
    if error is not None:
        path = item.rollback if step["number"] in (4, 5) else item.forward
        code = f"{error['sqlstate']} " if error["sqlstate"] else ""
        text += f": {_place(path, error['start'], view)}{code}{error['message']}"
    elif step["reason"] is not None:
        text += f": {step['reason']}"
    elif step["ok"]:
        text += f" {paint('dim', time_of(step['seconds']), view)}"
    yield f"{_INDENT}{paint(style, sign, view)} {_cut(text, view) if step['ok'] is not True else text}"
    changes = step["changes"]
    for change in changes[:_SHOWN_CHANGES]:
        yield from difference(change, view)
    if len(changes) > _SHOWN_CHANGES:
        yield f"{_INDENT}    and {len(changes) - _SHOWN_CHANGES} more differences"


def difference(change: Mapping[str, Any], view: DisplayOptions) -> Iterator[str]:
    """Yield a difference as a small diff: the value before and the value after."""
    what, name = change["what"], change["name"]
    if change["kind"] == "renamed":
        pairs = [("-", f"{what} {change['before']}"), ("+", f"{what} {change['after']}")]
    elif change["kind"] == "changed":
        aspect = f" ({change['aspect']})" if change["aspect"] and change["before"] == change["after"] else ""
        sides = _apart(
            str(change["before"]), str(change["after"]), view.width - len(f"{_INDENT}    - {what} {name}: ") - 2
        )
        pairs = [(sign, f"{what} {name}: {side}{aspect}") for sign, side in zip("-+", sides, strict=True)]
    else:
        sign, text = ("-", change["before"]) if change["kind"] == "missing" else ("+", change["after"])
        pairs = [(sign, f"{what} {name}{f': {text}' if text else ''}")]
    for sign, text in pairs:
        yield paint("bad" if sign == "-" else "good", _cut(f"{_INDENT}    {sign} {text}", view), view)


def _apart(before: str, after: str, room: int) -> tuple[str, str]:
    """Return two long definitions from shortly before their first difference, if that would be truncated."""
    shorter = min(len(before), len(after))
    same = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    if before == after or same < room:
        return before, after
    start = max(0, same - min(_LED, room // 3))
    return f"…{before[start:]}", f"…{after[start:]}"


def _rows(rows: Mapping[str, Any], view: DisplayOptions) -> Iterator[str]:
    error = rows.get("error")
    if error is not None:
        code = f"{error['sqlstate']} " if error["sqlstate"] else ""
        text = f"with rows: {code}{error['message']}"
        yield f"{_INDENT}{paint('bad', '✗', view)} {_cut(text, view)}"
    for loss in rows.get("losses", ()):
        where = loss["table"] if loss["column"] is None else f"{loss['table']}.{loss['column']}"
        text = f"{loss['count']:,} of {loss['total']:,} {loss['kind']} of {where} are not restored"
        yield f"{_INDENT}{paint('warning', '!', view)} {_cut(text, view)}"
    for table, reason in rows.get("unread", {}).items():
        yield _cut(f"{_INDENT}· the values of {table} are not compared: {reason}", view)
    if view.verbose:
        for table, reason in rows.get("unfilled", {}).items():
            yield _cut(f"{_INDENT}· no rows for {table}: {reason}", view)


def _statements(direction: str, path: str | None, ran: Mapping[str, Any] | None, view: DisplayOptions) -> Iterator[str]:
    shown = []
    for statement in (ran or {}).get("statements", ()):
        held = [f"{mode} on {table}" for table, mode in statement["locks"].items()]
        held += [f"rewrites {table}" for table in statement["rewritten"]]
        held += [f"leaves {index} invalid" for index in statement["invalid"]]
        if held:
            shown.append((statement, held))
    if shown:
        yield f"{_INDENT}locks of the {direction} script"
    for statement, held in shown:
        text = fit(_text(path, statement, view), _room(view))
        line = f"{_INDENT}  {text}  {time_of(statement['seconds']):>7}  "
        yield f"{line}{held[0]}"
        for more in held[1:]:
            yield " " * wide(line) + more


def _costs(direction: str, path: str | None, costs: Mapping[str, Any] | None, view: DisplayOptions) -> Iterator[str]:
    if not costs or not costs[direction]:
        return
    sizes = " / ".join(f"{size:,}" for size in costs["rows"])
    yield f"{_INDENT}cost of the {direction} script with {sizes} rows"
    for statement in costs[direction]:
        grows = statement["grows"]
        if not view.verbose and not grows:
            continue
        times = " / ".join("?" if seconds is None else time_of(seconds) for seconds in statement["seconds"])
        word = {True: "grows with the table", False: "does not grow", None: "unknown"}[grows]
        text = fit(_text(path, statement, view), _room(view))
        yield f"{_INDENT}  {text}  {times}  {paint('warning' if grows else 'dim', word, view)}"
    if not view.verbose and not any(statement["grows"] for statement in costs[direction]):
        yield f"{_INDENT}  no statement grows with the table"


def _room(view: DisplayOptions) -> int:
    """Return the width for a statement next to its results."""
    return min(60, max(16, view.width - 64))


def _text(path: str | None, statement: Mapping[str, Any], view: DisplayOptions) -> str:
    source = view.sources.get(path or "")
    if source is None:
        return f"characters {statement['start']} to {statement['end']}"
    line = source.position(statement["start"]).line
    return f"line {line}: {printable(' '.join(source.text[statement['start'] : statement['end']].split()))}"


def _place(path: str | None, start: int | None, view: DisplayOptions) -> str:
    source = view.sources.get(path or "")
    return "" if source is None or start is None else f"line {source.position(start).line}: "


def _cut(text: str, view: DisplayOptions) -> str:
    text = printable(" ".join(text.split(" ")).replace("\n", " "))
    room = max(40, view.width - len(_INDENT) - 2)
    return text if wide(text) <= room else fit(text, room)
