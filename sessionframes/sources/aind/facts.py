"""What is asked about one session, each thing once and only when it is wanted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sessionframes.errors import AuthenticationError
from sessionframes.sources.aind import sorting
from sessionframes.sources.aind.data_asset import DataAsset, Url, of_asset, of_record
from sessionframes.sources.aind.groups import OF_MAIN, Known, created_of, is_raw
from sessionframes.sources.aind.pushed import any_named
from sessionframes.sources.aind.records import asset_ids, text_at
from sessionframes.sources.aind.whole_records import whole_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.docdb import Record
    from sessionframes.sources.aind.names import SessionName
    from sessionframes.sources.aind.sorting import SortedAsset
    from sessionframes.sources.aind.transport import AindTransport

__all__ = ["Facts"]

_OF_DATA = (*OF_MAIN, *sorting.PROJECTION)
#: Buckets with a folder for each session, in the order in which they are looked into.
_BUCKETS = (
    "aind-private-data-prod-o5171v",
    "aind-open-data-prod-o5171v",
    "aind-open-data",
    "aibs-behavior-data",
    "aind-ephys-data",
    "aind-ophys-data",
)


class Facts:
    """What the servers tell of one session; what was asked is kept as long as this is.

    Parameters
    ----------
    transport : AindTransport
        Where to ask.
    name : SessionName
        Of the session.
    """

    def __init__(self, transport: AindTransport, name: SessionName) -> None:
        self.transport = transport
        self.name = name

    @cached_property
    def record(self) -> Record:
        """The record of that name: the newest raw one, or else the newest; empty if there is none."""
        return self._main(whole_records(self.transport.docdb, self._where))

    @cached_property
    def brief(self) -> Record:
        """What of that record tells of its data: records are large, and gateways refuse the largest."""
        if "record" in self.__dict__:
            return self.record
        pages = self.transport.docdb.find(self._where, _OF_DATA)
        return self._main([record for page in pages for record in page])

    @property
    def _where(self) -> dict[str, str]:
        return {"name": self.name.id}

    def _main(self, records: Sequence[Record]) -> Record:
        return Known(self.name.id, self.name, tuple(records)).main or {}

    @cached_property
    def assets(self) -> list[Asset]:
        """The assets whose names begin with that of the session, the oldest first.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            Code Ocean is asked, and there is no token for it.
        """
        return sorted(self.transport.check_codeocean().named([self.name.id]), key=created_of)

    @cached_property
    def linked(self) -> list[str]:
        """The ids of assets that its record tells."""
        return asset_ids(self.brief) if self.brief and is_raw(self.brief) else []

    @cached_property
    def raw_asset(self) -> DataAsset | None:
        """The newest asset with its raw data: of those that its record tells, or else by its name.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            DocDB knows none, and there is no token to ask Code Ocean.
        """
        told = of_record(self.brief) if self.linked else None
        if told is not None and self.transport.codeocean is None:
            return told
        found = self._linked() or list(Known(self.name.id, self.name, (), tuple(self.assets)).raw_assets)
        return of_asset(max(found, key=created_of)) if found else told

    def _linked(self) -> list[Asset]:
        if not self.linked:
            return []
        if "assets" in self.__dict__:
            found = [asset for asset in self.assets if asset["id"] in self.linked]
            if found:
                return found
        return self.transport.check_codeocean().get(self.linked)

    @cached_property
    def raw_folder(self) -> Url | None:
        """The folder of its raw data: as its record has it, or its raw asset, or where such folders are.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            It is in none of the places that may be read, and not all of them may.
        """
        told = text_at(self.brief, "location") if is_raw(self.brief) else None
        if told is not None:
            return Url(told.rstrip("/"))
        if self.transport.codeocean is not None and self.raw_asset and self.raw_asset.location:
            return self.raw_asset.location
        return self._in_known_buckets()

    def _in_known_buckets(self) -> Url | None:
        refused = None
        for bucket in _BUCKETS:
            folder = Url(f"s3://{bucket}/{self.name.id}")
            try:
                if self.transport.storage.list(folder):
                    return folder
            except AuthenticationError as error:
                refused = error
        if refused is not None:
            # Not to be found and not to be read are two things.
            raise refused
        return None

    @property
    def is_uploaded(self) -> bool:
        """Whether there are raw data: an asset of them, or a folder."""
        if self.linked or self.raw_folder is not None:
            return True
        return self.transport.codeocean is not None and self.raw_asset is not None

    @cached_property
    def raw_folders(self) -> list[str]:
        """The names of the folders in that of its raw data; none where there is none."""
        if self.raw_folder is None:
            return []
        self.transport.storage.check(self.raw_folder, self.name.id)
        return self.transport.storage.list(self.raw_folder, folders_only=True)

    @cached_property
    def _sorted_records(self) -> tuple[Record, ...]:
        wanted = any_named([f"{self.name.id}_sorted"])
        pages = self.transport.docdb.find(wanted, (*sorting.PROJECTION, "processing"))
        return tuple(record for page in pages for record in page)

    @cached_property
    def sorted_assets(self) -> list[SortedAsset]:
        """What spike sorting made of it, the oldest first; without a token, what DocDB knows of that."""
        assets = () if self.transport.codeocean is None else tuple(self.assets)
        return sorting.sorted_assets(Known(self.name.id, self.name, self._sorted_records, assets))

    def data_asset(self, asset: SortedAsset) -> DataAsset:
        """Return a sorted asset as all others are."""
        if self.transport.codeocean is not None:
            for one in self.assets:
                if one["id"] == asset.asset_id:
                    return of_asset(one)
        return next(one for one in map(of_record, self._sorted_records) if one.id == asset.asset_id)

    @cached_property
    def sorters(self) -> dict[str, str | None]:
        """By the id of a sorted asset the name of its sorter, None where that is not told."""
        records = {one["name"]: one for one in self._sorted_records}
        return {
            one.asset_id: sorting.sorter_of(self.transport.storage, one, records.get(one.name))[0]
            for one in self.sorted_assets
        }

    @cached_property
    def failure(self) -> str | None:
        """Why the latest sorting is of no use, None if it is of use; there has to be one."""
        return sorting.failure_in(self.transport.storage, self.sorted_assets[-1])
