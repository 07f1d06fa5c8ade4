"""Real tables of the Allen Institute, where they are beside the project; they are never committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SESSIONFRAMES_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there (SESSIONFRAMES_SHARED_DATA may name it)")
    return folder
