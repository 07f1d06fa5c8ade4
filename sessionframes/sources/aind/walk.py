"""What is known of which sessions: records of DocDB and assets of Code Ocean, put together by session.

All that tells of a session is asked for, or nothing: its main record, which alone tells its facts, is only
known when all its records are. How many requests it takes depends on pages and animals, never on rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sessionframes.sources.aind.groups import grouped, session_of
from sessionframes.sources.aind.pushed import any_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sessionframes.sources.aind.codeocean import Asset, CodeOcean
    from sessionframes.sources.aind.docdb import DocDb, Record
    from sessionframes.sources.aind.groups import Known
    from sessionframes.sources.aind.pushed import Filter, Pushed
    from sessionframes.sources.aind.transport import AindTransport

__all__ = ["first_requests", "known"]

#: So many names fit into the address of a request.
_AT_ONCE = 30
#: For more sessions than this it is no dearer to ask for all that can be told apart by name.
_MOST_NAMED = 3000
#: For more animals than this all assets are listed.
_MOST_SUBJECTS = 300


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
    records = _records(transport.docdb, pushed, projection)
    codeocean = transport.codeocean if assets else None
    if codeocean is None:
        return grouped(records)
    found = _assets(codeocean, pushed, records)
    if pushed.facts:
        # What is told of them by records that were not asked for decides, not their names.
        told = {_session_id(record) for record in records}
        untold = {session_of(asset["name"]) for asset in found} - told
        records += _named(transport.docdb, untold, projection)
    return grouped(records, found)


def first_requests(
    transport: AindTransport, pushed: Pushed, projection: Sequence[str], *, assets: bool
) -> str:
    """Return what :func:`known` would send first, for people to read; what follows depends on the answers."""
    if pushed.is_impossible:
        return ""
    docdb, lines = transport.docdb, list[str]()
    if pushed.session_ids is not None:
        lines += [docdb.render(one, projection) for one in _parts(pushed.session_ids, pushed.by_name())]
    elif pushed.facts:
        lines.append(docdb.render(_all_of([*pushed.by_name(), *pushed.facts]), ["name"]))
        lines.append("then all records whose names begin with those of the sessions found")
    else:
        lines.append(docdb.render(_all_of(pushed.by_name()), projection))
    if assets and transport.codeocean is not None:
        lines += transport.codeocean.render(pushed.session_ids, _subjects(pushed, ()))
    return "\n".join(lines)


def _records(docdb: DocDb, pushed: Pushed, projection: Sequence[str]) -> list[Record]:
    filters = pushed.by_name()
    if pushed.session_ids is not None and len(pushed.session_ids) <= _MOST_NAMED:
        return _named(docdb, pushed.session_ids, projection, filters)
    if pushed.asset_ids is not None or pushed.facts:
        # What holds for one record of a session may not hold for the others.
        narrow = _all_of([*filters, *pushed.facts])
        found = {_session_id(record) for page in docdb.find(narrow, ["name"]) for record in page}
        wholes = replace(pushed, asset_ids=None).by_name()
        if len(found) <= _MOST_NAMED:
            return _named(docdb, found, projection, wholes)
        filters = wholes
    return [record for page in docdb.find(_all_of(filters), projection) for record in page]


def _named(
    docdb: DocDb, session_ids: Collection[str], projection: Sequence[str], filters: Sequence[Filter] = ()
) -> list[Record]:
    parts = _parts(session_ids, filters)
    return [record for page in docdb.find_parts(parts, projection) for record in page]


def _parts(session_ids: Collection[str], filters: Sequence[Filter]) -> list[Filter]:
    """Return what is asked for, one after the other, so that each fits into an address."""
    ids = sorted(session_ids)
    some = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    # A filter by many animals need not be said with each.
    kept = [one for one in filters if len(str(one)) < _AT_ONCE * 10]
    return [_all_of([any_named(few), *kept]) for few in some]


def _all_of(filters: Sequence[Filter]) -> Filter:
    if not filters:
        return {}
    return filters[0] if len(filters) == 1 else {"$and": list(filters)}


def _assets(codeocean: CodeOcean, pushed: Pushed, records: Iterable[Record]) -> list[Asset]:
    if pushed.session_ids is not None:
        return codeocean.named(pushed.session_ids)
    subjects = _subjects(pushed, records)
    if subjects is not None and len(subjects) <= _MOST_SUBJECTS:
        return codeocean.of_subjects(subjects)
    return [asset for page in codeocean.every() for asset in page]


def _subjects(pushed: Pushed, records: Iterable[Record]) -> tuple[str, ...] | None:
    """Return whose assets are asked for; None for those of all animals."""
    if pushed.subject_ids is not None:
        return pushed.subject_ids
    if pushed.asset_ids is None:
        return None
    names = (_session_id(record).split("_") for record in records)
    return tuple(sorted({part for name in names for part in name[:2] if part.isdecimal()}))


def _session_id(record: Record) -> str:
    return session_of(record.get("name") or record["_id"])
