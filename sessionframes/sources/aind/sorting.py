"""What spike sorting left behind: which data assets, of use or not, by which sorter, of which probes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.groups import location_of, name_of
from sessionframes.sources.aind.names import asset_name
from sessionframes.sources.aind.records import asset_ids
from sessionframes.sources.aind.times import made_at, since_1970

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.sources.aind.docdb import Record
    from sessionframes.sources.aind.groups import Known
    from sessionframes.sources.aind.storage import Storage

__all__ = [
    "PROJECTION",
    "SortedAsset",
    "failure_in",
    "good_asset",
    "nwb_of",
    "sorted_assets",
    "sorted_probes",
    "sorter_in",
    "sorter_of",
]

_LOG = logging.getLogger(__name__)

Sorter = tuple[str | None, str | None]

#: What of a record tells where the data of an asset are.
PROJECTION = ("name", "created", "location", "external_links", "other_identifiers")
#: What a pipeline that failed says in the file ``output``.
_FAILURES = (
    "Essential container in task exited",
    "Out of memory.",
    "Task failed to start - DockerTimeoutError",
    "The CUDA error was:",
    "Traceback (most recent call last):",
    "Command error:",
    "WARN: Killing running tasks",
)
#: One probe of several may have failed with it, and the sorting of the others be good.
_OF_ONE_PROBE = "The CUDA error was:"
_OF_SORTING = ("sorting", "kilosort", "n e x t f l o w")
_ZARR = ".zarr"
_NWB = (".nwb", f".nwb{_ZARR}")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SortedAsset:
    """A data asset that spike sorting made.

    Attributes
    ----------
    asset_id : str
        Code Ocean's; of one that only DocDB knows, the id of its record.
    name : str
        ``<session>_sorted_<date>_<time>``.
    session_id : str
        Of the session.
    created : datetime or None
        When it was made, in UTC.
    location : str or None
        URL of its folder.
    state : str or None
        "draft", "ready" or "failed"; None where DocDB alone knows it, which does not tell.
    """

    asset_id: str
    name: str
    session_id: str
    created: datetime | None
    location: str | None
    state: str | None


def sorted_assets(known: Known) -> list[SortedAsset]:
    """Return the sorted assets of a session, the oldest first: Code Ocean's, and what only DocDB knows."""
    found = {one.asset_id: one for one in _of_assets(known)}
    names = {one.name for one in found.values()}
    for one in _of_records(known):
        if one.asset_id not in found and one.name not in names:
            found[one.asset_id] = one
    return sorted(found.values(), key=lambda one: (one.created or _LONG_AGO, one.name, one.asset_id))


def _of_assets(known: Known) -> Iterator[SortedAsset]:
    for asset in known.assets:
        name = name_of(asset)
        if asset_name(name).is_sorted:
            created = since_1970(asset.get("created"), name)
            state = asset.get("state")
            yield SortedAsset(asset["id"], name, known.session_id, created, location_of(asset), state)


def _of_records(known: Known) -> Iterator[SortedAsset]:
    for record in known.records:
        name = name_of(record)
        if asset_name(name).is_sorted:
            ids = asset_ids(record)
            asset_id = ids[-1] if ids else str(record["_id"])
            location = record.get("location")
            place = location.rstrip("/") if isinstance(location, str) and location else None
            created = made_at(record.get("created") or record.get("_created"))
            yield SortedAsset(asset_id, name, known.session_id, created, place, None)


def failure_in(storage: Storage, asset: SortedAsset) -> str | None:
    """Return why a sorting is of no use, or None: its state, or what the file ``output`` says.

    Parameters
    ----------
    storage : Storage
        Where its files are.
    asset : SortedAsset
        The sorting.
    """
    if asset.state not in (None, "ready"):
        return f"its state is {asset.state}"
    if asset.location is None:
        return "it is not told where it is"
    storage.check(asset.location, asset.name)
    (output,) = storage.read_all([f"{asset.location}/output"])
    if output is None:
        # Copies for the public may come without.
        return None if nwb_of(storage, asset) else "there is neither a file 'output' nor an NWB file"
    text = output.decode(errors="replace")
    phrase = next((one for one in _FAILURES if one in text and not _is_of_one_probe(one, text)), None)
    return None if phrase is None else f"its file 'output' says {phrase!r}"


def _is_of_one_probe(phrase: str, text: str) -> bool:
    return phrase == _OF_ONE_PROBE and all(word in text.lower() for word in _OF_SORTING)


