"""`--format text` on terminals: what stands on one line, and what is set off."""

from __future__ import annotations

from miglint.base.findings import Severity
from miglint.report import render
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

from .test_formats import VIEW, finding


def test_a_command_in_a_help_text_is_on_one_line():
    command = "`miglint rollback write --at 20240527145200 'db/migrations/2024-05-27-145200_add_from_to_fields/up.sql'`"
    found = finding(severity=Severity.ERROR, help=f"Write the rollback. Or let it be written: {command}.")
    for width in (40, 80, 120, 200):
        text = render("text", Report((), (found,)), DisplayOptions(VIEW.sources, width=width))
        assert f"{command}." in text


def test_infos_stand_close_together_on_a_terminal():
    """They have no source and no help, so that their heads set them off."""
    message = "the rollback loses the rows of a table that were written since the forward"
    infos = [finding(code=f"DAT{number:03}", severity=Severity.INFO, message=message) for number in range(3)]
    text = render("text", Report((), tuple(infos)), DisplayOptions(VIEW.sources, width=80)).partition("\n\n")[2]
    assert text.partition("\n\n")[0].count(message) == 3
    wide = render("text", Report((), tuple(infos)), DisplayOptions(VIEW.sources, width=200))
    assert all(message in line for line in wide.splitlines() if "DAT" in line)
