"""Small NWB files, written by the libraries that AIND writes them with."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from hdmf_zarr import NWBZarrIO
from pynwb import NWBHDF5IO, NWBFile

from sessionframes.sources.aind.sorting import SortedAsset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SESSION = "ecephys_700123_2024-06-11_10-15-02"
ASSET = "4b3c2d1e-5f60-4718-9a2b-3c4d5e6f7081"
FORMATS = ("hdf5", "zarr")
_CHANNELS = 8

Columns = dict[str, list[Any]]


def electrodes(devices: Sequence[str] = ("ProbeA", "ProbeB"), count: int = _CHANNELS) -> Columns:
    """As the pipeline writes them."""
    rows = [(device, number) for device in devices for number in range(count)]
    return {
        "group_name": [device for device, _ in rows],
        "channel_name": [f"AP{number + 1}" for _, number in rows],
        "rel_x": [[16.0, 48.0, 0.0, 32.0][number % 4] for _, number in rows],
        "rel_y": [20.0 * (number // 2) for _, number in rows],
        "location": ["VISp" if device == "ProbeA" else "unknown" for device, _ in rows],
        "reference": ["tip"] * len(rows),
        "imp": [float("nan")] * len(rows),
    }


def units(devices: Sequence[str] = ("ProbeA", "ProbeB"), per_device: int = 3) -> Columns:
    """As the pipeline writes them, as far as rows need it."""
    rows = [(device, number) for device in devices for number in range(per_device)]
    return {
        "ks_unit_id": [number for _, number in rows],
        "unit_name": [f"uuid-{row}" for row in range(len(rows))],
        "device_name": [device for device, _ in rows],
        "extremum_channel_index": [number % _CHANNELS for _, number in rows],
    }


def write(path: Path, of_electrodes: Columns, of_units: Columns | None, **options: Any) -> Path:
    """Write a file; one that ends with ``.zarr`` becomes a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = made(of_electrodes, of_units, **options)
        io = NWBZarrIO if path.suffix == ".zarr" else NWBHDF5IO
        with io(str(path), "w") as opened:
            opened.write(file)
    return path


def made(
    of_electrodes: Columns,
    of_units: Columns | None,
    *,
    spikes: int = 20,
    waveform: tuple[int, int] = (10, 4),
    kinds: Mapping[str, Mapping[str, Any]] | None = None,
) -> NWBFile:
    """Make a file in memory; each unit has all electrodes of its device, spikes and waveforms."""
    file = NWBFile("made for a test", SESSION, datetime(2024, 6, 11, 17, 15, 2, tzinfo=UTC))
    rng = np.random.default_rng(0)
    groups = {}
    for name in dict.fromkeys(of_electrodes["group_name"]):
        device = file.create_device(name)
        groups[name] = file.create_electrode_group(name, "a probe", location="VISp", device=device)
    own = ("group_name", "rel_x", "rel_y", "location", "reference", "imp")
    for name in of_electrodes:
        if name not in own:
            file.add_electrode_column(name, name)
    for row in range(len(of_electrodes["group_name"])):
        values = {name: column[row] for name, column in of_electrodes.items() if name != "group_name"}
        file.add_electrode(group=groups[of_electrodes["group_name"][row]], **values)
    if of_units is None:
        return file
    for name in of_units:
        if name != "electrodes":
            file.add_unit_column(name, name, **(kinds or {}).get(name, {}))
    for row in range(len(next(iter(of_units.values())))):
        values = {name: column[row] for name, column in of_units.items()}
        device = values.get("device_name")
        region = [at for at, name in enumerate(of_electrodes["group_name"]) if name == device]
        values.setdefault("electrodes", region)
        file.add_unit(
            spike_times=np.sort(rng.random(spikes)) * 3600,
            waveform_mean=rng.random(waveform),
            waveform_sd=rng.random(waveform),
            **values,
        )
    return file


def asset(location: str, **changed: Any) -> SortedAsset:
    """A sorting whose files are there."""
    told = {
        "asset_id": ASSET,
        "name": f"{SESSION}_sorted_2024-06-13_23-06-45",
        "session_id": SESSION,
        "created": datetime(2024, 6, 13, 23, 26, tzinfo=UTC),
        "location": location,
        "state": "ready",
    }
    return SortedAsset(**{**told, **changed})


def name_of(kind: str, block: str = "experiment1_recording1") -> str:
    return f"{SESSION}_{block}.nwb" + (".zarr" if kind == "zarr" else "")
