"""The published tables of Visual Coding, put into a LIMS and read back: the values must be the same."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import psycopg
import pytest

import sessionframes as sf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = ("_dg", "_sg", "_ns", "_fl", "_rf", "_dm")


@pytest.fixture(scope="module")
def units(shared_data: Path) -> pd.DataFrame:
    files = sorted((shared_data / "allen_visual_coding" / "units_by_session").glob("*.csv"))
    table = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    return table.sort_values("ecephys_unit_id", ignore_index=True)


@pytest.fixture(scope="module")
def sessions(shared_data: Path) -> pd.DataFrame:
    table = pd.read_csv(shared_data / "allen_visual_coding" / "sessions.csv")
    return table.sort_values("id", ignore_index=True)


@pytest.fixture(scope="module")
def probes(shared_data: Path) -> pd.DataFrame:
    table = pd.read_csv(shared_data / "allen_visual_coding" / "probes.csv")
    return table.sort_values("id", ignore_index=True)


@pytest.fixture
def allen(
    own_lims_url: str, sessions: pd.DataFrame, probes: pd.DataFrame, units: pd.DataFrame
) -> Iterator[sf.Connection]:
    with psycopg.connect(own_lims_url) as connection:
        names = connection.execute(
            "select string_agg(quote_ident(tablename), ',') from pg_tables where schemaname = 'public'"
        ).fetchone()[0]
        connection.execute(f"truncate {names}")
        for table, rows in _as_lims(sessions, probes, units):
            _copy(connection, table, rows)
    with sf.connect("lims", url=own_lims_url) as db:
        yield db


def _as_lims(
    sessions: pd.DataFrame, probes: pd.DataFrame, units: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "genders", pd.DataFrame({"id": [1, 2], "name": ["M", "F"]})
    days = sessions["age_in_days"].drop_duplicates().reset_index(drop=True)
    yield "ages", pd.DataFrame({"id": days.index + 1, "days": days})
    donors = sessions.assign(
        gender_id=sessions["sex"].map({"M": 1, "F": 2}),
        age_id=sessions["age_in_days"].map(dict(zip(days, days.index + 1, strict=True))),
        donor_id=sessions["specimen_id"] + 10**9,
    )
    yield (
        "donors",
        donors[["donor_id", "full_genotype", "gender_id", "age_id"]].rename(columns={"donor_id": "id"}),
    )
    yield "specimens", donors[["specimen_id", "donor_id"]].rename(columns={"specimen_id": "id"})
    yield (
        "ecephys_sessions",
        sessions[["id", "specimen_id", "session_type", "published_at"]]
        .rename(columns={"session_type": "stimulus_name"})
        .assign(habituation=False, workflow_state="uploaded"),
    )
    yield (
        "ecephys_probes",
        probes[["id", "ecephys_session_id", "name", "phase", "sampling_rate", "lfp_sampling_rate"]]
        .rename(
            columns={
                "sampling_rate": "global_probe_sampling_rate",
                "lfp_sampling_rate": "global_probe_lfp_sampling_rate",
            }
        )
        .assign(use_lfp_data=probes["has_lfp_data"], workflow_state="created"),
    )
    channels = units.drop_duplicates("ecephys_channel_id")
    structures = channels.drop_duplicates("ecephys_structure_id")
    yield (
        "structures",
        pd.DataFrame(
            {"id": structures["ecephys_structure_id"], "acronym": structures["ecephys_structure_acronym"]}
        ),
    )
    positions = ["local_index", "probe_vertical_position", "probe_horizontal_position"]
    coordinates = [name for name in channels if name.endswith("_ccf_coordinate")]
    yield (
        "ecephys_channels",
        channels[["ecephys_channel_id", "ecephys_probe_id", "ecephys_structure_id", *positions, *coordinates]]
        .rename(columns={"ecephys_channel_id": "id", "ecephys_structure_id": "manual_structure_id"})
        .assign(valid_data=True),
    )
    own = [name for name in sf.tables.Units.dtypes() if name in units and not name.endswith("_id")]
    yield (
        "ecephys_units",
        units[["ecephys_unit_id", "ecephys_channel_id", "L_ratio", *own]].rename(
            columns={name: name.removeprefix("waveform_") for name in own}
            | {"ecephys_unit_id": "id", "L_ratio": "l_ratio"}
        ),
    )
    session_ids = units["ecephys_session_id"].drop_duplicates()
    yield (
        "ecephys_analysis_runs",
        pd.DataFrame({"id": session_ids, "ecephys_session_id": session_ids, "current": True}),
    )
    yield (
        "ecephys_unit_metric_bundles",
        pd.DataFrame(
            {
                "id": units.index + 1,
                "ecephys_unit_id": units["ecephys_unit_id"],
                "ecephys_analysis_run_id": units["ecephys_session_id"],
                "data": [json.dumps(bundle) for bundle in _bundles(units)],
            }
        ),
    )


def _bundles(units: pd.DataFrame) -> list[dict[str, object]]:
    metrics = units[[name for name in units if name.endswith(SUFFIXES)]]
    return [
        {name: value for name, value in row.items() if not pd.isna(value)}
        for row in metrics.to_dict(orient="records")
    ]


def _copy(connection: psycopg.Connection, table: str, rows: pd.DataFrame) -> None:
    columns = ", ".join(f'"{name}"' for name in rows.columns)
    with connection.cursor().copy(f"copy {table} ({columns}) from stdin (format csv)") as copy:
        buffer = io.StringIO()
        rows.to_csv(buffer, header=False, index=False)
        copy.write(buffer.getvalue())


def _same(ours: pd.Series, published: pd.Series) -> None:
    if published.dtype.kind in "iufb":
        mine = ours.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        np.testing.assert_array_equal(mine, published.to_numpy(dtype=float), err_msg=str(ours.name))
    else:
        assert (
            ours.tolist() == published.tolist() or ours.fillna("").tolist() == published.fillna("").tolist()
        )


def test_sessions(allen: sf.Connection, sessions: pd.DataFrame) -> None:
    frame = allen.get_sessions()
    assert frame.index.tolist() == sessions["id"].tolist()
    _same(frame["genotype"], sessions["full_genotype"])
    for name in ("specimen_id", "session_type", "age_in_days", "sex"):
        _same(frame[name], sessions[name])
    assert frame["published_at"].tolist() == pd.to_datetime(sessions["published_at"], utc=True).tolist()


def test_probes(allen: sf.Connection, probes: pd.DataFrame) -> None:
    frame = allen.get_probes()
    assert frame.index.tolist() == probes["id"].tolist()
    theirs = {"session_id": "ecephys_session_id", "probe_name": "name", "probe_phase": "phase"}
    for name in (
        "session_id",
        "probe_name",
        "probe_phase",
        "sampling_rate",
        "lfp_sampling_rate",
        "has_lfp_data",
    ):
        _same(frame[name], probes[theirs.get(name, name)])


def test_channels_of_units(allen: sf.Connection, units: pd.DataFrame) -> None:
    published = units.drop_duplicates("ecephys_channel_id").sort_values("ecephys_channel_id")
    frame = allen.get_channels()
    assert frame.index.tolist() == published["ecephys_channel_id"].tolist()
    for name in frame:
        for theirs in (name, f"ecephys_{name}"):
            if theirs in published:
                _same(frame[name], published[theirs])


def test_units(allen: sf.Connection, units: pd.DataFrame) -> None:
    frame = allen.get_units()
    assert frame.index.tolist() == units["ecephys_unit_id"].tolist()
    theirs = {"l_ratio": "L_ratio"} | {
        f"{level}_id": f"ecephys_{level}_id" for level in ("channel", "probe", "session")
    }
    compared = [name for name in frame if theirs.get(name, name) in units]
    assert len(compared) == 26
    for name in compared:
        _same(frame[name], units[theirs.get(name, name)])


def test_unit_metrics(allen: sf.Connection, units: pd.DataFrame) -> None:
    frame = allen.get_unit_analysis_metrics()
    assert frame.index.tolist() == units["ecephys_unit_id"].tolist()
    compared = [name for name in units if name.endswith(SUFFIXES)]
    assert set(compared) <= set(frame.columns)
    assert frame["other_metrics"].isna().all()
    for name in compared:
        _same(frame[name], units[name])
