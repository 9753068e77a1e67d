"""Grouping and shortening of findings in the text report, so that a migration fits on a screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from miglint.base.findings import Finding, Severity, matter
from miglint.base.inert import one_line, printable
from miglint.report.ansi import fit, paint, wide
from miglint.report.excerpt import excerpt
from miglint.report.view import DisplayOptions

# Lines for the findings of a migration and its rollback, not counting separators.
_SCREEN = 45
_WIDEST = 140
# Maximum number of lines listed for further findings of a rule.
_LISTED = 12
# Maximum lines of the message of a shortened finding, and of help.
_SHORT = 3
_LONG = 10
# Minimum width that a message needs to be shown on the line of its rule.
_WORTH = 30

_PLAIN = DisplayOptions()
_Group = list[Finding]


def finding_groups(
    findings: Sequence[Finding], migrations: Mapping[str, int], view: DisplayOptions
) -> Iterator[list[str]]:
    """Yield the lines of each group of findings, ordered by the first finding of each group.

    `migrations` maps paths of scripts to migration numbers. Each group gets at least one line. The remaining space on
    the screen goes to the most severe groups first: shown in full if they fit, else shortened. With `view.verbose`, all
    findings are shown in full.
    """
    groups = _groups(findings, view)
    if view.verbose:
        yield from (_block(group, view, whole=True) for group in groups)
        return
    lines = [_line(group, view) for group in groups]
    members: dict[int | str, list[int]] = {}
    for number, group in enumerate(groups):
        path = group[0].path
        members.setdefault(migrations.get(path, path), []).append(number)
    shown_infos: set[str] = set()
    for numbers in members.values():
        room = _SCREEN - sum(len(lines[number]) for number in numbers)
        for number in sorted(numbers, key=lambda number: -groups[number][0].severity):
            if room < 1:
                break
            first = groups[number][0]
            if first.severity is Severity.INFO:
                what = matter(first.code, first.message)
                if what in shown_infos:
                    continue
                shown_infos.add(what)
            for whole in (True, False) if first.severity > Severity.INFO else (False,):
                more = _block(groups[number], view, whole=whole)
                # Groups of several lines are separated by an empty line.
                cost = len(more) + 1 - len(lines[number])
                if cost <= room:
                    lines[number] = more
                    room -= cost
                    break
    yield from lines


def _groups(findings: Sequence[Finding], view: DisplayOptions) -> list[_Group]:
    """Group findings by script, rule and severity, in order: further findings of a rule add no information.

    All statements of a script that fail on a second run form one group.
    """
    groups: dict[tuple[object, ...], _Group] = {}
    for number, finding in enumerate(findings):
        what = "IDM" if finding.code.startswith("IDM") else matter(finding.code, finding.message)
        key = (number,) if view.verbose else (finding.path, finding.direction, what, finding.severity)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _line(group: _Group, view: DisplayOptions) -> list[str]:
    """Return a group on one line: the rule, and the message truncated to the remaining width."""
    first = group[0]
    head = _head(first, view)
    room = min(view.width, _WIDEST) - wide(_head(first, _PLAIN)) - 2
    if room < _WORTH:
        return [head]
    return [f"{head}  {fit(' '.join(printable(first.message).split()), room).rstrip()}"]


def _block(group: _Group, view: DisplayOptions, *, whole: bool) -> list[str]:
    """Return the first finding, with source and help if `whole`, and the lines of the others."""
    first = group[0]
    lines = [_head(first, view)]
    said = wrapped(first.message, "  ", "  ", view)
    if whole:
        lines += [*said, *_source(first, view), *_help(first, view)]
    else:
        lines += said if len(said) <= _SHORT else [*said[: _SHORT - 1], f"{said[_SHORT - 1]} ..."]
    others: dict[tuple[str, str], dict[int, None]] = {}
    for finding in group[1:]:
        others.setdefault((finding.code, finding.name), {})[finding.line] = None
    for (code, name), found in sorted(others.items(), key=lambda item: item[0][0] != first.code):
        listed = ", ".join(map(str, islice(found, _LISTED))) + (", ..." if len(found) > _LISTED else "")
        also = "the same" if code == first.code else f"{code} {name}"
        lines.append(paint("dim", f"  also: {also} on line{'s' if len(found) > 1 else ''} {listed}", view))
    return lines


def _head(finding: Finding, view: DisplayOptions) -> str:
    severity = str(finding.severity)
    place = f"{finding.path}:{finding.line}:{finding.column}" if finding.path else "miglint"
    return (
        f"{paint('bold', one_line(place), view)}: {paint(severity, f'{severity} {finding.code}', view)} "
        f"{paint('dim', finding.name, view)}"
    )


def _help(finding: Finding, view: DisplayOptions) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate(finding.help.splitlines()):
        lines += wrapped(paragraph, "  help: " if number == 0 else "        ", "        ", view)
    # Help about a long constraint repeats it.
    if len(lines) > _LONG and not view.verbose:
        lines[_LONG - 1 :] = ["        ... (--verbose shows all)"]
    return lines


def wrapped(text: str, first: str, rest: str, view: DisplayOptions) -> list[str]:
    """Wrap a text at the width of the terminal; indented lines are code and are kept."""
    text = printable(text)
    if text.startswith("  "):
        return [rest + text]
    width = min(view.width, _WIDEST)
    if len(first) + len(text) <= width and text.isascii():
        return [(first + " ".join(text.split())).rstrip()]
    lines = [first]
    if text.isascii():
        # Fast path of the code below, with lengths as widths.
        line, begun = first, False
        for word in text.split():
            if begun and len(line) + 1 + len(word) > width:
                lines[-1] = line
                lines.append("")
                line = rest + word
            else:
                line += f" {word}" if begun else word
            begun = True
        lines[-1] = line
        return [line.rstrip() for line in lines]
    for word in text.split():
        gap = "" if lines[-1] in (first, rest) else " "
        if gap and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append(rest + word)
        else:
            lines[-1] += gap + word
    return [line.rstrip() for line in lines]


def _source(finding: Finding, view: DisplayOptions) -> Iterator[str]:
    source = view.sources.get(finding.path)
    if source is None or not source.text:
        return
    line = source.line(finding.line)
    if not line.strip():
        return
    number = str(finding.line)
    gutter = " " * len(number)
    several = finding.end_line > finding.line and not (finding.end_line == finding.line + 1 and finding.end_column == 1)
    end = len(line.rstrip()) if finding.end_line > finding.line else finding.end_column - 1
    room = max(20, min(view.width, _WIDEST) - len(number) - 5)
    seen = excerpt(line, finding.column - 1, end, room)
    bar = paint("gutter", "|", view)
    yield f"  {gutter} {bar}"
    yield f"  {paint('gutter', number, view)} {bar} {seen.text}"
    yield f"  {gutter} {bar} {' ' * seen.start}{paint(str(finding.severity), '^' * seen.width, view)}"
    if several:
        yield f"  {paint('gutter', '...', view)}"
