"""The questions that can be put to AIND: each knows what to ask for, and what the pages of its answer are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.query.where import EVERY, conditions
from sessionframes.residual import Above, fulfilling
from sessionframes.sources.aind import alignment, channels, probes, sessions, sorting, units
from sessionframes.sources.aind.devices import Wanted
from sessionframes.sources.aind.docdb import parts_of
from sessionframes.sources.aind.groups import AssetsPage, ProbesPage, SessionsPage, kind_of
from sessionframes.sources.aind.records import asset_ids
from sessionframes.sources.aind.tables import AindSessions
from sessionframes.sources.aind.walk import assets_of_subjects, first_requests, known
from sessionframes.transports.workers import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sessionframes.query import Where
    from sessionframes.sources.aind.alignment import Alignment
    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.groups import Known
    from sessionframes.sources.aind.pushed import Pushed
    from sessionframes.sources.aind.sorting import SortedAsset
    from sessionframes.sources.aind.transport import AindTransport
    from sessionframes.transports.workers import Stop

__all__ = ["Asked", "AssetsAsked", "ChannelsAsked", "ProbesAsked", "SessionsAsked", "UnitsAsked"]

#: Sessions that are flattened at once.
_OF_A_PAGE = 500
#: Sortings that are read at once: each by several requests of its own.
_AT_ONCE = 4
_SORTERS = frozenset({"sorter_name", "sorter_version"})
_CODE_OCEAN = "external_links.Code Ocean", "other_identifiers.Code Ocean"


@dataclass(frozen=True)
class Asked:
    """A question about sessions, or about what is below them.

    Parameters
    ----------
    pushed : Pushed
        Which sessions.
    columns : tuple of str
        What is wanted of the table.
    only_docdb : bool
        Whether Code Ocean is left out, although there is a token.
    above : Where
        What is asked of sessions alone: the files of others need not be read.
    """

    pushed: Pushed
    columns: tuple[str, ...]
    only_docdb: bool = False
    above: Where = EVERY

    def pages(self, transport: AindTransport) -> Iterator[Any]:
        """Yield the pages of the answer."""
        raise NotImplementedError

    def render(self, transport: AindTransport) -> str:
        """Return what would be sent first."""
        return first_requests(transport, self.pushed, self._projection(), assets=self._asks_code_ocean())

    def _projection(self) -> tuple[str, ...]:
        """Return what is needed of records."""
        raise NotImplementedError

    def _asks_code_ocean(self) -> bool:
        return not self.only_docdb

    def _known(self, transport: AindTransport) -> list[Known]:
        return known(transport, self.pushed, self._projection(), assets=self._asks_code_ocean())


class SessionsAsked(Asked):
    """A question about sessions."""

    def pages(self, transport: AindTransport) -> Iterator[SessionsPage]:
        """Yield sessions, some at a time."""
        for some in _some(self._known(transport)):
            yield SessionsPage(some, self.columns, transport.zone)

    def _projection(self) -> tuple[str, ...]:
        return _united(sessions.PROJECTION, self.columns)


class ProbesAsked(Asked):
    """A question about probes, which DocDB alone knows."""

    def pages(self, transport: AindTransport) -> Iterator[ProbesPage]:
        """Yield sessions, some at a time."""
        for some in _some(self._known(transport)):
            yield ProbesPage(some, self.columns, transport.zone)

    def _projection(self) -> tuple[str, ...]:
        return _united(probes.PROJECTION, self.columns)

    def _asks_code_ocean(self) -> bool:
        return False


class _OfFiles(Asked):
    """A question about what is in the files of sessions, of which none is opened in vain."""

    def _known(self, transport: AindTransport) -> list[Known]:
        found = super()._known(transport)
        if self.above == EVERY or not found:
            return found
        page = SessionsPage(found, ("session_id", *self._names()), transport.zone)
        table = sessions.sessions(AindSessions, page)
        keep = fulfilling(self.above, table, AindSessions, _NOTHING_ABOVE)
        return [one for one, is_wanted in zip(found, keep, strict=True) if is_wanted]

    def _projection(self) -> tuple[str, ...]:
        return (
            *probes.PROJECTION["probe_id"],
            *sorting.PROJECTION,
            *_united(sessions.PROJECTION, self._names()),
        )

    def _names(self) -> list[str]:
        """Return the columns of sessions that decide which are wanted."""
        return sorted({condition.field.name for condition in conditions(self.above)} - {"session_id"})


class ChannelsAsked(_OfFiles):
    """A question about channels: the electrodes of the latest sorting of each session that did not fail."""

    def pages(self, transport: AindTransport) -> Iterator[channels.ChannelsPage]:
        """Yield the electrodes of sortings, file by file."""
        yield from _read(transport, self._known(transport), self._of_session)

    def render(self, transport: AindTransport) -> str:
        """Return what would be sent first."""
        return f"{super().render(transport)}\n{_THEN.format('electrodes')}"

    def _projection(self) -> tuple[str, ...]:
        return (*super()._projection(), *(alignment.PROJECTION if self._is_placed() else ()))

    def _is_placed(self) -> bool:
        return bool(channels.PLACED & {*self.columns})

    def _of_session(
        self, transport: AindTransport, one: Known, asset: SortedAsset, urls: Sequence[str]
    ) -> list[channels.ChannelsPage]:
        places: list[Alignment] = []
        if self._is_placed():
            places = alignment.alignments(one.records, one.session_id)
        ids = probes.probe_ids(one)
        return list(channels.read_pages(Wanted(transport.storage, asset, urls, ids, self.columns), places))


class UnitsAsked(_OfFiles):
    """A question about units: those of the latest sorting of each session that did not fail."""

    def pages(self, transport: AindTransport) -> Iterator[units.UnitsPage]:
        """Yield the units of sortings, file by file."""
        yield from _read(transport, self._known(transport), self._of_session)

    def render(self, transport: AindTransport) -> str:
        """Return what would be sent first."""
        return f"{super().render(transport)}\n{_THEN.format('units')}"

    def _of_session(
        self, transport: AindTransport, one: Known, asset: SortedAsset, urls: Sequence[str]
    ) -> list[units.UnitsPage]:
        ids = probes.probe_ids(one)
        return list(units.read_pages(Wanted(transport.storage, asset, urls, ids, self.columns)))


class AssetsAsked(Asked):
    """A question about the data assets of Code Ocean."""

    def pages(self, transport: AindTransport) -> Iterator[AssetsPage]:
        """Yield assets as they are found."""
        for some in self._found(transport):
            yield AssetsPage(some, self._sorters(transport, some), self.columns)

    def render(self, transport: AindTransport) -> str:
        """Return what would be sent first."""
        codeocean, pushed = transport.check_codeocean(), self.pushed
        if pushed.asset_ids is not None:
            lines = [f"GET data_assets/{asset_id}" for asset_id in pushed.asset_ids]
        else:
            lines = codeocean.render(pushed.session_ids, pushed.subject_ids)
        more = ["then the sorters of sorted assets, of DocDB"] if _SORTERS & {*self.columns} else []
        return "\n".join([*lines, *more])

    def _found(self, transport: AindTransport) -> Iterable[list[Asset]]:
        codeocean, pushed = transport.check_codeocean(), self.pushed
        if pushed.asset_ids is not None:
            return [codeocean.get(pushed.asset_ids)]
        if pushed.session_ids is not None:
            return [codeocean.named(pushed.session_ids)]
        if pushed.subject_ids is not None:
            return [assets_of_subjects(transport, pushed)]
        return codeocean.every()

    def _sorters(self, transport: AindTransport, some: Sequence[Asset]) -> Mapping[str, sorting.Sorter]:
        """Return the sorters of assets that were sorted, as far as their records tell them."""
        ids = [asset["id"] for asset in some if kind_of(asset) == "sorted"]
        if not ids or not _SORTERS & {*self.columns}:
            return {}
        parts = [part for path in _CODE_OCEAN for part in parts_of(path, ids)]
        sorters: dict[str, sorting.Sorter] = {}
        for page in transport.docdb.find_parts(parts, (*_LINKS, "processing")):
            for record in page:
                found = sorting.sorter_in(record.get("processing"))
                if found[0] is not None:
                    # Another record of the same data may tell of no sorter.
                    sorters.update(dict.fromkeys(asset_ids(record), found))
        return sorters


_NOTHING_ABOVE = Above({}, lambda *_: pa.table({}))
_LINKS = ("external_links", "other_identifiers")
_THEN = "then, of each session's latest sorting that did not fail: its file output, and {} of its NWB files"


def _united(projection: Mapping[str, tuple[str, ...]], columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for column in columns for path in projection[column]))


def _some(found: Sequence[Known]) -> Iterator[list[Known]]:
    for start in range(0, len(found), _OF_A_PAGE):
        yield list(found[start : start + _OF_A_PAGE])


def _read(transport: AindTransport, found: Sequence[Known], read: Any) -> Iterator[Any]:
    """Yield the pages of sessions in their order; several sortings are read at a time."""
    sorted_ones = [(one, sortings) for one in found if (sortings := sorting.sorted_assets(one))]
    if not sorted_ones:
        return

    def of_session(one: Known, sortings: Sequence[SortedAsset], stop: Stop) -> list[Any]:
        stop.check()
        good = sorting.good_asset(transport.storage, sortings)
        return [] if good is None else read(transport, one, *good)

    tasks = (partial(of_session, one, sortings) for one, sortings in sorted_ones)
    workers = min(_AT_ONCE, len(sorted_ones))
    with closing(in_order(tasks, workers, 2 * workers)) as done:
        for pages in done:
            yield from pages
