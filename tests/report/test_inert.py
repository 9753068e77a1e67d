"""No text of a script, a server or a file name is obeyed, by a terminal or by a build service, in any format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.base.findings import Edit, Finding, Fix, Severity
from miglint.base.inert import inert, inert_json
from miglint.base.model import SourceFile
from miglint.report import FORMATS, render
from miglint.report.ansi import SEQUENCES
from miglint.report.value import Hidden, MigrationReport, Report
from miglint.report.view import DisplayOptions

from .test_execution import FAILING

# Spelled by numbers, so that no editor and no reader is misled.
CONTROLS = [chr(number) for number in (*range(9), *range(11, 32), *range(0x7F, 0xA0))]
INVISIBLE = [chr(number) for number in (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070))]
INVISIBLE += [chr(0xFEFF), chr(0xD800), chr(0xDFFF), chr(0xE0001), chr(0xAD)]
OBEYED = re.compile("[" + re.escape("".join([*CONTROLS, *INVISIBLE])) + "]")
MARKED = re.compile(r"##(\[|vso\[|teamcity\[)", re.IGNORECASE)
COMMAND = re.compile(r"\s*::")
PIECES = [
    "::error::forged", "::add-mask::x", "::set-output name=a::b", "##[error]forged", "##vso[task.complete]", "::",
    "##teamcity[x]", "##[", "#", "#[", ":", "\n", "\r", "\r\n", "\t", " ", "\x1b[2J", "\x1b[31m", "\x1b]0;t\x07",
    "\x9b31m", "%0A::error::x", "&#58;:", "]]>", "<b>", '"', "'", "\\", "|", "`", "a", "users", "é", "…", *CONTROLS,
    *INVISIBLE,
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
VERDICT = dict.fromkeys(
    ("forward_idempotent", "rollback_idempotent", "rows_stable", "symmetric", "sqlite_compatible"), False
)


@st.composite
def findings(draw: st.DrawFn, path: str) -> Finding:
    return Finding(
        draw(st.sampled_from(["IDM003", "SYM001", "STY001"])),
        "a-name",
        "idempotency",
        draw(st.sampled_from(list(Severity))),
        draw(st.sampled_from([path, ""])),
        1,
        1,
        draw(st.integers(1, 2)),
        2,
        draw(TEXT),
        draw(TEXT),
        "forward",
        draw(TEXT),
        "postgres",
        fix=draw(st.sampled_from([None, Fix(draw(TEXT), (Edit(0, 1, draw(TEXT)),))])),
        fingerprint="0123456789abcdef",
    )


def _hostile(value: object, text: str) -> object:
    """Put a text in the place of every text of a dry run's account that is no word of miglint's own."""
    if isinstance(value, dict):
        kept = ("kind", "name", "number", "ok")
        return {key: item if key in kept else _hostile(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_hostile(item, text) for item in value]
    return text if isinstance(value, str) else value


@st.composite
def reports(draw: st.DrawFn) -> tuple[Report, DisplayOptions]:
    path = draw(TEXT)
    listed = draw(st.lists(findings(path), max_size=5)) * draw(st.sampled_from([1, 12]))
    executions = (_hostile(FAILING, draw(TEXT)),) if draw(st.booleans()) else ()
    migration = MigrationReport(
        draw(TEXT), draw(TEXT), "postgres", path, None, VERDICT, (draw(TEXT),), executions=executions
    )
    report = Report(
        (migration,), tuple(listed), 1, 5, hidden=(Hidden("comments", path, 2),), left_out=(("not readable", 3),)
    )
    view = DisplayOptions(
        {path: SourceFile(path, draw(TEXT) + "\n" + draw(TEXT) + "\n\n")},
        color=draw(st.booleans()),
        verbose=draw(st.booleans()),
        width=draw(st.sampled_from([40, 80, 120])),
        prefix=draw(st.sampled_from(["", "below/"])),
    )
    return report, view


def commands(text: str) -> list[str]:
    """Return the lines that GitHub's runner takes for commands."""
    return [line for line in re.split("[\r\n]", text) if COMMAND.match(line)]


def check_inert(text: str, styles: tuple[str, ...] = (), allowed: int = 0) -> None:
    for style in styles:
        text = text.replace(style, "")
    assert OBEYED.search(text) is None
    assert MARKED.search(text) is None
    assert len(commands(text)) == allowed


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None)
@given(data=reports())
def test_nothing_in_a_report_is_obeyed(name: str, data: tuple[Report, DisplayOptions]) -> None:
    report, view = data
    text = render(name, report, view)
    text.encode("utf-8")
    if name != "github":
        check_inert(text, SEQUENCES if name == "text" and view.color else ())
    else:
        shown = [min(10 - (severity is Severity.INFO), report.count(severity)) for severity in Severity]
        more = len(report.findings) - sum(shown)
        check_inert(text, (), 1 + sum(shown) + 2 * bool(more))
        words = [line.split(" ")[0] for line in commands(text)]
        assert set(words) <= {"::error", "::warning", "::notice", "::group::" + str(more), "::endgroup::"}
    if name in ("json", "sarif"):
        value = json.loads(text)
        told = value["findings"] if name == "json" else value["runs"][0]["results"]
        for item, finding in zip(told, report.findings, strict=True):
            said = item["message"] if name == "json" else item["message"]["text"]
            assert said.startswith(finding.message)
    if name == "junit":
        ElementTree.fromstring(text)


