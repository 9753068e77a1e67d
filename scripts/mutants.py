"""Change the code of rules and replay in seeded places, one at a time, and run the tests that reach each place.

    python scripts/mutants.py [--count 100] [--seed 1] [FOLDER ...]

Works on a copy of the checkout. The tests run once to record which of them reach which line; a mutant is then run
against these alone, and prints as `survived` if none of them fails. A survivor is code that no test needs: a missing
test, or a change without an effect. Each test process has a limit of time: an endless loop counts as killed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("src/miglint/rules", "src/miglint/replay")
TESTS = ("tests/rules", "tests/replay", "tests/schema", "tests/linter")
# These are about engines, other libraries, and the making of rules.
LEFT_OUT = ("tests/rules/test_engines.py", "tests/rules/test_style.py", "tests/rules/test_new_rule.py")
SECONDS = 120
SAMPLE = 250

# Records which test reaches which line: coverage's own contexts leave out the parameters of a test.
PLUGIN = """
import coverage, pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    coverage.Coverage.current().switch_context(item.nodeid)
    return (yield)
"""

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


class Mutant(NamedTuple):
    """A replacement of source text; `offset` and `end` count bytes."""

    path: str
    line: int
    offset: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: `{self.before}` -> `{self.after}`"


def mutated(node: ast.AST) -> ast.expr | None:
    """Return another expression in place of one, or None for those that are left as they are."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPPED:
            return ast.Compare(node.left, [SWAPPED[type(operator)]()], node.comparators)
        case ast.BoolOp():
            return ast.BoolOp(SWAPPED[type(node.op)](), node.values)
        case ast.BinOp() if type(node.op) in SWAPPED and not isinstance(node.left, (ast.Constant, ast.JoinedStr)):
            return ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)
        case ast.UnaryOp(op=ast.Not()):
            return node.operand
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Constant(value=int(value)):
            return ast.Constant(value + 1)
        case ast.IfExp():
            return ast.IfExp(node.test, node.orelse, node.body)
        case _:
            return None


def mutants(root: Path, folders: list[str]) -> Iterator[Mutant]:
    """Yield all mutants of the functions in folders, in order."""
    for path in sorted(file for folder in folders for file in (root / folder).rglob("*.py")):
        text = path.read_bytes()
        starts = [0]
        for line in text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for node in in_functions(ast.parse(text)):
            changed = mutated(node)
            if changed is not None and isinstance(node, ast.expr):
                assert node.end_lineno is not None and node.end_col_offset is not None
                begin, end = (
                    starts[node.lineno - 1] + node.col_offset,
                    starts[node.end_lineno - 1] + node.end_col_offset,
                )
                name = path.relative_to(root).as_posix()
                yield Mutant(name, node.lineno, begin, end, ast.unparse(node), ast.unparse(changed))


def in_functions(tree: ast.AST, *, inside: bool = False) -> Iterator[ast.AST]:
    """Yield the nodes of function bodies, without annotations, f-strings, and lines of decorators."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for statement in node.body:
                yield from in_functions(statement, inside=True)
        elif isinstance(node, (ast.JoinedStr, ast.Assert, ast.AnnAssign)):
            continue
        else:
            if inside:
                yield node
            yield from in_functions(node, inside=inside)


def copied(root: Path, folder: Path) -> None:
    """Copy the files of a checkout that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, folder / name)


def tested(folder: Path, *arguments: str, seconds: int | None = None) -> int:
    """Run pytest in the copy; return its status, and 1 when it takes too long."""
    command = [sys.executable, *arguments, "-q", "-x", "-p", "no:cacheprovider", "--no-header", "-p", "no:xdist"]
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}:{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, timeout=seconds, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def reached(folder: Path) -> dict[tuple[str, int], list[str]]:
    """Run all tests once; return the tests that reach each line."""
    import coverage

    (folder / "reached.py").write_text(PLUGIN, encoding="utf-8")
    left_out = [f"--ignore={name}" for name in LEFT_OUT]
    run = ["-m", "coverage", "run", "--rcfile=/dev/null", f"--source={folder / 'src'}", "--data-file=reached.data"]
    status = tested(folder, *run, "-m", "pytest", "-p", "reached", *left_out, *TESTS)
    if status != 0:
        sys.exit("the tests fail without any change")
    data = coverage.CoverageData(str(folder / "reached.data"))
    data.read()
    found: dict[tuple[str, int], list[str]] = {}
    for name in data.measured_files():
        path = Path(name).relative_to(folder).as_posix()
        for line, contexts in data.contexts_by_lineno(name).items():
            found[path, line] = sorted(filter(None, contexts))
    if not found:
        sys.exit("no line was reached by any test")
    return found


def survives(folder: Path, mutant: Mutant, tests: list[str], chance: random.Random) -> bool:
    """Run the tests that reach a mutant: a sample first, since most die at once, then all."""
    path = folder / mutant.path
    text = path.read_bytes()
    path.write_bytes(text[: mutant.offset] + f"({mutant.after})".encode() + text[mutant.end :])
    listed = folder / "tests.txt"
    try:
        sample = chance.sample(tests, min(SAMPLE, len(tests)))
        for part in (sample, sorted(set(tests) - set(sample))):
            listed.write_text("\n".join(part), encoding="utf-8")
            if part and tested(folder, "-m", "pytest", f"@{listed}", seconds=SECONDS) != 0:
                return False
        return True
    finally:
        path.write_bytes(text)


def main() -> int:
    """Print each mutant with its fate; exit with 1 if any survives."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("folders", nargs="*", default=FOLDERS)
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="miglint-mutants-"))
    folder.chmod(0o755)
    try:
        copied(Path.cwd(), folder)
        chance = random.Random(given.seed)
        everything = list(mutants(folder, given.folders))
        chosen = sorted(chance.sample(everything, min(given.count, len(everything))))
        tests = reached(folder)
        survivors = 0
        for mutant in chosen:
            known = tests.get((mutant.path, mutant.line), [])
            alive = survives(folder, mutant, known, chance)
            survivors += alive
            print(f"{'survived' if alive else 'killed'} ({len(known)} tests) {mutant}", flush=True)
        print(f"{survivors} of {len(chosen)} survived, of {len(everything):,} possible")
        return int(survivors > 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
