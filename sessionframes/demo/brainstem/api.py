"""The demo's BrainSTEM without its sockets: a request in, an answer out."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sessionframes.demo.brainstem.filters import conditions, fits, in_order
from sessionframes.demo.brainstem.models import MODELS, Model, model_at
from sessionframes.demo.brainstem.people import Access
from sessionframes.demo.brainstem.refusals import Refusal, detail, not_allowed
from sessionframes.demo.brainstem.showing import Show, encode, wishes
from sessionframes.demo.brainstem.writing import Writing
from sessionframes.demo.http import HTML, JSON, Answer

if TYPE_CHECKING:
    from datetime import tzinfo

    from sessionframes.demo.brainstem.paging import Paging, Sizes
    from sessionframes.demo.brainstem.people import People
    from sessionframes.demo.brainstem.store import Store
    from sessionframes.demo.http import Request

    Record = dict[str, Any]

_PORTALS = ("public", "private", "super")
_LIST_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
_DETAIL_METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
_ACTION = re.compile(r"(?:accept|reject)")


class _Place(NamedTuple):
    """What an address names: a portal and a model, perhaps a record of it, and an action on that."""

    portal: str
    model: Model
    own_id: str | None
    action: str | None


@dataclass
class Api:
    """Answers requests.

    Attributes
    ----------
    store : Store
        The records.
    people : People
        Whose tokens are good.
    paging : Paging
        How lists are paged.
    sizes : Sizes
        Of pages.
    zone : tzinfo
        Of moments without one.
    """

    store: Store
    people: People
    paging: Paging
    sizes: Sizes
    zone: tzinfo

    def answer(self, request: Request) -> Answer:
        """Answer one request; the caller sees to it that there is one at a time."""
        try:
            answer = self._answered(request)
        except Refusal as refusal:
            headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
            answer = Answer(refusal.status, encode(refusal.body), headers)
        return _as_page(request, answer) if _is_for_browser(request) else answer

    def _answered(self, request: Request) -> Answer:
        path = request.path.strip("/").split("/")
        if path[0] != "api":
            return _not_there()
        if path[1:] in (["token"], ["auth", "device"], ["auth", "device", "token"]):
            return self._login(request, path[-1] if path[1] == "auth" else "password")
        place = _place(path[1:])
        if place is None:
            return _not_there()
        access = self._access(request, place.portal)
        if place.own_id is None:
            return self._on_list(request, place.model, access)
        return self._on_one(request, place, access)

    def _login(self, request: Request, kind: str) -> Answer:
        if request.method != "POST":
            raise _no_method(request)
        if kind == "password":
            return _ok(self.people.password_login(_told(request)))
        if kind == "device":
            return _ok(self.people.begin_device_login(request.url.partition("/api/")[0]))
        return _ok(self.people.end_device_login(_told(request)))

    def _access(self, request: Request, portal: str) -> Access:
        is_reading = request.method in ("GET", "HEAD", "OPTIONS")
        if portal == "public" and is_reading:
            return Access(self.store, None)
        person = self.people.who(request.headers.get("authorization"))
        if portal == "public" or (portal == "super" and not person.is_administrator):
            raise not_allowed()
        return Access(self.store, person)

    def _on_list(self, request: Request, model: Model, access: Access) -> Answer:
        allow = {"Allow": ", ".join(_LIST_METHODS)}
        if request.method in ("GET", "HEAD"):
            return Answer(200, self._list(request, model, access), allow)
        if request.method == "POST":
            made_of, record = Writing(access, self.zone).make(model, _told(request))
            return Answer(201, Show(access).one(made_of, record), allow)
        if request.method == "OPTIONS":
            return Answer(200, encode({"name": f"{model.title} List", "parses": [JSON]}), allow)
        raise _no_method(request)

    def _list(self, request: Request, model: Model, access: Access) -> str:
        query = request.query
        wish = wishes(model, query)
        wanted = conditions(model, query, self.zone)
        key = ("list", model.name, access.whose, tuple(pair for pair in query if _selects(pair[0])))
        found: list[Record] | None = self.store.remembered.get(key)
        if found is None:
            seen = access.visible(model).values()
            fitting = [row for row in seen if fits(self.store, model, row, wanted)]
            found = in_order(self.store, model, fitting, query, self.zone)
            self.store.remembered[key] = found
        cut = self.paging.cut(dict(query), len(found), request.url, self.sizes)
        return Show(access).many(model, found[cut.start : cut.stop], wish, cut.before, cut.after)

    def _on_one(self, request: Request, place: _Place, access: Access) -> Answer:
        model, record = place.model, _found(place, access)
        if place.action is not None:
            return self._action(request, place, access, record)
        allow = {"Allow": ", ".join(_DETAIL_METHODS)}
        if request.method in ("GET", "HEAD"):
            return Answer(200, Show(access).one(model, record, wishes(model, request.query)), allow)
        writing = Writing(access, self.zone)
        if request.method in ("PATCH", "PUT"):
            whole = request.method == "PUT"
            shown_as, changed = writing.change(model, record, _told(request), whole=whole)
            return Answer(200, Show(access).one(shown_as, changed), allow)
        if request.method == "DELETE":
            writing.delete(model, record)
            return Answer(204, "", allow)
        if request.method == "OPTIONS":
            return Answer(200, encode({"name": f"{model.title} Instance", "parses": [JSON]}), allow)
        raise _no_method(request)

    def _action(self, request: Request, place: _Place, access: Access, record: Record) -> Answer:
        model, action = place.model, place.action or ""
        if model.name.endswith("approval") and _ACTION.fullmatch(action):
            if request.method != "PATCH":
                raise _no_method(request)
            settled = Writing(access, self.zone).settle(model, record, action)
            return Answer(200, Show(access).one(model, settled))
        kind = model.fields.get(action)
        if kind is None or not kind.to:
            return _not_there()
        if request.method not in ("GET", "HEAD"):
            raise _no_method(request)
        # Where ``links`` lead: the records of one relation, as if listed, but never paged.
        target = MODELS[kind.to]
        seen = access.visible(target)
        ids = [str(own_id) for own_id in self.store.values(model, record, (action,))]
        rows = [seen[own_id] for own_id in ids if own_id in seen]
        if kind.many:
            return Answer(200, Show(access).many(target, rows, wishes(target, request.query), {}, {}))
        return Answer(200, Show(access).one(target, rows[0]) if rows else "{}")


def _told(request: Request) -> Any:
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise detail(415, f'Unsupported media type "{kind}" in request.')
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise detail(400, f"JSON parse error - {error}") from None


def _place(path: list[str]) -> _Place | None:
    if not 3 <= len(path) <= 5 or path[0] not in _PORTALS:
        return None
    model = model_at(path[1], path[2])
    if model is None:
        return None
    own_id, action = (*path[3:], None, None)[:2]
    return _Place(path[0], model, own_id, action)


def _found(place: _Place, access: Access) -> Record:
    own_id = place.own_id or ""
    if place.model.has_numbers_for_ids:
        is_id = own_id.isdecimal()
    else:
        try:
            is_id = str(UUID(own_id)) == own_id.lower()
        except ValueError:
            is_id = False
    if not is_id:
        raise detail(404, "Not found.")
    record = access.visible(place.model).get(own_id.lower())
    if record is None:
        raise detail(404, f"No {place.model.title} matches the given query.")
    return record


def _selects(key: str) -> bool:
    return key.startswith("filter{") or key == "sort[]"


def _ok(told: Any) -> Answer:
    return Answer(200, encode(told))


def _no_method(request: Request) -> Refusal:
    return detail(405, f'Method "{request.method}" not allowed.')


def _not_there() -> Answer:
    # No route leads there, so it is not the framework of the API that answers.
    text = "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
    return Answer(404, f"<!doctype html><html><title>Not Found</title><body>{text}</body></html>", kind=HTML)


def _is_for_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and ("format", "json") not in request.query


def _as_page(request: Request, answer: Answer) -> Answer:
    if answer.kind != JSON or answer.status == 204:
        return answer
    shown = html.escape(json.dumps(json.loads(answer.text), ensure_ascii=False, indent=2))
    title = f"{request.path} \N{EN DASH} Django REST framework"
    text = f"<!doctype html><html><title>{html.escape(title)}</title><body><pre>{shown}</pre></body></html>"
    return Answer(answer.status, text, answer.headers, HTML)
