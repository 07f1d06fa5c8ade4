"""Real tables of two laboratories, where they are beside the project; they are never committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.real_data import allen, ibl
from tests.real_data.ours import Lab


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SESSIONFRAMES_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there (SESSIONFRAMES_SHARED_DATA may name it)")
    return folder


@pytest.fixture(scope="session")
def allen_lab(shared_data: Path) -> Lab:
    """Visual Coding, of the Allen Institute; not to be changed."""
    raw = allen.read(shared_data)
    return Lab(raw, allen.tables(raw), allen.FORMS)


@pytest.fixture(scope="session")
def ibl_lab(shared_data: Path) -> Lab:
    """The Brain Wide Map, of the International Brain Laboratory; not to be changed."""
    raw = ibl.read(shared_data)
    return Lab(raw, ibl.tables(raw), ibl.FORMS)


@pytest.fixture(scope="session")
def labs(allen_lab: Lab, ibl_lab: Lab) -> dict[str, Lab]:
    """Both, by the name that their rows have in a union."""
    return {"allen": allen_lab, "ibl": ibl_lab}
