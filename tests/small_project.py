"""Projects of a few files, and commands that run in this process."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from miglint.cli.main import main


class Done(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, as a value."""
        return json.loads(self.out)


Command = Callable[..., Done]
Plant = Callable[[dict[str, str]], Path]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Write files into a project, which is the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content), encoding="utf-8", newline="")
        return tmp_path

    return write


def command(name: str, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs `miglint NAME ...`."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        status = main([name, *arguments])
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run
