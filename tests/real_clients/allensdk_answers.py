"""Asks the real AllenSDK. This runs in an environment of its own, so it imports nothing of ours.

The first line of standard input holds the credentials of a LIMS as a JSON object; each one after it a
question, ``{"method": ..., "arguments": {...}}``; with ``"cached": true`` it is one to an EcephysProjectCache
above that LIMS, a new one each time. Each question is answered by one line of JSON: the frame as
``{"index": [...], "index_name": ..., "columns": {name: [...]}}`` with times as ISO text in UTC, or
``{"error": ..., "message": ...}`` with the name of the exception's class.
"""

import json
import sys
import tempfile
from datetime import UTC
from decimal import Decimal
from pathlib import Path


def main():
    # Here, so that whoever only looks through the tests can import this module without AllenSDK.
    from allensdk.brain_observatory.ecephys.ecephys_project_api.ecephys_project_lims_api import (
        EcephysProjectLimsApi,
    )
    from allensdk.core.authentication import DbCredentials

    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the library prints is no answer
    credentials = json.loads(sys.stdin.readline())
    api = EcephysProjectLimsApi.default(lims_credentials=DbCredentials(**credentials))
    for line in sys.stdin:
        question = json.loads(line)
        with tempfile.TemporaryDirectory() as directory:
            asked = _cache(api, directory) if question.get("cached") else api
            print(json.dumps(_answer(asked, question), default=_as_json), file=answers, flush=True)


def _cache(api, directory):
    # Here, because it needs far more of AllenSDK than the API does.
    from allensdk.brain_observatory.ecephys.ecephys_project_cache import EcephysProjectCache

    manifest = str(Path(directory) / "manifest.json")
    return EcephysProjectCache(fetch_api=api, manifest=manifest, fetch_tries=1, stream_writer=print)


def _answer(api, question):
    try:
        frame = getattr(api, question["method"])(**question["arguments"])
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer
        return {"error": type(error).__name__, "message": str(error)}
    # A position and not a name, because names may repeat.
    columns = {str(name): frame.iloc[:, place].tolist() for place, name in enumerate(frame.columns)}
    return {"index": frame.index.tolist(), "index_name": frame.index.name, "columns": columns}


def _as_json(value):
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "tolist"):  # one of NumPy, or an array of such
        return value.tolist()
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    text = value.isoformat()
    return None if text == "NaT" else text


if __name__ == "__main__":
    main()
