"""What a server says of itself: its endpoints, what each does, and what may be said there.

It is OpenAPI, which lists parameters well, but not the shapes of answers: those are in
:mod:`~sessionframes.sources.alyx.endpoints`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Operation",
    "Parameter",
    "Schema",
    "endpoints_frame",
    "known_schema",
    "read_schema",
    "schema_frame",
]

#: What a server calls its actions, and what everybody else does.
_ACTIONS = {
    "list": "list",
    "retrieve": "read",
    "create": "create",
    # The longer ending first.
    "partial_update": "partial_update",
    "update": "update",
    "destroy": "delete",
}
_BY_METHOD = {"put": "update", "patch": "partial_update", "delete": "delete", "post": "create"}
_ORDER = ("list", "read", "create", "update", "partial_update", "delete")
#: How filters compare that a schema calls a text.
_MEANINGS = {
    "part": "a part of it, case-blind",
    "texts": "one, or several of which all must be there",
    "dates": "the first and the last date",
    "pairs": "a dict: keys, lookups included, and values",
    "region": "a region's id or acronym",
    **{name: f"one of {', '.join(labels)}" for name, labels in ENUMS.items()},
}
_DJANGO = "a dict: paths, lookups included, and values; or the server's own text"


@dataclass(frozen=True)
class Parameter:
    """What may be said to an action.

    Parameters
    ----------
    name : str
        On the wire.
    type : str
        As OpenAPI has it: "integer", "string (uuid)", "array of string".
    place : {"path", "query", "body"}
        Where it is said.
    required : bool
        Whether it must be.
    read_only : bool
        Shown in answers, and ignored in a body.
    description : str
        What it takes, beside its type.
    """

    name: str
    type: str
    place: str
    required: bool = False
    read_only: bool = False
    description: str = ""


@dataclass(frozen=True)
class Operation:
    """What an action of an endpoint is on the wire.

    Parameters
    ----------
    action : str
        "list", "read", "create", "update", "partial_update" or "delete".
    method : str
        Of HTTP.
    path : str
        With the names of its parameters in braces.
    parameters : tuple of Parameter
        What may be said.
    is_whole : bool
        Whether this is all that may be said; otherwise the server may take more.
    """

    action: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    is_whole: bool = True

    def named(self, place: str) -> dict[str, Parameter]:
        """Return what may be said in one place, by its name."""
        return {one.name: one for one in self.parameters if one.place == place}


@dataclass(frozen=True)
class Schema:
    """All actions of a server.

    Parameters
    ----------
    operations : mapping
        Endpoint → action → :class:`Operation`.
    """

    operations: Mapping[str, Mapping[str, Operation]] = field(default_factory=dict)

    def actions(self, endpoint: Any) -> Mapping[str, Operation]:
        """Return the actions of an endpoint.

        Raises
        ------
        sessionframes.errors.QueryError
            There is no such endpoint.
        """
        name = str(endpoint).strip("/")
        if name not in self.operations:
            message = f"there is no endpoint {name!r}."
            raise QueryError(message, source="alyx", hint=nearest(name, self.operations))
        return self.operations[name]

    def operation(self, endpoint: Any, action: Any) -> Operation:
        """Return one action.

        Raises
        ------
        sessionframes.errors.QueryError
            There is no such endpoint, or it has no such action.
        """
        found = self.actions(endpoint)
        name = str(action).replace("-", "_")
        if name not in found:
            message = f"{str(endpoint).strip('/')} has no action {name!r}."
            raise QueryError(message, source="alyx", hint=nearest(name, found))
        return found[name]


def read_schema(body: Any) -> Schema:
    """Return what an OpenAPI document tells.

    Parameters
    ----------
    body : object
        What its JSON holds.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(body, dict) or not isinstance(body.get("paths"), dict):
        message = "it is no OpenAPI document"
        raise ValueError(message)
    operations: dict[str, dict[str, Operation]] = {}
    for path, methods in body["paths"].items():
        name = path.strip("/").partition("/")[0]
        for method, told in methods.items():
            if not name or not isinstance(told, dict):
                continue
            action = _action(method, path, str(told.get("operationId", "")))
            said = (*_said(told, ENDPOINTS[name].filters if name in ENDPOINTS and action == "list" else {}),)
            operation = Operation(action, method.upper(), path, (*said, *_body(name, told, body)))
            operations.setdefault(name, {}).setdefault(action, operation)
    return Schema(operations)


def known_schema() -> Schema:
    """Return what we know of servers without such a document: lists, reads, and that they may be written."""
    operations = {}
    for name, endpoint in ENDPOINTS.items():
        django = {"django": "text"} if endpoint.django else {}
        filters = {**endpoint.filters, **django, "limit": "int", "offset": "int"}
        said = tuple(
            Parameter(one, wire, "query", description=_meaning(one, wire)) for one, wire in filters.items()
        )
        key = (Parameter("id", "string", "path", required=True),)
        one = f"/{name}/{{id}}"
        operations[name] = {
            "list": Operation("list", "GET", f"/{name}", said),
            "read": Operation("read", "GET", one, key),
            "create": Operation("create", "POST", f"/{name}", is_whole=False),
            "partial_update": Operation("partial_update", "PATCH", one, key, is_whole=False),
            "delete": Operation("delete", "DELETE", one, key),
        }
    return Schema(operations)


