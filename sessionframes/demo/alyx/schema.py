"""The OpenAPI document of the demo's Alyx: good for parameters, not for shapes."""

from __future__ import annotations

from functools import cache
from typing import Any

from sessionframes.demo.alyx.endpoints import ENDPOINTS, Endpoint
from sessionframes.demo.alyx.filters import FILTERS, KNOW_DJANGO
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.shapes import PLAIN

_ACTIONS = {
    "GET": "retrieve",
    "PUT": "update",
    "PATCH": "partial_update",
    "DELETE": "destroy",
}
_TYPES = {
    "IntegerField": {"type": "integer"},
    "FloatField": {"type": "number", "format": "float"},
    "BooleanField": {"type": "boolean"},
    "UUIDField": {"type": "string", "format": "uuid"},
    "DateTimeField": {"type": "string", "format": "date-time"},
    "DateField": {"type": "string", "format": "date"},
    "JSONField": {},
}


@cache
def schema() -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS.values():
        paths[f"/{endpoint.name}"] = _of_list(endpoint)
        if endpoint.on_one:
            key = endpoint.key if endpoint.key != "username" else "username"
            paths[f"/{endpoint.name}/{{{key}}}"] = _of_one(endpoint, key)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Alyx", "version": "3.6.1"},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {MODELS[name].title: _shape(name) for name in ENDPOINTS}},
    }


def _of_list(endpoint: Endpoint) -> dict[str, Any]:
    name = endpoint.name
    told: dict[str, Any] = {
        "get": {
            "operationId": f"{_snake(name)}_list",
            "parameters": [_parameter(name, one) for one in sorted(_parameters(name))],
            "responses": {"200": _content(f"Paginated{MODELS[name].title}List")},
        }
    }
    if "POST" in endpoint.on_list:
        told["post"] = {
            "operationId": f"{_snake(name)}_create",
            "requestBody": _content(MODELS[name].title),
            "responses": {"201": _content(MODELS[name].title)},
        }
    return told


def _of_one(endpoint: Endpoint, key: str) -> dict[str, Any]:
    title = MODELS[endpoint.name].title
    place = {"in": "path", "name": key, "schema": {"type": "string"}, "required": True}
    told: dict[str, Any] = {}
    for method in endpoint.on_one:
        if method in _ACTIONS:
            operation: dict[str, Any] = {
                "operationId": f"{_snake(endpoint.name)}_{_ACTIONS[method]}",
                "parameters": [place],
                "responses": {"204": {}} if method == "DELETE" else {"200": _content(title)},
            }
            if method in ("PUT", "PATCH"):
                operation["requestBody"] = _content(title)
            told[method.lower()] = operation
    return told


def _parameters(name: str) -> set[str]:
    return {*FILTERS.get(name, {}), "limit", "offset", *(["django"] if name in KNOW_DJANGO else [])}


def _parameter(name: str, one: str) -> dict[str, Any]:
    if one in ("limit", "offset"):
        kind: dict[str, str] = {"type": "integer"}
    else:
        column = MODELS[name].columns.get(one)
        kind = _TYPES.get(column.kind if column else "", {"type": "string"})
    return {"in": "query", "name": one, "schema": kind}


def _shape(name: str) -> dict[str, Any]:
    columns = MODELS[name].columns
    names = PLAIN.get(name) or tuple(one for one, column in columns.items() if column.kind != "ManyToOneRel")
    return {
        "type": "object",
        "properties": {
            one: _TYPES.get(columns[one].kind, {"type": "string"}) if one in columns else {"type": "string"}
            for one in names
        },
    }


def _content(title: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{title}"}}}}


def _snake(name: str) -> str:
    return name.replace("-", "_")
