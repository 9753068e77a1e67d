"""The comment of the action, posted to a server that answers as GitHub does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from miglint.cli.pull_request_comment import MARK, main


class Hub:
    """The comments of pull request 7, and the requests that changed them."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.changes: list[str] = []
        self.refuses = False


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            assert path == "/repos/team/project/issues/7/comments"
            page = int(query.rpartition("page=")[2])
            self.answer(200, hub.comments[(page - 1) * 100 : page * 100])

        def do_POST(self) -> None:
            self.change()

        def do_PATCH(self) -> None:
            self.change()

        def change(self) -> None:
            hub.changes.append(f"{self.command} {self.path}")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            assert self.headers["Authorization"] == "Bearer secret"
            if hub.refuses:
                self.answer(403, {"message": "Resource not accessible by integration"})
            elif self.command == "POST":
                hub.comments.append({"id": 1000, "body": body, "user": {"type": "Bot"}})
                self.answer(201, {})
            else:
                number = int(self.path.rpartition("/")[2])
                next(item for item in hub.comments if item["id"] == number)["body"] = body
                self.answer(200, {})

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/project")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("MIGLINT_TOKEN", "secret")
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


def post(tmp_path: Path, text: str, findings: int) -> None:
    (tmp_path / "report.md").write_text(text)
    (tmp_path / "report.json").write_text(json.dumps({"findings": [{}] * findings}))
    assert main([str(tmp_path / "report.md"), str(tmp_path / "report.json")]) == 0


def test_one_comment_that_is_updated_in_place(hub: Hub, tmp_path: Path) -> None:
    # More than a page of others, and one of a person that looks like ours.
    hub.comments = [{"id": number, "body": "hello", "user": {"type": "User"}} for number in range(100)]
    hub.comments[3]["body"] = f"{MARK}\nmine"
    post(tmp_path, "### nothing\n", 0)
    assert hub.changes == [], "there is nothing to say"
    post(tmp_path, "### 1 error\n", 1)
    post(tmp_path, "### 1 error\n", 1)
    assert hub.changes == ["POST /repos/team/project/issues/7/comments"], "the second says the same"
    post(tmp_path, "### no findings\n", 0)
    assert hub.changes[1:] == ["PATCH /repos/team/project/issues/comments/1000"]
    assert hub.comments[-1]["body"] == f"{MARK}\n### no findings\n"
    assert hub.comments[3]["body"] == f"{MARK}\nmine"


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
