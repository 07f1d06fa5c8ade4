"""Serves the demo's BrainSTEM in a process of its own, until its standard input ends.

``python -m sessionframes.demo.brainstem --sessions 5000 --latency 0.02`` prints one line of JSON with the URL
and the tokens. For measurements: the server's threads would otherwise take turns with those of the client.
"""

from __future__ import annotations

import argparse
import json
import sys

from sessionframes.demo.brainstem.paging import PAGINGS
from sessionframes.demo.brainstem.server import BrainstemServer


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m sessionframes.demo.brainstem")
    parser.add_argument("--scale", type=float, default=0.05, help="size of the world")
    parser.add_argument("--sessions", type=int, help="at least so many sessions, by copies")
    parser.add_argument("--paging", choices=sorted(PAGINGS), default="dynamic-rest")
    parser.add_argument("--latency", type=float, default=0.0, help="how long each answer takes, in s")
    told = parser.parse_args()
    with BrainstemServer(
        told.scale, sessions=told.sessions, paging=told.paging, latency=told.latency
    ) as server:
        sys.stdout.write(json.dumps({"url": server.url, "tokens": server.tokens}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
