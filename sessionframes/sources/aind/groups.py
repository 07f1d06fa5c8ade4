"""Records and assets put together by the session that they are of, and the pages that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sessionframes.sources.aind.names import AssetName, SessionName, asset_name, leading_name
from sessionframes.sources.aind.records import inner, text_at
from sessionframes.sources.aind.times import made_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.docdb import Record

__all__ = [
    "OF_MAIN",
    "AssetsPage",
    "Known",
    "ProbesPage",
    "SessionsPage",
    "created_of",
    "data_level",
    "grouped",
    "is_raw",
    "kind_of",
    "location_of",
    "name_of",
    "named",
    "session_of",
]

#: What has to be asked of every record, or else the main one of a session could not be told.
OF_MAIN: Final = ("name", "created", "_created", "data_description.data_level")
#: Holds the data of assets that Code Ocean keeps itself, in a folder by id each.
INTERNAL_BUCKET: Final = "codeocean-s3datasetsbucket-1u41qdg42ur9"
_SCHEMES = {"aws": "s3", "gcp": "gs"}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """All that is known of one session.

    Parameters
    ----------
    session_id : str
        The head of the names; of a record whose name has none, its name.
    name : SessionName or None
        None where the name has no head.
    records : tuple of dict
        Of DocDB.
    assets : tuple of dict
        Of Code Ocean.
    """

    session_id: str
    name: SessionName | None
    records: tuple[Record, ...] = ()
    assets: tuple[Asset, ...] = ()

    @cached_property
    def main(self) -> Record | None:
        """The record that tells the facts: the newest raw one, or else the newest; None if there is none."""
        raw = [record for record in self.records if is_raw(record)]
        return max(raw or self.records, key=_age, default=None)

    @cached_property
    def raw_assets(self) -> tuple[Asset, ...]:
        """The assets that hold its raw data, newest last."""
        raw = [asset for asset in self.assets if kind_of(asset) == "raw"]
        return tuple(sorted(raw, key=created_of))


@dataclass(frozen=True)
class SessionsPage:
    """Sessions, the columns that are wanted of them, and the zone of clocks beside the rigs."""

    known: list[Known]
    columns: tuple[str, ...]
    zone: ZoneInfo


@dataclass(frozen=True)
class ProbesPage:
    """Sessions, the columns that are wanted of their probes, and the zone of clocks beside the rigs."""

    known: list[Known]
    columns: tuple[str, ...]
    zone: ZoneInfo


@dataclass(frozen=True)
class AssetsPage:
    """Assets, the name and the version of the sorter of each by its id, and the columns that are wanted."""

    assets: list[Asset]
    sorters: Mapping[str, tuple[str | None, str | None]]
    columns: tuple[str, ...]


def session_of(name: str) -> str:
    """Return the id of the session that a name is of: its head, or, where it has none, the name."""
    found = leading_name(name)
    return name if found is None else found.id


def grouped(records: Iterable[Record], assets: Iterable[Asset] = ()) -> list[Known]:
    """Return what is known of each session, ordered by its id.

    Parameters
    ----------
    records : iterable of dict
        Of DocDB, each once. Each is of a session, be it one of its own.
    assets : iterable of dict
        Of Code Ocean, each once. Those of no session are left out: such as models, and data for reference.
    """
    names: dict[str, SessionName | None] = {}
    of_records: dict[str, list[Record]] = {}
    of_assets: dict[str, list[Asset]] = {}
    for record in records:
        name = name_of(record)
        found = leading_name(name)
        session_id = name if found is None else found.id
        names.setdefault(session_id, found)
        of_records.setdefault(session_id, []).append(record)
    for asset in assets:
        found = leading_name(name_of(asset))
        if found is not None:
            names.setdefault(found.id, found)
            of_assets.setdefault(found.id, []).append(asset)
    return [
        Known(one, names[one], tuple(of_records.get(one, ())), tuple(of_assets.get(one, ())))
        for one in sorted(names)
    ]


def name_of(record: Record | Asset) -> str:
    """Return the name of a record or an asset; its key where it has none, or something else in its place."""
    name = record.get("name")
    return name if isinstance(name, str) and name else str(record.get("_id", record.get("id")))


def named(asset: Asset) -> AssetName:
    """Return what the name of an asset tells; nothing where it does not begin with that of a session."""
    name = name_of(asset)
    return AssetName(None, None, None) if leading_name(name) is None else asset_name(name)


def data_level(record: Record) -> str | None:
    """Return the level that a record tells: "raw", "derived", "simulated"; older ones have "raw data"."""
    told = text_at(inner(record, "data_description"), "data_level")
    return None if told is None else told.lower().removesuffix("data").strip()


def is_raw(record: Record) -> bool:
    """Tell whether a record is of raw data: it says so, or nothing, and its name has nothing that made it."""
    # What was made of raw data at times keeps the level that those had.
    return data_level(record) in ("raw", None) and asset_name(name_of(record)).process is None


def kind_of(asset: Asset) -> str:
    """Return what an asset is to a session: "raw", "sorted", "derived", or "other"."""
    name = named(asset)
    if name.session is None:
        return "other"
    if name.is_sorted:
        return "sorted"
    if name.process is not None:
        return "derived"
    level = (text_at(inner(asset, "custom_metadata"), "data level") or "").lower()
    tags = asset.get("tags")
    words = tags if isinstance(tags, list) else [tags]
    told = level or " ".join(word.lower() for word in words if isinstance(word, str))
    if "raw" in told or "derived" in told:
        return "raw" if "raw" in told else "derived"
    is_bare = name_of(asset).strip() == name.session.id and asset.get("type") not in ("result", "combined")
    return "raw" if is_bare else "derived"


def created_of(asset: Asset) -> tuple[float, str]:
    """Return when an asset was made, in s since 1970, and its id: what orders assets by age."""
    created = asset.get("created")
    return created if isinstance(created, int | float) else 0, asset["id"]


def location_of(asset: Asset) -> str | None:
    """Return the URL of the folder of an asset; None where it has none of its own."""
    if asset.get("type") == "combined":
        # It is put together of others, which have theirs.
        return None
    bucket = inner(asset, "source_bucket")
    origin, name = text_at(bucket, "origin"), text_at(bucket, "bucket")
    if origin in (None, "local"):
        return f"s3://{INTERNAL_BUCKET}/{asset['id']}"
    if origin not in _SCHEMES or name is None:
        return None
    return f"{_SCHEMES[origin]}://{name}/{bucket.get('prefix') or ''}".rstrip("/")


def _age(record: Record) -> tuple[datetime, str]:
    # Where nothing is told, it only decides between records of which none is better.
    created = made_at(record.get("created") or record.get("_created"))
    return created or _LONG_AGO, str(record.get("_id"))
