"""A data asset as an object, and the URL of a folder as a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sessionframes.sources.aind.groups import location_of, name_of
from sessionframes.sources.aind.records import asset_ids, inner, text_at
from sessionframes.sources.aind.times import made_at, since_1970

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.docdb import Record

__all__ = ["DataAsset", "SourceBucket", "Url", "of_asset", "of_record"]


class Url(str):
    """The URL of a folder or a file: a text that is put together and taken apart as a path is.

    Examples
    --------
    >>> folder = Url("s3://aind-ephys-data") / "ecephys_676909_2023-12-13_13-43-40" / "behavior"
    >>> folder
    's3://aind-ephys-data/ecephys_676909_2023-12-13_13-43-40/behavior'
    >>> folder.name, folder.parent.as_posix()
    ('behavior', 's3://aind-ephys-data/ecephys_676909_2023-12-13_13-43-40')
    """

    __slots__ = ()

    def __truediv__(self, below: str) -> Url:
        return Url(f"{self.rstrip('/')}/{below}")

    @property
    def name(self) -> str:
        """The last part of it."""
        return self.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> Url:
        """What this is in."""
        return Url(self.rstrip("/").rpartition("/")[0])

    def as_posix(self) -> str:
        """Return it as plain text."""
        return str.__str__(self)


@dataclass(frozen=True)
class SourceBucket:
    """Where the data of an asset are that Code Ocean does not keep itself; the origin is "aws" or "gcp"."""

    origin: str | None
    bucket: str | None
    prefix: str | None
    external: bool | None


@dataclass(frozen=True)
class DataAsset:
    """A data asset, with the attributes that Code Ocean's own client gives it; equal by its id.

    Attributes
    ----------
    id, name : str
        The id is Code Ocean's; that of the record, where no other is told.
    created : int or None
        When it was made, in s since 1970; :attr:`created_at` is that as a datetime.
    location : Url or None
        Its folder.
    state, type, mount, description, tags, files, size, last_used, source_bucket, provenance, custom_metadata
        As Code Ocean tells; size in bytes, times in s since 1970. None, or empty, where DocDB alone knows of
        the asset.
    told : mapping
        All that was told of it.
    """

    id: str
    name: str = field(compare=False)
    created: int | None = field(compare=False)
    location: Url | None = field(compare=False)
    state: str | None = field(default=None, compare=False)
    type: str | None = field(default=None, compare=False)
    mount: str | None = field(default=None, compare=False, repr=False)
    description: str | None = field(default=None, compare=False, repr=False)
    tags: tuple[str, ...] = field(default=(), compare=False, repr=False)
    files: int | None = field(default=None, compare=False, repr=False)
    size: int | None = field(default=None, compare=False, repr=False)
    last_used: int | None = field(default=None, compare=False, repr=False)
    source_bucket: SourceBucket | None = field(default=None, compare=False, repr=False)
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    custom_metadata: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    told: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def created_at(self) -> datetime | None:
        """When it was made, in UTC.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            What is told of it is no time.
        """
        return since_1970(self.created, self.name)


def of_asset(asset: Asset) -> DataAsset:
    """Return a data asset from what Code Ocean tells of it."""
    bucket, location = inner(asset, "source_bucket"), location_of(asset)
    tags = asset.get("tags")
    plain = ("state", "type", "mount", "description", "files", "size", "last_used")
    return DataAsset(
        id=asset["id"],
        name=name_of(asset),
        created=asset.get("created"),
        location=None if location is None else Url(location),
        **{name: asset.get(name) for name in plain},
        tags=tuple(tags) if isinstance(tags, list) else (),
        source_bucket=SourceBucket(*map(bucket.get, ("origin", "bucket", "prefix", "external")))
        if bucket
        else None,
        provenance=inner(asset, "provenance"),
        custom_metadata=inner(asset, "custom_metadata"),
        told=asset,
    )


def of_record(record: Record) -> DataAsset:
    """Return a data asset from what DocDB tells of it, which is less."""
    ids, location = asset_ids(record), text_at(record, "location")
    created = made_at(record.get("created") or record.get("_created"))
    return DataAsset(
        id=ids[-1] if ids else str(record["_id"]),
        name=name_of(record),
        created=None if created is None else int(created.timestamp()),
        location=Url(location.rstrip("/")) if location else None,
        told=record,
    )
