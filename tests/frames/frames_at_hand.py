"""Small frames of every table, as sources give them, and the same rows in plain Python to reckon with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from sessionframes.frames.provenance import attach, describe_origin
from sessionframes.query import Query
from sessionframes.sources.lims.tables import (
    LimsChannels,
    LimsProbes,
    LimsSessions,
    LimsUnitMetrics,
    LimsUnits,
)
from sessionframes.tables import Channels, Probes, Sessions, UnitMetrics, Units


class TextSessions(Sessions, ids="str"):
    """Sessions whose ids are text."""


class TextProbes(Probes, ids="str"):
    """Probes whose ids are text."""


class TextChannels(Channels, ids="str"):
    """Channels whose ids are text."""


class TextUnits(Units, ids="str"):
    """Units whose ids are text."""


class TextUnitMetrics(UnitMetrics, ids="str"):
    """Metrics of units whose ids are text."""


FORMS = {
    "int64": {
        form.table_name(): form
        for form in (LimsSessions, LimsProbes, LimsChannels, LimsUnits, LimsUnitMetrics)
    },
    "str": {
        form.table_name(): form
        for form in (TextSessions, TextProbes, TextChannels, TextUnits, TextUnitMetrics)
    },
}
KEYS = {
    "sessions": "session_id",
    "probes": "probe_id",
    "channels": "channel_id",
    "units": "unit_id",
    "unit_metrics": "unit_id",
}
DEPTHS = {"session_id": 0, "probe_id": 1, "channel_id": 2, "unit_id": 3}
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
#: Of every kind of column some, each with values that its table allows.
VALUES: dict[str, dict[str, Any]] = {
    "sessions": {
        "session_type": st.sampled_from([None, "odd", "even é"]),
        "age_in_days": st.sampled_from([None, 0.0, 100.5]),
        "start_time": st.sampled_from([None, BEGAN, BEGAN + timedelta(microseconds=1)]),
    },
    "probes": {
        "probe_name": st.sampled_from([None, "probeA", "probeB"]),
        "sampling_rate": st.sampled_from([None, 30_000.0]),
    },
    "channels": {
        "local_index": st.sampled_from([None, 0, 1, 383]),
        "structure_acronym": st.sampled_from([None, "VISp", "root"]),
        "probe_vertical_position": st.sampled_from([None, 20.0, -0.0]),
    },
    "units": {"snr": st.sampled_from([None, 1.5, 2.5]), "quality": st.sampled_from([None, "good", "noise"])},
    "unit_metrics": {
        "g_osi_dg": st.sampled_from([None, 0.25]),
        "on_screen_rf": st.sampled_from([None, True, False]),
    },
}
#: What only LIMS has: flags that are never null.
OWN = {"sessions": "has_nwb", "probes": "probe_usable", "channels": "channel_usable", "units": "unit_usable"}
#: Of users' own making.
THEIRS = {
    "mark": ("int64", st.integers(-(2**63), 2**63 - 1)),
    "small": ("uint8", st.integers(0, 255)),
    "is_mine": ("bool", st.booleans()),
    "note": ("object", st.sampled_from([None, "a", 1, (1, 2)])),
    "colour": (pd.CategoricalDtype(["red", "blue"]), st.sampled_from([None, "red", "blue"])),
    7: ("float64", st.sampled_from([None, 0.5])),
}


@dataclass
class Hand:
    """A frame of a table, in plain Python.

    Parameters
    ----------
    table : str
        Which.
    ids : str
        Dtype of its ids.
    columns : dict
        Name → pandas dtype, in their order.
    rows : dict
        Key → name → value; None for null.
    tells : bool
        Whether the frame tells where it came from.
    """

    table: str
    ids: str
    columns: dict[Any, Any]
    rows: dict[Any, dict[Any, Any]]
    tells: bool = True

    @property
    def key(self) -> str:
        return KEYS[self.table]

    @property
    def known_as(self) -> str:
        """The table that it is taken for: ids alone do not tell metrics from units."""
        is_bare = not self.tells and not set(self.columns) & set(VALUES["unit_metrics"])
        return "units" if self.table == "unit_metrics" and is_bare else self.table

    @property
    def form(self):
        return FORMS[self.ids][self.table]

    def frame(self) -> pd.DataFrame:
        index = pd.Index(list(self.rows), dtype=self.form.dtypes()[self.key], name=self.key)
        columns = {
            name: pd.Series([row[name] for row in self.rows.values()], index=index, dtype=dtype)
            for name, dtype in self.columns.items()
        }
        frame = pd.DataFrame(columns, index=index)
        if self.tells:
            attach(frame, describe_origin("lims", "memory://", Query(self.form)))
        return frame


@dataclass
class Outcome:
    """What a join of hands is to give."""

    base: Hand
    order: list[Hand]
    rows: dict[Any, dict[Any, Any]] = field(default_factory=dict)
    #: Name → whose it is, in their order.
    columns: dict[Any, Hand] = field(default_factory=dict)
    #: Table → keys of the rows that found nothing there.
    orphans: dict[str, list[Any]] = field(default_factory=dict)
    #: Columns about which two of them disagree.
    disagreements: set[Any] = field(default_factory=set)


def reckoned(hands: list[Hand], orphans: str) -> Outcome | None:
    """Join row by row; None if no hand reaches all others."""
    for base in hands:
        order = _order(base, [hand for hand in hands if hand is not base])
        if order is not None:
            break
    else:
        return None
    told = Outcome(base, order)
    told.rows = {key: dict(row) for key, row in base.rows.items()}
    told.columns = dict.fromkeys(base.columns, base)
    for hand in order:
        _add(told, hand, orphans)
    return told


def _order(base: Hand, others: list[Hand]) -> list[Hand] | None:
    carried, order = {base.key, *base.columns}, []
    waiting = sorted(others, key=lambda hand: -DEPTHS[hand.key])
    while waiting:
        reachable = [hand for hand in waiting if hand.key in carried]
        if not reachable:
            return None
        order.append(reachable[0])
        waiting = [hand for hand in waiting if hand is not reachable[0]]
        carried |= {*reachable[0].columns}
    return order


def _add(told: Outcome, hand: Hand, orphans: str) -> None:
    lost = []
    for key, row in told.rows.items():
        found = hand.rows.get(key if hand.key == told.base.key else row[hand.key])
        if found is None:
            lost.append(key)
        for name in hand.columns:
            value = None if found is None else found[name]
            if name not in told.columns:
                row[name] = value
            elif found is not None and row[name] != value:
                told.disagreements.add(name)
    if lost:
        known = told.orphans.setdefault(hand.known_as, [])
        known += [key for key in lost if key not in known]
    if orphans == "drop":
        told.rows = {key: row for key, row in told.rows.items() if key not in set(lost)}
    told.columns |= {name: hand for name in hand.columns if name not in told.columns}


@st.composite
def hands(draw: Any) -> list[Hand]:
    """Frames of one small world: some columns, some rows, in any order, some of them with other ideas."""
    ids = draw(st.sampled_from(["int64", "str"]))
    whole = _world(draw, ids)
    chosen = draw(st.permutations(list(whole)))[: draw(st.integers(1, len(whole)))]
    return [_narrowed(draw, whole[table]) for table in chosen]


def _world(draw: Any, ids: str) -> dict[str, Hand]:
    """A row of every table for each id, with the ids of those above it."""
    whole: dict[str, Hand] = {}
    above: dict[Any, dict[str, Any]] = {None: {}}
    last = ""
    for table in ("sessions", "probes", "channels", "units"):
        parents = list(above)
        keys = draw(st.permutations(range(10, 10 + draw(st.integers(1, 4)))))
        rows = {}
        for number in keys:
            parent = draw(st.sampled_from(parents))
            carried = above[parent] if parent is None else {**above[parent], last: parent}
            rows[number if ids == "int64" else f"{table} {number}"] = carried
        whole[table] = _filled(draw, table, ids, rows)
        above, last = rows, KEYS[table]
    metrics = {key: dict(row) for key, row in above.items()}
    whole["unit_metrics"] = _filled(draw, "unit_metrics", ids, metrics)
    return whole


def _filled(draw: Any, table: str, ids: str, carried: dict[Any, dict[str, Any]]) -> Hand:
    form = FORMS[ids][table]
    declared = dict(VALUES[table])
    if ids == "int64" and table in OWN:
        declared[OWN[table]] = st.booleans()
    names = [name for name in KEYS.values() if any(name in row for row in carried.values())]
    columns = {name: form.dtypes()[name] for name in (*dict.fromkeys(names), *declared)}
    rows = {
        key: {**row, **{name: draw(values) for name, values in declared.items()}}
        for key, row in carried.items()
    }
    return Hand(table, ids, columns, rows, tells=draw(st.booleans()))


def _narrowed(draw: Any, hand: Hand) -> Hand:
    """Leave out some rows and columns, and add some of the user's own, or of another opinion."""
    share = draw(st.sampled_from([0, 0.3]))
    rows = {key: dict(row) for key, row in hand.rows.items() if draw(st.floats(0, 1)) >= share}
    dropped = draw(st.sets(st.sampled_from(list(hand.columns)), max_size=2))
    columns = {name: dtype for name, dtype in hand.columns.items() if name not in dropped}
    for name, (dtype, values) in THEIRS.items():
        if draw(st.integers(0, 9)) == 9:
            columns[name] = dtype
            shared = draw(values)
            for row in rows.values():
                row[name] = draw(values) if draw(st.integers(0, 9)) == 9 else shared
    order = draw(st.permutations(list(columns)))
    rows = {key: {name: row[name] for name in order} for key, row in rows.items()}
    return replace(hand, columns={name: columns[name] for name in order}, rows=rows)
