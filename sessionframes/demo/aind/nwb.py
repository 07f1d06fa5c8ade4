"""NWB files of what was sorted in the demo world, written by the libraries that write the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import numpy as np

from sessionframes.demo.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pynwb import NWBFile

    Columns = Mapping[str, Any]

_SPIKES, _SAMPLES, _SITES = 8, 16, 4
#: Ohm, as of every Neuropixels 1.0.
_IMPEDANCE: Final = 150_000.0
_MODEL = "Neuropixels 1.0"


@dataclass(frozen=True)
class SortedProbe:
    """What an NWB file holds of one probe.

    Attributes
    ----------
    device : str
        Its name.
    target : str
        The brain region that it was meant for.
    channels : dict
        Of each: "site", from 0, and "x" and "y" on the probe, in um.
    units : dict
        By the names and in the units of measure of SpikeInterface; "extremum_channel_index" is the position
        among the channels.
    """

    device: str
    target: str
    channels: Columns
    units: Columns


def write(path: Path, probes: Sequence[SortedProbe], form: str, number: int) -> None:
    """Write a file.

    Parameters
    ----------
    path : pathlib.Path
        The file, or, of Zarr, the folder.
    probes : sequence of SortedProbe
        All that were sorted.
    form : str
        "hdf5" or "zarr".
    number : int
        What its spikes are drawn from.
    """
    with _writer(form)(str(path), "w") as file:
        file.write(_file(path.name.partition(".")[0], probes, number))


def _writer(form: str) -> Any:
    # Both are slow to import.
    if form == "hdf5":
        from pynwb import NWBHDF5IO

        return NWBHDF5IO
    from hdmf_zarr.nwb import NWBZarrIO

    return NWBZarrIO


def _file(name: str, probes: Sequence[SortedProbe], number: int) -> NWBFile:
    from pynwb import NWBFile

    made = NWBFile(
        session_description="spike sorted",
        identifier=name,
        # Of no meaning: when a session began is told by its record.
        session_start_time=datetime(2018, 1, 1, tzinfo=UTC),
    )
    made.electrodes = _electrodes(made, probes)
    made.units = _units(made, probes, Draws(7, number))
    return made


def _electrodes(file: NWBFile, probes: Sequence[SortedProbe]) -> Any:
    from pynwb.ecephys import ElectrodesTable

    groups = []
    for probe in probes:
        device = file.create_device(name=probe.device, description=_MODEL)
        group = file.create_electrode_group(
            name=probe.device, description=_MODEL, location=probe.target, device=device
        )
        groups += [group] * len(probe.channels["site"])
    total = len(groups)
    columns = {
        "location": [probe.target for probe in probes for _ in probe.channels["site"]],
        "group": groups,
        "group_name": [group.name for group in groups],
        "channel_name": [f"AP{site + 1}" for probe in probes for site in probe.channels["site"]],
        "rel_x": _joined(probe.channels["x"] for probe in probes),
        "rel_y": _joined(probe.channels["y"] for probe in probes),
        "imp": np.full(total, _IMPEDANCE),
        "reference": [""] * total,
    }
    return ElectrodesTable(columns=[_column(*one) for one in columns.items()], id=list(range(total)))


def _units(file: NWBFile, probes: Sequence[SortedProbe], draws: Draws) -> Any:
    from pynwb.core import DynamicTableRegion, VectorIndex
    from pynwb.misc import Units

    names = list(probes[0].units)
    told = {name: _joined(probe.units[name] for probe in probes) for name in names}
    total = len(told["ks_unit_id"])
    spikes = _column("spike_times", np.sort(draws.uniform(total * _SPIKES).reshape(total, -1) * 9000).ravel())
    waveforms = draws.uniform(total * _SAMPLES * _SITES).astype("f4").reshape(total, _SAMPLES, _SITES)
    first = np.cumsum([0, *(len(probe.channels["site"]) for probe in probes)])[:-1]
    peaks = _joined(
        probe.units["extremum_channel_index"] + start for probe, start in zip(probes, first, strict=True)
    )
    region = DynamicTableRegion(
        name="electrodes", description="peak channel", data=peaks, table=file.electrodes
    )
    columns = [
        VectorIndex(
            name="spike_times_index", target=spikes, data=np.arange(1, total + 1, dtype=np.uint64) * _SPIKES
        ),
        spikes,
        VectorIndex(name="electrodes_index", target=region, data=np.arange(1, total + 1, dtype=np.uint64)),
        region,
        _column("waveform_mean", waveforms),
        _column("waveform_sd", waveforms / 10),
        # New ones each time, as the pipeline does it; equal files for equal worlds, as we do.
        _column("unit_name", [str(UUID(int=int(one * 2**53) << 64)) for one in draws.uniform(total)]),
        _column("device_name", [probe.device for probe in probes for _ in probe.units["ks_unit_id"]]),
        *(_column(name, values) for name, values in told.items()),
    ]
    return Units(name="units", description="sorted units", columns=columns, id=list(range(total)))


def _column(name: str, values: Any) -> Any:
    from pynwb.core import VectorData

    return VectorData(name=name, description=name, data=values)


def _joined(parts: Any) -> Any:
    whole = np.concatenate([np.asarray(part) for part in parts])
    # Text as such: NumPy's own cannot be written.
    return whole.tolist() if whole.dtype.kind in "UO" else whole
