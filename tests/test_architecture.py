"""The table of packages in docs/architecture.md, held against what the modules import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import miglint

ROOT = Path(miglint.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
GROUND = frozenset({""})


def packages() -> dict[str, set[str]]:
    """Return what each package of the table may import, by name; those of one row may import each other."""
    allowed: dict[str, set[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) == 5 and cells[1].startswith(" `"):
            mates = re.findall(r"`([^`]+)`", cells[1])
            for name in mates:
                allowed[name] = set(re.findall(r"`([^`]+)`", cells[3]))
                MATES[name] = frozenset(mates)
    return allowed


MATES: dict[str, frozenset[str]] = {}
ALLOWED = packages()


def within(name: str) -> frozenset[str]:
    """Return the packages that `name` may import, with all of their rows, and what these may."""
    found: set[str] = set()
    waiting = list(ALLOWED[name])
    while waiting:
        package = waiting.pop()
        if package not in found:
            found |= MATES[package]
            waiting += ALLOWED[package]
    return frozenset(found)


def row(module: str) -> str:
    """Return the package of the table that a module belongs to."""
    name = module.removeprefix("miglint").removeprefix(".")
    while name and name not in ALLOWED:
        name = name.rpartition(".")[0]
    return name


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(node: ast.AST) -> Iterator[str]:
    """Yield what is imported anywhere, inside functions too, except for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").startswith("miglint"):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name.startswith("miglint."))
        yield from imported(child)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    return tuple(imported(tree_of(path)))


def import_graph() -> dict[str, set[str]]:
    """Return the modules that each module imports, anywhere in it; a package that is imported is its `__init__`."""
    modules = {module_of(path): path for path in ROOT.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        names = imports_of(path)
        found = {name if name in modules else name.rpartition(".")[0] for name in names}
        graph[module] = (found & modules.keys()) - {module}
    return graph


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = import_graph()
    assert len(graph) > 300
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_table_names_what_there_is_and_no_circle() -> None:
    for name in ALLOWED:
        place = ROOT.joinpath(*name.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file(), name
        assert name not in within(name), f"{name} may import itself by way of {sorted(within(name))}"


def test_modules_import_what_the_table_allows() -> None:
    wrong = []
    for path in ROOT.rglob("*.py"):
        module = module_of(path)
        mine = row(module)
        if module in ("miglint", "miglint.__main__"):
            continue
        assert mine, f"{module} is in no row of the table"
        for name in imports_of(path):
            theirs = row(name)
            if theirs not in within(mine) | MATES[mine] | GROUND:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_the_replay_calls_no_parser() -> None:
    """What SQL text does is read by `sql`: the replay gets operations, and a function for the bodies of routines."""
    parsers = re.compile(r"miglint\.sql\.(?:parse|templates|postgres(?!\.analysis)|sqlite(?!\.(?:features|judge)))")
    wrong = [
        f"{module} imports {name}"
        for module, names in import_graph().items()
        if module.startswith(("miglint.replay", "miglint.schema"))
        for name in names
        if parsers.match(name)
    ]
    assert wrong == []


def test_one_class_name_has_one_meaning() -> None:
    found: dict[str, list[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name.lstrip("_"), []).append(module_of(path))
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}
