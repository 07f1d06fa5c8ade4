"""Every system that the demo world can be asked through, and how its ids are told from the world's."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

import sessionframes as sf
from sessionframes.demo import aind, alyx, brainstem
from sessionframes.demo.world import make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sessionframes.demo.world import World


@dataclass(frozen=True)
class Wire:
    """How the demo world is asked through one source.

    Parameters
    ----------
    open : callable
        From the URL of the demo's LIMS and a directory for files to an open connection.
    everything : mapping
        Arguments by which every row of the world comes, of use or not.
    own_id : callable
        From a table's key, such as "unit_id", and an id of the world to the text of the source's id.
    lacks : mapping
        By table, the core columns that this source knows nothing of.
    always : mapping
        By table, the core columns that this source always tells, be it by guessing: where the world knows
        nothing, anything will do.
    otherwise : mapping
        By table and column, what becomes of the world's values, indexed by this source's ids, where it tells
        less, or measures otherwise.
    asks_lims : bool
        Whether it stands on the demo's LIMS, of which there are two.
    """

    open: Callable[[str, Path], AbstractContextManager[sf.Connection]]
    everything: Mapping[str, Any] = field(default_factory=dict)
    own_id: Callable[[str, int], str] = lambda _, number: str(number)
    lacks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    always: Mapping[str, frozenset[str]] = field(default_factory=dict)
    otherwise: Mapping[str, Mapping[str, Callable[[pd.Series[Any]], pd.Series[Any]]]] = field(
        default_factory=dict
    )
    asks_lims: bool = False


@contextmanager
def _lims(url: str, _: Path) -> Iterator[sf.Connection]:
    with sf.connect("lims", url=url) as db:
        yield db


@contextmanager
def _snapshot(url: str, folder: Path) -> Iterator[sf.Connection]:
    with sf.connect("lims", url=url) as db:
        db.export(folder / "snapshot", include_unusable=True, progress=False)
    with sf.connect(folder / "snapshot") as db:
        yield db


@cache
def _world() -> World:
    # As the LIMS of the tests was made.
    return make_world(0.05)


@contextmanager
def _brainstem(_: str, __: Path) -> Iterator[sf.Connection]:
    with brainstem.BrainstemServer(_world()) as server:
        token = server.tokens["administrator"]
        with sf.connect("brainstem", url=server.url, token=token) as db:
            yield db


def _brainstem_id(key: str, number: int) -> str:
    return brainstem.own_id(_world(), key, number)


@contextmanager
def _aind(_: str, __: Path) -> Iterator[sf.Connection]:
    # Without the examples, which are of no world; nobody needs a key for S3.
    server = aind.AindServer(_world(), examples=False, private=())
    with (
        server,
        sf.connect(
            "aind",
            docdb_url=server.docdb_url,
            codeocean_url=server.codeocean_url,
            codeocean_token=server.token,
            s3_endpoint=server.s3_url,
            s3_anonymous=True,
        ) as db,
    ):
        yield db


def _aind_id(key: str, number: int) -> str:
    return aind.own_id(_world(), key, number)


@contextmanager
def _alyx(_: str, __: Path) -> Iterator[sf.Connection]:
    # Without the examples, which are of no world.
    with (
        alyx.AlyxServer(_world()) as server,
        sf.connect("alyx", url=server.url, username=server.username, password=server.password) as db,
    ):
        yield db


def _alyx_id(key: str, number: int) -> str:
    return alyx.own_id(_world(), key, number)


def _only_good(quality: pd.Series[Any]) -> pd.Series[Any]:
    return quality.where(quality == "good")


def _ages_on_the_day(ages: pd.Series[Any]) -> pd.Series[Any]:
    born = {row["subject_id"]: row["date_of_birth"] for row in _world().subjects.to_pylist()}
    days = {
        _alyx_id("session_id", row["session_id"]): (row["start_time"].date() - born[row["subject_id"]]).days
        for row in _world().sessions.to_pylist()
        if row["start_time"] is not None
    }
    return pd.Series([days.get(one) for one in ages.index], ages.index, ages.dtype, ages.name)


#: By the name of the source; one that is not here fails the test of it.
WIRES = {
    "alyx": Wire(
        _alyx,
        own_id=_alyx_id,
        lacks={
            "probes": frozenset({"sampling_rate", "lfp_sampling_rate"}),
            # IBL measures other things.
            "units": frozenset(
                {
                    *("snr", "isi_violations", "isolation_distance", "l_ratio", "d_prime", "nn_hit_rate"),
                    *("nn_miss_rate", "silhouette_score", "max_drift", "cumulative_drift"),
                    *(
                        f"waveform_{name}"
                        for name in (
                            *("halfwidth", "PT_ratio", "repolarization_slope", "recovery_slope", "spread"),
                            *("velocity_above", "velocity_below"),
                        )
                    ),
                }
            ),
        },
        otherwise={
            # What the world tells is one age per animal; here is a day of birth, and each session's day.
            "sessions": {"age_in_days": _ages_on_the_day},
            # What is not good may be anything.
            "units": {"quality": _only_good},
        },
    ),
    "aind": Wire(
        _aind,
        own_id=_aind_id,
        lacks={
            # As in BrainSTEM.
            "sessions": frozenset({"age_in_days"}),
            "probes": frozenset({"sampling_rate", "lfp_sampling_rate"}),
            "units": frozenset({"cumulative_drift"}),
            "assets": frozenset({"checksum"}),
        },
        # A name has a time.
        always={"sessions": frozenset({"start_time"})},
    ),
    "brainstem": Wire(
        _brainstem,
        own_id=_brainstem_id,
        lacks={
            # What the world tells is one age per animal, whatever the session; here is a day of birth.
            "sessions": frozenset({"age_in_days"}),
            "probes": frozenset({"lfp_sampling_rate"}),
            "assets": frozenset({"size_in_bytes", "checksum", "created_at"}),
        },
    ),
    "lims": Wire(_lims, {"include_unusable": True}, asks_lims=True),
    "snapshot": Wire(_snapshot, {"include_unusable": True}, asks_lims=True),
}
