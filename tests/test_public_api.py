"""What people see when they import sessionframes, and what that costs them."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sessionframes as sf

#: Slow to import, or a driver that not everybody needs.
HEAVY = {
    "adbc_driver_manager",
    "adbc_driver_postgresql",
    "fsspec",
    "matplotlib",
    "numpy",
    "pandas",
    "pandera",
    "psycopg",
    "pyarrow",
    "requests",
    "sqlalchemy",
    "tenacity",
    "duckdb",
    "tqdm",
}
DRIVERS = {"adbc_driver_manager", "adbc_driver_postgresql", "psycopg"}


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-W", "error", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_all_is_what_is_visible():
    assert dir(sf) == sorted(sf.__all__)
    assert len(set(sf.__all__)) == len(sf.__all__)


@pytest.mark.parametrize("name", sf.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert inspect.getdoc(getattr(sf, name))


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(sf.__file__).read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.name for node in ast.walk(guarded) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported - {"Any"} == set(sf.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'sessionframes' has no attribute 'conect'"):
        sf.conect  # noqa: B018  looking it up is the test
    assert not hasattr(sf, "_nothing")


@pytest.mark.parametrize("module", ["sessionframes.errors", "sessionframes.query", "sessionframes.tables"])
def test_all_of_the_other_public_modules_is_true(module):
    found = importlib.import_module(module)
    assert all(hasattr(found, name) for name in found.__all__)
    assert found.__all__ == sorted(found.__all__)


def test_importing_loads_nothing_heavy():
    assert not loaded_after("import sessionframes") & HEAVY


def test_errors_can_be_caught_without_loading_anything_heavy():
    assert not loaded_after("import sessionframes; sessionframes.errors.QueryError") & HEAVY


def test_connect_itself_loads_nothing_heavy():
    assert not loaded_after("import sessionframes as sf; sf.connect") & HEAVY


def test_drivers_are_loaded_only_by_connecting():
    code = """
from sessionframes.registry import declared_sources, load_source
for name in declared_sources():
    load_source(name)
import sessionframes.printouts
"""
    assert not loaded_after(code) & DRIVERS


def test_the_command_line_starts_light():
    assert not loaded_after("import sessionframes.cli") & HEAVY


def test_nothing_is_read_from_the_environment_on_import(tmp_path):
    broken = tmp_path / "config.toml"
    broken.write_text("[", encoding="utf-8")
    named = f"import os; os.environ['SESSIONFRAMES_CONFIG'] = {str(broken)!r}"
    assert loaded_after(f"{named}; import sessionframes as sf; sf.connect")
