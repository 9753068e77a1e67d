"""The GitHub Action: its schema, and its steps as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from miglint.config.integrations import workflow

from .hub import TOKEN, hub_server
from .project import ROOT, copy_to, skip_without_registry

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
_EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
_EXAMPLE = re.compile(r'^```yaml title="(\.github/workflows/[^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
EXAMPLES = _EXAMPLE.findall((ROOT / "docs" / "ci.md").read_text())


def conforms(schema: str, path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_is_what_github_takes_for_one() -> None:
    conforms("vendor.github-actions", ROOT / "action.yml")


def test_a_mistake_in_an_action_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "action.yml"
    path.write_text((ROOT / "action.yml").read_text().replace("shell: bash", "shel: bash"))
    with pytest.raises(AssertionError, match=r"action\.yml"):
        conforms("vendor.github-actions", path)


def test_the_projects_own_workflow_is_what_github_takes_for_one() -> None:
    conforms("vendor.github-workflows", ROOT / ".github" / "workflows" / "ci.yml")


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_examples_are_workflows_with_inputs_that_exist(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / Path(name).name
    path.write_text(text)
    conforms("vendor.github-workflows", path)
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    mine = [step for step in steps if step.get("uses") == "./.miglint"]
    assert mine
    assert {key for step in mine for key in step.get("with", {})} <= set(ACTION["inputs"])


@pytest.mark.parametrize("comment", ["", "If no index has it, name its repository"])
def test_the_workflow_of_init_is_one(comment: str, tmp_path: Path) -> None:
    path = tmp_path / "miglint.yml"
    path.write_text(workflow('"miglint @ git+https://git.example/miglint@0123"', comment))
    conforms("vendor.github-workflows", path)
    steps = yaml.safe_load(path.read_text())["jobs"]["miglint"]["steps"]
    assert steps[-2]["run"] == 'pip install "miglint @ git+https://git.example/miglint@0123"'


def test_every_input_is_documented() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    assert [name for name in ACTION["inputs"] if f"| `{name}` |" not in page] == []


SHADOWS = ("ensurepip", "miglint", "pip", "sqlite3", "subprocess", "venv")


@dataclass
class Runner:
    """A machine that runs steps one after the other, with the files and variables that GitHub puts in place."""

    temp: Path
    action: Path
    workspace: Path
    event: Mapping[str, Any] | None = None
    api: str = ""

    def run(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a step of a composite action as `shell: bash` is run."""
        assert step["shell"] == "bash"
        given = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()} | dict(inputs)
        env = {name: _EXPRESSION.sub(lambda found: given[found[1]], text) for name, text in step["env"].items()}
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        added = self.file("path").read_text().split()
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
                "PATH": os.pathsep.join([*added, str(Path(sys.executable).parent), os.environ["PATH"]]),
                "RUNNER_TEMP": str(self.temp),
                "RUNNER_OS": "Linux",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_REPOSITORY": "team/project",
                **self.event_file(),
                "GITHUB_API_URL": self.api,
                "GITHUB_PATH": str(self.file("path")),
                "GITHUB_ENV": str(self.file("env")),
                "GITHUB_OUTPUT": str(self.file("output")),
                "GITHUB_STEP_SUMMARY": str(self.file("summary")),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def event_file(self) -> dict[str, str]:
        if self.event is None:
            return {}
        path = self.file("event")
        path.write_text(json.dumps(self.event))
        return {"GITHUB_EVENT_PATH": str(path)}

    def file(self, name: str) -> Path:
        path = self.temp / f"github_{name}"
        path.touch()
        return path


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner on which the first step, the installation, has run."""
    top = tmp_path_factory.mktemp("action")
    (top / "temp").mkdir()
    (top / "work").mkdir()
    # A checkout may hold modules with the names of those that Python and pip need.
    for name in SHADOWS:
        (top / "work" / f"{name}.py").write_text("raise SystemExit('a module of the checkout was imported')\n")
    runner = Runner(top / "temp", copy_to(top / "action"), top / "work")
    done = runner.run(ACTION["runs"]["steps"][0], {})
    if done.returncode:
        skip_without_registry(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert runner.file("path").read_text().strip() == str(top / "temp" / "miglint" / "bin")
    return runner


def check(runner: Runner, **inputs: str) -> subprocess.CompletedProcess[str]:
    runner.file("summary").write_text("")
    return runner.run(ACTION["runs"]["steps"][1], inputs)


def put(runner: Runner, name: str, text: str) -> None:
    path = runner.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_findings_become_annotations_and_a_summary(runner: Runner) -> None:
    put(runner, "one/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
    put(runner, "one/001_users.down.sql", "DROP TABLE IF EXISTS users;\n")
    put(runner, "required.toml", 'idempotency = "required"\n')
    done = check(runner, paths="one", args="--config required.toml")
    assert done.returncode == 1
    annotation = done.stdout.splitlines()[0]
    assert annotation.startswith("::error file=one/001_users.up.sql,line=1,endLine=1,title=IDM001")
    assert "IDM001" in runner.file("summary").read_text()


def test_a_long_list_is_folded(runner: Runner) -> None:
    tables = "".join(f"CREATE TABLE t{number} (id bigint PRIMARY KEY);\n" for number in range(25))
    drops = "".join(f"DROP TABLE IF EXISTS t{number};\n" for number in range(25))
    put(runner, "many/001_all.up.sql", tables)
    put(runner, "many/001_all.down.sql", drops)
    put(runner, "required.toml", 'idempotency = "required"\n')
    lines = check(runner, paths="many", args="--select IDM --config required.toml").stdout.splitlines()
    assert len([line for line in lines if line.startswith("::error")]) == 10
    assert "::group::15 more findings" in lines
    assert lines[-1] == "::endgroup::"


def test_paths_stand_on_lines_of_their_own_and_may_hold_spaces(runner: Runner) -> None:
    for folder in ("two words", "three"):
        put(runner, f"{folder}/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
        put(runner, f"{folder}/001_users.down.sql", "DROP TABLE IF EXISTS users;\n")
    said = check(runner, paths="two words\nthree\n", args="--exit-zero --select IDM").stdout
    assert "file=two words/001_users.up.sql" in said
    assert "file=three/001_users.up.sql" in said


def test_arguments_are_passed_on_and_never_run(runner: Runner) -> None:
    put(runner, "one/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
    put(runner, "one/001_users.down.sql", "DROP TABLE IF EXISTS users;\n")
    assert check(runner, paths="one", args="--exit-zero").returncode == 0
    done = check(runner, paths="one; touch pwned", args="--select $(touch${IFS}pwned)")
    assert done.returncode == 2
    assert not (runner.workspace / "pwned").exists()


def test_without_paths_the_configuration_decides(runner: Runner) -> None:
    put(runner, "one/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
    put(runner, "one/001_users.down.sql", "DROP TABLE IF EXISTS users;\n")
    put(runner, "miglint.toml", 'paths = ["one"]\nselect = ["IDM"]\nidempotency = "required"\n')
    try:
        done = check(runner)
    finally:
        (runner.workspace / "miglint.toml").unlink()
    assert done.returncode == 1
    assert "file=one/001_users.up.sql" in done.stdout


def _pull_request(repository: str | None) -> dict[str, Any]:
    return {"pull_request": {"head": {"repo": None if repository is None else {"full_name": repository}}}}


@pytest.mark.parametrize(
    ("event", "given", "ran"),
    [
        (None, "auto", True),
        ({"push": {}}, "auto", True),
        (_pull_request("team/project"), "auto", True),
        (_pull_request("stranger/project"), "auto", False),
        (_pull_request(None), "auto", False),
        ({"pull_request": "not one"}, "auto", False),
        ({"workflow_run": {"head_repository": {"full_name": "stranger/project"}}}, "auto", False),
        (_pull_request("stranger/project"), "false", True),
        (None, "true", False),
    ],
)
def test_own_rules_are_left_out_for_forks(runner: Runner, event: dict[str, Any] | None, given: str, ran: bool) -> None:
    put(runner, "one/001_users.up.sql", "SELECT 1;\n")
    put(runner, "one/001_users.down.sql", "SELECT 1;\n")
    put(runner, "miglint.toml", 'paths = ["one"]\nown-rules = ["ours.py"]\n')
    put(runner, "ours.py", "print('own rules ran')\n")
    runner.event = event
    try:
        done = check(runner, args="--no-cache", **{"no-own-rules": given})
    finally:
        runner.event = None
        (runner.workspace / "miglint.toml").unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("own rules ran" in done.stdout) is ran
    assert ("own rules are disabled" in done.stderr) is not ran


def test_a_value_that_is_none_of_these_fails(runner: Runner) -> None:
    assert check(runner, **{"no-own-rules": "maybe"}).returncode == 2


def test_the_reports_for_the_comment_are_written(runner: Runner) -> None:
    put(runner, "one/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
    put(runner, "one/001_users.down.sql", "DROP TABLE IF EXISTS users;\n")
    done = check(runner, paths="one", args="--exit-zero", comment="true")
    assert done.returncode == 0, done.stderr
    assert (runner.temp / "miglint.md").read_text().startswith("### miglint: ")
    last = runner.run(ACTION["runs"]["steps"][2], {"token": "none"})
    assert (last.returncode, last.stdout) == (0, ""), "this is no pull request"


def test_a_pull_request_has_one_comment_that_says_how_it_is_now(runner: Runner) -> None:
    """From the scripts to the comment: nothing, then errors, the same again, and then mended."""
    runner.event = {"pull_request": {"number": 7, "head": {"repo": {"full_name": "team/project"}}}}

    def ran(rollback: str) -> list[str]:
        put(runner, "two/001_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
        put(runner, "two/001_users.down.sql", rollback)
        check(runner, paths="two", comment="true")
        last = runner.run(ACTION["runs"]["steps"][2], {"token": TOKEN})
        assert (last.returncode, last.stdout) == (0, ""), last.stderr
        return [item["body"] for item in hub.comments]

    try:
        with hub_server() as hub:
            runner.api = hub.url
            assert ran("-- miglint: ignore IDM (the tool runs it once)\nDROP TABLE IF EXISTS users;\n") == []
            (body,) = ran("DROP TABLE IF EXISTS accounts;\n")
            assert "1 rollback does not restore the schema" in body
            assert ran("DROP TABLE IF EXISTS accounts;\n") == [body]
            (mended,) = ran("DROP TABLE IF EXISTS users;\n")
            assert "does not restore" not in mended
        assert [change.partition(" ")[0] for change in hub.changes] == ["POST", "PATCH"]
    finally:
        runner.event, runner.api = None, ""
