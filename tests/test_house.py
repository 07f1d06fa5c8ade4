"""The rules of the house, kept by machines: floors, types, style, docstrings, sizes, printed files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sessionframes.printouts import SCHEMAS, printouts

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "sessionframes"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
#: So many parameters one sentence can tell; more need a section.
FEW = 3
SECTION = re.compile(r"^(?P<title>[A-Z][a-z]+(?: [A-Z][a-z]+)?)\n-+$", re.MULTILINE)
REFERENCE = re.compile(r":(?:meth|func|class):`")


def run(*command: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", *command], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_ruff_finds_nothing():
    run("ruff", "check", "--no-cache", ".")


def test_ruff_would_format_nothing():
    run("ruff", "format", "--no-cache", "--check", ".")


def test_types_are_right():
    run("mypy")


def test_each_room_imports_only_lower_ones():
    program = (
        "import sys; from importlinter.cli import lint_imports;"
        "sys.exit(lint_imports(cache_dir=None, no_cache=True))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "0 broken" in finished.stdout


def test_printed_files_are_fresh():
    printed = {path.as_posix(): text for path, text in printouts().items()}
    there = {
        path.relative_to(TOP).as_posix(): path.read_text(encoding="utf-8")
        for path in (TOP / SCHEMAS).rglob("*")
        if path.is_file()
    }
    stale = sorted(name for name in {*printed, *there} if printed.get(name) != there.get(name))
    assert not stale, "run make schemas"


@pytest.mark.parametrize("folder", ["sessionframes", "tests"])
def test_no_file_is_long(folder):
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in (TOP / folder).rglob("*.py")
    }
    assert lengths
    assert not {path.relative_to(TOP).as_posix(): n for path, n in lengths.items() if n > MOST_LINES}


def test_nothing_names_a_place_of_one_machine():
    homes = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w")
    named = [
        path for path in (*SOURCES, *(TOP / "tests").rglob("*.py")) if homes.search(path.read_text("utf-8"))
    ]
    assert not [path.relative_to(TOP).as_posix() for path in named]


class Documented:
    """A public module, class, function or method with what its docstring has to tell."""

    def __init__(self, where: str, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> None:
        self.where = where
        self.node = node
        self.text = ast.get_docstring(node) or ""
        titles = list(SECTION.finditer(self.text))
        ends = [*(title.start() for title in titles), len(self.text)][1:]
        self.sections = {
            title["title"]: self.text[title.end() : end] for title, end in zip(titles, ends, strict=True)
        }

    def parameters(self) -> list[str]:
        """Names in the signature; of a class, those of its ``__init__``."""
        function = self.node
        if isinstance(function, ast.ClassDef):
            inits = [node for node in function.body if getattr(node, "name", None) == "__init__"]
            if not inits:
                return []
            function = inits[0]
        given = function.args
        every = [
            *given.posonlyargs,
            *given.args,
            *filter(None, [given.vararg]),
            *given.kwonlyargs,
            *filter(None, [given.kwarg]),
        ]
        return [one.arg for one in every if one.arg not in ("self", "cls")]

    def told(self) -> list[str]:
        """Names in the section on parameters."""
        lines = self.sections.get("Parameters", "").splitlines()
        heads = [line.partition(" : ")[0] for line in lines if line and not line.startswith(" ")]
        return [name.strip().lstrip("*") for head in heads for name in head.split(",")]

    def is_told_in_full(self) -> bool:
        """Whether the section has the signature's names in order; ``**options`` may be told one by one."""
        told, parameters = self.told(), self.parameters()
        if told == parameters or isinstance(self.node, ast.ClassDef):
            # Dataclasses and pandera models have no ``__init__`` of their own to compare with.
            return told == parameters or not parameters
        open_ended = self.node.args.kwarg is not None
        return open_ended and bool(told) and told[: len(parameters) - 1] == parameters[:-1]

    def raised(self) -> set[str]:
        """Errors raised by name in the body itself."""
        return {
            node.exc.func.id
            for node in ast.walk(self.node)
            if isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
            and node.exc.func.id.endswith("Error")
        }


def documented() -> list[Documented]:
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(TOP).as_posix()
        if tree.body:
            found.append(Documented(place, tree))
        found += _within(tree, f"{place}:")
    return found


def _within(node: ast.Module | ast.ClassDef, place: str) -> list[Documented]:
    found = []
    for child in node.body:
        if not isinstance(child, (ast.ClassDef, ast.FunctionDef)) or child.name.startswith("_"):
            continue
        found.append(Documented(place + child.name, child))
        if isinstance(child, ast.ClassDef):
            found += _within(child, f"{place}{child.name}.")
    return found


ALL = documented()
FUNCTIONS = [one for one in ALL if isinstance(one.node, ast.FunctionDef)]
CALLABLES = [one for one in ALL if not isinstance(one.node, ast.Module)]


def test_everything_public_has_a_docstring():
    assert not [one.where for one in ALL if not one.text]


def test_more_than_a_few_parameters_have_a_section():
    silent = [
        one.where
        for one in FUNCTIONS
        if len(one.parameters()) > FEW and "Parameters" not in one.sections and not REFERENCE.search(one.text)
    ]
    assert not silent


def test_sections_on_parameters_name_those_of_the_signature():
    wrong = {
        one.where: (one.told(), one.parameters())
        for one in CALLABLES
        if "Parameters" in one.sections and not one.is_told_in_full()
    }
    assert not wrong


def test_errors_of_ours_are_told():
    silent = {
        one.where: one.raised()
        for one in FUNCTIONS
        if one.raised() - {"NotImplementedError"}
        and "Raises" not in one.sections
        and not REFERENCE.search(one.text)
    }
    assert not silent
