"""What the files of a sorting say of its clusters: read, checked against each other, and put in one order.

Rows belong together by position: the first of every ``clusters`` file is cluster 0, and what stands in
``clusters.channels`` is a row of the ``channels`` files. IBL's loader trusts that; here lengths are compared
first, because old sortings have 374 channels in some files and 384 in others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.errors import DownloadError, SourceResponseError
from sessionframes.sources.alyx.alf import array_in, table_in, texts_in
from sessionframes.sources.alyx.file_records import path_of, read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from sessionframes.sources.alyx.sortings import Sorting
    from sessionframes.transports.files import FileTransport

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

__all__ = ["METRICS", "Clusters", "read_clusters"]

#: Columns of clusters.metrics that are columns of units by the same name.
METRICS = frozenset(
    {
        *("firing_rate", "presence_ratio", "presence_ratio_std", "label", "bitwise_fail", "spike_count"),
        *("amp_max", "amp_min", "amp_median", "contamination", "contamination_alt"),
        *("max_confidence", "min_contamination"),
        *("n_spikes_below2", "noise_cutoff", "drift"),
    }
)
_PEAKS, _TABLE, _METRICS = "clusters.channels", "clusters.table", "clusters.metrics"
_SITES, _RAW = "channels.localCoordinates", "channels.rawInd"
_TABLES, _TEXTS = (_TABLE, _METRICS), ("clusters.uuids",)
_ID = "cluster_id"


def read_clusters(
    files: FileTransport, sorting: Sorting, stems: Collection[str], check: Callable[[], None] = lambda: None
) -> Clusters:
    """Return what files of a sorting say; those that it has not are left out.

    Parameters
    ----------
    files : FileTransport
        How they are reached.
    sorting : Sorting
        Whose files.
    stems : collection of str
        Which of them are wanted, by object and attribute.
    check : callable
        Called before each file; raises when nobody waits for them any more.

    Raises
    ------
    DownloadError
        A file is nowhere, or did not come whole.
    SourceResponseError
        A file is not what its name says.
    """
    values: dict[str, Any] = {}
    wanted = [stem for stem in stems if stem in sorting.datasets]
    for stem in sorted(wanted, key=_RAW.__eq__):
        if stem == _RAW and Clusters(sorting, values).fits_by_position:
            continue
        check()
        values[stem] = _read(files, sorting, stem)
    return Clusters(sorting, values)


def _read(files: FileTransport, sorting: Sorting, stem: str) -> Any:
    dataset = sorting.datasets[stem]
    try:
        content = read_whole(files, dataset)
    except DownloadError as error:
        message = f"{error.message.rstrip('.')}; it is of the insertion {sorting.probe_id}."
        raise DownloadError(message, source="alyx", table="units", hint=_left_out(sorting)) from error
    read = table_in if stem in _TABLES else texts_in if stem in _TEXTS else array_in
    return read(content, path_of(dataset))


@dataclass(frozen=True)
class Clusters:
    """The clusters of a sorting.

    Parameters
    ----------
    sorting : Sorting
        Whose they are.
    values : mapping
        What its files hold, by object and attribute.
    """

    sorting: Sorting
    values: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.peaks)

    @cached_property
    def peaks(self) -> Integers:
        """The row of the peak channel of each among the channels of the sorting.

        Raises
        ------
        SourceResponseError
            It is no row, or not told.
        """
        told = self._attribute(_PEAKS)
        if told is None:
            raise self._refused(_TABLE, "it has no column channels, and there is no clusters.channels")
        stem = _PEAKS if _PEAKS in self.values else _TABLE
        found = np.asarray(told).reshape(-1)
        if found.size and (
            found.dtype.kind not in "iuf" or not np.all(np.mod(found, 1) == 0) or found.min() < 0
        ):
            raise self._refused(stem, "it holds what is no number of a channel")
        return found.astype(np.int64)

    @cached_property
    def rows(self) -> Integers:
        """The row of the peak channel of each in the file of places, or as it is told where there is none."""
        sites = self.values.get(_SITES)
        return self.peaks if sites is None else self._rows_in(_SITES, len(sites))

    @property
    def fits_by_position(self) -> bool:
        """Whether all files of channels have as many rows, and every peak channel is one of them."""
        lengths = {len(self.values[stem]) for stem in self.values if stem.startswith("channels.")}
        return not lengths or (len(lengths) == 1 and max(self.peaks, default=-1) < lengths.pop())

    def of_clusters(self, stem: str) -> Floats | None:
        """Return a number for each cluster; None where nothing tells it.

        Raises
        ------
        SourceResponseError
            There are more, or fewer.
        """
        told = self._attribute(stem)
        if told is None:
            return None
        found = np.asarray(told, np.float64)
        if found.shape != (self.count,):
            raise self._refused(stem, f"it has {_shape(found)} values for {self.count} clusters")
        return found

    def texts(self, stem: str) -> list[str] | None:
        """Return a text for each cluster; None where nothing tells it.

        Raises
        ------
        SourceResponseError
            There are more, or fewer.
        """
        told = self._attribute(stem)
        if told is None:
            return None
        found = [str(one) for one in told]
        if len(found) != self.count:
            raise self._refused(stem, f"it has {len(found)} values for {self.count} clusters")
        return found

    def metric(self, name: str) -> Floats | None:
        """Return a column of the metrics for each cluster, NaN where it is in none of their rows.

        Raises
        ------
        SourceResponseError
            It holds what is no number, or its rows are of no clusters.
        """
        told = self._metric(name)
        if told is None:
            return None
        try:
            read = np.array([math.nan if one is None else float(one) for one in told.to_pylist()], np.float64)
        except (TypeError, ValueError) as error:
            raise self._refused(self._metrics_stem, f"{name} holds what is no number") from error
        found = np.full(self.count, np.nan)
        found[self._metric_rows] = read
        return found

    def metric_texts(self, name: str) -> list[str | None] | None:
        """Return a column of the metrics for each cluster as texts; None where there is no such column."""
        told = self._metric(name)
        if told is None:
            return None
        found: list[str | None] = [None] * self.count
        for row, value in zip(self._metric_rows.tolist(), told.to_pylist(), strict=True):
            found[row] = str(value) if value else None
        return found

    def other_metrics(self, known: Collection[str]) -> list[dict[str, Any]]:
        """Return what else the metrics have of each cluster."""
        found: list[dict[str, Any]] = [{} for _ in range(self.count)]
        table = self._metrics
        if table is None:
            return found
        kept = [name for name in table.column_names if _is_named(name) and name not in known]
        for row, values in zip(self._metric_rows.tolist(), table.select(kept).to_pylist(), strict=True):
            found[row] = {name: value for name, value in values.items() if _is_told(value)}
        return found

    def of_channels(self, stem: str, width: int | None = None) -> Floats | None:
        """Return what a file tells of the peak channel of each cluster; None where there is no such file.

        Parameters
        ----------
        stem : str
            The file, by object and attribute.
        width : int, optional
            How many numbers it has for each channel, where that is more than one.

        Raises
        ------
        SourceResponseError
            Its rows are others than those of the peak channels, and nothing tells which are which.
        """
        told = self.values.get(stem)
        if told is None:
            return None
        found = np.asarray(told, np.float64)
        if found.ndim != (1 if width is None else 2) or (width is not None and found.shape[1] < width):
            expected = "one number" if width is None else f"{width} numbers"
            raise self._refused(stem, f"it has the shape {_shape(found)}, not {expected} for each channel")
        return found[self._rows_in(stem, len(found))]

    def _rows_in(self, stem: str, length: int) -> Integers:
        """Return the rows of the peak channels in a file of that length."""
        peaks = self.peaks
        count = len(self.values.get(_SITES, range(length)))
        largest = int(max(peaks, default=-1))
        if largest < count and length == count:
            return peaks
        raw = np.asarray(self.values.get(_RAW, ())).reshape(-1)
        if len(raw) == count and (length == count or length > max(raw, default=-1)):
            # The sorting left channels out. Files of more rows have one for each site of the probe.
            rows = peaks
            if largest < count:
                rows = raw[peaks].astype(np.int64)
            elif length == count:
                places = {number: row for row, number in enumerate(raw.tolist())}
                rows = np.array([places.get(peak, length) for peak in peaks.tolist()], np.int64)
            if max(rows, default=-1) < length:
                return rows
        what = f"it has {length} rows, where the sorting has {count} channels and a peak on channel {largest}"
        raise self._refused(stem, f"{what}: nothing tells which are which")

    def _attribute(self, stem: str) -> Any:
        """Return the values of a file of its own, or else of a column of the table of clusters."""
        if stem in self.values:
            return self.values[stem]
        table: pa.Table | None = self.values.get(_TABLE)
        name = stem.partition(".")[2]
        if table is None or name not in table.column_names:
            return None
        return table[name].to_numpy() if stem not in _TEXTS else table[name].to_pylist()

    @cached_property
    def _metrics(self) -> pa.Table | None:
        found: pa.Table | None = self.values.get(_METRICS, self.values.get(_TABLE))
        return found

    @property
    def _metrics_stem(self) -> str:
        return _METRICS if _METRICS in self.values else _TABLE

    def _metric(self, name: str) -> Any:
        table = self._metrics
        return table[name] if table is not None and name in table.column_names else None

    @cached_property
    def _metric_rows(self) -> Integers:
        """Return the cluster that each row of the metrics is of."""
        table = self._metrics
        if table is None:
            return np.arange(0)
        if _ID not in table.column_names:
            if table.num_rows != self.count:
                what = (
                    f"it has {table.num_rows} rows for {self.count} clusters, and no {_ID} that tells whose"
                )
                raise self._refused(self._metrics_stem, what)
            return np.arange(self.count)
        told = table[_ID].to_pylist()
        if len(set(told)) != len(told) or not all(_is_row(one, self.count) for one in told):
            what = f"its {_ID} are not those of {self.count} clusters, each once"
            raise self._refused(self._metrics_stem, what)
        return np.array(told, np.int64)

    def _refused(self, stem: str, what: str) -> SourceResponseError:
        dataset = self.sorting.datasets.get(stem)
        name = f"{self.sorting.collection}/{stem}" if dataset is None else path_of(dataset)
        message = f"{name} of the insertion {self.sorting.probe_id} cannot be used: {what}."
        return SourceResponseError(message, source="alyx", table="units", hint=_left_out(self.sorting))


def _left_out(sorting: Sorting) -> str:
    return f'Leave the insertion out: where=~Q(probe_id="{sorting.probe_id}").'


def _is_row(value: Any, count: int) -> bool:
    return isinstance(value, int | float) and 0 <= value < count and value == int(value)


def _is_named(name: str) -> bool:
    # pandas writes the index of a frame without a name by these.
    return bool(name) and not name.startswith(("Unnamed:", "__index_level_"))


def _is_told(value: Any) -> bool:
    # NaN alone is not itself.
    return value is not None and value == value


def _shape(found: Floats) -> str:
    return " x ".join(map(str, found.shape))