def nwb_of(storage: Storage, asset: SortedAsset) -> list[str]:
    """Return the URLs of the NWB files of a sorting, in order; of one that is there as Zarr too, that."""
    folder = f"{asset.location}/nwb"
    names = [name for name in storage.list(folder) if name.endswith(_NWB)]
    twice = {name for name in names if f"{name}{_ZARR}" in names}
    if twice:
        _LOG.info("%s of %s are passed over: they are there as Zarr too", sorted(twice), asset.name)
    return [f"{folder}/{name}" for name in names if name not in twice]


def good_asset(storage: Storage, assets: Sequence[SortedAsset]) -> tuple[SortedAsset, list[str]] | None:
    """Return the latest sorting that did not fail, and its NWB files; None if there is none.

    Parameters
    ----------
    storage : Storage
        Where their files are.
    assets : sequence of SortedAsset
        Those of a session, the oldest first.
    """
    for asset in reversed(assets):
        failure = failure_in(storage, asset)
        urls = nwb_of(storage, asset) if failure is None else []
        if urls:
            return asset, urls
        _LOG.info("%s (%s) is passed over: %s", asset.name, asset.asset_id, failure or "it has no NWB file")
    return None


def sorted_probes(storage: Storage, asset: SortedAsset) -> list[str]:
    """Return the names of the probes that got through all of a sorting, such as ProbeA, in order."""
    for folder in ("curated", "sorting_precurated"):
        names = storage.list(f"{asset.location}/{folder}", folders_only=True)
        if names:
            return sorted({_probe(name) for name in names})
    return []


def _probe(folder: str) -> str:
    # experiment1_Record Node 104#Neuropix-PXI-100.ProbeA-AP_recording1
    stream = folder.partition("_")[2] if folder.startswith(("experiment", "block")) else folder
    stream = stream.rpartition("_recording")[0] or stream
    name = stream.partition("#")[2] or stream
    return (name.partition(".")[2] or name).removesuffix("-AP").removesuffix("-LFP")


def sorter_of(storage: Storage, asset: SortedAsset, record: Record | None = None) -> Sorter:
    """Return the name and the version of the sorter that made an asset, None for what is not told.

    Parameters
    ----------
    storage : Storage
        Where its files are.
    asset : SortedAsset
        The sorting.
    record : dict, optional
        Its record in DocDB, which saves reading files.
    """
    found = sorter_in(record.get("processing")) if record is not None else (None, None)
    if found[0] is not None or asset.location is None:
        return found
    for paths, read in (
        (_processing, sorter_in),
        (_of_folders, _in_folder),
        (_parameters, _in_parameters),
    ):
        urls = [f"{asset.location}/{path}" for path in paths(storage, asset.location)]
        for url, content in zip(urls, storage.read_all(urls), strict=True):
            found = (None, None) if content is None else read(_json(url, content))
            if found[0] is not None:
                return found
    return None, None


def _processing(_: Storage, __: str) -> list[str]:
    return ["processing.json"]


def _parameters(_: Storage, __: str) -> list[str]:
    return ["params.json"]


def _of_folders(storage: Storage, location: str) -> list[str]:
    kinds = (("spikesorted", "si_folder.json"), ("postprocessed", "sorting.json"))
    return [
        f"{folder}/{name}/{file}"
        for folder, file in kinds
        for name in storage.list(f"{location}/{folder}", folders_only=True)
    ]


def sorter_in(processing: Any) -> Sorter:
    """Return the name and the version of the sorter that a section on processing tells, in any layout."""
    if not isinstance(processing, dict):
        return None, None
    pipeline = processing.get("processing_pipeline")
    holder = pipeline if isinstance(pipeline, dict) else processing
    for process in _processes(holder.get("data_processes")):
        kinds = (process.get("name"), process.get("process_type"))
        if not any(isinstance(kind, str) and kind.startswith("Spike sorting") for kind in kinds):
            continue
        code = process.get("code")
        for place in (process, code if isinstance(code, dict) else {}):
            name = _named(place.get("parameters"))
            if name is not None:
                versions = (place.get(key) for key in ("software_version", "code_version", "version"))
                return name, next((one for one in versions if isinstance(one, str) and one), None)
    return None, None


def _processes(told: Any) -> Iterator[Mapping[str, Any]]:
    # What ran for several probes at once is a list within the list.
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            yield one
        else:
            yield from _processes(one)


def _in_folder(told: Any) -> Sorter:
    for step in ("annotations", "__sorting_info__", "params"):
        told = told.get(step) if isinstance(told, dict) else None
    return _named(told), None


def _in_parameters(told: Any) -> Sorter:
    return _named(told.get("spikesorting") if isinstance(told, dict) else None), None


def _named(parameters: Any) -> str | None:
    name = parameters.get("sorter_name") if isinstance(parameters, dict) else None
    return name if isinstance(name, str) and name else None


def _json(url: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        message = f"{url} is no JSON: {error}."
        raise SourceResponseError(message, source="aind") from error
