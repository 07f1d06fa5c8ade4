"""Times ``load_all`` of the real BrainSTEM client. This runs in its environment: it imports nothing of ours.

``python load_all.py URL TOKEN MODEL ...`` prints JSON: how long it took, in s, and the records per model.
"""

import json
import sys
import time


def main():
    import brainstem_api_tools

    url, token, *models = sys.argv[1:]
    client = brainstem_api_tools.BrainstemClient(token=token, headless=True, url=url)
    start = time.perf_counter()
    found = [client.load(model, sort=["id"], limit=100, load_all=True) for model in models]
    seconds = time.perf_counter() - start
    # Of one list each, beside what is told of the page.
    lists = [next(value for value in one.values() if isinstance(value, list)) for one in found]
    counts = dict(zip(models, map(len, lists), strict=True))
    sys.stdout.write(json.dumps({"seconds": seconds, "counts": counts}))


if __name__ == "__main__":
    main()
