"""Units: the clusters of a sorting's files, put together as IBL's own loader does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.sources.alyx.clusters import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from sessionframes.sources.alyx.clusters import Clusters
    from sessionframes.sources.alyx.sortings import Sorting
    from sessionframes.tables import Table

    Floats = npt.NDArray[np.float64]

__all__ = ["UnitsPage", "needs", "site", "units", "whole"]

#: Volts become microvolts.
_MICRO = Decimal(1_000_000)
#: The number that Allen's structures have for none.
_VOID = 0

_OF_CHANNELS = {
    "peak_axial": "channels.localCoordinates",
    "peak_lateral": "channels.localCoordinates",
    "channel_id": "channels.localCoordinates",
    "channel_known_from": "channels.localCoordinates",
    "channel_label": "channels.labels",
    "atlas_id": "channels.brainLocationIds_ccf_2017",
    "acronym": "channels.brainLocationIds_ccf_2017",
    **dict.fromkeys("xyz", "channels.mlapdv"),
}
_OF_CLUSTERS = {
    "cluster_uuid": "clusters.uuids",
    "cluster_depth": "clusters.depths",
    "waveform_amplitude": "clusters.amps",
    "waveform_duration": "clusters.peakToTrough",
}
#: Columns of clusters.metrics by ours, where the names differ.
_RENAMED = {
    "amplitude_cutoff": "missed_spikes_est",
    "quality": "label",
    "amp_std_db": "amp_std_dB",
    "sliding_rp_viol": "slidingRP_viol",
    "sliding_rp_viol_forced": "slidingRP_viol_forced",
}
_COUNTS = ("bitwise_fail", "spike_count", "n_spikes_below2")
_VOLTS = ("amp_max", "amp_min", "amp_median")
_FLAGS = ("sliding_rp_viol", "sliding_rp_viol_forced")
_MADE_OF_METRICS = (*METRICS, *_RENAMED, "ks2_label", "unit_other_metrics")
#: What has a column of its own.
_KNOWN = {*METRICS, *_RENAMED.values(), "ks2_label", "cluster_id"}


@dataclass(frozen=True)
class UnitsPage:
    """The units of one insertion.

    Parameters
    ----------
    sorting : Sorting
        Where they are from.
    clusters : Clusters
        What its files say.
    channels : mapping
        Ids of Alyx' channels of the insertion by their axial and lateral position in um.
    acronyms : mapping
        Of brain regions, by their Allen ids.
    columns : tuple of str
        What is wanted.
    """

    sorting: Sorting
    clusters: Clusters
    channels: Mapping[tuple[float, float], str] = field(default_factory=dict)
    acronyms: Mapping[int, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def needs(columns: Sequence[str]) -> tuple[str, ...]:
    """Return which files of a sorting columns come from, by object and attribute."""
    found = ["clusters.channels", "clusters.table"]
    for column in columns:
        found += [one for source in (_OF_CHANNELS, _OF_CLUSTERS) if (one := source.get(column))]
        if column in _MADE_OF_METRICS:
            found.append("clusters.metrics")
    if any(one.startswith("channels.") for one in found):
        # Where the others lie, and how they are found where they are more or fewer.
        found += ["channels.localCoordinates", "channels.rawInd"]
    return tuple(dict.fromkeys(found))


def units(model: type[Table], page: UnitsPage) -> pa.Table:
    """Return the columns of units."""
    values = _Units(page)
    schema = pa.schema([one for one in model.arrow_schema() if one.name in page.columns])
    arrays = [pa.array(values.column(one.name), one.type, from_pandas=True) for one in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


class _Units:
    """The columns of a page, made as they are asked for."""

    def __init__(self, page: UnitsPage) -> None:
        self._page = page
        self._clusters = page.clusters
        self._rows = page.clusters.count

    def column(self, name: str) -> Any:
        if name in _COUNTS:
            return whole(self._metric(name))
        if name in _VOLTS:
            return _microvolts(self._metric(name))
        if name in _FLAGS:
            return [None if np.isnan(one) else bool(one) for one in self._metric(_RENAMED[name])]
        if name in METRICS or name == "amp_std_db":
            return self._metric(_RENAMED.get(name, name))
        made = getattr(self, f"_{name}", None)
        return self._constant(name) if made is None else made()

    def _constant(self, name: str) -> list[str | None]:
        sorting = self._page.sorting
        constant = {
            "probe_id": sorting.probe_id,
            "session_id": sorting.session_id,
            "sorter": sorting.sorter,
            "sorting_collection": sorting.collection,
            "sorting_revision": sorting.revision,
        }
        # Nothing in the files tells the others, such as snr.
        return [constant.get(name)] * self._rows

    def _unit_id(self) -> list[str]:
        return [f"{self._page.sorting.probe_id}:{row}" for row in range(self._rows)]

    def _cluster_id(self) -> range:
        return range(self._rows)

    def _channel_id(self) -> list[str]:
        return [one for one, _ in self._channels]

    def _channel_known_from(self) -> list[str]:
        return [told for _, told in self._channels]

    def _quality(self) -> list[str | None]:
        return ["good" if one == 1 else None for one in self._metric("label")]

    def _amplitude_cutoff(self) -> Floats:
        return self._metric("missed_spikes_est")

    def _waveform_amplitude(self) -> list[float]:
        return _microvolts(self._numbers("clusters.amps"))

    def _waveform_duration(self) -> Floats:
        return self._numbers("clusters.peakToTrough")

    def _cluster_depth(self) -> Floats:
        return self._numbers("clusters.depths")

    def _cluster_uuid(self) -> Any:
        return self._clusters.texts("clusters.uuids") or self._nothing

    def _ks2_label(self) -> Any:
        return self._clusters.metric_texts("ks2_label") or self._nothing

    def _peak_channel_index(self) -> Any:
        return self._clusters.peaks

    def _peak_axial(self) -> Floats:
        return self._sites[:, 1]

    def _peak_lateral(self) -> Floats:
        return self._sites[:, 0]

    def _channel_label(self) -> Any:
        return whole(self._of_channels("channels.labels"))

    def _atlas_id(self) -> Any:
        return self._regions

    def _acronym(self) -> list[str | None]:
        return [None if one is None else self._page.acronyms.get(one) for one in self._regions]

    def _x(self) -> Floats:
        return self._places[:, 0]

    def _y(self) -> Floats:
        return self._places[:, 1]

    def _z(self) -> Floats:
        return self._places[:, 2]

    def _unit_other_metrics(self) -> list[str | None]:
        rows = self._clusters.other_metrics(_KNOWN)
        return [json.dumps(one, sort_keys=True) if one else None for one in rows]

    @property
    def _nothing(self) -> list[None]:
        return [None] * self._rows

    def _numbers(self, stem: str) -> Floats:
        found = self._clusters.of_clusters(stem)
        return np.full(self._rows, np.nan) if found is None else found

    def _metric(self, name: str) -> Floats:
        found = self._clusters.metric(name)
        return np.full(self._rows, np.nan) if found is None else found

    def _of_channels(self, stem: str, width: int | None = None) -> Floats:
        found = self._clusters.of_channels(stem, width)
        shape = (self._rows,) if width is None else (self._rows, width)
        return np.full(shape, np.nan) if found is None else found

    @cached_property
    def _sites(self) -> Floats:
        return self._of_channels("channels.localCoordinates", 2)

    @cached_property
    def _places(self) -> Floats:
        return self._of_channels("channels.mlapdv", 3)

    @cached_property
    def _channels(self) -> list[tuple[str, str]]:
        """Return the id of the peak channel of each unit, and what knows it."""
        known, probe_id = self._page.channels, self._page.sorting.probe_id
        found: list[tuple[str, str]] = []
        for peak, (lateral, axial) in zip(self._clusters.rows.tolist(), self._sites.tolist(), strict=True):
            own = known.get(site(axial, lateral))
            found.append((f"{probe_id}:{peak}", "files") if own is None else (own, "alyx"))
        return found

    @cached_property
    def _regions(self) -> list[int | None]:
        found = whole(self._of_channels("channels.brainLocationIds_ccf_2017"))
        return [None if one == _VOID else one for one in found]


def site(axial: float, lateral: float) -> tuple[float, float]:
    """Return a place on a probe so that one and the same is equal, however it was written."""
    return round(axial, 2), round(lateral, 2)


def whole(numbers: Floats) -> list[int | None]:
    """Return whole numbers, None where there is none."""
    return [None if np.isnan(one) else round(one) for one in numbers.tolist()]


def _microvolts(volts: Floats) -> list[float]:
    # In decimals: 0.000065 V are 65 uV, not 64.99999999999999.
    return [float(Decimal(repr(one)) * _MICRO) for one in volts.tolist()]
