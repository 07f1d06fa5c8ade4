"""The addresses of the demo's Alyx: what is there, by which key, in which order, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIST = ("GET", "POST", "HEAD", "OPTIONS")
_ONE = ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_READ = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Endpoint:
    """One of them.

    Attributes
    ----------
    name : str
        Of the path and of the model.
    key : str
        The column that reading goes by.
    order : tuple of str
        The columns that lists are sorted by, a minus in front if downwards; others stay as the database has
        them.
    on_list, on_one : tuple of str
        The methods that are allowed.
    """

    name: str
    key: str = "id"
    order: tuple[str, ...] = ()
    on_list: tuple[str, ...] = _LIST
    on_one: tuple[str, ...] = _ONE


_EVERY = (
    Endpoint("sessions", order=("-start_time",)),
    Endpoint("insertions", order=("-session__start_time", "name")),
    Endpoint("trajectories"),
    Endpoint("channels"),
    Endpoint("datasets"),
    Endpoint("files"),
    Endpoint("tasks", order=("level", "-priority", "-session__start_time")),
    Endpoint("subjects", "nickname", order=("nickname",)),
    Endpoint("brain-regions", on_list=_READ, on_one=("GET", "PUT", "PATCH", "HEAD", "OPTIONS")),
    Endpoint("labs", "name"),
    Endpoint("projects", "name", order=("name",)),
    Endpoint("users", "username", order=("username",), on_one=_READ),
    Endpoint("tags", "name", order=("name",)),
    Endpoint("revisions", "name", order=("name",)),
    Endpoint("data-repository", "name", order=("name",)),
    Endpoint("dataset-types", "name", order=("name",)),
    Endpoint("data-formats", "name", order=("name",)),
    Endpoint("procedures", "name", order=("name",), on_list=_READ, on_one=_READ),
    Endpoint("locations", "name", order=("name",), on_list=_READ),
    Endpoint("chronic-insertions", order=("name",)),
    Endpoint("weighings", on_one=("GET", "DELETE", "HEAD", "OPTIONS")),
    Endpoint("water-administrations"),
    Endpoint("water-restriction", on_list=_READ, on_one=()),
    Endpoint("water-restricted-subjects", "nickname", order=("nickname",), on_list=_READ, on_one=_READ),
    Endpoint("water-type", "name", order=("name",)),
    Endpoint("notes"),
    Endpoint("fields-of-view"),
    Endpoint("fov-location"),
    Endpoint("imaging-stack"),
    Endpoint("downloads", on_list=_READ, on_one=_READ),
    Endpoint("data-repository-type", "name", order=("name",)),
    Endpoint("data-notices"),
    Endpoint("surgeries", on_list=_READ, on_one=_READ),
)
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({endpoint.name: endpoint for endpoint in _EVERY})
