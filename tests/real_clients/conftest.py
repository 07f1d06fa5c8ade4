"""The clients that our users have today, each in an environment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real_clients import aind_client
from tests.real_clients.allensdk_client import PYTHON_VERSION, REQUIREMENTS
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def allensdk_python() -> Path:
    """The interpreter of an environment with AllenSDK."""
    try:
        return isolated_python("allensdk", REQUIREMENTS, version=PYTHON_VERSION)
    except EnvironmentUnavailableError as reason:
        pytest.skip(f"AllenSDK cannot be installed here: {reason}")


@pytest.fixture(scope="session")
def aind_python() -> Path:
    """The interpreter of an environment with aind-session."""
    try:
        return isolated_python("aind-session", aind_client.REQUIREMENTS, version=aind_client.PYTHON_VERSION)
    except EnvironmentUnavailableError as reason:
        pytest.skip(f"aind-session cannot be installed here: {reason}")
