"""`--format junit`: one test case per file, for CI servers."""

from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import escape, quoteattr

from miglint.base.findings import Finding, Severity
from miglint.base.inert import inert_xml
from miglint.base.lazy_regex import pattern
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

# Characters that XML 1.0 cannot represent, even escaped.
_FORBIDDEN = pattern("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, view: DisplayOptions) -> str:
    """Return JUnit XML: errors and warnings are failures of their file, infos are its output."""
    by_path: dict[str, list[Finding]] = {path: [] for path in sorted(view.sources)}
    found: dict[str, list[Finding]] = defaultdict(list, by_path)
    for finding in report.findings:
        found[finding.path or "miglint"].append(finding)
    cases = [_case(path, findings) for path, findings in found.items()]
    failures = len(report.findings) - report.count(Severity.INFO)
    head = f'<testsuite name="miglint" tests="{len(cases)}" failures="{failures}" errors="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *_properties(report), *cases, "</testsuite>", ""])


def _properties(report: Report) -> list[str]:
    """Return the counts of hidden findings and files left out, as properties of the suite."""
    values = {f"hidden.{by}": count for by, count in report.hidden_by().items()}
    values["files_left_out"] = report.files_left_out
    values |= {f"files_left_out: {reason}": number for reason, number in report.left_out}
    lines = [f'    <property name={_attribute(name)} value="{value}"/>' for name, value in values.items()]
    return ["  <properties>", *lines, "  </properties>"]


def _case(path: str, findings: list[Finding]) -> str:
    name = f'  <testcase classname="miglint" name={_attribute(path)}'
    if not findings:
        return f"{name}/>"
    failures = [item for item in findings if item.severity > Severity.INFO]
    infos = [item for item in findings if item.severity == Severity.INFO]
    lines = [f"{name}>"]
    for item in failures:
        kind = f"type={_attribute(f'{item.code} {item.name}')}"
        message = f"message={_attribute(item.message)}"
        lines.append(f"    <failure {kind} {message}>{_text(item)}</failure>")
    if infos:
        lines.append(f"    <system-out>{'&#10;'.join(map(_text, infos))}</system-out>")
    return "\n".join([*lines, "  </testcase>"])


def _text(item: Finding) -> str:
    place = f"{item.path}:{item.line}:{item.column}: {item.severity} {item.code} {item.name}"
    text = "\n".join(part for part in (place, item.message, item.help) if part)
    return inert_xml(escape(_FORBIDDEN.sub("\ufffd", text)))


def _attribute(text: str) -> str:
    return inert_xml(quoteattr(_FORBIDDEN.sub("\ufffd", text)))
