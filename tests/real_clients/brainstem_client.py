"""The real clients of BrainSTEM, that of today and the one before: what they need, and how to ask them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("brainstem_answers.py")
PYTHON_VERSION = "3.11"
VERSIONS = ("2.0.0", "0.2.0")
_NEEDED = (
    "requests==2.34.2",
    "certifi==2026.10.18",
    "charset-normalizer==3.4.4",
    "idna==3.20",
    "urllib3==2.8.0",
)

Answer = dict[str, Any]


def requirements(version: str) -> tuple[str, ...]:
    """What an environment with this version of the client holds."""
    return (f"brainstem-python-api-tools=={version}", *_NEEDED)


class BrainstemClient:
    """A client in a process of its own, called by the names of its methods.

    Parameters
    ----------
    python : Path
        Interpreter of an environment with the client.
    url : str
        Where the server listens.
    token : str, optional
        Without one the client of today logs in by itself.
    home : Path
        Where the client keeps a token.
    timeout : float
        How long it waits for an answer, in s.
    """

    def __init__(self, python: Path, url: str, token: str | None, home: Path, timeout: float = 30) -> None:
        # -I: neither our directory nor PYTHONPATH may lend it modules of ours.
        self._process = subprocess.Popen(
            [python, "-I", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "HOME": str(home)},
        )
        self._send({"url": url, "token": token, "timeout": timeout})

    def __call__(self, method: str, **arguments: Any) -> Answer:
        """Return what it answers; see ``brainstem_answers.py``."""
        self._send({"method": method, "arguments": arguments})
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the client's process ended; its standard error tells why"
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def _send(self, message: Answer) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
