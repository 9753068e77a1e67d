"""The base of all values is quick to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTS = """
import sys
import miglint.base.structs
assert "typing_extensions" not in sys.modules, "imported"
import typing_extensions
from typing import Annotated, NotRequired
import msgspec
class Settings(typing_extensions.TypedDict):
    size: typing_extensions.Annotated[int, msgspec.Meta(gt=0)]
    name: NotRequired[str]
assert msgspec.json.decode(b'{"size": 1}', type=Settings) == {"size": 1}
try:
    msgspec.json.decode(b'{"size": 0}', type=Settings)
except msgspec.ValidationError:
    print("done")
"""


def test_what_msgspec_needs_of_typing_extensions_is_in_typing():
    pytest.importorskip("typing_extensions")
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("done", "")
