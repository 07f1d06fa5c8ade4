"""Asks the real aind-session. This runs in an environment of its own, so it imports nothing of ours.

Each line of standard input is a call, ``{"ask": "Session('...').is_uploaded"}``, as its documents print it.
It is answered by a line of JSON, ``{"value": ...}``, or ``{"raised": ..., "message": ...}`` with the name of
the exception's class. ``{"time": [...]}`` asks all of a list, and answers with the values and the seconds it
took. Before every line all that it remembers is forgotten, unless there is ``"remember": true``.
"""

import datetime as dt
import functools
import json
import sys
import time


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the library prints is no answer
    # Here, so that whoever only looks through the tests can import this module without the client.
    import aind_session
    import codeocean
    from aind_data_access_api.document_db import MetadataDbClient

    names = {name: getattr(aind_session, name) for name in dir(aind_session)}
    names |= {"aind_session": aind_session, "codeocean": codeocean, "MetadataDbClient": MetadataDbClient}
    names["datetime"] = dt
    for line in sys.stdin:
        told = json.loads(line)
        if not told.get("remember"):
            _forget()
        try:
            if "time" in told:
                began = time.perf_counter()
                values = [eval(call, names) for call in told["time"]]
                answer = {
                    "seconds": time.perf_counter() - began,
                    "value": [_plain(value) for value in values],
                }
            else:
                answer = {"value": _plain(eval(told["ask"], names))}
        except Exception as error:  # noqa: BLE001  whatever it raises is its answer
            answer = {"raised": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), file=answers, flush=True)


def _forget():
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").partition(".")[0] == "aind_session":
            for one in list(vars(module).values()):
                for remembered in (one, *(getattr(one, name, None) for name in _own_names(one))):
                    if isinstance(remembered, functools._lru_cache_wrapper):
                        remembered.cache_clear()


def _own_names(one):
    return list(vars(one)) if isinstance(one, type) else []


def _plain(value):
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if hasattr(value, "id"):
        return value.id
    if hasattr(value, "as_posix"):
        return value.as_posix()
    if hasattr(value, "isoformat") and not isinstance(value, str):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


if __name__ == "__main__":
    main()
