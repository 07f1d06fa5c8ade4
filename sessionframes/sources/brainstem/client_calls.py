"""The calls of BrainSTEM's own Python client, by the names that its documents show: JSON in, JSON out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import numpy as np
import pandas as pd

from sessionframes.config import nearest
from sessionframes.errors import (
    AuthenticationError,
    QueryError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown
from sessionframes.sources.brainstem.access import HOW_TO_LOG_IN, PORTALS, PUBLIC
from sessionframes.sources.brainstem.cells import is_null
from sessionframes.sources.brainstem.columns import OLDER_NAMES, origins
from sessionframes.sources.brainstem.models import MODELS, model_named
from sessionframes.sources.brainstem.rules import BrokenRuleError, plain_json, uuid_text
from sessionframes.sources.brainstem.send import Sender
from sessionframes.sources.brainstem.walk import BrainstemTransport
from sessionframes.sources.brainstem.write import check_portal
from sessionframes.tables.validation import level_of_user
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.rest_request import LimitOrPage, OneRecord, RestRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.changes import Outcome
    from sessionframes.source import Transport
    from sessionframes.sources.brainstem.fields import Model
    from sessionframes.transports.rest_request import Page, Params, Record

#: So many records any server gives at a time.
_PAGE = 100
_DONE = frozenset({"created", "changed", "requested", "deleted"})
#: What one value of a filter may be.
_ASKABLE = (str, bool, int, float, date, Decimal, np.bool_, np.integer, np.floating, np.datetime64, UUID)


class ClientCalls:
    """``load_model``, ``save_model`` and ``delete_model`` of an open BrainSTEM."""

    @property
    def transport(self) -> Transport:
        """How this source is reached."""
        raise NotImplementedError

    def load_model(
        self,
        model: str,
        portal: str | None = None,
        id: str | None = None,  # noqa: A002  as the client has it
        *,
        filters: Mapping[str, Any] | None = None,
        sort: str | Sequence[str] | None = (),
        include: str | Sequence[str] | None = (),
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Return records as the server has them: all pages, unlike BrainSTEM's own client.

        Parameters
        ----------
        model : str
            Its name, such as "session".
        portal : str, optional
            public, private or super; the connection's own if not given.
        id : str, optional
            Of one record.
        filters : mapping
            By field and operator, as in ``{"name.icontains": "rat"}``; several values in a list. An empty
            list finds nothing; None is no filter.
        sort : str or sequence of str
            Fields, with "-" before one for the largest first.
        include : str or sequence of str
            Relations whose records are to come along, under keys of their own.
        limit : int, optional
            How many records at most.

        Returns
        -------
        dict
            The envelope of the server: ``{"sessions": [...]}``; for one record ``{"session": {...}}``.

        Raises
        ------
        sessionframes.errors.QueryError
            Arguments that do not go together; nothing was sent.
        sessionframes.errors.TableNotProvidedError
            There is no such model.
        sessionframes.errors.SourceError
            The server does not answer, or refuses: in its words.
        """
        found = _model(model)
        along = tuple(("include[]", f"{name}.*") for name in _names(include, "include"))
        order, chosen = _names(sort, "sort"), _filters(filters)
        with closing(self._at(portal)) as at:
            path = at.path(found.name)
            if id is not None:
                if filters or order or limit is not None:
                    message = "filters, sort and limit are given for one record."
                    raise QueryError(message, table=found.name, hint="Leave out id, or leave out these.")
                one = RestRequest(f"{path}{_id(id, found)}/", OneRecord((found.singular, found.name)), along)
                pages = list(at.rest.fetch(one))
                return {**_beside(pages), found.singular: pages[0].records[0]}
            names = (found.plural, found.name)
            paging = LimitOrPage(names) if limit is None else _First(names, _PAGE, _count(limit))
            if chosen is None:
                return {found.plural: []}
            params = (*chosen, *(("sort[]", name) for name in order or ["id"]), *along)
            pages = list(at.rest.fetch(RestRequest(path, paging, params)))
        records = [record for page in pages for record in page.records]
        return {**_beside(pages), found.plural: records[:limit]}

    def save_model(
        self,
        model: str,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002  as the client has it
        portal: str | None = None,
    ) -> dict[str, Any]:
        """Create a record, or with `id` change one, and return it; see :meth:`save` for whole frames.

        Parameters
        ----------
        model : str
            Its name, such as "session".
        data : mapping
            Fields by the server's names, sent as they are.
        id : str, optional
            Of the record that is to be changed.
        portal : str, optional
            private or super; the connection's own if not given.

        Returns
        -------
        dict
            The envelope of the server: ``{"session": {...}}``; of taxonomies and resources, which are only
            requested, ``{"strain_approval": {...}}``.

        Warns
        -----
        UserWarning
            The server took no notice of some fields: they are none of the model's.

        Raises
        ------
        sessionframes.errors.QueryError
            Something that is no JSON, or the public portal; nothing was sent.
        sessionframes.errors.TableNotProvidedError
            There is no such model.
        sessionframes.errors.AuthenticationError
            The server refused (401, 403).
        sessionframes.errors.SourceResponseError
            It refused for another reason: in its words.
        sessionframes.errors.SourceUnavailableError
            It did not answer; the message tells whether something may have been made.
        """
        found = _model(model)
        if not isinstance(data, Mapping | None):
            message = f"{shown(data)} is a {type(data).__name__}, no record."
            raise QueryError(message, table=found.name, hint="Give a dict.")
        try:
            body = plain_json(dict(data or {}))
        except BrokenRuleError as error:
            message = f"the data is not {error}."
            raise QueryError(message, table=found.name) from None
        with closing(self._at(portal)) as at:
            sender = _sender(at, found)
            outcome = sender.create(body) if id is None else sender.change(_id(id, found), body)
        _check(outcome, found)
        _warn_of_unknown(body, outcome, found)
        key = sender.approval if outcome.action == "requested" else found.singular
        return {str(key): dict(outcome.record or {})}

    def delete_model(
        self,
        model: str,
        id: str,  # noqa: A002  as the client has it
        portal: str | None = None,
    ) -> None:
        """Delete one record, for good and without asking again; see :meth:`delete` for several.

        Parameters
        ----------
        model : str
            Its name, such as "session".
        id : str
            Of the record.
        portal : str, optional
            private or super; the connection's own if not given.

        Raises
        ------
        sessionframes.errors.SourceError
            As of :meth:`save_model`; also if there is no such record.
        """
        found = _model(model)
        with closing(self._at(portal)) as at:
            _check(_sender(at, found).remove(_id(id, found)), found)

    def _at(self, portal: str | None) -> _Visit:
        """Return how a portal is reached, which is to be closed: the token does not go to the public one."""
        own = cast("BrainstemTransport", self.transport)
        name = own.portal if portal is None else str(portal.value if isinstance(portal, Enum) else portal)
        if name not in PORTALS:
            message = f"there is no portal {name!r}."
            raise QueryError(message, source="brainstem", hint=f"Known: {', '.join(PORTALS)}.")
        if own.portal == PUBLIC != name:
            message = f"this connection is to the public portal, without a token for {name}."
            raise QueryError(message, source="brainstem", hint=f"Connect with portal={name!r}.")
        if own.portal != PUBLIC == name:
            rest = RestTransport(own.rest.client.url(""), source="brainstem")
            return _Visit(BrainstemTransport(rest, name, _PAGE), is_own=False)
        return _Visit(BrainstemTransport(own.rest, name, _PAGE), is_own=True)


