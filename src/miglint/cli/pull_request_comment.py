"""Post a report as one comment of a pull request: `python -m miglint.cli.pull_request_comment MARKDOWN JSON`.

For the GitHub action. The comment is updated in place; where there are no errors and warnings, none is posted. The
environment has what GitHub sets (`GITHUB_API_URL`, `GITHUB_REPOSITORY`, `GITHUB_EVENT_PATH`) and the token,
`MIGLINT_TOKEN`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from miglint.base.inert import inert
from miglint.base.input_files import read_bytes

# The first line of the comment, by which it is found again.
MARK = "<!-- miglint -->"
_LARGEST = 1 << 28
_PAGE = 100
_MOST_PAGES = 50
_TIMEOUT = 30


def main(arguments: list[str]) -> int:
    """Post, update, or leave it; a token without the right to do so is a notice and no failure."""
    report, findings = (read_bytes(path, _LARGEST).decode("utf-8") for path in arguments)
    number = _pull_request()
    if number is None:
        return 0
    body = f"{MARK}\n{report}"
    issue = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        present = _ours(_comments(f"{issue}/{number}/comments"))
        if present is not None and present["body"].strip() != body.strip():
            _call_api("PATCH", f"{issue}/comments/{present['id']}", {"body": body})
        elif present is None and any(item.get("severity") != "info" for item in json.loads(findings)["findings"]):
            _call_api("POST", f"{issue}/{number}/comments", {"body": body})
    except OSError as error:
        why = f"{error.code} {error.reason}" if isinstance(error, HTTPError) else str(error)
        sys.stdout.write(inert(f"cannot comment on the pull request: {why}; it needs `pull-requests: write`\n"))
    return 0


def _pull_request() -> int | None:
    """Return the number of the pull request that the workflow runs for."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    event = json.loads(read_bytes(path, _LARGEST)) if path else {}
    request = event.get("pull_request") if isinstance(event, dict) else None
    number = request.get("number") if isinstance(request, dict) else None
    return number if isinstance(number, int) else None


def _comments(path: str) -> Iterator[Any]:
    for page in range(1, _MOST_PAGES + 1):
        found = _call_api("GET", f"{path}?per_page={_PAGE}&page={page}")
        yield from found
        if len(found) < _PAGE:
            return


def _ours(comments: Iterable[Any]) -> Any:
    """Return the comment of this action, or None.

    Any user may write one that begins alike, so it is a bot's, or that of the person whose token is used.
    """
    alike = [item for item in comments if str(item["body"]).startswith(MARK)]
    bots = [item for item in alike if item["user"]["type"] == "Bot"]
    if bots or not alike:
        return next(iter(bots), None)
    try:
        login = _call_api("GET", "/user").get("login")
    except OSError:
        # The token of a workflow has no user, and its comments are a bot's.
        return None
    return next((item for item in alike if item["user"].get("login") == login), None)


def _call_api(method: str, path: str, value: object = None) -> Any:
    request = Request(
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        None if value is None else json.dumps(value).encode(),
        {
            "Authorization": f"Bearer {os.environ['MIGLINT_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
        method=method,
    )
    with urlopen(request, timeout=_TIMEOUT) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
