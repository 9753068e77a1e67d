"""A server that answers as GitHub does about the comments of one pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "secret"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class Hub:
    """The comments of pull request 7 of `team/project`, and the requests that changed them.

    `user` is whom the token belongs to: the bot of GitHub's actions may not ask who it is.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.comments: list[dict[str, Any]] = []
        self.changes: list[str] = []
        self.refuses = False
        self.user = BOT


@contextmanager
def hub_server() -> Iterator[Hub]:
    """Serve on a port of this machine."""
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
            if path == "/user":
                known = hub.user is not BOT
                self.answer(200 if known else 403, hub.user if known else {"message": "Resource not accessible"})
            elif path == "/repos/team/project/issues/7/comments":
                page = int(query.rpartition("page=")[2])
                self.answer(200, hub.comments[(page - 1) * 100 : page * 100])
            else:
                self.answer(404, {"message": "Not Found"})

        def do_POST(self) -> None:
            self.change()

        def do_PATCH(self) -> None:
            self.change()

        def change(self) -> None:
            hub.changes.append(f"{self.command} {self.path}")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if hub.refuses or self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.answer(403, {"message": "Resource not accessible by integration"})
            elif len(body) > 65_536:
                self.answer(422, {"message": "Validation Failed"})
            elif self.command == "POST":
                hub.comments.append({"id": 1000, "body": body, "user": hub.user})
                self.answer(201, {})
            else:
                number = int(self.path.rpartition("/")[2])
                next(item for item in hub.comments if item["id"] == number)["body"] = body
                self.answer(200, {})

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