@dataclass(frozen=True)
class _Visit:
    """A portal; what was opened for it alone is closed with it."""

    transport: BrainstemTransport
    is_own: bool

    @property
    def rest(self) -> RestTransport:
        return self.transport.rest

    def path(self, model: str) -> str:
        return self.transport.path(model)

    def close(self) -> None:
        if not self.is_own:
            self.transport.close()


@dataclass(frozen=True)
class _First(LimitOrPage):
    """Pages of a list that is over as soon as so many records are there, if they fit on one page."""

    most: int = _PAGE

    def params(self, number: int, offset: int, size: int | None) -> Params:
        return super().params(number, offset, size or min(self.size, self.most))

    def read(self, body: Any) -> Page:
        page = super().read(body)
        if len(page.records) < self.most:
            return page
        return replace(page, records=page.records[: self.most], total=None, more=False, next=None)


def _model(name: Any) -> Model:
    return model_named(str(name.value if isinstance(name, Enum) else name))


def _id(value: Any, model: Model) -> str:
    # Those of people and groups are whole numbers.
    if model.app == "users" and str(value).isascii() and str(value).isdecimal():
        return str(value)
    try:
        return uuid_text(value)
    except BrokenRuleError as error:
        message = f"{value!r} is not {error}."
        raise QueryError(message, source="brainstem", table=model.name, column="id") from None


