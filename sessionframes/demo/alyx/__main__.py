"""Serves the demo's Alyx in a process of its own, until its standard input ends.

``python -m sessionframes.demo.alyx --channels 60000 --row-cost channels=0.0012 --workers 2`` prints one line
of JSON with the addresses, the token, the name and the password. For measurements: the server's threads would
otherwise take turns with those of the client. For every line of its input it prints how often each server was
asked since the last one.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from sessionframes.demo.alyx.server import AlyxServer


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m sessionframes.demo.alyx")
    parser.add_argument("--scale", type=float, default=0.05, help="size of the world")
    parser.add_argument("--sessions", type=int, help="at least so many sessions, by copies")
    parser.add_argument("--channels", type=int, help="at least so many channels, by copies")
    parser.add_argument("--examples", action="store_true", help="odd things too")
    parser.add_argument("--latency", type=float, default=0.0, help="how long each answer takes, in s")
    parser.add_argument("--page-cap", type=int, default=1000, help="most rows of a page, 0 for no maximum")
    parser.add_argument(
        "--row-cost", action="append", default=[], help="ENDPOINT=SECONDS for each of its rows"
    )
    parser.add_argument("--workers", type=int, default=16, help="requests that are worked on at once")
    parser.add_argument("--throttle", type=int, help="requests a user has in a minute")
    asked = parser.parse_args()
    costs = {name: float(cost) for name, _, cost in (one.partition("=") for one in asked.row_cost)}
    with AlyxServer(
        asked.scale,
        sessions=asked.sessions,
        channels=asked.channels,
        examples=asked.examples,
        latency=asked.latency,
        page_cap=asked.page_cap or None,
        row_cost=costs,
        workers=asked.workers,
        throttle=asked.throttle,
    ) as server:
        told = {
            "url": server.url,
            "data_url": server.data_url,
            "token": server.token,
            "username": server.username,
            "password": server.password,
        }
        _print(told)
        for _ in sys.stdin:
            _print({service: len(server.asked(service)) for service in ("alyx", "data")})
            server.reset()


def _print(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
