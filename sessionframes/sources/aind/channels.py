"""Channels: the electrodes of a sorting's NWB files, with the places that alignments tell of them."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.flatten import as_json
from sessionframes.sources.aind.alignment import of_device
from sessionframes.sources.aind.devices import devices_in
from sessionframes.sources.aind.nwb import ELECTRODES, refused
from sessionframes.sources.aind.nwb_cells import numbers, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sessionframes.sources.aind.alignment import Alignment, Place
    from sessionframes.sources.aind.devices import Devices, FileOf, Wanted
    from sessionframes.tables import Table

__all__ = ["PLACED", "ChannelsPage", "channels", "json_rows", "read_pages"]

_LOG = logging.getLogger(__name__)

#: Column of ours → that of the file, and what makes its values.
_OWN = {
    "probe_vertical_position": ("rel_y", numbers),
    "probe_horizontal_position": ("rel_x", numbers),
    "channel_name": ("channel_name", texts),
    "channel_group_name": ("group_name", texts),
    "channel_targeted_structure": ("location", texts),
    "channel_reference": ("reference", texts),
    "channel_impedance": ("imp", numbers),
}
_OTHERS = "channel_other_fields"
#: Names and numbers of channels: AP1, CH12, 5.
_NAMES = ("channel_name", "channel")
_KNOWN = {"id", "group", "group_name", "rel_x", "rel_y", "location", "reference", "imp", "channel_name"}
#: The first has number 1.
_NAMED = re.compile(r"(?:AP|LFP|LF|CH)(\d+)", re.IGNORECASE)
#: Columns that alignments tell.
_PLACED = {
    "structure_id": "structure_id",
    "structure_acronym": "structure_acronym",
    "anterior_posterior_ccf_coordinate": "ap",
    "dorsal_ventral_ccf_coordinate": "dv",
    "left_right_ccf_coordinate": "lr",
}
#: Columns for which alignments have to be asked for.
PLACED = frozenset({*_PLACED, "channel_alignment"})
#: Positions that are closer than this are the same, in um.
_SAME = 1.0
_DOES_NOT_FIT = "%s does not fit the electrodes of %s"


@dataclass(frozen=True)
class ChannelsPage:
    """The electrodes of one file.

    Parameters
    ----------
    file : FileOf
        The file.
    devices : Devices
        Its electrodes, with all that is wanted of them.
    alignments : list of Alignment
        Those of the session.
    probes : mapping
        Ids of the session's probes by their normalised names.
    columns : tuple of str
        What is wanted.
    """

    file: FileOf
    devices: Devices
    alignments: Sequence[Alignment]
    probes: Mapping[str, str]
    columns: tuple[str, ...]


def read_pages(sorting: Wanted, alignments: Sequence[Alignment]) -> Iterator[ChannelsPage]:
    """Yield the channels of a sorting, file by file.

    Parameters
    ----------
    sorting : Wanted
        The sorting.
    alignments : sequence of Alignment
        Those of the session.
    """
    columns, wanted = sorting.columns, None
    if _OTHERS not in columns:
        wanted = {_OWN[name][0] for name in columns if name in _OWN}
        if "local_index" in columns:
            wanted |= {*_NAMES}
        if PLACED & {*columns}:
            wanted |= {"rel_x", "rel_y"}
    for file, nwb in sorting.opened():
        yield ChannelsPage(file, devices_in(nwb, wanted), alignments, sorting.probes, columns)


def channels(model: type[Table], page: ChannelsPage) -> pa.Table:
    """Return the columns of channels."""
    values = _Channels(page)
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    arrays = [pa.array(values.column(field.name), field.type, from_pandas=True) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


class _Channels:
    """The columns of a page, made as they are asked for."""

    def __init__(self, page: ChannelsPage) -> None:
        self._page = page
        self._file = page.file
        self._devices = page.devices
        self._values = page.devices.electrodes.values
        self._rows = page.devices.electrodes.rows
        self._placed: list[tuple[Place, str] | None] | None = None

    def column(self, name: str) -> Any:
        devices, file = self._devices, self._file
        if name in _PLACED:
            return [place and getattr(place[0], _PLACED[name]) for place in self._places()]
        if name in _OWN:
            return self._own(name)
        match name:
            case "channel_id":
                return [
                    file.key(device, number)
                    for device, number in zip(devices.names, devices.numbers, strict=True)
                ]
            case "probe_id":
                return [file.probe_id(device, self._page.probes) for device in devices.names]
            case "nwb_device_name":
                return devices.names
            case "channel_alignment":
                return [place and place[1] for place in self._places()]
            case "local_index":
                return self._local_indices()
            case "channel_other_fields":
                return json_rows(self._values, _KNOWN)
        constant = {
            "session_id": file.asset.session_id,
            "asset_id": file.asset.asset_id,
            "nwb_recording": file.recording,
        }[name]
        return [constant] * self._rows

    def _own(self, name: str) -> Any:
        column, convert = _OWN[name]
        if column not in self._values:
            return [None] * self._rows
        values = self._made(column, convert)
        if name == "channel_targeted_structure":
            return [None if value is None or value.lower() == "unknown" else value for value in values]
        return values

    def _made(self, column: str, convert: Any) -> Any:
        try:
            return convert(self._values[column])
        except ValueError as error:
            raise refused(
                self._file.asset.asset_id, self._file.url, str(error), ELECTRODES, column
            ) from error

    def _local_indices(self) -> list[int]:
        for column in _NAMES:
            if column in self._values:
                read = [_index(value) for value in self._made(column, texts)]
                pairs = set(zip(self._devices.names, read, strict=True))
                # Where two would have the same, it is not the number on the probe.
                if None not in read and len(pairs) == self._rows:
                    return [index for index in read if index is not None]
        return self._devices.numbers

    def _places(self) -> list[tuple[Place, str] | None]:
        if self._placed is None:
            self._placed = [None] * self._rows
            for device, rows in self._devices.rows.items():
                of_it = of_device(self._page.alignments, device)
                for alignment in of_it:
                    for row, place in self._matched(alignment, rows, is_only=len(of_it) == 1):
                        self._placed[row] = (place, alignment.name)
        return self._placed

    def _matched(
        self, alignment: Alignment, rows: list[int], *, is_only: bool
    ) -> Iterable[tuple[int, Place]]:
        """Yield electrodes with their places: by position, as channels may have been left out."""
        by_position = self._by_position(rows)
        found = [
            (None if (at := _position(place.lateral, place.axial)) is None else by_position.get(at), place)
            for place in alignment.places.values()
        ]
        matched = [(row, place) for row, place in found if row is not None]
        if len(matched) == len(found) and len({row for row, _ in matched}) == len(matched):
            return matched
        if not is_only:
            _LOG.warning(_DOES_NOT_FIT, alignment.name, self._file.url)
            return []
        by_index = dict(zip((self._local(rows)), rows, strict=True))
        fitting = [(by_index[one], place) for one, place in alignment.places.items() if one in by_index]
        if alignment.places and not fitting:
            _LOG.warning(_DOES_NOT_FIT, alignment.name, self._file.url)
        return fitting

    def _local(self, rows: list[int]) -> list[int]:
        indices = self._local_indices()
        return [indices[row] for row in rows]

    def _by_position(self, rows: list[int]) -> dict[tuple[int, int], int]:
        if not {"rel_x", "rel_y"} <= self._values.keys():
            return {}
        x, y = self._made("rel_x", numbers), self._made("rel_y", numbers)
        found = {_position(x[row], y[row]): row for row in rows}
        return {place: row for place, row in found.items() if place is not None}


def _position(lateral: float | None, axial: float | None) -> tuple[int, int] | None:
    if lateral is None or axial is None or np.isnan(lateral) or np.isnan(axial):
        return None
    return round(lateral / _SAME), round(axial / _SAME)


def _index(name: str | None) -> int | None:
    found = None if name is None else _NAMED.fullmatch(name)
    if found is not None:
        return int(found[1]) - 1
    return int(name) if name is not None and name.isdecimal() else None


def json_rows(values: Mapping[str, Any], known: set[str]) -> Any:
    """Return for each row what it has in other columns than these, as one JSON object; None for nothing.

    Parameters
    ----------
    values : mapping
        Columns.
    known : set of str
        Those that have a column of ours.
    """
    others = {
        name: column if isinstance(column, list) else column.tolist()
        for name, column in values.items()
        if name not in known
    }
    count = len(next(iter(values.values()), ()))
    rows = [
        {name: column[row] for name, column in others.items() if _is_told(column[row])} or None
        for row in range(count)
    ]
    made = as_json("").convert_all
    return made(rows) if made else rows


def _is_told(value: Any) -> bool:
    # NaN alone is not itself.
    return value is not None and value != "" and value == value
