"""A join of all tables against the same by bare merges: ``python -m tests.bench.joins``."""

import statistics
import sys

import numpy as np
import pandas as pd

from sessionframes.frames.join import join
from sessionframes.sources.lims.tables import LimsChannels, LimsProbes, LimsSessions, LimsUnits
from tests.bench.lines import against, parser, seconds, told

ROWS = 1_000_000
WANTED = "<= 1.5"
#: How many there are for each unit.
CHANNELS, PROBES, SESSIONS = 1.2, 0.003, 0.0005
TEXTS = np.array(["VISp", "CA1", "LGd", "good"])


def table(form, rows, chance, ids):
    """A frame of a form, with these ids of the rows above, and numbers as they come."""
    made = {
        "float64": lambda: chance.random(rows),
        "int64": lambda: chance.integers(0, 400, rows),
        "Int64": lambda: pd.array(chance.integers(0, 400, rows), dtype="Int64"),
        "bool": lambda: chance.random(rows) > 0.5,
        "boolean": lambda: pd.array(chance.random(rows) > 0.5, dtype="boolean"),
        "str": lambda: pd.array(TEXTS[chance.integers(len(TEXTS), size=rows)], dtype="str"),
        "datetime64[us, UTC]": lambda: pd.to_datetime(
            chance.integers(0, 10**9, rows), unit="s", utc=True
        ).as_unit("us"),
    }
    dtypes = {name: str(dtype) for name, dtype in form.dtypes().items() if name != form.key_name()}
    index = pd.Index(np.arange(rows) * 7 + 100, name=form.key_name())
    columns = {name: ids[name] if name in ids else made[dtype]() for name, dtype in dtypes.items()}
    return pd.DataFrame(columns, index=index)


def world(rows):
    """Units, channels, probes and sessions; those above in the order of those below."""
    chance = np.random.default_rng(1)
    above, ids = None, {}
    for form, share in (
        (LimsSessions, SESSIONS),
        (LimsProbes, PROBES),
        (LimsChannels, CHANNELS),
        (LimsUnits, 1),
    ):
        count = max(int(rows * share), 1)
        if above is not None:
            places = np.sort(chance.integers(0, len(above), count))
            ids = {name: values[places] for name, values in ids.items()}
            ids[above.index.name] = above.index.to_numpy()[places]
        above = table(form, count, chance, ids)
        yield above


def merged(units, channels, probes, sessions):
    """What a user would write."""
    return (
        units.merge(channels, left_on="channel_id", right_index=True, suffixes=("", "_channel"))
        .merge(probes, left_on="probe_id", right_index=True, suffixes=("", "_probe"))
        .merge(sessions, left_on="session_id", right_index=True, suffixes=("", "_session"))
    )


def fresh(frames):
    """The same frames without what pandas has found out about their keys."""
    return [frame.set_axis(pd.Index(frame.index.to_numpy(), name=frame.index.name)) for frame in frames]


def lines(frames, runs):
    units, *above = frames
    shuffled = units.sample(frac=1, random_state=1)
    for order, rows in (("by session", units), ("in any order", shuffled)):
        ours, theirs = join(rows, *above), merged(rows, *above)
        if not ours.equals(theirs[ours.columns]):
            sys.exit(f"units {order}: other rows than by merges")
        # In turn, so that a busy moment hits both.
        times = [[seconds(call, *fresh([rows, *above])) for call in (join, merged)] for _ in range(runs)]
        medians = [statistics.median(column) for column in zip(*times, strict=True)]
        yield against(f"join of {len(units):,} units {order}, three merges", *medians, WANTED)


def main():
    options = parser("tests.bench.joins", __doc__, runs=7)
    options.add_argument("--rows", type=int, default=ROWS, help="units")
    asked = options.parse_args()
    return told(lines(list(world(asked.rows))[::-1], asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
