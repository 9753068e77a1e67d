"""Grouping of findings in the text report: messages are whole; source and help are left out where there is no room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from miglint.base.findings import Finding, Severity, is_only_a_rerun, matter
from miglint.base.inert import one_line, printable
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.report.ansi import paint, wide
from miglint.report.excerpt import excerpt
from miglint.report.view import UNLIMITED, DisplayOptions

# Lines for the findings of a migration and its rollback, not counting separators.
_SCREEN = 45
_WIDEST = 140
# Maximum lines of help.
_LONG = 10

_PLAIN = DisplayOptions()
_Group = list[Finding]


class FindingGroup(Struct, frozen=True):
    """The lines of a group of findings, whether source or help was left out, and whether an empty line sets it off."""

    lines: list[str]
    shortened: bool
    set_off: bool = True


def finding_groups(
    findings: Sequence[Finding], migrations: Mapping[str, int], view: DisplayOptions
) -> Iterator[FindingGroup]:
    """Yield the groups of findings, in the order of the first finding of each.

    `migrations` maps paths of scripts to migration numbers. Every message is whole. The remaining space on the screen
    goes to the sources and help of the most severe groups. With `view.verbose`, all are shown.
    """
    groups = _groups(findings, view)
    if view.verbose:
        yield from (FindingGroup(_block(group, view, whole=True), False) for group in groups)
        return
    brief = [_line(group, view) for group in groups]
    shown = [FindingGroup(lines, True, set_off=len(lines) > 1) for lines in brief]
    members: dict[int | str, list[int]] = {}
    for number, group in enumerate(groups):
        path = group[0].path
        members.setdefault(migrations.get(path, path), []).append(number)
    for numbers in members.values():
        room = _SCREEN - sum(len(shown[number].lines) for number in numbers)
        ranked = sorted(numbers, key=lambda number: -groups[number][0].severity)
        for number in ranked:
            if groups[number][0].severity is Severity.INFO:
                # Its message is all there is to say.
                shown[number] = FindingGroup(shown[number].lines, False, set_off=False)
                continue
            lines = _block(groups[number], view, whole=True)
            # Groups of several lines are separated by an empty line.
            cost = len(lines) + 1 - len(shown[number].lines)
            # The worst is always whole.
            if cost <= room or number == ranked[0]:
                shown[number] = FindingGroup(lines, False)
                room -= cost
    yield from shown


def _groups(findings: Sequence[Finding], view: DisplayOptions) -> list[_Group]:
    """Group findings by script, rule and severity, in order.

    All statements of a script that fail on a second run form one group.
    """
    groups: dict[tuple[object, ...], _Group] = {}
    for number, finding in enumerate(findings):
        what = "IDM" if finding.code.startswith("IDM") else matter(finding.code, finding.message)
        key = (number,) if view.verbose else (finding.path, finding.direction, what, finding.severity)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _line(group: _Group, view: DisplayOptions) -> list[str]:
    """Return a group without source and help: the first finding on one line if it fits."""
    first = group[0]
    message = " ".join(printable(first.message).split())
    plain = _head(first, _PLAIN)
    if wide(plain) + 2 + wide(message) <= view.width:
        return [f"{_head(first, view) if view.color else plain}  {message}", *_others(group, view)]
    return [*_heading(first, view), *wrapped(first.message, "  ", "  ", view), *_others(group, view)]


def _block(group: _Group, view: DisplayOptions, *, whole: bool) -> list[str]:
    """Return the first finding, with source and help if `whole`, and the messages of the others."""
    first = group[0]
    lines = [*_heading(first, view), *wrapped(first.message, "  ", "  ", view)]
    if whole:
        lines += [*_source(first, view), *_help(first, view), *_unsafe(first, view)]
    return lines + _others(group, view)


def _others(group: _Group, view: DisplayOptions) -> list[str]:
    """Return the further findings of a group: the lines of those with the same message together."""
    if len(group) == 1:
        return []
    first, lines = group[0], []
    others: dict[tuple[str, str, str], dict[int, None]] = {}
    for finding in group[1:]:
        others.setdefault((finding.code, finding.name, finding.message), {})[finding.line] = None
    for (code, name, message), found in others.items():
        rule = "" if code == first.code else f" {code} {name}"
        text = "the same" if message == first.message else message
        places = f"line{'s' if len(found) > 1 else ''} {', '.join(map(str, found))}"
        shown = wrapped(f"also on {places}:{rule} {text}", "  ", "    ", view)
        lines += [paint("dim", line, view) for line in shown]
    return lines


def _heading(finding: Finding, view: DisplayOptions) -> list[str]:
    """Return the head on one line, or broken before the severity and at slashes where the terminal is narrow."""
    width = _width(view)
    plain = _head(finding, _PLAIN)
    if wide(plain) <= width:
        return [_head(finding, view) if view.color else plain]
    lines = [""]
    for part in pattern(r"[^/]*/|[^/]+").findall(f"{_place(finding)}:"):
        if lines[-1] and wide(lines[-1]) + wide(part) > width:
            lines.append("  ")
        lines[-1] += part
    severity = str(finding.severity)
    rule = f"  {paint(severity, f'{severity} {finding.code}', view)} {paint('dim', _name(finding), view)}"
    return [*(paint("bold", line, view) for line in lines), rule]


def _head(finding: Finding, view: DisplayOptions) -> str:
    severity = str(finding.severity)
    if not view.color:
        return f"{_place(finding)}: {severity} {finding.code} {_name(finding)}"
    return (
        f"{paint('bold', _place(finding), view)}: {paint(severity, f'{severity} {finding.code}', view)} "
        f"{paint('dim', _name(finding), view)}"
    )


def _name(finding: Finding) -> str:
    """Return the name of the rule, with a mark if `miglint fix` can fix the finding."""
    return finding.name if finding.fix is None or is_only_a_rerun(finding) else f"{finding.name} [*]"


def _place(finding: Finding) -> str:
    return one_line(f"{finding.path}:{finding.line}:{finding.column}" if finding.path else "miglint")


def _width(view: DisplayOptions) -> int:
    """Return the width at which text is wrapped: that of the terminal, but no wider than is easily read."""
    return view.width if view.width >= UNLIMITED else min(view.width, _WIDEST)


def _help(finding: Finding, view: DisplayOptions) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate(finding.help.splitlines()):
        lines += wrapped(paragraph, "  help: " if number == 0 else "        ", "        ", view)
    # Help about a long constraint repeats it.
    if len(lines) > _LONG and not view.verbose:
        lines[_LONG - 1 :] = ["        ... (--verbose shows all)"]
    return lines


def _unsafe(finding: Finding, view: DisplayOptions) -> list[str]:
    """Return why the fix of a finding is applied only with `--unsafe-fixes`."""
    if finding.fix is None or finding.fix.reason is None or is_only_a_rerun(finding):
        return []
    return wrapped(f"{finding.fix.title} (unsafe: {finding.fix.reason})", "  fix: ", "       ", view)


def wrapped(text: str, first: str, rest: str, view: DisplayOptions) -> list[str]:
    """Wrap a text at the width of the terminal; indented lines are code, and are kept, as are commands to copy."""
    text = printable(text)
    if text.startswith("  "):
        return [rest + text]
    width = _width(view)
    if len(first) + len(text) <= width and text.isascii():
        return [(first + " ".join(text.split())).rstrip()]
    lines = [first]
    if text.isascii():
        # Fast path of the code below, with lengths as widths.
        line, begun = first, False
        for word in _words(text):
            if begun and len(line) + 1 + len(word) > width:
                lines[-1] = line
                lines.append("")
                line = rest + word
            else:
                line += f" {word}" if begun else word
            begun = True
        lines[-1] = line
        return [line.rstrip() for line in lines]
    for word in _words(text):
        gap = "" if lines[-1] in (first, rest) else " "
        if gap and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append(rest + word)
        else:
            lines[-1] += gap + word
    return [line.rstrip() for line in lines]


# A command that people copy, with the punctuation around it.
_COMMAND = pattern(r"\S*`miglint [^`\n]+`\S*|\S+")


def _words(text: str) -> list[str]:
    """Return what may not be broken: words, and commands, which could not be pasted in two pieces."""
    return _COMMAND.findall(text) if "`miglint " in text else text.split()


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
