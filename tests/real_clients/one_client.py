"""The real client of Alyx, ONE: what it needs, and how to ask it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("one_answers.py")
PYTHON_VERSION = "3.11"
VERSION = "3.6.1"
REQUIREMENTS = (
    f"ONE-api=={VERSION}",
    "boto3==1.44.5",
    "botocore==1.44.5",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "colorlog==6.12.0",
    "iblutil==1.20.0",
    "idna==3.20",
    "jmespath==1.1.0",
    "llvmlite==0.50.0",
    "numba==0.68.1",
    "numpy==2.4.6",
    "packaging==26.3",
    "pandas==3.1.1",
    "pyarrow==26.0.1",
    "python-dateutil==2.9.0.post0",
    "PyYAML==6.0.3",
    "requests==2.34.2",
    "s3transfer==0.19.3",
    "scipy==1.17.1",
    "six==1.17.0",
    "tqdm==4.70.1",
    "urllib3==2.8.0",
)

Answer = dict[str, Any]


class OneClient:
    """ONE in a process of its own, called by the names of its attributes.

    Parameters
    ----------
    python : Path
        Interpreter of an environment with ONE.
    told : mapping
        Where the server is and how to log in; see ``one_answers.py``.
    home : Path
        Where ONE keeps what it keeps: its parameters, its cache, its files.
    """

    def __init__(self, python: Path, told: Answer, home: Path) -> None:
        folder = home / "files"
        folder.mkdir(parents=True, exist_ok=True)
        # -I: neither our directory nor PYTHONPATH may lend it modules of ours.
        self._process = subprocess.Popen(
            [python, "-I", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "HOME": str(home), "APPDATA": str(home)},
        )
        self._send({**told, "folder": str(folder)})

    def __call__(self, call: str, *args: Any, **kwargs: Any) -> Any:
        """Return what it answers, as JSON has it."""
        answer = self.answer({"call": call, "args": args, "kwargs": kwargs})
        assert "value" in answer, answer
        return answer["value"]

    def answer(self, message: Answer) -> Answer:
        """Return its answer; see ``one_answers.py``."""
        self._send(message)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the client's process ended; its standard error tells why"
        found: Answer = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def _send(self, message: Answer) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
