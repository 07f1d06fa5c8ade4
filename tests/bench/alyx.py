"""60,000 channels, against ONE and against four plain clients: ``python -m tests.bench.alyx``.

All ask the demo's Alyx, which is a process of its own, works on four requests at a time, and takes 1.2 ms for
each row, as a real one does. ONE is that of ``tests/real_clients``, asked for pages as large as the server
gives; the plain clients are four of curl, which fetch the very pages that we do and throw them away. All are
in processes of their own, where everything is imported and connected before the clock runs. Told are seconds,
processor seconds, and how much memory grew: with all our columns, which tell of probes and sessions too, and
with those that ONE's frame has, of which the last bounds are.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from sessionframes.sources.alyx.slices import query_of, slices_of
from tests.bench.lines import Line, against, parser, told
from tests.bench.measure import told_of
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python
from tests.real_clients.one_client import PYTHON_VERSION, REQUIREMENTS, OneClient

CHANNELS, ROW_COST, WORKERS = 60_000, 0.0012, 4
FASTER, SLOWER, PROCESSOR, MEMORY = ">= 2.8", "<= 1.1", "<= 0.6", "<= 0.5"
_PAGE = 1000
#: What ONE's frame has beside the id.
SAME = (
    *("trajectory_id", "structure_id", "channel_name", "channel_json"),
    *("probe_vertical_position", "probe_horizontal_position", "mediolateral_bregma_coordinate"),
    *("anteroposterior_bregma_coordinate", "dorsoventral_bregma_coordinate"),
)


@contextmanager
def served(channels, row_cost, workers):
    """The demo's Alyx in a process of its own: its addresses and who may ask."""
    size = ["--channels", str(channels), "--row-cost", f"channels={row_cost}", "--workers", str(workers)]
    command = [sys.executable, "-m", "sessionframes.demo.alyx", *size]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def ours(demo, columns=None):
    """Our frame, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.alyx", "--child", json.dumps([demo, columns])]
    # What it says on the way is worth reading.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def child(demo, columns):
    """Ask for all channels, and write what it took."""
    import sessionframes as sf
    from tests.bench.measure import timed

    with sf.connect("alyx", url=demo["url"], username=demo["username"], password=demo["password"]) as db:
        # Everything is imported and connected before the clock runs, as it is for the others.
        db.get_channels(probe_ids=db.get_probes(limit=1, progress=False), progress=False)
        result, frame = timed(lambda: db.get_channels(columns=columns, progress=False))
    sys.stdout.write(json.dumps(result | told_of(frame)))


def theirs(python, demo):
    """ONE's frame, in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        asked = OneClient(python, demo, Path(home))
        try:
            first = {"args": ["insertions", "list"], "kwargs": {"limit": _PAGE}}
            asked.answer({"call": "alyx.rest", "measure": True, **first})
            call = {"call": "alyx.rest", "args": ["channels", "list"], "measure": True}
            return asked.answer({**call, "kwargs": {"limit": _PAGE, "no_cache": True}})
        finally:
            asked.close()


def plain(demo, channels):
    """How long four of curl take for the same pages."""
    pages = [query_of((("django", ",".join(one.terms("id"))),)) for one in slices_of(channels, _PAGE)]
    urls = [f"{demo['url']}/channels?{page}&limit={_PAGE}" for page in pages]
    with tempfile.TemporaryDirectory() as place:
        commands = []
        for number in range(WORKERS):
            told_urls = Path(place) / f"urls{number}"
            lines = [f'url = "{url}"\noutput = "{os.devnull}"' for url in urls[number::WORKERS]]
            told_urls.write_text("\n".join(lines), encoding="utf-8")
            header = f"Authorization: Token {demo['token']}"
            commands.append(
                ["curl", "-sSfg", "-H", header, "-H", "Accept: application/json", "-K", told_urls]
            )
        start = time.perf_counter()
        running = [subprocess.Popen(command) for command in commands]
        if any([process.wait() for process in running]):  # noqa: C419  all are awaited
            sys.exit("curl did not get all pages")
        return time.perf_counter() - start


def lines(python, channels, row_cost, runs):
    """Six lines: seconds against both, processor seconds and memory against ONE."""
    found = {"ours": [], "same": [], "theirs": [], "plain": []}
    with served(channels, row_cost, WORKERS) as demo:
        for _ in range(runs):
            found["ours"].append(ours(demo))
            found["plain"].append({"seconds": plain(demo, channels)} if shutil.which("curl") else {})
            found["same"].append(ours(demo, SAME))
            found["theirs"].append(theirs(python, demo))
    rows = {name: {one["rows"] for one in found[name]} for name in ("ours", "theirs")}
    if min(rows["theirs"]) < channels or min(rows["ours"]) < channels * 0.9:
        sys.exit(f"{rows['ours']} channels here, {rows['theirs']} there")

    def median(who, what):
        return statistics.median(one[what] for one in found[who])

    name = f"{channels:,} channels,"
    yield against(f"{name} ONE", median("ours", "seconds"), median("theirs", "seconds"), FASTER)
    if all(found["plain"]):
        yield against(
            f"{name} four of curl, same pages", median("ours", "seconds"), median("plain", "seconds"), SLOWER
        )
    for who, columns, wanted in (("ours", "all our columns", "<= 1"), ("same", "ONE's columns", PROCESSOR)):
        yield against(
            f"  processor time, {columns}, ONE", median(who, "cpu"), median("theirs", "cpu"), wanted
        )
    whole, same, other = (median(who, "above") for who in ("ours", "same", "theirs"))
    yield Line("  memory grown, all our columns, ONE", whole, other, whole / other, "<= 1", "MiB")
    yield Line("  memory grown, ONE's columns, ONE", same, other, same / other, MEMORY, "MiB")


def main():
    options = parser("tests.bench.alyx", __doc__, runs=1)
    options.add_argument("--channels", type=int, default=CHANNELS, help="at least")
    options.add_argument("--row-cost", type=float, default=ROW_COST, help="of the server, in s")
    options.add_argument("--child", help="for its own use")
    asked = options.parse_args()
    if asked.child:
        return child(*json.loads(asked.child))
    try:
        python = isolated_python("one", REQUIREMENTS, version=PYTHON_VERSION)
    except EnvironmentUnavailableError as reason:
        sys.exit(f"the real client cannot be installed here: {reason}")
    return told(lines(python, asked.channels, asked.row_cost, asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
