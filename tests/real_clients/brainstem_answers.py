"""Asks the real BrainSTEM client. This runs in an environment of its own, so it imports nothing of ours.

The first line of standard input tells where the server is and how to log in, ``{"url": ..., "token": ...}``;
without a token the client of today begins its device login. Each line after it is a call, ``{"method": ...,
"arguments": {...}}``, and is answered by a line of JSON: ``{"status": ..., "text": ...}`` for a response,
``{"value": ...}`` for anything else, or ``{"raised": ..., "message": ...}`` with the name of the exception's
class.
"""

import json
import sys


def main():
    # Here, so that whoever only looks through the tests can import this module without the client.
    import brainstem_api_tools

    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the library prints is no answer
    told = json.loads(sys.stdin.readline())
    client_class = brainstem_api_tools.BrainstemClient
    if hasattr(brainstem_api_tools, "__version__"):
        client_class.DEFAULT_TIMEOUT = told["timeout"]
        client = client_class(token=told["token"], headless=True, url=told["url"])
    else:
        # The address stands in the code of the older one.
        client = client_class(token=told["token"])
        client._address = told["url"] + "/api/"
    for line in sys.stdin:
        print(json.dumps(_answer(client, json.loads(line))), file=answers, flush=True)


def _answer(client, call):
    try:
        told = getattr(client, call["method"])(**call["arguments"])
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer
        return {"raised": type(error).__name__, "message": str(error)}
    if hasattr(told, "status_code"):
        return {"status": told.status_code, "text": told.text}
    return {"value": told}


if __name__ == "__main__":
    main()
