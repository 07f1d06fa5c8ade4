"""Filters that only the server's named ones can do, as further names that take ``exact`` and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionframes.query.where import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "named__"


@dataclass(frozen=True)
class Named:
    """A named filter.

    Parameters
    ----------
    parameter : str
        Its name.
    description : str
        What it keeps.
    """

    parameter: str
    description: str


_ATLAS = {
    "atlas_id": "any channel is in the structure of this id, or below it",
    "atlas_acronym": "any channel is in the structure of this acronym, or below it",
    "atlas_name": "any channel is in a structure whose name has this in it, or below it",
}
_DATASETS = {
    "datasets": "all files of these names are there, on a server",
    "dataset_types": "all datasets of these types are there",
    "dataset_qc_lte": "the QC of those datasets is at most so bad",
}
_FILTERS: Mapping[str, Mapping[str, str]] = {
    "sessions": {
        **_ATLAS,
        **_DATASETS,
        "performance_gte": "at least so many percent of trials are correct",
        "performance_lte": "at most so many percent of trials are correct",
    },
    "insertions": {**_ATLAS, **_DATASETS},
    "datasets": {"exists": "a copy is on a server"},
    "brain-regions": {
        "ancestors": "it is this structure, by id or acronym, or above it",
        "descendants": "it is this structure, by id or acronym, or below it",
    },
    "subjects": {"stock": "it is kept for breeding", "water_restricted": "its water is restricted"},
}
#: By endpoint and further name.
NAMED: Mapping[str, Mapping[str, Named]] = {
    endpoint: {f"{PREFIX}{name}": Named(name, what) for name, what in filters.items()}
    for endpoint, filters in _FILTERS.items()
}


def named_fields(endpoint: str, table: str) -> dict[str, Field]:
    """Return the further names that named filters answer."""
    return {name: Field(name, "text", table) for name in NAMED.get(endpoint, {})}
