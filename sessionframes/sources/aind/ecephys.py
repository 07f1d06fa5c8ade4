"""What is known of the electrophysiology of one session: its folders, and what spike sorting made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from sessionframes.config import nearest
from sessionframes.errors import QueryError, SourceError
from sessionframes.sources.aind import sorting

if TYPE_CHECKING:
    from sessionframes.sources.aind.data_asset import DataAsset, Url
    from sessionframes.sources.aind.facts import Facts
    from sessionframes.sources.aind.session import Session

__all__ = ["Ecephys", "NotThereError", "Sorter", "Sorters", "UnknownSorterError"]

#: The sorters that SpikeInterface runs.
_SORTERS = (
    *("combinato", "hdsort", "herdingspikes", "ironclust", "kilosort", "kilosort2", "kilosort2_5"),
    *("kilosort3", "kilosort4", "klusta", "lupin", "mountainsort4", "mountainsort5", "pykilosort", "rtsort"),
    *("simple", "spykingcircus", "spykingcircus2", "tridesclous", "tridesclous2", "waveclus"),
    *("waveclus_snippets", "yass"),
)


class NotThereError(SourceError, AttributeError):
    """A session has nothing of that kind; ``getattr`` with a default and ``hasattr`` understand it too."""


class UnknownSorterError(QueryError, AttributeError):
    """No sorter goes by that name."""


class _OfSession:
    """What stands for a part of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session


class Ecephys(_OfSession):
    """The electrophysiology of a session: ``session.ecephys``.

    Parameters
    ----------
    session : Session
        Whose.
    """

    def __repr__(self) -> str:
        return f"{self._session!r}.ecephys"

    @property
    def sorted_data_assets(self) -> tuple[DataAsset, ...]:
        """What spike sorting made, the oldest first; without a token, what DocDB knows of that."""
        facts = self._session.facts
        return tuple(facts.data_asset(asset) for asset in facts.sorted_assets)

    @property
    def sorted_data_asset(self) -> DataAsset:
        """The latest of the sorted data assets, be it good or not.

        Raises
        ------
        NotThereError
            There is none.
        """
        facts = self._sorted()
        return facts.data_asset(facts.sorted_assets[-1])

    @property
    def sorted_data_dir(self) -> Url:
        """The folder of the latest of the sorted data assets.

        Raises
        ------
        NotThereError
            There is none.
        """
        return self.sorted_data_asset.location or self._lacks("sorted data with a folder")

    @property
    def is_sorted(self) -> bool:
        """Whether it was sorted, and nothing went wrong with the latest sorting."""
        facts = self._session.facts
        return bool(facts.sorted_assets) and facts.failure is None

    @property
    def sorting_failure(self) -> str | None:
        """What went wrong with the latest sorting; None if nothing did.

        Raises
        ------
        NotThereError
            It was not sorted.
        """
        return self._sorted().failure

    @property
    def sorted_probes(self) -> tuple[str, ...]:
        """The names of the probes that got through all of the latest sorting, such as ProbeA.

        Raises
        ------
        NotThereError
            It was not sorted.
        """
        facts = self._sorted()
        return tuple(sorting.sorted_probes(facts.transport.storage, facts.sorted_assets[-1]))

    @property
    def sorter(self) -> Sorters:
        """What each sorter made of it: ``session.ecephys.sorter.kilosort2_5.data_assets``."""
        return Sorters(self._session)

    @property
    def clipped_dir(self) -> Url:
        """The folder of what Open Ephys wrote, with the recordings cut short.

        Raises
        ------
        NotThereError
            There is none.
        """
        return self._folder("ecephys_clipped")

    @property
    def compressed_dir(self) -> Url:
        """The folder of the recordings as compressed Zarr.

        Raises
        ------
        NotThereError
            There is none.
        """
        return self._folder("ecephys_compressed")

    def _folder(self, name: str) -> Url:
        facts = self._session.facts
        if facts.raw_folder is None:
            self._lacks("folder of raw data that is known")
        # Since 2024 they are in the folder of the modality.
        above = facts.raw_folder / "ecephys"
        if "ecephys" in facts.raw_folders and name in facts.transport.storage.list(above):
            return above / name
        return facts.raw_folder / name if name in facts.raw_folders else self._lacks(f"folder {name}")

    def _sorted(self) -> Facts:
        facts = self._session.facts
        return facts if facts.sorted_assets else self._lacks("sorted data asset")

    def _lacks(self, what: str) -> NoReturn:
        message = f"{self._session.id} has no {what}."
        raise NotThereError(message, source="aind")


class Sorters(_OfSession):
    """What each sorter made of a session, by the name of the sorter.

    Parameters
    ----------
    session : Session
        Whose.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sorters that made something of it; data that do not tell theirs have none."""
        return tuple(sorted({name for name in self._session.facts.sorters.values() if name}))

    def __getattr__(self, name: str) -> Sorter:
        if name.startswith("_") or hasattr(type(self), name):
            # Libraries ask everything for what begins with "_", which is no reason to send anything.
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message)
        if name not in _SORTERS and name not in (used := self.names):
            message = f"there is no sorter {name!r}."
            known = sorted({*used, *_SORTERS})
            meant = close if (close := nearest(name, known)).startswith("Did") else ""
            hint = f"{meant} Used on this session: {', '.join(used) or 'none'}. Known: {', '.join(known)}."
            raise UnknownSorterError(message, source="aind", hint=hint)
        return Sorter(self._session, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_SORTERS})

    def __repr__(self) -> str:
        return f"{self._session!r}.ecephys.sorter"


class Sorter(_OfSession):
    """What one sorter made of a session.

    Parameters
    ----------
    session : Session
        Whose.
    name : str
        Of the sorter, such as kilosort2_5.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session)
        self.name = name

    @property
    def data_assets(self) -> tuple[DataAsset, ...]:
        """Its data assets, the oldest first; none if it was not used."""
        facts = self._session.facts
        return tuple(
            facts.data_asset(asset)
            for asset in facts.sorted_assets
            if facts.sorters[asset.asset_id] == self.name
        )

    @property
    def sorted_data_assets(self) -> tuple[DataAsset, ...]:
        """The same as :attr:`data_assets`."""
        return self.data_assets

    def __repr__(self) -> str:
        return f"{self._session!r}.ecephys.sorter.{self.name}"
