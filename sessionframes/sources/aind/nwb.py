"""Tables of NWB files, in HDF5 or Zarr, read by columns: never the spikes and waveforms they are full of.

::

    with open_nwb(storage, url, asset_id) as file:
        units = file.columns("units", wanted={"ks_unit_id", "snr"})
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from sessionframes.config import mask
from sessionframes.errors import SessionFramesError, SourceResponseError
from sessionframes.sources.aind.nwb_hdf5 import Hdf5File
from sessionframes.sources.aind.nwb_zarr import ZarrFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sessionframes.sources.aind.storage import Storage

__all__ = ["ELECTRODES", "UNITS", "NwbColumns", "NwbFile", "open_nwb", "refused"]

_LOG = logging.getLogger(__name__)

UNITS: Final = "units"
ELECTRODES: Final = "electrodes"
#: Table → where it is in a file.
_PATHS: Mapping[str, str] = {UNITS: "units", ELECTRODES: "general/extracellular_ephys/electrodes"}
#: Columns that are most of a file, and no measure of a unit.
_NEVER = frozenset({"spike_times", "waveform_mean", "waveform_sd", "waveforms", "obs_intervals"})
_INDEX, _ELEMENTS = "_index", "_elements"
_ENUM = "EnumData"
#: What reading fails with where something else is written than should be.
_DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


class _File(Protocol):
    def describe(self, table: str) -> dict[str, Mapping[str, Any]] | None: ...
    def read(self, table: str, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class NwbColumns:
    """Columns of a table of an NWB file.

    Attributes
    ----------
    rows : int
        How many there are.
    values : dict of str to array or list
        The columns that were wanted and are there: arrays of numbers or flags, lists of texts, and, of those
        that hold several values for each row, lists of lists.
    names : tuple of str
        Of all columns of the table, read or not.
    left_out : tuple of str
        Columns that were wanted and have no single value for each row: lists, pointers, arrays of arrays.
    """

    rows: int
    values: dict[str, Any]
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class NwbFile:
    """An open NWB file.

    Parameters
    ----------
    file : Hdf5File or ZarrFile
        What reads it.
    url : str
        Its address.
    asset_id : str
        Of the data asset that it is of.
    """

    def __init__(self, file: _File, url: str, asset_id: str) -> None:
        self._file = file
        self._url = url
        self._asset_id = asset_id
        self._tables: dict[str, dict[str, Mapping[str, Any]] | None] = {}

    def has(self, table: str) -> bool:
        """Tell whether there is that table, "units" or "electrodes"; pynwb writes none that is empty.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            It is damaged.
        """
        if table not in self._tables:
            with self._told(table):
                self._tables[table] = self._file.describe(_PATHS[table])
        return self._tables[table] is not None

    def columns(
        self, table: str, wanted: Collection[str] | None = None, *, lists: Collection[str] = ()
    ) -> NwbColumns:
        """Return columns of a table.

        Parameters
        ----------
        table : {"units", "electrodes"}
            Which one.
        wanted : collection of str, optional
            Only these, as far as they are there; None for all that have one value for each row.
        lists : collection of str
            Those of them that are wanted although they have several values for each row.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            There is no such table, or a column of it is damaged.
        """
        path = _PATHS[table]
        described = self._described(table)
        names = self._names(table, described)
        rows = self._rows(table, described)
        chosen = [name for name in names if (wanted is None or name in wanted) and name not in _NEVER]
        singles, left_out = self._chosen(table, described, chosen, rows, lists)
        found = self._read(table, path, singles)
        for name in list(found):
            if name.endswith(_ELEMENTS):
                column = name.removesuffix(_ELEMENTS)
                found[column] = self._labels(table, column, found[column], found.pop(name))
        for name in lists:
            if name in chosen and name + _INDEX in found:
                found[name] = self._lists(table, name, found[name], found.pop(name + _INDEX))
        if left_out:
            _LOG.info("%s: %s has no single value for each row, and is left out", self._url, left_out)
        return NwbColumns(rows, found, tuple(names), tuple(left_out))

    def names(self, table: str) -> tuple[str, ...]:
        """Return the names of all columns of a table, "id" first.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            There is no such table.
        """
        return tuple(self._names(table, self._described(table)))

    def refused(self, what: str, table: str, column: str | None = None) -> SourceResponseError:
        """Return the error that says what is wrong with the file."""
        return refused(self._asset_id, self._url, what, table, column)

    def _described(self, table: str) -> dict[str, Mapping[str, Any]]:
        described = self._tables[table] if self.has(table) else None
        if described is None:
            raise self.refused(f"it has no table /{_PATHS[table]}", table)
        return described

    def _names(self, table: str, described: Mapping[str, Mapping[str, Any]]) -> list[str]:
        with self._told(table):
            told = described[""]["attributes"].get("colnames")
            told = None if told is None else list(told)
        if told is None:
            there = [name for name in described if name and not name.endswith((_INDEX, _ELEMENTS))]
            return sorted(there, key=lambda name: name != "id")
        names = ["id", *(name for name in told if name != "id")]
        for name in names:
            if name not in described:
                raise self.refused("the table lists this column, and it is not in the file", table, name)
        return names

    def _rows(self, table: str, described: Mapping[str, Mapping[str, Any]]) -> int:
        with self._told(table, "id"):
            shape: tuple[int, ...] = described["id"]["shape"] if "id" in described else ()
        if len(shape) != 1:
            raise self.refused("rows have no id", table, "id")
        return shape[0]

    def _chosen(
        self,
        table: str,
        described: Mapping[str, Mapping[str, Any]],
        names: Sequence[str],
        rows: int,
        lists: Collection[str],
    ) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
        """Return the arrays to read, and the columns that are left out."""
        arrays: dict[str, Mapping[str, Any]] = {}
        left_out = []
        for name in names:
            is_list = name + _INDEX in described
            if is_list and name not in lists:
                left_out.append(name)
                continue
            with self._told(table, name):
                one = described[name]
                shape, is_plain = one["shape"], one["plain"]
                is_enum = one["attributes"].get("neurodata_type") == _ENUM
            if not is_plain or len(shape) != 1:
                left_out.append(name)
                continue
            if not is_list and shape[0] != rows:
                raise self.refused(f"it has {shape[0]} values for {rows} rows", table, name)
            arrays[name] = one
            if is_list:
                arrays[name + _INDEX] = described[name + _INDEX]
            if is_enum and name + _ELEMENTS in described:
                arrays[name + _ELEMENTS] = described[name + _ELEMENTS]
        return arrays, left_out

    def _read(self, table: str, path: str, arrays: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        with self._told(table):
            found = self._file.read(path, arrays)
        values: dict[str, Any] = {}
        for name, read in found.items():
            if isinstance(read, Exception):
                raise self.refused(str(read) or type(read).__name__, table, name) from read
            try:
                values[name] = _plain(read)
            except UnicodeDecodeError as error:
                raise self.refused(f"it holds what is no text: {error}", table, name) from error
        return values

    def _labels(self, table: str, name: str, numbers: Any, labels: Any) -> list[Any]:
        try:
            return [labels[number] for number in np.asarray(numbers).tolist()]
        except (IndexError, TypeError) as error:
            raise self.refused(f"its values are none of {labels}", table, name) from error

    def _lists(self, table: str, name: str, values: Any, ends: Any) -> list[list[Any]]:
        flat = values if isinstance(values, list) else values.tolist()
        stops = np.asarray(ends).astype(np.int64).tolist()
        starts = [0, *stops[:-1]]
        if any(start > stop for start, stop in zip(starts, stops, strict=True)) or (
            stops and stops[-1] > len(flat)
        ):
            raise self.refused(f"its index does not fit its {len(flat)} values", table, name)
        return [flat[start:stop] for start, stop in zip(starts, stops, strict=True)]

    @contextmanager
    def _told(self, table: str, column: str | None = None) -> Iterator[None]:
        try:
            yield
        except SessionFramesError:
            raise
        except _DAMAGED as error:
            raise self.refused(f"it is damaged or cut ({error})", table, column) from error


@contextmanager
def open_nwb(storage: Storage, url: str, asset_id: str) -> Iterator[NwbFile]:
    """Open an NWB file for reading: a file is HDF5, a folder is Zarr.

    Parameters
    ----------
    storage : Storage
        Where it is.
    url : str
        Its address.
    asset_id : str
        Of the data asset that it is of, for messages.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        It is not there, or no NWB file.
    """
    try:
        is_zarr = url.rstrip("/").endswith(".zarr") or storage.is_folder(url)
        file: _File = ZarrFile(storage, url) if is_zarr else Hdf5File(storage, url)
    except SourceResponseError as error:
        raise refused(asset_id, url, error.message.rstrip(".")) from error
    except _DAMAGED as error:
        what = str(error) if isinstance(error, FileNotFoundError) else f"no NWB file, or cut: {error}"
        raise refused(asset_id, url, what) from error
    try:
        yield NwbFile(file, url, asset_id)
    finally:
        file.close()


def _plain(values: Any) -> Any:
    """Return values of an array as an array of numbers or flags, or as a list of texts."""
    if isinstance(values, list):
        return values
    if values.dtype.kind in "biuf":
        return values
    return [_text(value) for value in values.tolist()]


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    # What is no text is for who wants the column to refuse.
    return value if value is None or isinstance(value, str | bool | int | float | list | dict) else str(value)


def refused(
    asset_id: str, url: str, what: str, table: str | None = None, column: str | None = None
) -> SourceResponseError:
    """Return the error that says what is wrong with a file.

    Parameters
    ----------
    asset_id, url : str
        The data asset, and the file of it.
    what : str
        What is wrong.
    table, column : str, optional
        Where in the file, by its names.
    """
    parts = [f"asset {asset_id}", *([] if asset_id == url else [f"file {mask(url)}"])]
    if table is not None:
        parts.append(f"table {table}" if column is None else f"column {table}/{column}")
    return SourceResponseError(f"{', '.join(parts)}: {what}.", source="aind")
