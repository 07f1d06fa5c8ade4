"""What a newcomer sees is true: the README's sessions, commands and tables, and the stored notebooks."""

import ast
import doctest
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from sessionframes import errors
from sessionframes.cli.main import _parser
from sessionframes.config import read_entries, resolve
from sessionframes.demo.opening import OPTIONS
from sessionframes.printouts import with_capabilities
from sessionframes.registry import load_source

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((TOP / "notebooks").glob("*.ipynb"))


def _blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_sessions_in_python_are_real(monkeypatch):
    monkeypatch.setenv("SESSIONFRAMES_DEMO_SCALE", "0.05")
    session = "\n".join(_blocks("pycon"))
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    assert len(test.examples) > 10
    said = []
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF
    )
    assert runner.run(test, out=said.append).failed == 0, "".join(said)


def test_the_other_python_is_python():
    blocks = _blocks("python")
    assert blocks
    for block in blocks:
        ast.parse(block)


def test_the_commands_are_understood():
    commands = [line for block in _blocks("sh") for line in block.splitlines()]
    ours = [shlex.split(line) for line in commands if line.startswith("sessionframes ")]
    commands = {"demo", "get", "explain", "export", "describe", "login", "provenance", "sources"}
    assert {words[1] for words in ours} == commands
    for words in ours:
        told = _parser().parse_args(words[1:])
        options = OPTIONS if getattr(told, "source", None) == "demo" else load_source("lims").options
        assert {name for name, _ in getattr(told, "option", [])} <= {option.name for option in options}


def test_the_targets_of_make_are_there():
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    quoted = re.findall(r"`make \w+`|^make \w+", README, re.MULTILINE)
    named = {words.strip("`").split()[1] for words in quoted}
    assert {"demo", "test"} <= named <= targets


def test_the_config_file_is_one(tmp_path):
    (block,) = _blocks("toml")
    file = tmp_path / "config.toml"
    file.write_text(block, encoding="utf-8")
    entry = read_entries(file)["institute"]
    assert entry == tomllib.loads(block)["sources"]["institute"]
    source = load_source(entry.pop("source"))
    assert resolve(source.name, source.options, {}, entry, {})["host"] == "limsdb2"


def test_the_options_and_variables_are_those_of_lims():
    section = README.partition("## Your own LIMS")[2].partition("\n## ")[0]
    options = load_source("lims").options
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| `")]
    named, variables = (set(re.findall(r"`(\w+)`", " ".join(row[cell] for row in rows))) for cell in (1, 2))
    assert named == {option.name for option in options}
    assert variables == {variable for option in options for variable in option.env}


def test_the_new_names_of_columns_are_columns():
    section = README.partition("\nRenamed,")[2].partition("\n## ")[0]
    known = {name for read in load_source("lims").reads.values() for name in read.table.dtypes()}
    rows = [row.split("|")[3] for row in section.splitlines() if row.startswith("| ")]
    named = re.findall(r"`(\w+)`", "".join(rows) + section.partition("\nNew are")[2])
    assert len(named) > 20
    assert set(named) <= known


def test_the_calls_are_there(lims):
    section = README.partition("## Calls")[2].partition("\n## ")[0]
    calls = re.findall(r"`(\w+)\(", section.partition("All tables take")[0])
    assert len(calls) > 8
    assert all(callable(getattr(lims, call)) for call in calls)


def test_the_tree_of_errors_is_whole():
    (tree,) = _blocks("text")
    assert set(re.findall(r"\b\w+Error\b", tree)) - {"ValueError"} == set(errors.__all__)


def test_who_has_what_is_fresh():
    assert with_capabilities(README) == README, "run: make schemas"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_notebooks_are_stored_without_results(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is None
            assert cell["outputs"] == []


def test_there_is_a_notebook():
    assert NOTEBOOKS
