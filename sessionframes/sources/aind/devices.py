"""Which electrodes of an NWB file are of which device, and what keys of channels and units are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.sources.aind.nwb import ELECTRODES, open_nwb, refused
from sessionframes.sources.aind.nwb_cells import texts
from sessionframes.sources.aind.probe_names import probe_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.sources.aind.nwb import NwbColumns, NwbFile
    from sessionframes.sources.aind.sorting import SortedAsset
    from sessionframes.sources.aind.storage import Storage

__all__ = ["Devices", "FileOf", "Wanted", "devices_in"]

_RECORDING = re.compile(r"(?:experiment|block)\w*?\d+_recording\w*?\d+")


@dataclass(frozen=True)
class FileOf:
    """An NWB file of a sorting.

    Parameters
    ----------
    asset : SortedAsset
        The sorting.
    url : str
        Of the file.
    recording : str or None
        Experiment and recording that it is of; None where the sorting has no other file.
    """

    asset: SortedAsset
    url: str
    recording: str | None

    def key(self, device: str, number: object) -> str:
        """Return the id of what has that number on a device."""
        parts = (self.asset.asset_id, self.recording, device, str(number))
        return ":".join(part for part in parts if part is not None)

    def probe_id(self, device: str, probes: Mapping[str, str]) -> str:
        """Return the id of the probe that a device is; of one that no record tells, what it would be there.

        Parameters
        ----------
        device : str
            Its name in the file.
        probes : mapping
            Ids of the session's probes by their normalised names.
        """
        return probes.get(probe_name(device)) or f"{self.asset.session_id}:0:{device}"


@dataclass(frozen=True)
class Wanted:
    """What is to be read of a sorting.

    Parameters
    ----------
    storage : Storage
        Where its files are.
    asset : SortedAsset
        The sorting.
    urls : sequence of str
        Its NWB files.
    probes : mapping
        Ids of the session's probes by their normalised names.
    columns : tuple of str
        Of a table of ours.
    """

    storage: Storage
    asset: SortedAsset
    urls: Sequence[str]
    probes: Mapping[str, str]
    columns: tuple[str, ...]

    def opened(self) -> Iterator[tuple[FileOf, NwbFile]]:
        """Yield the files, each open until the next one is wanted.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            One is no NWB file, or two are of the same recording.
        """
        for file in self._files():
            with open_nwb(self.storage, file.url, self.asset.asset_id) as nwb:
                yield file, nwb

    def _files(self) -> list[FileOf]:
        """Return the files, each with the recording that it is of, if there are several."""
        if len(self.urls) == 1:
            return [FileOf(self.asset, self.urls[0], None)]
        files: dict[str, FileOf] = {}
        for url in self.urls:
            file = FileOf(self.asset, url, recording := _recording(url))
            if files.setdefault(recording, file) is not file:
                what = f"it is of the same recording as {files[recording].url.rpartition('/')[2]}"
                raise refused(self.asset.asset_id, url, what)
        return list(files.values())


def _recording(url: str) -> str:
    name = url.rstrip("/").rpartition("/")[2]
    found = _RECORDING.search(name)
    return found[0] if found else name


@dataclass(frozen=True)
class Devices:
    """The electrodes of a file by device.

    Attributes
    ----------
    electrodes : NwbColumns
        With ``group_name`` and what else is wanted of them.
    names : list of str
        Of the device of each electrode.
    numbers : list of int
        Of each electrode among those of its device, from 0.
    rows : dict of str to list of int
        By device, which electrodes it has.
    """

    electrodes: NwbColumns
    names: list[str]
    numbers: list[int]
    rows: dict[str, list[int]]

    def named(self, name: str | None) -> str | None:
        """Return the device that a unit's ``device_name`` means; None if it is none, or not clear which."""
        if name is None or name in self.rows:
            return name
        alike = [device for device in self.rows if probe_name(device) == probe_name(name)]
        return alike[0] if len(alike) == 1 else None


def devices_in(file: NwbFile, wanted: set[str] | None = None) -> Devices:
    """Return the electrodes of a file by device.

    Parameters
    ----------
    file : NwbFile
        The file.
    wanted : set of str, optional
        Columns to read of them besides; None for all.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        One is of no group.
    """
    found = file.columns(ELECTRODES, None if wanted is None else wanted | {"group_name"})
    if "group_name" not in found.values:
        raise file.refused(
            "it is not there, so nothing tells of which probe they are", ELECTRODES, "group_name"
        )
    names: list[Any] = texts(found.values["group_name"])
    if None in names:
        row = names.index(None)
        raise file.refused(f"row {row} has none", ELECTRODES, "group_name")
    rows: dict[str, list[int]] = {}
    numbers = []
    for row, name in enumerate(names):
        of_it = rows.setdefault(name, [])
        numbers.append(len(of_it))
        of_it.append(row)
    return Devices(found, names, numbers, rows)
