"""The section `Fix` of a rule's page: what `miglint fix` changes in its bad examples, as diffs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from miglint.base.findings import Edit, Finding
from miglint.base.input_files import read_bytes
from miglint.base.structs import replace
from miglint.config.settings import Settings, load
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES
from miglint.fixes.edits import EditedPlaces, edits_of, with_edits
from miglint.linter.run import Job, check
from miglint.rules.pages import sections

_BAD, _FIX, _GOOD = "## Bad", "## Fix", "## Good"
_TITLE = re.compile(r'title="([^"]*)"')
# Blocks of these are no plain files.
_SPECIAL = re.compile(r"\b(?:branch|link|repeat|stretch|mode|encoding)=")


class ExampleFile(NamedTuple):
    """A file of an example: its name and its text."""

    name: str
    text: str


def with_fixes(code: str, text: str) -> str:
    """Return the page of a rule with the section that its bad examples and their fixes make, where there are any."""
    found = sections(text)
    diffs = "\n\n".join(_diffs(code, found.get(_BAD, "")))
    written = found.get(_FIX)
    new = f"{_FIX}\n\n{diffs}" if diffs else None
    if written is not None:
        return text.replace(f"{written}\n\n", f"{new}\n\n" if new is not None else "", 1)
    return text if new is None else text.replace(f"\n{_GOOD}\n", f"\n{new}\n\n{_GOOD}\n", 1)


def _diffs(code: str, bad: str) -> Iterator[str]:
    for heading, files in _examples(bad):
        with TemporaryDirectory() as name:
            folder = Path(name).resolve()
            for file in files:
                place = folder / file.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(file.text, encoding="utf-8")
            findings = [item for item in _findings(folder) if item.code == code and item.fix is not None]
            body = "\n".join(_changes(folder, findings))
        if body:
            reasons = dict.fromkeys(item.fix.reason for item in findings if item.fix is not None)
            title = f"### {heading}\n\n" if heading else ""
            words = "".join(f"Unsafe: {reason}.\n\n" for reason in reasons if reason is not None)
            yield f"{title}{words}```diff\n{body}\n```"


def _examples(section: str) -> Iterator[tuple[str, list[ExampleFile]]]:
    """Yield the examples of a section with their headings; those that are no plain files are left out."""
    for part in re.split(r"^### ", section, flags=re.MULTILINE):
        heading = part.partition("\n")[0].strip() if not part.startswith("## ") else ""
        blocks = re.findall(r"^(`{3,})(\w[^\n]*)\n(.*?)\n\1$", part, flags=re.MULTILINE | re.DOTALL)
        if not blocks or any(_SPECIAL.search(info) for _, info, _ in blocks):
            continue
        files = [ExampleFile(found[1], f"{text}\n") for _, info, text in blocks if (found := _TITLE.search(info))]
        if files:
            yield heading, files


def _findings(folder: Path) -> Iterable[Finding]:
    configured = (folder / "miglint.toml").is_file()
    settings = load(cwd=str(folder)) if configured else Settings(root=str(folder))
    baselines = [str(path) for path in folder.rglob("baseline.sql")]
    settings = replace(settings, baseline_schema={"": baselines[0]} if baselines else {}, exclude=("baseline.sql",))
    return check(Job(settings, (str(folder),), cached=False)).report.findings


def _changes(folder: Path, findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines of a diff of all files that the fixes of some findings change."""
    places, edits, new = EditedPlaces(), dict[str, set[Edit]](), dict[str, str]()
    for finding in findings:
        if finding.fix is None or not places.take(finding):
            continue
        for path, edit in edits_of(finding):
            edits.setdefault(path, set()).add(edit)
        new |= {created.path: created.text for created in finding.fix.creates}
    old = {path: read_bytes(Path(path), DEFAULT_MAX_FILE_BYTES).decode() for path in edits}
    new |= {path: with_edits(old[path], listed) for path, listed in edits.items()}
    for path, text in sorted(new.items()):
        shown = Path(path).resolve().relative_to(folder).as_posix()
        before = old.get(path, "").splitlines()
        lines = difflib.unified_diff(before, text.splitlines(), shown if before else "/dev/null", shown, lineterm="")
        yield from (line for line in lines if not line.startswith("@@"))
