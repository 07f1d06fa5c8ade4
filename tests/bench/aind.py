"""1,000 sessions of 40 subjects, against the real client: ``python -m tests.bench.aind``.

Both ask the demo's AIND, which is a process of its own and takes 30 ms longer for each answer. The client is
aind-session 0.3.27 in an environment and a process of its own; its clock stops before its answer is handed
over.

It is asked for the sessions of each subject, and then, of each session, for what is a column of ours: its
record, whether its raw data are uploaded, their asset and folder, and the sorted assets. Told are seconds and
requests.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import sessionframes as sf
from tests.bench.lines import Line, against, parser, seconds, told
from tests.real_clients.aind_client import PYTHON_VERSION, REQUIREMENTS, AindClient, environment
from tests.real_clients.aind_front import Front
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python

#: Beside those of the world there are 1,000 copies, of 40 subjects that the client has no difficulty with.
SESSIONS, LATENCY = 1_012, 0.03
COPIED = "9000"
FASTER, FEWER = ">= 5", ">= 10"
PROPERTIES = ("docdb", "is_uploaded", "raw_data_asset", "raw_data_dir", "ecephys.sorted_data_assets")


class Served:
    """The demo's AIND in a process of its own."""

    def __init__(self, process):
        self._process = process
        self.addresses = json.loads(process.stdout.readline())

    def requests(self):
        """How often it was asked since it was asked this."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return sum(json.loads(self._process.stdout.readline()).values())


@contextmanager
def served(sessions, latency):
    """The demo's AIND in a process of its own."""
    size = ["--sessions", str(sessions), "--latency", str(latency)]
    command = [sys.executable, "-m", "sessionframes.demo.aind", *size]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Served(process)
        finally:
            process.stdin.close()


def connected(addresses):
    """Our connection to the same servers."""
    return sf.connect(
        "aind",
        docdb_url=addresses["docdb_url"],
        codeocean_url=addresses["codeocean_url"],
        codeocean_token=addresses["token"],
        s3_endpoint=addresses["s3_url"],
    )


@contextmanager
def client(python, addresses):
    """The real client."""
    with tempfile.TemporaryDirectory() as home:
        place = Path(home)
        with Front(urlsplit(addresses["docdb_url"]).port, place) as front:
            asked = AindClient(python, environment(addresses, front.url, front.authority, place))
            try:
                yield asked
            finally:
                asked.close()


def theirs(asked, subjects, properties):
    """What the client's answers are, and how many seconds they take."""
    answer = asked.time([f"get_sessions({subject!r})" for subject in subjects])
    found = sorted(session for sessions in answer["value"] for session in sessions)
    calls = [f"Session({session!r}).{name}" for session in found for name in properties]
    # It goes on with what it remembers, as in one program.
    return found, answer["seconds"] + (asked.time(calls, remember=True)["seconds"] if calls else 0.0)


def lines(python, sessions, latency, runs):
    """Two lines, seconds and requests, for the names of sessions only and for all that we tell of them."""
    took = {"ours": [], "names": [], "facts": []}
    counts = {}
    with (
        served(sessions, latency) as demo,
        connected(demo.addresses) as db,
        client(python, demo.addresses) as asked,
    ):
        # Everything is imported and connected before the clock runs, as it is for the other.
        every = db.get_sessions(progress=False)
        copied = every[every["subject_id"].str.startswith(COPIED, na=False)]
        subjects, expected = sorted(copied["subject_id"].unique()), sorted(copied.index)
        asked("get_sessions(999999)")
        demo.requests()
        for _ in range(runs):
            took["ours"].append(seconds(lambda: db.get_sessions(subject_id=subjects, progress=False)))
            counts["ours"] = demo.requests()
            for what, properties in (("names", ()), ("facts", PROPERTIES)):
                found, needed = theirs(asked, subjects, properties)
                if found != expected:
                    sys.exit(f"{len(expected)} sessions here, {len(found)} there")
                took[what].append(needed)
                counts[what] = demo.requests()
    median = {name: statistics.median(some) for name, some in took.items()}
    for what, words in (("names", "their names only"), ("facts", "all columns")):
        name = f"{len(expected):,} sessions, {words}"
        yield against(name, median["ours"], median[what], FASTER)
        ratio = counts[what] / counts["ours"]
        yield Line("  requests", counts["ours"], counts[what], ratio, FEWER, "")


def main():
    options = parser("tests.bench.aind", __doc__, runs=1)
    options.add_argument("--sessions", type=int, default=SESSIONS, help="at least")
    options.add_argument("--latency", type=float, default=LATENCY, help="of each answer, in s")
    asked = options.parse_args()
    try:
        python = isolated_python("aind-session", REQUIREMENTS, version=PYTHON_VERSION)
    except EnvironmentUnavailableError as reason:
        sys.exit(f"the real client cannot be installed here: {reason}")
    return told(lines(python, asked.sessions, asked.latency, asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
