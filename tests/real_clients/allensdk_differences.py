"""What we do otherwise than AllenSDK on purpose, each taken back by a function that says why.

Rows are dictionaries here, under their ids; null is None, whether it came as NaN, NaT, NA or None.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection

Row = dict[str, Any]
Rows = dict[int, Row]

_WAVEFORM = (
    "duration",
    "halfwidth",
    "PT_ratio",
    "repolarization_slope",
    "recovery_slope",
    "amplitude",
    "spread",
    "velocity_above",
    "velocity_below",
)
#: Our name → AllenSDK's, where they differ. Our names still tell what they are of once frames are joined.
_THEIR_NAMES = {
    "sessions": {"start_time": "date_of_acquisition"},
    "probes": {"session_id": "ecephys_session_id", "probe_name": "name", "probe_phase": "phase"},
    "channels": {
        "probe_id": "ecephys_probe_id",
        "structure_id": "ecephys_structure_id",
        "structure_acronym": "ecephys_structure_acronym",
    },
    "units": {"channel_id": "ecephys_channel_id", **{f"waveform_{name}": name for name in _WAVEFORM}},
    "unit_metrics": {},
}
#: What only we tell: ids of all ancestors, so that frames join as they are; LIMS's marks of what is usable.
_OURS_ALONE = {
    "sessions": {"subject_id", "habituation", "session_workflow_state", "session_usable"},
    "probes": {"probe_workflow_state", "probe_usable"},
    "channels": {"session_id", "valid_data", "channel_usable"},
    "units": {"probe_id", "session_id", "unit_usable"},
    "unit_metrics": {"channel_id", "probe_id", "session_id"},
}

#: Of sessions whose donor has no age or sex.
INCOMPLETE = (
    "select s.id from ecephys_sessions s left join specimens p on p.id = s.specimen_id"
    " left join donors d on d.id = p.donor_id where d.age_id is null or d.gender_id is null"
)


def their_rows(answer: dict[str, Any]) -> list[tuple[int, Row]]:
    """The rows of an answer of AllenSDK, in its order."""
    assert "error" not in answer, answer
    names = list(answer["columns"])
    columns = [[_without_nan(value) for value in values] for values in answer["columns"].values()]
    rows = zip(*columns, strict=True) if columns else ((),) * len(answer["index"])
    return [(key, dict(zip(names, row, strict=True))) for key, row in zip(answer["index"], rows, strict=True)]


def our_rows(frame: pd.DataFrame, table: str) -> Rows:
    """The rows of a frame of ours under AllenSDK's names, without what only we tell."""
    assert frame.index.is_unique
    # Undone: AllenSDK's order is whatever the server came upon first.
    assert frame.index.is_monotonic_increasing
    frame = frame.drop(columns=list(_OURS_ALONE[table])).rename(columns=_THEIR_NAMES[table])
    columns = [[_plain(value) for value in frame[name].tolist()] for name in frame.columns]
    rows = zip(*columns, strict=True)
    return {
        key: dict(zip(frame.columns, row, strict=True))
        for key, row in zip(frame.index.tolist(), rows, strict=True)
    }


def _without_nan(value: Any) -> Any:
    # Undone: whether AllenSDK tells a null as NaN or as None depends on the other rows.
    return None if isinstance(value, float) and math.isnan(value) else value


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if not isinstance(value, pd.Timestamp):
        return value
    # Undone: our times tell that they are UTC, AllenSDK's leave it open.
    return value.tz_convert("UTC").tz_localize(None).isoformat()


def undo_whole_day(published_at: str) -> datetime:
    """A bare date includes its whole day with us; AllenSDK takes it for the midnight at its start."""
    return datetime.fromisoformat(published_at).replace(tzinfo=UTC)


def undo_one_row_per_session(theirs: list[tuple[int, Row]]) -> Rows:
    """AllenSDK tells a session once for each packaged file; the rows are equal, so we tell it once."""
    rows: Rows = {}
    for key, row in theirs:
        assert rows.setdefault(key, row) == row
    return rows


def undo_kept_sessions(ours: Rows, incomplete: Collection[int]) -> Rows:
    """AllenSDK loses sessions of donors without age or sex, though it tells of their probes; we keep them."""
    for key in ours.keys() & set(incomplete):
        assert ours[key]["sex"] is None or ours[key]["age_in_days"] is None
    return {key: row for key, row in ours.items() if key not in incomplete}


def undo_kept_empty_bundles(ours: Rows, empty: Collection[int]) -> Rows:
    """AllenSDK cannot read bundles that are null, so is not asked for them; we tell their units, all null."""
    for key in ours.keys() & set(empty):
        assert set(ours[key].values()) == {None}
    return {key: row for key, row in ours.items() if key not in empty}


def undo_other_metrics(row: Row) -> Row:
    """Our columns are the same for every question; what has none goes to one of its own, as JSON."""
    known = {name: value for name, value in row.items() if name != "other_metrics"}
    other: Row = json.loads(row["other_metrics"] or "{}")
    assert all(known.get(name) is None for name in other)
    return known | other


def undo_unswapping(row: Row) -> Row:
    """Some bundles have these two under each other's name; we put that right, AllenSDK hands it on."""
    if not isinstance(row.get("p_value_rf"), bool):
        return row
    return {**row, "p_value_rf": row["on_screen_rf"], "on_screen_rf": row["p_value_rf"]}


def undo_columns(row: Row) -> Row:
    """AllenSDK's columns are whatever keys the bundles had; ours are fixed, and null where a key was not."""
    return {name: value for name, value in row.items() if value is not None}


def unique_rows(theirs: list[tuple[int, Row]]) -> Rows:
    """The rows under their ids, none of which may come twice."""
    rows = dict(theirs)
    assert len(rows) == len(theirs)
    return rows


def assert_same(ours: Rows, theirs: Rows) -> None:
    """Fail where a row, a column or a value differs, exactly."""
    assert list(ours) == sorted(theirs)
    for key, row in theirs.items():
        assert set(ours[key]) == set(row), key
        different = {
            name: {"ours": ours[key][name], "theirs": value}
            for name, value in row.items()
            if not _same(ours[key][name], value)
        }
        assert not different, key


def _same(ours: Any, theirs: Any) -> bool:
    # A flag is no number, though Python takes True for 1; 118 and 118.0 are one number.
    return isinstance(ours, bool) == isinstance(theirs, bool) and bool(ours == theirs)
