"""From datasets of Alyx to the columns of the table of assets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sessionframes.flatten import Cell
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flag, flattened, made, rest_cell, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["assets", "available", "checksum_of"]

_DATASETS = OF_TABLE["assets"]
#: Methods by the number of hex digits that they give.
_METHODS: Final[Mapping[int, str]] = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX = re.compile(r"[0-9a-fA-F]+")


def assets(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of datasets.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of datasets.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_DATASETS, page.zone)
    cells |= {
        "checksum": Cell("hash", checksum_of),
        "location": made(lambda record: (available(record) or {}).get("data_url")),
        "is_available": made(lambda record: available(record) is not None),
        "relative_path": made(_path),
        # Counts of tags that some joins of the server multiply.
        "protected": Cell("protected", flag),
        "public": Cell("public", flag),
        "asset_other_fields": rest_cell(_DATASETS),
    }
    return flattened(model, page, cells, _DATASETS)


def available(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first copy of a dataset that has a URL and is known to exist, None where there is none."""
    return next((one for one in _copies(record) if one.get("exists") and one.get("data_url")), None)


def checksum_of(told: str) -> str | None:
    """Return a checksum after its method, which its length tells.

    Examples
    --------
    >>> checksum_of("1bc29b36f623ba82aaf6724fd3b16718"), checksum_of("")
    ('md5:1bc29b36f623ba82aaf6724fd3b16718', None)
    """
    method = _METHODS.get(len(told)) if _HEX.fullmatch(told) else None
    return text(told) if method is None else f"{method}:{told.lower()}"


def _copies(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return record.get("file_records") or []


def _path(record: Mapping[str, Any]) -> Any:
    told = (one.get("relative_path") for one in (available(record), *_copies(record)) if one)
    return next((path for path in told if path), None)
