"""Each LIMS on disk, opened again; and the source in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sessionframes as sf
from tests.fake_source import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sessionframes.connection import Connection


@pytest.fixture(scope="module")
def of_lims(lims: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A snapshot of each LIMS in turn, of what it gives unasked."""
    path = lims.export(tmp_path_factory.mktemp("lims") / "out", sessions_per_chunk=3, progress=False)
    with sf.connect(path) as db:
        yield db


@pytest.fixture(scope="module")
def of_all_lims(lims: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A snapshot of each LIMS in turn, of what is not usable too."""
    path = tmp_path_factory.mktemp("all") / "out"
    lims.export(path, include_unusable=True, sessions_per_chunk=3, progress=False)
    with sf.connect(path) as db:
        yield db


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A snapshot of the source in memory."""
    return connect().export(tmp_path / "out", sessions_per_chunk=2, progress=False)
