"""Asks the real ONE. This runs in an environment of its own, so it imports nothing of ours.

The first line of standard input tells where the server is and how to log in: ``{"url": ..., "username": ...,
"password": ..., "data_url": ..., "folder": ...}``. Each line after it is a call of an attribute of ONE,
``{"call": "alyx.rest", "args": [...], "kwargs": {...}}``, and is answered by a line of JSON: ``{"value": ...,
"kind": ...}`` with the name of the value's class, or ``{"raised": ..., "message": ...}``. With ``"measure":
true`` what is listed becomes a frame, and the answer has ``rows``, ``seconds``, ``cpu``, and ``above`` and
``frame`` in MiB in place of a value.
"""

import json
import sys
import time
from pathlib import Path

_MIB = 1 << 20


def main():
    # Here, so that whoever only looks through the tests can import this module without the client.
    from one import params
    from one.api import ONE

    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the library prints is no answer
    told = json.loads(sys.stdin.readline())
    params.setup(client=told["url"], silent=True, username=told["username"], cache_dir=told["folder"])
    kept = params.get(client=told["url"], silent=True).set("HTTP_DATA_SERVER", told["data_url"])
    kept = kept.set("HTTP_DATA_SERVER_LOGIN", told.get("data_username"))
    params.save(kept.set("HTTP_DATA_SERVER_PWD", told.get("data_password")), told["url"])
    asked = ONE(
        base_url=told["url"],
        username=told["username"],
        password=told["password"],
        cache_dir=told["folder"],
        silent=True,
    )
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps(_answer(asked, call), default=str), file=answers, flush=True)


def _answer(asked, call):
    target = asked
    for name in call["call"].split("."):
        target = getattr(target, name)
    args, kwargs = call.get("args", []), call.get("kwargs", {})
    try:
        if call.get("measure"):
            return _measured(target, args, kwargs)
        value = target(*args, **kwargs) if callable(target) else target
        return {"value": _plain(value), "kind": type(value).__name__}
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer
        return {"raised": type(error).__name__, "message": str(error)}


def _measured(target, args, kwargs):
    """How long it takes to list something as a frame, and how much memory."""
    import pandas as pd

    before = _memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    frame = pd.DataFrame(list(target(*args, **kwargs)))
    told = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    above = (_memory("VmHWM") - before) / _MIB
    return {**told, "above": above, "frame": frame.memory_usage(deep=True).sum() / _MIB, "rows": len(frame)}


def _memory(name):
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict())
    # ONE's list of pages calls itself a mapping, and is none.
    if not isinstance(value, str | bytes) and hasattr(value, "__iter__"):
        return [_plain(item) for item in value]
    return value


if __name__ == "__main__":
    main()
