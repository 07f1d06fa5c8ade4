"""What is known of which sessions: records of DocDB and assets of Code Ocean, put together by session.

All that tells of a session is asked for, or nothing: its main record, which alone tells its facts, is only
known when all its records are. How many requests it takes depends on pages and animals, never on rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionframes.sources.aind.codeocean import united
from sessionframes.sources.aind.groups import grouped, name_of, session_of
from sessionframes.sources.aind.names import leading_name
from sessionframes.sources.aind.pushed import any_called

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sessionframes.sources.aind.codeocean import Asset, CodeOcean
    from sessionframes.sources.aind.docdb import DocDb, Record
    from sessionframes.sources.aind.groups import Known
    from sessionframes.sources.aind.pushed import Filter, Pushed
    from sessionframes.sources.aind.transport import AindTransport

__all__ = ["assets_of_subjects", "first_requests", "known"]

#: So many names fit into the address of a request.
_AT_ONCE = 24
#: For more sessions than this it is no dearer to ask for all that can be told apart by name.
_MOST_NAMED = 240
#: For more searches than this all assets are listed: what is asked for here was not named by anybody.
_MOST_SEARCHES = 30


def known(
    transport: AindTransport, pushed: Pushed, projection: Sequence[str], *, assets: bool
) -> list[Known]:
    """Return all that is known of the sessions that may be an answer, and maybe of others.

    Parameters
    ----------
    transport : AindTransport
        Where to ask.
    pushed : Pushed
        What is asked for.
    projection : sequence of str
        The parts of records that are needed.
    assets : bool
        Whether Code Ocean is asked too, where it can be.
    """
    if pushed.is_impossible:
        return []
    return _Walk(transport.docdb, transport.codeocean if assets else None, pushed, projection).known()


def assets_of_subjects(transport: AindTransport, pushed: Pushed) -> list[Asset]:
    """Return the assets of the animals that are asked for, be it that only the records of sessions tell them.

    Parameters
    ----------
    transport : AindTransport
        Where to ask; it has a token.
    pushed : Pushed
        What is asked for, animals among it.
    """
    walk = _Walk(transport.docdb, transport.check_codeocean(), pushed, ())
    return walk.of_animals(walk.sessions([*pushed.by_name(), *pushed.by_record_alone()]))


def first_requests(
    transport: AindTransport, pushed: Pushed, projection: Sequence[str], *, assets: bool
) -> str:
    """Return what :func:`known` would send first, for people to read; what follows depends on the answers."""
    if pushed.is_impossible:
        return ""
    docdb, lines, filters = transport.docdb, list[str](), pushed.by_name()
    narrow = [*pushed.by_subject(), *pushed.facts]
    if pushed.session_ids is not None:
        lines += [docdb.render(one, projection) for one in _parts(pushed.session_ids, filters)]
    elif pushed.asset_ids is not None or pushed.facts:
        narrow = pushed.by_asset() or narrow
        lines.append(docdb.render(_all_of([*filters, *narrow]), ["name"]))
        lines.append("then all records whose names begin with those of the sessions found")
    else:
        lines.append(docdb.render(_all_of([*filters, *narrow]), projection))
    if not assets or transport.codeocean is None:
        return "\n".join(lines)
    if pushed.session_ids is None and pushed.asset_ids is not None:
        lines += [f"GET data_assets/{asset_id}" for asset_id in pushed.asset_ids]
    elif pushed.session_ids is None and pushed.needs_record:
        lines.append("then their assets")
    else:
        lines += transport.codeocean.render(pushed.session_ids, pushed.subject_ids)
    return "\n".join(lines)


@dataclass(frozen=True)
class _Walk:
    """One question, to DocDB and maybe to Code Ocean."""

    docdb: DocDb
    codeocean: CodeOcean | None
    pushed: Pushed
    projection: Sequence[str]

    def known(self) -> list[Known]:
        """Return all that is known of what may be an answer."""
        session_ids: Collection[str] | None = self.pushed.session_ids
        if session_ids is None and self.pushed.asset_ids is not None:
            session_ids = self._of_assets(self.pushed.asset_ids)
        if session_ids is not None:
            assets = [] if self.codeocean is None else self.codeocean.named(session_ids)
            return grouped(self._records(session_ids), assets)
        if self.pushed.facts:
            return self._of_facts()
        if self.pushed.subject_ids is not None:
            return self._of_subjects()
        return grouped(self._list(self.pushed.by_name(), self.projection), self._every())

    def sessions(self, filters: Sequence[Filter]) -> set[str]:
        """Return of which sessions there are records that fulfil all of some filters."""
        return _sessions(self._list(filters, ["name"]))

    def of_animals(self, others: Collection[str] = ()) -> list[Asset]:
        """Return the assets of the animals asked for, or of all, and those of some sessions besides."""
        if self.codeocean is None:
            return []
        if self.pushed.subject_ids is None:
            return self._every()
        found = self.codeocean.of_subjects(self.pushed.subject_ids)
        return united([found, self.codeocean.named(others)]) if others else found

    def _of_assets(self, asset_ids: Sequence[str]) -> set[str]:
        """Return the sessions of assets, of which either server may know some."""
        found = self.sessions([*self.pushed.by_name(), *self.pushed.by_asset()])
        if self.codeocean is None:
            return found
        names = map(name_of, self.codeocean.get(asset_ids))
        return found | {name.id for name in map(leading_name, names) if name is not None}

    def _of_facts(self) -> list[Known]:
        """Return the sessions of which some record fulfils what their main record has to fulfil."""
        filters = [*self.pushed.by_name(), *self.pushed.by_subject(), *self.pushed.facts]
        found = self.sessions(filters)
        records = self._records(found)
        if self.codeocean is None:
            return grouped(records)
        told = _sessions(records)
        if self.pushed.needs_record:
            assets = self.codeocean.named(found, _MOST_SEARCHES) if found else []
            return grouped(records, _of(told, assets))
        assets = self.of_animals(self._misnamed(found))
        untold = {session_of(name_of(asset)) for asset in assets} - told
        untold = {one for one in untold if (name := leading_name(one)) and self.pushed.allows(name)}
        # Those that have a record after all were not found by it.
        untold -= _sessions(self._records(untold, ["name"])) if untold else set()
        return grouped(records, _of(told | untold, assets))

    def _of_subjects(self) -> list[Known]:
        records = self._list([*self.pushed.by_name(), *self.pushed.by_subject()], self.projection)
        # By a name with one of the animals all records of the session were found; by what one of them tells,
        # maybe not all.
        misnamed = self._misnamed(_sessions(records))
        if misnamed:
            records = [one for one in records if session_of(name_of(one)) not in misnamed]
            records += self._records(misnamed)
        return grouped(records, self.of_animals(misnamed))

    def _misnamed(self, session_ids: Iterable[str]) -> set[str]:
        """Return those that are not named after any animal that is asked for."""
        wanted = self.pushed.subject_ids
        if wanted is None:
            return set()
        names = ((one, leading_name(one)) for one in session_ids)
        return {one for one, name in names if name is None or name.subject_id not in wanted}

    def _records(self, session_ids: Collection[str], projection: Sequence[str] | None = None) -> list[Record]:
        """Return all records of some sessions, and maybe of others."""
        wanted = self.projection if projection is None else projection
        if len(session_ids) > _MOST_NAMED:
            return self._list(self.pushed.by_name(), wanted)
        parts = _parts(session_ids, self.pushed.by_name())
        return [record for page in self.docdb.find_parts(parts, wanted) for record in page]

    def _list(self, filters: Sequence[Filter], projection: Sequence[str]) -> list[Record]:
        return [record for page in self.docdb.find(_all_of(filters), projection) for record in page]

    def _every(self) -> list[Asset]:
        return [] if self.codeocean is None else [one for page in self.codeocean.every() for one in page]


def _parts(session_ids: Collection[str], filters: Sequence[Filter]) -> list[Filter]:
    """Return what is asked for, one after the other, so that each fits into an address."""
    ids = sorted(session_ids)
    some = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    # A long filter need not be said with each.
    kept = [one for one in filters if len(str(one)) < _AT_ONCE * 10]
    return [_all_of([any_called(few), *kept]) for few in some]


def _all_of(filters: Sequence[Filter]) -> Filter:
    if not filters:
        return {}
    return filters[0] if len(filters) == 1 else {"$and": list(filters)}


def _sessions(records: Iterable[Record]) -> set[str]:
    return {session_of(name_of(record)) for record in records}


def _of(session_ids: Collection[str], assets: Iterable[Asset]) -> list[Asset]:
    return [asset for asset in assets if session_of(name_of(asset)) in session_ids]
