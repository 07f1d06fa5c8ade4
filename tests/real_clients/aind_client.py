"""The real client of AIND: what it needs, and how to ask it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.demo.aind import AindServer

SCRIPT = Path(__file__).with_name("aind_answers.py")
PYTHON_VERSION = "3.11"
#: What aind-session imports, and what s3fs needs to read; all that it asks for is far more.
REQUIREMENTS = (
    "aind-session==0.3.27",
    "aind-data-access-api==1.10.0",
    "codeocean==0.12.0",
    "npc-io==0.1.33",
    "npc-session==0.1.41",
    "aiobotocore==2.7.0",
    "aiohappyeyeballs==2.7.1",
    "aiohttp==3.14.5",
    "aioitertools==0.13.0",
    "aiosignal==1.4.0",
    "attrs==26.1.0",
    "boto3==1.28.17",
    "botocore==1.31.64",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "crc32c==2.9.post0",
    "dataclasses-json==0.6.7",
    "frozenlist==1.8.0",
    "fsspec==2026.1.0",
    "idna==3.20",
    "jmespath==1.1.0",
    "marshmallow==3.26.2",
    "multidict==7.2.1",
    "mypy-extensions==1.2.0",
    "packaging==26.3",
    "pathlib-abc==0.5.2",
    "propcache==0.5.4",
    "python-dateutil==2.9.0.post0",
    "python-dotenv==1.2.4",
    "requests==2.34.2",
    "requests-toolbelt==1.0.0",
    "s3fs==2026.1.0",
    "s3transfer==0.6.2",
    "six==1.17.0",
    "typing-extensions==4.16.0",
    "typing-inspect==0.9.0",
    "universal-pathlib==0.3.10",
    "urllib3==2.0.7",
    "wrapt==1.17.3",
    "yarl==1.25.1",
)
#: Nothing of the user's own AIND or AWS counts here.
_FORGOTTEN = ("AWS_", "CODE_OCEAN", "COP_", "DOC_DB", "HTTP", "NO_PROXY", "ALL_PROXY", "REQUESTS_", "SSL_")

Answer = dict[str, Any]


def addresses_of(server: AindServer) -> dict[str, str]:
    """What :func:`environment` needs to know of a server of this process."""
    names = ("codeocean_url", "s3_url", "token", "s3_key", "s3_secret")
    return {name: getattr(server, name) for name in names}


def environment(addresses: dict[str, str], proxy: str, authority: Path, home: Path) -> dict[str, str]:
    """The variables that lead the client to our servers.

    Parameters
    ----------
    addresses : dict
        ``codeocean_url``, ``s3_url``, ``token``, ``s3_key`` and ``s3_secret``, as the servers' own process
        prints them.
    proxy : str
        The way to DocDB, whose address stands in the client's code.
    authority : Path
        Whose signature DocDB's certificate has.
    home : Path
        In place of the user's own.
    """
    own = {name: value for name, value in os.environ.items() if not name.upper().startswith(_FORGOTTEN)}
    return own | {
        "HOME": str(home),
        "CODE_OCEAN_DOMAIN": addresses["codeocean_url"],
        "CODE_OCEAN_API_TOKEN": addresses["token"],
        "AWS_ENDPOINT_URL": addresses["s3_url"],
        "AWS_ACCESS_KEY_ID": addresses["s3_key"],
        "AWS_SECRET_ACCESS_KEY": addresses["s3_secret"],
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": str(authority),
    }


class AindClient:
    """The client in a process of its own.

    Parameters
    ----------
    python : Path
        Interpreter of an environment with the client.
    variables : dict
        See :func:`environment`.
    """

    def __init__(self, python: Path, variables: dict[str, str]) -> None:
        # -I: neither our directory nor PYTHONPATH may lend it modules of ours. It reads .env where it starts.
        self._process = subprocess.Popen(
            [python, "-I", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=variables,
            cwd=variables["HOME"],
        )

    def __call__(self, call: str, *, remember: bool = False) -> Any:
        """Return what a call gives, or raises: ``{"raised": name of the class, "message": ...}``."""
        answer = self._ask({"ask": call, "remember": remember})
        return answer if "raised" in answer else answer["value"]

    def time(self, calls: Sequence[str], *, remember: bool = False) -> Answer:
        """Return what many calls give, one after the other, as ``value``, and the ``seconds`` they took."""
        answer = self._ask({"time": list(calls), "remember": remember})
        assert "raised" not in answer, answer
        return answer

    def _ask(self, told: Answer) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client's process ended"
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