def endpoints_frame(schema: Schema) -> pd.DataFrame:
    """Return the endpoints of a server as a frame.

    Parameters
    ----------
    schema : Schema
        What the server says of itself.

    Returns
    -------
    pandas.DataFrame
        By ``endpoint``: ``actions`` and ``filters`` of its list, as text with commas between; ``key``, the
        field that tells its rows apart; and ``table``, that of ours which holds them, where there is one.
    """
    rows = []
    for name, actions in sorted(schema.operations.items()):
        known = ENDPOINTS.get(name)
        listed = actions["list"].named("query") if "list" in actions else {}
        key = None if known is None or known.key == "-" else known.key
        table = None if known is None else known.table
        rows.append((name, ", ".join(sorted(actions, key=_rank)), ", ".join(sorted(listed)), key, table))
    names = ("endpoint", "actions", "filters", "key", "table")
    return _frame(names, rows).set_index("endpoint")


def schema_frame(schema: Schema, endpoint: Any) -> pd.DataFrame:
    """Return what may be said to an endpoint, action by action.

    Parameters
    ----------
    schema : Schema
        What the server says of itself.
    endpoint : str
        Which.

    Returns
    -------
    pandas.DataFrame
        ``action``, ``parameter``, ``type``, ``place`` (path, query or body), ``required``, ``description``.

    Raises
    ------
    sessionframes.errors.QueryError
        There is no such endpoint.
    """
    rows = [
        (name, one.name, one.type, one.place, one.required, one.description)
        for name, operation in sorted(schema.actions(endpoint).items(), key=lambda item: _rank(item[0]))
        for one in operation.parameters
        if not one.read_only
    ]
    names = ("action", "parameter", "type", "place", "required", "description")
    return _frame(names, rows)


def _frame(names: Iterable[str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    dtypes = {name: "bool" if name == "required" else "str" for name in columns}
    return pd.DataFrame(columns).astype(dtypes)


def _rank(action: str) -> tuple[int, str]:
    return (_ORDER.index(action) if action in _ORDER else len(_ORDER), action)


def _action(method: str, path: str, name: str) -> str:
    for ending, action in _ACTIONS.items():
        if name.endswith(f"_{ending}"):
            return action
    if method == "get":
        return "read" if "{" in path else "list"
    return _BY_METHOD.get(method, method)


def _said(told: Mapping[str, Any], filters: Mapping[str, str]) -> Iterator[Parameter]:
    for one in told.get("parameters", ()):
        name = str(one.get("name"))
        yield Parameter(
            name,
            _type(one.get("schema", {})),
            str(one.get("in")),
            required=bool(one.get("required")),
            description=_meaning(name, filters.get(name, "")) or _words(one.get("schema", {})),
        )


def _body(endpoint: str, told: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Parameter]:
    known = ENDPOINTS[endpoint].fields if endpoint in ENDPOINTS else {}
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    found = _resolved(content.get("schema", {}), body)
    if found.get("type") == "array":
        found = _resolved(found.get("items", {}), body)
    required = found.get("required", ())
    for name, one in found.get("properties", {}).items():
        read_only = bool(one.get("readOnly"))
        is_needed = name in required and not read_only
        words = _meaning("", known[name].wire if name in known else "") or _words(one)
        yield Parameter(name, _type(one), "body", required=is_needed, read_only=read_only, description=words)


def _resolved(schema: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    schemas = body.get("components", {}).get("schemas", {})
    # What changes a part is as what changes the whole, but that nothing is needed.
    patched = name.removeprefix("Patched")
    if name in schemas or patched == name:
        return schemas.get(name, schema)  # type: ignore[no-any-return]  # JSON
    return {**schemas.get(patched, {}), "required": ()}


def _type(schema: Mapping[str, Any]) -> str:
    name = schema.get("type")
    if name == "array":
        return f"array of {_type(schema.get('items', {}))}"
    if name is None:
        return "string" if "enum" in schema or "$ref" in schema or "allOf" in schema else "any"
    return f"{name} ({schema['format']})" if "format" in schema else str(name)


def _words(schema: Mapping[str, Any]) -> str:
    said = []
    if schema.get("enum"):
        said.append(f"one of {', '.join(str(one) for one in schema['enum'] if one is not None)}")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']} characters")
    if "maximum" in schema or "minimum" in schema:
        said.append(f"from {schema.get('minimum', '-')} to {schema.get('maximum', '-')}")
    if schema.get("nullable"):
        said.append("or null")
    return ", ".join(said)


def _meaning(name: str, wire: str) -> str:
    return _DJANGO if name == "django" else _MEANINGS.get(wire, "")
