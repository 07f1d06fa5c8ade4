"""Serves the demo's AIND in a process of its own, until its standard input ends.

``python -m sessionframes.demo.aind --sessions 1000 --latency 0.03`` prints one line of JSON with the
addresses, the token of Code Ocean and the key of S3. For measurements: the servers' threads would otherwise
take turns with those of the client. For every line of its input it prints how often each server was asked
since the last one.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from sessionframes.demo.aind.server import AindServer


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m sessionframes.demo.aind")
    parser.add_argument("--scale", type=float, default=0.05, help="size of the world")
    parser.add_argument("--sessions", type=int, help="at least so many sessions, by copies")
    parser.add_argument("--page-limit", type=int, help="most documents or assets of an answer")
    parser.add_argument("--latency", type=float, default=0.0, help="how long each answer takes, in s")
    asked = parser.parse_args()
    with AindServer(
        asked.scale, sessions=asked.sessions, page_limit=asked.page_limit, latency=asked.latency
    ) as server:
        told = {
            "docdb_url": server.docdb_url,
            "codeocean_url": server.codeocean_url,
            "s3_url": server.s3_url,
            "token": server.token,
            "s3_key": server.s3_key,
            "s3_secret": server.s3_secret,
        }
        _print(told)
        for _ in sys.stdin:
            _print({service: len(server.asked(service)) for service in ("docdb", "codeocean", "s3")})
            server.reset()


def _print(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
