"""5,000 sessions and what lies around them, against the real client: ``python -m tests.bench.brainstem``.

Both ask the demo's BrainSTEM, which is a process of its own and takes 20 ms longer for each answer. The
client is brainstem-python-api-tools 2.0.0 in an environment and a process of its own; its clock stops before
its answer is handed over.

Its ``load_all`` cannot have records come along: it takes the first list of an answer for that of the sessions
(tests/real_clients/test_brainstem.py shows what comes of it). So it loads sessions, projects, subjects and
data acquisitions, one after the other. Told are two ratios: to our sessions with all their columns, which
lead through data acquisitions, behaviors, manipulations and procedures to the subjects, and our projects; and
to our tables of the same four models.
"""

import json
import statistics
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import sessionframes as sf
from sessionframes.sources.brainstem.columns import origins
from tests.bench import load_all
from tests.bench.lines import against, parser, seconds, told
from tests.real_clients.brainstem_client import PYTHON_VERSION, VERSIONS, requirements
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python

SESSIONS, LATENCY = 5_000, 0.02
WANTED = ">= 3"
MODELS = ("session", "project", "subject", "dataacquisition")
#: Columns of sessions that no other record is needed for.
OWN = [*origins("session"), "other_fields"]


@contextmanager
def served(sessions, latency):
    """The demo's BrainSTEM in a process of its own: its address and an administrator's token."""
    size = ["--sessions", str(sessions), "--latency", str(latency), "--paging", "limit-offset"]
    command = [sys.executable, "-m", "sessionframes.demo.brainstem", *size]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(process.stdout.readline())
            yield told["url"], told["tokens"]["administrator"]
        finally:
            process.stdin.close()


def real_client():
    """The interpreter of the real client's environment."""
    name = f"brainstem-{VERSIONS[0].replace('.', '-')}"
    return isolated_python(name, requirements(VERSIONS[0]), version=PYTHON_VERSION)


def theirs(python, url, token):
    """How long the real client takes, in s, and how many records of each model it has then."""
    # -I: neither our directory nor PYTHONPATH may lend it modules of ours.
    command = [python, "-I", Path(load_all.__file__), url, token, *MODELS]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told["seconds"], told["counts"]


def around(db):
    """Sessions with all their columns, and projects."""
    return {"session": db.get_sessions(progress=False), "project": db.get_projects(progress=False)}


def four_tables(db):
    """Sessions with the columns that are their own, and the tables of the other three models."""
    return {
        "session": db.get_sessions(columns=OWN, progress=False),
        "project": db.get_projects(progress=False),
        "subject": db.get_subjects(progress=False),
        "dataacquisition": db.get("dataacquisition", progress=False),
    }


def lines(python, sessions, latency, runs):
    """One line for each of ours; the runs are interleaved, so that a busy moment hits all."""
    calls = {"sessions and what is around, projects": around, "the same four tables": four_tables}
    times = {name: [] for name in ("load_all", *calls)}
    with served(sessions, latency) as (url, token), sf.connect("brainstem", url=url, token=token) as db:
        # Everything is imported and connected before the clock runs, as it is for the other.
        db.get_sessions(limit=1, progress=False)
        counts = {name: {model: len(one) for model, one in call(db).items()} for name, call in calls.items()}
        for _ in range(runs):
            took, found = theirs(python, url, token)
            times["load_all"].append(took)
            for name, call in calls.items():
                if not counts[name].items() <= found.items():
                    sys.exit(f"{name}: {counts[name]} records, load_all has {found}")
                times[name].append(seconds(call, db))
    median = {name: statistics.median(some) for name, some in times.items()}
    for name in calls:
        yield against(f"{found['session']:,} {name}", median[name], median["load_all"], WANTED)


def main():
    options = parser("tests.bench.brainstem", __doc__, runs=5)
    options.add_argument("--sessions", type=int, default=SESSIONS, help="at least")
    options.add_argument("--latency", type=float, default=LATENCY, help="of each answer, in s")
    asked = options.parse_args()
    try:
        python = real_client()
    except EnvironmentUnavailableError as reason:
        sys.exit(f"the real client cannot be installed here: {reason}")
    return told(lines(python, asked.sessions, asked.latency, asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
