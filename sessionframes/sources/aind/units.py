"""Units: those of a sorting's NWB files, each with its peak channel."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.sources.aind.channels import json_rows
from sessionframes.sources.aind.devices import devices_in
from sessionframes.sources.aind.measures import MEASURES, found_in, whose_qc
from sessionframes.sources.aind.nwb import ELECTRODES, UNITS, refused
from sessionframes.sources.aind.nwb_cells import counts, numbers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sessionframes.errors import SourceResponseError
    from sessionframes.sources.aind.devices import Devices, FileOf, Wanted
    from sessionframes.sources.aind.nwb import NwbColumns, NwbFile
    from sessionframes.tables import Table

__all__ = ["UnitsPage", "read_pages", "units"]

_LOG = logging.getLogger(__name__)

_KS, _DEVICE, _ELECTRODES = "ks_unit_id", "device_name", "electrodes"
_OTHERS = "unit_other_measures"
#: What tells the peak channel, the best first; npc_sessions has the second and the third.
_EXTREMUM, _PEAK_CHANNEL, _PEAK_ELECTRODE = "extremum_channel_index", "peak_channel", "peak_electrode"
_POSITION = ("estimated_x", "estimated_y", "depth")


@dataclass(frozen=True)
class UnitsPage:
    """The units of one file.

    Parameters
    ----------
    file : FileOf
        The file.
    units : NwbColumns
        Their columns, as far as they are wanted.
    devices : Devices
        The electrodes of the file.
    probes : mapping
        Ids of the session's probes by their normalised names.
    columns : tuple of str
        What is wanted.
    """

    file: FileOf
    units: NwbColumns
    devices: Devices
    probes: Mapping[str, str]
    columns: tuple[str, ...]


def read_pages(sorting: Wanted) -> Iterator[UnitsPage]:
    """Yield the units of a sorting, file by file.

    Parameters
    ----------
    sorting : Wanted
        The sorting.
    """
    for file, nwb in sorting.opened():
        if not nwb.has(UNITS) and nwb.has(ELECTRODES):
            # Where a sorter found none, nothing is written.
            _LOG.warning("%s has no units", file.url)
            continue
        yield UnitsPage(file, *_read(nwb, sorting.columns), sorting.probes, sorting.columns)


def _read(nwb: NwbFile, columns: tuple[str, ...]) -> tuple[NwbColumns, Devices]:
    names = nwb.names(UNITS)
    wanted = {_KS, _DEVICE, _EXTREMUM} | {
        name for column in columns if column in MEASURES and (name := found_in(column, names))
    }
    of_electrodes: set[str] = set()
    if _EXTREMUM not in names:
        wanted |= {_PEAK_CHANNEL, _PEAK_ELECTRODE, *_POSITION}
        of_electrodes = {"id", "rel_x", "rel_y"}
    devices = devices_in(nwb, of_electrodes)
    found = nwb.columns(UNITS, None if _OTHERS in columns else wanted)
    told = texts(found.values.get(_DEVICE, [None] * found.rows))
    if any(devices.named(name) is None for name in told):
        # It is large: each unit has all electrodes of its probe.
        more = nwb.columns(UNITS, {_ELECTRODES}, lists={_ELECTRODES})
        found.values.update(more.values)
    return found, devices


def units(model: type[Table], page: UnitsPage) -> pa.Table:
    """Return the columns of units."""
    values = _Units(page)
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    arrays = [pa.array(values.column(field.name), field.type, from_pandas=True) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


class _Units:
    """The columns of a page, made as they are asked for."""

    def __init__(self, page: UnitsPage) -> None:
        self._page = page
        self._file = page.file
        self._values = page.units.values
        self._rows = page.units.rows
        self._devices = self._devices_of()
        self._numbers = self._checked_numbers()
        self._channels: list[tuple[int, str]] | None = None

    def column(self, name: str) -> Any:
        page, file = self._page, self._file
        if name in MEASURES:
            return self._measure(name)
        match name:
            case "unit_id":
                return [file.key(*pair) for pair in zip(self._devices, self._numbers, strict=True)]
            case "channel_id":
                peaks = [number for number, _ in self._peaks()]
                return [file.key(*pair) for pair in zip(self._devices, peaks, strict=True)]
            case "probe_id":
                return [file.probe_id(device, page.probes) for device in self._devices]
            case "nwb_device_name":
                return self._devices
            case "ks_unit_id":
                return self._numbers
            case "channel_from":
                return [told for _, told in self._peaks()]
            case "default_qc_from":
                whose = whose_qc(page.units.names)
                return [None if judged is None else whose for judged in self._measure("default_qc")]
            case "unit_other_measures":
                return self._others()
        constant = {
            "session_id": file.asset.session_id,
            "asset_id": file.asset.asset_id,
            "nwb_recording": file.recording,
        }
        # Nothing in the file tells the others, such as cumulative_drift.
        return [constant.get(name)] * self._rows

    def _measure(self, column: str) -> Any:
        name = found_in(column, self._values)
        if name is None:
            return [None] * self._rows
        return self._made(name, MEASURES[column].convert)

    def _made(self, name: str, convert: Callable[[Any], Any]) -> Any:
        try:
            return convert(self._values[name])
        except ValueError as error:
            raise self._refused(str(error), name) from error

    def _others(self) -> Any:
        names = {found_in(column, self._values) for column in MEASURES}
        known = {name for name in names if name} | {"id", _KS, _DEVICE, _ELECTRODES}
        return json_rows(self._values, known)

    def _devices_of(self) -> list[str]:
        """Return the device of each unit, by the groups of electrodes."""
        devices = self._page.devices
        told = texts(self._values.get(_DEVICE, [None] * self._rows))
        found = [devices.named(name) for name in told]
        if None not in found:
            return [device for device in found if device is not None]
        return [device or self._by_electrodes(row, told[row]) for row, device in enumerate(found)]

    def _by_electrodes(self, row: int, told: str | None) -> str:
        devices = self._page.devices
        of_units = self._values.get(_ELECTRODES, [])
        electrodes: list[int] = of_units[row] if row < len(of_units) else []
        try:
            groups: set[str] = {devices.names[number] for number in electrodes if number >= 0}
        except IndexError:
            groups = set()
        if len(groups) != 1:
            known = ", ".join(sorted(devices.rows))
            what = (
                f"unit {row} has {told!r}, which is none of the groups of electrodes ({known}), and its "
                f"electrodes are of {len(groups)} groups"
            )
            raise self._refused(what, _DEVICE)
        return groups.pop()

    def _checked_numbers(self) -> list[str]:
        if _KS not in self._values:
            raise self._refused("it is not there, and nothing else names units for good", _KS)
        found = texts(self._values[_KS])
        if None in found:
            raise self._refused(f"unit {found.index(None)} has none", _KS)
        keys = Counter(zip(self._devices, found, strict=True))
        (device, number), count = keys.most_common(1)[0] if keys else ((None, None), 0)
        if count > 1:
            raise self._refused(f"{count} units of {device} have {number}", _KS)
        return [number for number in found if number is not None]

    def _peaks(self) -> list[tuple[int, str]]:
        """Return the number of the peak channel of each unit on its device, and what tells it."""
        if self._channels is None:
            self._channels = self._found_peaks()
        return self._channels

    def _found_peaks(self) -> list[tuple[int, str]]:
        devices = self._page.devices
        for name in (_EXTREMUM, _PEAK_CHANNEL):
            if name in self._values:
                read = self._made(name, counts)
                return [
                    (self._on_device(row, number, name), "peak channel") for row, number in enumerate(read)
                ]
        if _PEAK_ELECTRODE in self._values and "id" in devices.electrodes.values:
            ids = {number: row for row, number in enumerate(devices.electrodes.values["id"].tolist())}
            read = self._made(_PEAK_ELECTRODE, counts)
            return [(self._of_electrode(row, ids.get(one)), "peak electrode") for row, one in enumerate(read)]
        return self._nearest()

    def _on_device(self, row: int, number: int | None, name: str) -> int:
        device = self._devices[row]
        count = len(self._page.devices.rows[device])
        if number is None or not 0 <= number < count:
            raise self._refused(f"unit {row} of {device}, which has {count} channels, has {number}", name)
        return number

    def _of_electrode(self, row: int, electrode: int | None) -> int:
        devices = self._page.devices
        if electrode is None or devices.names[electrode] != self._devices[row]:
            raise self._refused(f"unit {row} has none of {self._devices[row]}", _PEAK_ELECTRODE)
        return devices.numbers[electrode]

    def _nearest(self) -> list[tuple[int, str]]:
        """Return the channel nearest to where each unit is estimated to be."""
        electrodes = self._page.devices.electrodes.values
        x = self._values.get("estimated_x")
        y = self._values.get("estimated_y", self._values.get("depth"))
        if x is None or y is None or not {"rel_x", "rel_y"} <= electrodes.keys():
            raise self._refused("it is not there, and no position of units or electrodes either", _EXTREMUM)
        units = np.column_stack([numbers(x), numbers(y)])
        sites = np.column_stack([numbers(electrodes["rel_x"]), numbers(electrodes["rel_y"])])
        found = []
        for row, device in enumerate(self._devices):
            distances = np.linalg.norm(sites[self._page.devices.rows[device]] - units[row], axis=1)
            if np.isnan(distances).all():
                raise self._refused(f"it is not there, and unit {row} has no position", _EXTREMUM)
            found.append((int(np.nanargmin(distances)), "estimated position"))
        return found

    def _refused(self, what: str, column: str) -> SourceResponseError:
        return refused(self._file.asset.asset_id, self._file.url, what, UNITS, column)
