"""From records to those they point to: in one list with what comes along, then one list for each kind.

BrainSTEM spreads over many records what one row of ours tells. The relations of the records that are listed
are asked to come along (``include[]=``); what did not come, and what lies further, is listed by its ids, many
at a time. So the number of requests grows with pages, never with rows.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceResponseError
from sessionframes.flatten import unknown_keys
from sessionframes.sources.brainstem.columns import known_fields
from sessionframes.sources.brainstem.models import MODELS, plain
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest_listing import ShapeError, UnsteadyError
from sessionframes.transports.rest_request import LimitOrPage, Page, RestRequest, in_parts, repeated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionframes.transports.rest import RestTransport
    from sessionframes.transports.rest_request import Params, Record

_BAD_REQUEST = 400
#: Pages of a list without an order overlap.
_BY_ID = ("sort[]", "id")
#: So many ids are not in order by chance.
_TELLING = 8
#: Keys under which records come along, and models.
_BY_KEY = {plain(key): name for name, model in MODELS.items() for key in (name, model.plural, model.singular)}
#: A filter by what other records tell, and not by an operator.
_ACROSS = re.compile(r"filter\{\w+\.(?!(?:in|icontains|startswith|endswith|gte|lte)\})")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """A relation that is followed.

    Parameters
    ----------
    of : str
        The model of the records that point on.
    field : str
        Their field with the id, or the ids.
    to : str
        The model of the records they point to.
    needed : tuple of str
        Fields of those: what came along without them is listed again, since servers cut what came along.
    """

    of: str
    field: str
    to: str
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Walk:
    """A question to BrainSTEM: a list of records, and which of their relations to follow.

    Parameters
    ----------
    model : str
        What is listed.
    params : tuple of tuple of str
        Filters that every request of the list carries.
    parts : tuple of tuple
        One of them in addition: the list is asked for once with each.
    steps : tuple of Step
        In an order in which each begins at records that are there.
    columns : tuple of str
        Of our table, what is to be made of it all.
    first : int, optional
        Only so many records are wanted: the first by their id.
    """

    model: str
    params: Params = ()
    parts: tuple[Params, ...] = ((),)
    steps: tuple[Step, ...] = ()
    columns: tuple[str, ...] = ()
    first: int | None = None


@dataclass(frozen=True)
class Found:
    """Records, and those that lie around them.

    Parameters
    ----------
    records : list of dict
        Of the model that was listed.
    around : mapping
        Model → id → record.
    columns : tuple of str
        Of our table, what is to be made of them.
    """

    records: list[Record]
    around: Mapping[str, Mapping[str, Record]]
    columns: tuple[str, ...]

    def linked(self, record: Mapping[str, Any], name: str, to: str) -> list[Record]:
        """Return the records that a field of a record points to, as far as they may be seen."""
        there = self.around.get(to, {})
        return [there[one] for one in ids_in(record, name) if one in there]


@dataclass
class _Around:
    """What has come so far of the records around others."""

    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    #: Model → ids that have been asked for; what was not answered is not for us to see.
    asked: dict[str, set[str]] = field(default_factory=dict)

    def take(self, model: str, records: Iterable[Record]) -> None:
        """Add records; to one that is there already, what it did not tell.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            One has no id, or one of another kind: nothing would be found to point to it.
        """
        there = self.records.setdefault(model, {})
        for record in records:
            key = record.get("id")
            if not isinstance(key, str):
                message = f"a record of {model} that others point to has {key!r} for its id, not text."
                raise SourceResponseError(message, source="brainstem")
            there[key] = {**record, **there.get(key, {})}

    def take_page(self, page: Page) -> None:
        """Add what came along with a page, under whatever key."""
        for key, records in page.beside.items():
            # What a model has of its own kind comes under a key of its own.
            model = _BY_KEY.get(plain(key.removeprefix("+")))
            if model is not None:
                # What came along and cannot be told by its id is listed again.
                self.take(model, (record for record in records if isinstance(record.get("id"), str)))

    def missing(self, step: Step, records: Iterable[Record]) -> list[str]:
        """Return which ids are to be asked for, and take it that they are."""
        there = self.records.get(step.to, {})
        asked = self.asked.setdefault(step.to, set())
        found = dict.fromkeys(one for record in records for one in ids_in(record, step.field))
        lacking = [
            one
            for one in found
            if one not in asked and not (one in there and all(name in there[one] for name in step.needed))
        ]
        asked.update(lacking)
        return lacking


class BrainstemTransport:
    """How BrainSTEM is reached; answers walks by :class:`Found`.

    Parameters
    ----------
    rest : RestTransport
        What sends requests; its base URL is that of the server.
    portal : str
        public, private or super.
    page_size : int
        How many records to ask for at a time.
    address : str, optional
        What it is called in provenance, where its URL is another each time.
    """

    def __init__(
        self, rest: RestTransport, portal: str, page_size: int, *, address: str | None = None
    ) -> None:
        #: What sends requests, reading and writing.
        self.rest = rest
        self.portal = portal
        self._page_size = page_size
        self._address = address or f"{rest.address.rstrip('/')}/api/{portal}/"
        #: What was sent to create records here, by their id: the server may have made something else of it.
        self.made: dict[str, Mapping[str, Any]] = {}
        #: Models of which people have been told that there are fields we do not know.
        self._told: set[str] = set()

    @property
    def address(self) -> str:
        """Where it leads."""
        return self._address

    def path(self, model: str) -> str:
        """Return where the records of a model are, relative to the server."""
        return f"api/{self.portal}/{MODELS[model].path}"

    def fetch(self, request: Walk) -> Iterator[Found]:
        """Yield the answer, in one piece.

        Raises
        ------
        sessionframes.errors.SourceError
            The server does not answer, refuses, or says what cannot be relied on.
        """
        around = _Around()
        records = self._listed(request, around)
        self._tell_unknown(request.model, records)
        for to, steps in groupby(request.steps, lambda step: step.to):
            missing: dict[str, None] = {}
            for step in steps:
                begin = records if step.of == request.model else around.records.get(step.of, {}).values()
                missing |= dict.fromkeys(around.missing(step, begin))
            if missing:
                parts = in_parts(list(missing), repeated("filter{id.in}"), most=self._page_size)
                for page in self._fetched(self._request(to, (_BY_ID,), parts)):
                    around.take(to, page.records)
        yield Found(records, around.records, request.columns)

    def render(self, request: Walk) -> str:
        """Return what would be sent, one line each; of what follows, by which ids."""
        lines = [self.rest.render(self._listing(request))]
        if request.first is not None:
            lines.append(f"... one page alone, if it holds the first {request.first}")
        by = "?filter{id.in}=..."
        further = [step for step in request.steps if step.of != request.model]
        for to, steps in groupby(further, lambda step: step.to):
            ids = " and ".join(f"{step.field} of {step.of}" for step in steps)
            lines.append(f"GET {self.rest.client.url(self.path(to))}{by} for {ids}")
        return "\n".join(lines)

    @contextmanager
    def consistent(self) -> Iterator[BrainstemTransport]:
        """Give itself: the server does not keep still while it is read."""
        yield self

    def close(self) -> None:
        """Let go of all connections."""
        self.rest.close()

    def _tell_unknown(self, model: str, records: list[Record]) -> None:
        """Say once that the server tells more than we know, so that somebody looks."""
        strange = unknown_keys(records, known_fields(model))
        if strange and model not in self._told:
            self._told.add(model)
            names = ", ".join(strange)
            _LOG.warning(
                "Records of %s have fields that are not known here: %s. They are kept as JSON.", model, names
            )

    def _request(self, model: str, params: Params, parts: tuple[Params, ...] = ((),)) -> RestRequest:
        paging = LimitOrPage((MODELS[model].plural, model), self._page_size)
        return RestRequest(self.path(model), paging, params, parts=parts)

    def _listing(self, walk: Walk) -> RestRequest:
        includes = tuple(("include[]", f"{step.field}.*") for step in walk.steps if step.of == walk.model)
        return self._request(walk.model, (*walk.params, _BY_ID, *includes), walk.parts)

    def _listed(self, walk: Walk, around: _Around) -> list[Record]:
        request = self._listing(walk)
        if walk.first is not None and walk.first <= self._page_size:
            first = replace(request, paging=_FirstPage(**vars(request.paging)))
            records = _taken(self._fetched(first), around)
            if len(records) >= max(walk.first, _TELLING) and _is_ascending(records):
                return records[: walk.first]
        records = _taken(self._fetched(request), around)
        if walk.first is not None:
            return sorted(records, key=lambda record: str(record["id"]))[: walk.first]
        return records

    def _fetched(self, request: RestRequest) -> list[Page]:
        """Return the pages of a list, or of a longer one where the server does not do as it is asked."""
        try:
            return list(self.rest.fetch(request))
        except SourceResponseError as error:
            simpler = _simpler(request, error)
            if simpler == request:
                raise
            _LOG.warning("%s It is asked for more, and what is no answer is left out here.", error)
        return self._fetched(simpler)


@dataclass(frozen=True)
class _FirstPage(LimitOrPage):
    """The first page of a list, as if it were all of it."""

    def read(self, body: Any) -> Page:
        page = super().read(body)
        return replace(page, total=len(page.records), more=False, next=None)


def ids_in(record: Mapping[str, Any], name: str) -> list[str]:
    """Return the ids that a field of a record holds: none, one or many.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        It holds something else.
    """
    value = record.get(name)
    if value is None or value == "":
        return []
    ids = value if isinstance(value, list) else [value]
    if not set(map(type, ids)) <= {str}:
        message = f"record {record.get('id')} has {value!r} for its {name}, not ids."
        raise SourceResponseError(message, source="brainstem")
    return ids


def _simpler(request: RestRequest, error: SourceResponseError) -> RestRequest:
    """Return what asks for as much or more, in words that more servers know; the same if that is no cure."""
    names = (name for pairs in (request.params, *request.parts) for name, _ in pairs)
    if isinstance(error, UnsteadyError) and any(map(_ACROSS.match, names)):
        # Servers that look into other records may list or count one for each that they find there.
        return replace(request, params=_but_filters(request.params), parts=((),))
    if not isinstance(error, ShapeError) and not _is_bad_request(error):
        return request
    others = _but_filters(request.params)
    if others:
        return replace(request, params=tuple(pair for pair in request.params if pair not in others))
    return replace(request, params=(), parts=((),))


def _but_filters(params: Params) -> Params:
    return tuple(pair for pair in params if not pair[0].startswith("filter"))


def _is_bad_request(error: SourceResponseError) -> bool:
    return isinstance(error, StatusError) and error.status == _BAD_REQUEST


def _taken(pages: Iterable[Page], around: _Around) -> list[Record]:
    records = []
    for page in pages:
        records += page.records
        around.take_page(page)
    return records


def _is_ascending(records: list[Record]) -> bool:
    return all(str(one["id"]) < str(other["id"]) for one, other in pairwise(records))