@given(TEXT)
def test_inert_is_inert_and_stays_so(text: str) -> None:
    check_inert(inert(text))
    assert inert(inert(text)) == inert(text)
    assert json.loads(inert_json(json.dumps(text, ensure_ascii=False))) == text


def test_colors_do_not_hide_a_command() -> None:
    assert inert("\x1b[1m \x1b[0m::error::forged", ("\x1b[1m", "\x1b[0m")) == "\x1b[1m \x1b[0m: :error::forged"


def test_what_is_harmless_stays_as_it_is() -> None:
    for text in ("SELECT a::int;\n  x::text\n", "## head\n# [x]\n", "a:: b\n", "naïve – “ü” 表 ✓\n\ttab\n"):
        assert inert(text) == text


HOSTILE = "::error::forged ##[error]forged \x1b[2J\x9b2J" + chr(0x202E)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "miglint", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that says hostile things wherever it can say anything."""
    folder = tmp_path_factory.mktemp("hostile")
    migrations = folder / "migrations" / "::error::x\n::error::y"
    migrations.mkdir(parents=True)
    quoted = HOSTILE.replace("\x1b", "").replace('"', "")
    for name in ("001_::error::a ##[error]b", "002_\n::error::c\x1b[2J\x9b"):
        (migrations / f"{name}.up.sql").write_text(
            f'-- {HOSTILE}\nCREATE TABLE "{HOSTILE}" ("a\n::error::b" int, "{quoted}" text DEFAULT \'\n::error::x\');\n'
            f'CREATE VIEW v AS SELECT 1\n::int;\nDROP TABLE "gone\n::error::z";\nSELEC \n::error::x;\n'
        )
        (migrations / f"{name}.down.sql").write_text(f'-- miglint: ignore {HOSTILE}\nDROP TABLE "{HOSTILE}";\n')
    (migrations / "::error::nothing.sql").write_text("SELECT 1;\n")
    return folder


@pytest.mark.parametrize("name", ["text", "json", "sarif", "junit", "markdown"])
def test_what_a_checkout_says_is_not_obeyed(checkout: Path, name: str) -> None:
    done = run(checkout, "check", "--no-cache", "--format", name, "--verbose")
    assert done.returncode == 1, done.stderr
    check_inert(done.stdout)
    check_inert(done.stderr)


@pytest.mark.parametrize("name", ["sql", "json", "mermaid"])
def test_what_a_schema_says_is_not_obeyed(checkout: Path, name: str) -> None:
    done = run(checkout, "schema", "--format", name)
    assert done.returncode == 0, done.stderr
    check_inert(done.stdout)


CONFIGURATIONS = [
    f'paths = ["{{x}}"]\n"{HOSTILE}" = 1\n',
    'ignore = ["{x}"]\n',
    'layout = "{x}"\n',
    'paths = ["{x}"]\n',
    'own-rules = ["{x}.py"]\n',
    'own-rules = ["ours.py"]\n',
    'baseline = "{x}"\n',
    'baseline-schema = "{x}"\n',
    'targets = ["{x}"]\n',
    '[rules.IDM001]\n"{x}" = 1\n',
    '[severity]\n"{x}" = "error"\n',
    'fail-on = "{x}"\n',
    "{x} not toml\n",
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_errors_of_a_configuration_are_not_obeyed(tmp_path: Path, text: str) -> None:
    escaped = "\\n::error::forged ##[error]x \\u001b[2J\\u009b2J\\u202e"
    (tmp_path / "migrations").mkdir()
    (tmp_path / "ours.py").write_text(f"raise ValueError({HOSTILE!r} + chr(10) + '::error::x')\n")
    (tmp_path / "miglint.toml").write_text(text.replace("{x}", escaped).replace(HOSTILE, escaped))
    done = run(tmp_path, "check")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    check_inert(done.stdout)
    check_inert(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "\n::error::x ##[error]y\x1b[2J"],
        ["check", "--format", "\n::error::x"],
        ["check", "--since", "\n::error::x"],
        ["\n::error::x"],
        ["explain", "\n::error::x"],
        ["check", "--config", "\n::error::x.toml"],
    ],
)
def test_errors_of_a_command_line_are_not_obeyed(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    check_inert(done.stderr)


def test_an_exception_of_miglint_itself_is_not_obeyed(capfd: pytest.CaptureFixture[str], monkeypatch) -> None:
    from miglint.cli import main

    def crash(arguments: list[str]) -> int:
        raise ValueError(f"\n{HOSTILE}\n::error::x")

    monkeypatch.setattr(main, "_run", crash)
    assert main.main(["check"]) == 2
    said = capfd.readouterr().err
    assert "please report this bug" in said
    assert "Traceback" in said
    check_inert(said)


def test_progress_and_notes_are_not_obeyed(capfd: pytest.CaptureFixture[str], monkeypatch) -> None:
    from miglint.cli import output

    monkeypatch.setattr(output, "_FIRST_SIGN", 0.0)
    shown = output.Progress()
    shown._last = 0.0
    shown(1, 2, HOSTILE)
    output.note(f"x\n{HOSTILE}")
    said = capfd.readouterr().err.replace("\r\x1b[K", "")
    assert "forged" in said
    check_inert(said)
