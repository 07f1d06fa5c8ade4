"""Which sorting of an insertion counts, and which datasets it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceResponseError
from sessionframes.sources.alyx.alf import stem_of
from sessionframes.sources.alyx.file_records import has_copy, path_of
from sessionframes.sources.alyx.groups import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionframes.transports.rest_request import Record

__all__ = ["FILES", "Sorting", "names_of", "sorting_of"]

#: By object and attribute, the ends that files of it have, the better first.
FILES: Mapping[str, tuple[str, ...]] = {
    "clusters.channels": (".npy",),
    "clusters.table": (".pqt",),
    "clusters.metrics": (".pqt", ".csv"),
    "clusters.depths": (".npy",),
    "clusters.amps": (".npy",),
    "clusters.peakToTrough": (".npy",),
    "clusters.uuids": (".csv",),
    "channels.localCoordinates": (".npy",),
    "channels.rawInd": (".npy",),
    "channels.mlapdv": (".npy",),
    "channels.brainLocationIds_ccf_2017": (".npy",),
    "channels.labels": (".npy",),
}
#: What has to be there for units to have a channel: one of them.
_PEAKS = ("clusters.channels", "clusters.table")
#: As IBL prefers them; then the folder of the probe itself, then whichever has the shortest path.
_SORTERS = ("iblsorter", "pykilosort")
#: IBL's client passes over what is worse than failed.
_CRITICAL = ("CRITICAL", 50)


@dataclass(frozen=True)
class Sorting:
    """The sorting of an insertion that counts.

    Parameters
    ----------
    probe_id, session_id : str
        Of the insertion, and of its session.
    collection : str
        The folder: ``alf/probe00/pykilosort``.
    sorter : str or None
        The name of the sorter; None for the first vintage, whose folder does not tell.
    datasets : mapping
        By object and attribute, the dataset that counts.
    """

    probe_id: str
    session_id: str
    collection: str
    sorter: str | None
    datasets: Mapping[str, Record]

    @property
    def revision(self) -> str | None:
        """The revision of the dataset that tells which units there are; None for the first one."""
        peaks = next(self.datasets[stem] for stem in _PEAKS if stem in self.datasets)
        return peaks.get("revision") or None


def names_of(stems: Iterable[str]) -> list[str]:
    """Return the names that files of these may have, to ask for datasets by."""
    return [f"{stem}{end}" for stem in stems for end in FILES[stem]]


def sorting_of(insertion: Record, datasets: Iterable[Record]) -> Sorting | None:
    """Return the sorting of an insertion that counts; None if nothing was sorted.

    That is IBL's own choice: the folder of iblsorter, or else of pykilosort, or else the one of the probe, or
    else the one with the shortest path; in it, of each file, the dataset that is the default, or else the
    newest revision. Datasets of critical quality are passed over, and so are folders no server has.

    Parameters
    ----------
    insertion : dict
        As lists of insertions show it.
    datasets : iterable of dict
        Of its session, others among them.

    Raises
    ------
    SourceResponseError
        There are units, but nothing tells their channels; or no server has the files.
    """
    home = f"alf/{insertion['name']}"
    folders: dict[str, list[Record]] = {}
    for dataset in datasets:
        collection = dataset.get("collection") or ""
        if collection != home and not collection.startswith(f"{home}/"):
            continue
        if dataset.get("qc") not in _CRITICAL and stem_of(dataset["name"]) in FILES:
            folders.setdefault(collection, []).append(dataset)
    chosen = {one: _chosen(found) for one, found in folders.items()}
    sorted_ones = {
        one: found for one, found in chosen.items() if any(stem.startswith("clusters.") for stem in found)
    }
    if not sorted_ones:
        return None
    collection = min(sorted_ones, key=lambda one: _rank(one, home, sorted_ones[one]))
    found = sorted_ones[collection]
    if not any(stem in found for stem in _PEAKS):
        one = path_of(next(iter(found.values())))
        message = f"the insertion {insertion['id']} has {one}, but no clusters.channels."
        raise SourceResponseError(
            message, source="alyx", table="units", hint=_LEAVE_OUT.format(insertion["id"])
        )
    sorter = collection.removeprefix(home).strip("/") or None
    return Sorting(insertion["id"], key_of(insertion["session"]) or "", collection, sorter, found)


_LEAVE_OUT = 'Leave it out: where=~Q(probe_id="{}").'


def _rank(collection: str, home: str, found: Mapping[str, Record]) -> tuple[Any, ...]:
    peaks = [found[stem] for stem in _PEAKS if stem in found]
    sorter = collection.removeprefix(home).strip("/")
    place = _SORTERS.index(sorter) if sorter in _SORTERS else len(_SORTERS)
    return not peaks, not any(map(has_copy, peaks)), place, len(collection), collection


def _chosen(datasets: Iterable[Record]) -> dict[str, Record]:
    """Return, by object and attribute, the dataset that counts."""
    found: dict[str, Record] = {}
    for dataset in sorted(datasets, key=_counts_more):
        stem = stem_of(dataset["name"])
        if stem is not None:
            found[stem] = dataset
    return {stem: found[stem] for stem in FILES if stem in found}


def _counts_more(dataset: Record) -> tuple[Any, ...]:
    name = dataset["name"]
    stem = stem_of(name) or ""
    ends = FILES[stem]
    return (
        dataset.get("default_dataset") is not False,
        dataset.get("revision") or "",
        has_copy(dataset),
        -ends.index(name[-4:]) if name[-4:] in ends else -len(ends),
        key_of(dataset["url"]) or "",
    )
