"""The comment of the action, posted to a server that answers as GitHub does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from miglint.cli.pull_request_comment import MARK, main

from .hub import TOKEN, Hub, hub_server


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/project")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("MIGLINT_TOKEN", TOKEN)
    with hub_server() as hub:
        monkeypatch.setenv("GITHUB_API_URL", hub.url)
        yield hub


def post(tmp_path: Path, text: str, findings: int, severity: str = "warning") -> None:
    (tmp_path / "report.md").write_text(text)
    (tmp_path / "report.json").write_text(json.dumps({"findings": [{"severity": severity}] * findings}))
    assert main([str(tmp_path / "report.md"), str(tmp_path / "report.json")]) == 0


def test_one_comment_that_is_updated_in_place(hub: Hub, tmp_path: Path) -> None:
    # More than a page of others, and one of a person that looks like ours.
    person = {"login": "someone", "type": "User"}
    hub.comments = [{"id": number, "body": "hello", "user": person} for number in range(100)]
    hub.comments[3]["body"] = f"{MARK}\nmine"
    post(tmp_path, "### nothing\n", 0)
    post(tmp_path, "### no errors or warnings, 3 infos\n", 3, "info")
    assert hub.changes == [], "there is nothing to say"
    post(tmp_path, "### 1 error\n", 1)
    post(tmp_path, "### 1 error\n", 1)
    assert hub.changes == ["POST /repos/team/project/issues/7/comments"], "the second says the same"
    post(tmp_path, "### no findings\n", 0)
    assert hub.changes[1:] == ["PATCH /repos/team/project/issues/comments/1000"]
    assert hub.comments[-1]["body"] == f"{MARK}\n### no findings\n"
    assert hub.comments[3]["body"] == f"{MARK}\nmine"


def test_the_comment_of_a_person_whose_token_is_used(hub: Hub, tmp_path: Path) -> None:
    hub.user = {"login": "dba", "type": "User"}
    hub.comments = [{"id": 1, "body": f"{MARK}\nmine", "user": {"login": "someone", "type": "User"}}]
    post(tmp_path, "### 1 error\n", 1)
    post(tmp_path, "### 2 errors\n", 2)
    assert [change.partition(" ")[0] for change in hub.changes] == ["POST", "PATCH"]
    assert [item["body"] for item in hub.comments] == [f"{MARK}\nmine", f"{MARK}\n### 2 errors\n"]


def test_a_token_that_may_not_comment_fails_nothing(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.refuses = True
    post(tmp_path, "### 1 error\n", 1)
    assert "cannot comment on the pull request: 403" in capsys.readouterr().out


def test_outside_of_a_pull_request_nothing_is_asked(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"push": {}}))
    post(tmp_path, "### 1 error\n", 1)
    assert hub.changes == []
