"""The real AllenSDK: what it needs, and how to ask it from here."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

SCRIPT = Path(__file__).with_name("allensdk_answers.py")
#: The last Python for which its pandas and NumPy have wheels.
PYTHON_VERSION = "3.11"
#: What AllenSDK imports on the way to EcephysProjectLimsApi and, from simplejson on, to EcephysProjectCache;
#: all that it asks for is far more.
REQUIREMENTS = (
    "allensdk==2.16.2",
    "pandas==1.5.3",
    "numpy==1.23.5",
    "psycopg2-binary==2.9.9",
    "Jinja2==3.0.3",
    "MarkupSafe==2.1.5",
    "python-dateutil==2.8.2",
    "pytz==2023.3",
    "six==1.16.0",
    "packaging==26.3",
    "typing_extensions==4.16.0",
    "tqdm==4.70.1",
    "requests==2.34.2",
    "certifi==2026.10.18",
    "charset-normalizer==3.4.4",
    "idna==3.20",
    "urllib3==2.8.0",
    "aiohttp==3.14.5",
    "aiohappyeyeballs==2.7.1",
    "aiosignal==1.4.0",
    "attrs==23.2.0",
    "frozenlist==1.8.0",
    "multidict==7.2.1",
    "propcache==0.5.4",
    "yarl==1.25.1",
    "nest-asyncio==1.6.0",
    "pynwb==2.3.3",
    "hdmf==3.11.0",
    "h5py==3.8.0",
    "scipy==1.10.1",
    "ruamel.yaml==0.19.1",
    "xarray==2023.1.0",
    "simpleitk==2.5.7",
    "simplejson==4.3.0",
    "marshmallow==3.0.0rc6",
    "argschema==1.17.5",
    "cachetools==8.0.1",
    "pillow==13.0.0",
)

Answer = dict[str, Any]


class AllenSdk:
    """An ``EcephysProjectLimsApi`` in a process of its own, called by the names of its methods.

    Parameters
    ----------
    python : Path
        Interpreter of an environment with AllenSDK.
    url : str
        The LIMS: ``postgresql://...``.
    """

    def __init__(self, python: Path, url: str) -> None:
        told = conninfo_to_dict(url)
        credentials = {name: told.get(name, "") for name in ("dbname", "user", "host", "password")}
        # -I: neither our directory nor PYTHONPATH may lend it modules of ours.
        self._process = subprocess.Popen(
            [python, "-I", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # AllenSDK's bare times, compared with zoned columns, are of the connection's zone.
            env={**os.environ, "PGTZ": "UTC"},
        )
        self._send({**credentials, "port": int(told.get("port") or 5432)})

    def __call__(self, method: str, **arguments: Any) -> Answer:
        """Return what it answers: the frame, or the error; see ``allensdk_answers.py``."""
        return self._ask({"method": method, "arguments": arguments})

    def cached(self, method: str, **arguments: Any) -> Answer:
        """Return what an ``EcephysProjectCache`` above it answers."""
        return self._ask({"method": method, "arguments": arguments, "cached": True})

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def _ask(self, question: Answer) -> Answer:
        self._send(question)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "AllenSDK's process ended; its standard error tells why"
        answer: Answer = json.loads(line)
        return answer

    def _send(self, message: Answer) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
