"""`--format junit`: one test case per migration, for CI servers."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from miglint.base.findings import Finding
from miglint.base.inert import inert_xml
from miglint.base.lazy_regex import pattern
from miglint.report.order import worst_first
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

# Characters that XML 1.0 cannot represent, even escaped.
_FORBIDDEN = pattern("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, view: DisplayOptions) -> str:
    """Return JUnit XML: a migration fails by the findings that fail the run; the others are its output.

    Findings about files without a migration have a test case per file.
    """
    names: dict[str, tuple[str, str]] = {}
    found: dict[tuple[str, str], list[Finding]] = {}
    for item in report.migrations:
        path = item.forward or item.rollback or ""
        case = path, f"{item.version} {item.name}".strip()
        found.setdefault(case, [])
        names |= {script: case for script in (item.forward, item.rollback) if script}
    for finding in report.findings:
        case = names.get(finding.path) or (finding.path, finding.path or "miglint")
        found.setdefault(case, []).append(finding)
    cases = [_case(path, name, findings, view) for (path, name), findings in found.items()]
    failures = sum(any(_fails(item, view) for item in findings) for findings in found.values())
    head = f'<testsuite name="miglint" tests="{len(cases)}" failures="{failures}" errors="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *_properties(report), *cases, "</testsuite>", ""])


def _fails(finding: Finding, view: DisplayOptions) -> bool:
    return view.fail_on is not None and finding.severity >= view.fail_on


def _properties(report: Report) -> list[str]:
    """Return the counts of hidden findings and files left out, as properties of the suite."""
    values = {f"hidden.{by}": count for by, count in report.hidden_by().items()}
    values["files_left_out"] = report.files_left_out
    values |= {f"files_left_out: {reason}": number for reason, number in report.left_out}
    lines = [f'    <property name={_attribute(name)} value="{value}"/>' for name, value in values.items()]
    return ["  <properties>", *lines, "  </properties>"]


def _case(path: str, name: str, findings: list[Finding], view: DisplayOptions) -> str:
    folder = path.rpartition("/")[0].replace("/", ".") or "miglint"
    head = f"  <testcase classname={_attribute(folder)} name={_attribute(name)}"
    if path:
        head += f" file={_attribute(view.prefix + path)}"
    if not findings:
        return f"{head}/>"
    ranked = worst_first(findings)
    failures = [item for item in ranked if _fails(item, view)]
    others = [item for item in ranked if not _fails(item, view)]
    lines = [f"{head}>"]
    if failures:
        # Most servers show one failure of a test.
        first = failures[0]
        kind = f"type={_attribute(f'{first.code} {first.name}')}"
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        texts = "&#10;&#10;".join(map(_text, failures))
        lines.append(f"    <failure {kind} message={_attribute(first.message + more)}>{texts}</failure>")
    if others:
        lines.append(f"    <system-out>{'&#10;'.join(map(_text, others))}</system-out>")
    return "\n".join([*lines, "  </testcase>"])


def _text(item: Finding) -> str:
    place = f"{item.path}:{item.line}:{item.column}: {item.severity} {item.code} {item.name}"
    text = "\n".join(part for part in (place, item.message, item.help) if part)
    return inert_xml(escape(_FORBIDDEN.sub("\ufffd", text)))


def _attribute(text: str) -> str:
    return inert_xml(quoteattr(_FORBIDDEN.sub("\ufffd", text)))
