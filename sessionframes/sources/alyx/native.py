"""The calls of an open Alyx in its own words, as users of ONE know them: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import UUID
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError, SourceUnavailableError
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown
from sessionframes.sources.alyx.eids import eids_of
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.groups import key_of
from sessionframes.sources.alyx.said import body_of, params_of
from sessionframes.sources.alyx.schema import endpoints_frame, known_schema, read_schema, schema_frame
from sessionframes.sources.alyx.slices import id_parts, query_of
from sessionframes.sources.alyx.wire_json import NotTakenError, uuid_text
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest_request import LimitOffset, RestRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.source import Transport
    from sessionframes.sources.alyx.said import Said
    from sessionframes.sources.alyx.schema import Operation, Schema
    from sessionframes.sources.alyx.transport import AlyxTransport

__all__ = ["NativeCalls"]

_SEVERAL = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NOT_FOUND = 404
#: What each server says of itself, while it is connected; servers do not change that under way.
_SCHEMAS: WeakKeyDictionary[AlyxTransport, Schema] = WeakKeyDictionary()


class NativeCalls:
    """Alyx's own endpoints, actions and keys, of an open connection."""

    @property
    def transport(self) -> Transport:
        """How this source is reached."""
        raise NotImplementedError

    def save(self, table: str, data: Any, *, dry_run: bool = False, progress: bool = True) -> pd.DataFrame:
        """Create and change records; see :meth:`sessionframes.connection.Connection.save`."""
        raise NotImplementedError

    def endpoints(self) -> pd.DataFrame:
        """Return what this server can be asked by :meth:`rest`.

        Returns
        -------
        pandas.DataFrame
            By ``endpoint``: ``actions`` and ``filters`` of its list, as text with commas between; ``key``,
            the field that tells its rows apart; ``table``, that of ours which holds them, where there is one.

        Raises
        ------
        sessionframes.errors.SourceError
            The server could not be asked.
        """
        return endpoints_frame(self._schema())

    def schema(self, endpoint: str) -> pd.DataFrame:
        """Return what may be said to an endpoint, action by action, as ONE's ``print_endpoint_info`` does.

        Parameters
        ----------
        endpoint : str
            One of :meth:`endpoints`.

        Returns
        -------
        pandas.DataFrame
            ``action``, ``parameter``, ``type``, ``place`` (path, query or body), ``required`` and
            ``description``.

        Raises
        ------
        sessionframes.errors.QueryError
            There is no such endpoint.
        sessionframes.errors.SourceError
            The server could not be asked.
        """
        return schema_frame(self._schema(), endpoint)

    def rest(
        self,
        endpoint: str,
        action: str = "list",
        id: Any = None,  # noqa: A002  as ONE has it
        data: Any = None,
        **params: Any,
    ) -> Any:
        """Ask for something, or change it, in Alyx's own words; what comes is the server's JSON.

        Parameters
        ----------
        endpoint : str
            One of :meth:`endpoints`.
        action : str
            "list", "read", "create", "update" (replaces all), "partial_update" or "delete".
        id : str or UUID, optional
            Of the record, as the endpoint has it (a nickname for subjects, a name for labs), or an address
            that ends in it. Several of them for a list, and for reads.
        data : dict, optional
            What to create or change, by the server's names. Names that it would ignore are refused. A list of
            dicts creates several channels, all or none.
        **params
            Filters of a list by the server's names, all of which have to hold; lists where they take several
            values. ``django`` and JSON filters take a dict, whose values may be anything:
            ``django={"log__icontains": "TimeoutError: [Errno 110]", "~qc": 10}``; or text as the server has
            it. ``limit`` (at most 1000) and ``offset`` ask for one page, which may miss rows or repeat those
            of others; without them all rows come, each once.

        Returns
        -------
        list of dict, dict, or None
            All records of a list, in no order; one record; nothing after a deletion.

        Raises
        ------
        sessionframes.errors.QueryError
            No such endpoint, action, filter or field, or a value that the server would misunderstand; nothing
            was sent.
        sessionframes.errors.AuthenticationError
            The server refused (403).
        sessionframes.errors.SourceResponseError
            It refused for another reason: in its words.
        sessionframes.errors.SourceUnavailableError
            It did not answer. A change is sent once only, and may have been made then.
        """
        name = str(endpoint).strip("/")
        operation = self._schema().operation(name, action)
        if operation.method in _CHANGING:
            if params:
                message = f"{operation.action} takes no filters: {', '.join(params)}."
                raise QueryError(message, source="alyx", table=name)
            return self._changed(name, operation, id, data)
        if data is not None:
            message = f"{operation.action} takes no data."
            raise QueryError(message, source="alyx", table=name)
        if "{" in operation.path:
            return self._read(name, operation, id, params)
        return self._listed(name, operation, id, params_of(name, operation, params))

    def update(self, table: str, data: Any, *, dry_run: bool = False, progress: bool = True) -> pd.DataFrame:
        """Change records that are there, one for each row: what differs from what the server has is sent.

        All rows are checked first, and nothing is sent while there is a fault. A frame from :meth:`get_tasks`
        is fine as it is: rows that somebody has changed since it was read are refused.

        Parameters
        ----------
        table : str
            "tasks".
        data : pandas.DataFrame, dict, or list of dict
            With ``task_id`` and the columns, or the server's fields, that are to change. A null in a frame
            says nothing; to empty a field say None in a dict, or an empty text.
        dry_run : bool
            Only tell what would be sent.
        progress : bool
            Show progress when it takes longer than 2 s.

        Returns
        -------
        pandas.DataFrame
            What came of each row, or with `dry_run` what would be sent, as
            :meth:`sessionframes.connection.Connection.save` tells it.

        Raises
        ------
        sessionframes.errors.SessionFramesError
            As :meth:`sessionframes.connection.Connection.save` raises it.
        """
        return self.save(table, data, dry_run=dry_run, progress=progress)

    def to_eid(self, value: Any) -> Any:
        """Return the session ids of anything that tells a session.

        Parameters
        ----------
        value : object
            A UUID or its text; an address; a path, such as ``cortexlab/Subjects/KS022/2019-12-10/001/alf``; a
            reference, such as "2019-12-10_1_KS022", or a dict with subject, date and number; a record of
            a session or of what belongs to one, as :meth:`rest` returns it; a frame with ``session_id``; or
            several of these.

        Returns
        -------
        str, list of str, or None
            As it was asked: one for one, a list for several and for a frame, whose rows may be of no session.
            None where there is no such session; that a UUID is one of a session is not asked.

        Raises
        ------
        sessionframes.errors.QueryError
            Something that tells no session, or more than one.
        sessionframes.errors.SourceError
            The server could not be asked.
        """
        return eids_of(value, self._alyx)

    @property
    def _alyx(self) -> AlyxTransport:
        return cast("AlyxTransport", self.transport)

    def _schema(self) -> Schema:
        transport = self._alyx
        if transport not in _SCHEMAS:
            try:
                _SCHEMAS[transport] = transport.ask("api/schema", read_schema)
            except StatusError as error:
                if error.status != _NOT_FOUND:
                    raise
                # Servers before 3.4 have none.
                _SCHEMAS[transport] = known_schema()
        return _SCHEMAS[transport]

    def _listed(self, name: str, operation: Operation, id: Any, said: Said) -> Any:  # noqa: A002
        transport = self._alyx
        parts: Sequence[Sequence[str]] = ((),)
        if id is not None:
            keys = list(id) if isinstance(id, _SEVERAL) else [id]
            if name not in ENDPOINTS or not ENDPOINTS[name].uuid_key:
                message = f"lists of {name} cannot be asked for ids."
                raise QueryError(message, source="alyx", table=name, hint="Say 'read'.")
            parts = id_parts("id", [_key(name, operation, one, is_uuid=True) for one in keys])
        bounds = {"limit": said.limit, "offset": said.offset}
        page = [(bound, str(value)) for bound, value in bounds.items() if value is not None]
        if page:
            if len(parts) != 1:
                message = "so many ids need more than one page."
                raise QueryError(message, source="alyx", table=name, hint="Leave out limit and offset.")
            terms = (*said.terms, *parts[0])
            django = (("django", ",".join(terms)),) if terms else ()
            return transport.ask(f"{name}?{query_of((*said.params, *django, *page))}", _results)
        if name in ENDPOINTS:
            pages = transport.list(name, said.params, said.terms, parts)
            return [record for records in pages for record in records]
        path = operation.path.lstrip("/")
        if "limit" in operation.named("query"):
            request = RestRequest(path, LimitOffset(1000), said.params, None)
            return [record for one in transport.rest.fetch(request) for record in one.records]
        return transport.ask(path, _anything, params=said.params)

    def _read(self, name: str, operation: Operation, id: Any, params: Mapping[str, Any]) -> Any:  # noqa: A002
        if params:
            message = f"read takes no filters: {', '.join(params)}."
            raise QueryError(message, source="alyx", table=name)
        if isinstance(id, _SEVERAL):
            keys = [_key(name, operation, one) for one in id]
            return self._alyx.read_many(name, keys)
        return self._alyx.ask(_path(name, operation, id), _anything)

    def _changed(self, name: str, operation: Operation, id: Any, data: Any) -> Any:  # noqa: A002
        if "{" not in operation.path and id is not None:
            message = f"{operation.action} takes no id: the server makes it."
            raise QueryError(message, source="alyx", table=name)
        path = _path(name, operation, id) if "{" in operation.path else operation.path.lstrip("/")
        if operation.method == "DELETE":
            if data is not None:
                raise QueryError("delete takes no data.", source="alyx", table=name)
            body = None
        else:
            body = body_of(name, operation, data)
        try:
            return self._alyx.change(operation.method, path, body)
        except SourceUnavailableError as error:
            error.hint = "It is not known whether this was done: look before you send it again."
            raise


def _path(name: str, operation: Operation, id: Any) -> str:  # noqa: A002
    key = quote(_key(name, operation, id), safe="")
    start, _, rest = operation.path.lstrip("/").partition("{")
    return f"{start}{key}{rest.partition('}')[2]}"


def _key(name: str, operation: Operation, value: Any, *, is_uuid: bool = False) -> str:
    """Return the key of a record in the form that its address has it."""
    known, names = ENDPOINTS.get(name), operation.named("path")
    if isinstance(value, Mapping):
        value = value.get("id", value.get(known.key if known else "id"))
    try:
        if is_uuid or (known is not None and known.uuid_key and "id" in names):
            return uuid_text(value)
        found = key_of(value) if isinstance(value, str | int | UUID) and not isinstance(value, bool) else None
        if found:
            return checked_text(found, "id")
        message = "a key"
        raise NotTakenError(message)
    except NotTakenError as error:
        message = f"id is {shown(value)}, which is not {error}."
        raise QueryError(message, source="alyx", table=name, hint="Give the id of a record.") from None


def _results(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        message = "it is no page of a list"
        raise ValueError(message)
    return cast("list[dict[str, Any]]", body["results"])


def _anything(body: Any) -> Any:
    return body