def _count(limit: Any) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        message = f"limit is {limit!r}."
        raise QueryError(message, hint="Give a whole number, 1 or more.")
    return limit


def _names(given: Any, argument: str) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if names is None:
        return []
    # A set has no order, of which sorting is made.
    is_many = isinstance(names, list | tuple) or (isinstance(names, set) and argument != "sort")
    if not is_many or not all(isinstance(name, str) for name in names):
        message = f"{argument} is {shown(given)}."
        raise QueryError(message, source="brainstem", hint="Give names, in a list.")
    return [checked_text(name, argument) for name in names]


def _filters(filters: Any) -> list[tuple[str, str]] | None:
    """Return what is asked for, None if nothing can be found."""
    if not isinstance(filters, Mapping | None) or not all(isinstance(name, str) for name in filters or ()):
        message = f"filters is {shown(filters)}."
        raise QueryError(message, source="brainstem", hint='Give a dict, such as {"name.icontains": "rat"}.')
    pairs, is_nothing = [], False
    for name, value in (filters or {}).items():
        # None is no filter, as in the client.
        values = [one for one in _several(value, name) if not is_null(one)]
        is_nothing = is_nothing or not (values or is_null(value))
        for one in values:
            if not isinstance(one, _ASKABLE):
                message = f"filters has {shown(one)} for {name!r}."
                raise QueryError(message, source="brainstem", hint="Give text, numbers, flags, dates or ids.")
            text = one.isoformat() if isinstance(one, date) else str(one)
            pairs.append((f"filter{{{checked_text(name, 'filters')}}}", checked_text(text, name)))
    return None if is_nothing else pairs


def _several(value: Any, name: str) -> list[Any]:
    if isinstance(value, Mapping | pd.DataFrame):
        message = f"filters has {shown(value)} for {name!r}."
        raise QueryError(message, source="brainstem", hint="Give one value, or several in a list.")
    return list(value) if pd.api.types.is_list_like(value) else [value]


def _beside(pages: Sequence[Page]) -> dict[str, list[Record]]:
    """Return what came along with all pages, each record once, with all that any page tells of it."""
    found: dict[str, dict[str, Record]] = {}
    for page in pages:
        for key, records in page.beside.items():
            there = found.setdefault(key, {})
            for record in records:
                there[str(record.get("id"))] = {**record, **there.get(str(record.get("id")), {})}
    return {key: list(records.values()) for key, records in found.items()}


def _sender(at: _Visit, model: Model) -> Sender:
    check_portal(at.transport)
    return Sender(at.transport, MODELS[model.name])


def _warn_of_unknown(body: Mapping[str, Any], outcome: Outcome, model: Model) -> None:
    """Warn of names that are no field of the model, and that the server did not keep."""
    kept = outcome.record or {}
    fields = [field.name for field in model.fields]
    # A request holds the fields below another name.
    if outcome.action == "requested" or not fields:
        return
    for name in body:
        if name in fields or name in kept or name in OLDER_NAMES:
            continue
        origin = origins(model.name).get(name)
        hint = nearest(name, fields) if origin is None else f"The server's name for it is {origin.field!r}."
        message = f"{model.name} has no field {name!r}, and the server took no notice of it. {hint}"
        warnings.warn(message, UserWarning, stacklevel=level_of_user())


def _check(outcome: Outcome, model: Model) -> None:
    """Raise our error for what did not come off."""
    if outcome.action in _DONE:
        return
    words = outcome.error or outcome.note or "it did not say why"
    where = {"source": "brainstem", "table": model.name}
    status = outcome.status
    if status in (401, 403):
        hint = HOW_TO_LOG_IN if status == 401 else None
        raise AuthenticationError(f"the server refused ({status}): {words}.", hint=hint, **where)
    if outcome.action == "unknown" or status is None or status >= 500 or status in (408, 429):
        told = "it is not known whether this was done" if outcome.action == "unknown" else "this was not done"
        raise SourceUnavailableError(f"{told}: {words}", **where)
    if status >= 400:
        raise StatusError(f"the server refused ({status}): {words}", status=status, **where)
    raise SourceResponseError(f"this was not done ({status}): {words}", **where)
