"""From data assets of Code Ocean to the columns of their table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sessionframes.flatten import Cell, as_json, from_records, number
from sessionframes.sources.aind.groups import kind_of, location_of, named
from sessionframes.sources.aind.quantities import whole
from sessionframes.sources.aind.records import inner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.sources.aind.codeocean import Asset
    from sessionframes.sources.aind.groups import AssetsPage
    from sessionframes.tables import Table

__all__ = ["assets"]

_EPOCH = datetime.fromtimestamp(0, UTC)


def assets(model: type[Table], page: AssetsPage) -> pa.Table:
    """Return the columns of assets.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : AssetsPage
        What Code Ocean told, the sorters that were found, and which columns are wanted.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        An asset has what cannot be the value of a column; named are asset, column and value.
    """
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    makers = {name: _MAKERS[name] for name in schema.names if name in _MAKERS}
    rows = []
    for asset in page.assets:
        sorter = page.sorters.get(asset["id"], (None, None))
        made = {name: maker(asset) for name, maker in makers.items()}
        told = {"id": asset["id"], "sorter_name": sorter[0], "sorter_version": sorter[1]}
        rows.append(asset | {f"+{name}": value for name, value in (told | made).items()})
    return from_records(schema, rows, _CELLS, source="aind", table=model.table_name())


def _session(asset: Asset) -> str | None:
    session = named(asset).session
    return None if session is None else session.id


def _processed(asset: Asset) -> str | None:
    at = named(asset).processed_at
    return None if at is None else at.isoformat()


def _moment(seconds: Any) -> datetime:
    # In microseconds: a fraction of a second is not to be rounded twice.
    return _EPOCH + timedelta(microseconds=round(number(seconds) * 1_000_000))


def _used(seconds: Any) -> datetime | None:
    return _moment(seconds) if number(seconds) else None


def _text(told: Any) -> Any:
    return None if told == "" else told


#: Column → what is made of all of an asset; it stands under a name with a plus, which no field has.
_MAKERS: Final[Mapping[str, Callable[[Asset], Any]]] = {
    "session_id": _session,
    "location": location_of,
    "kind": kind_of,
    "process": lambda asset: named(asset).process,
    "processed_at": _processed,
    "data_level": lambda asset: inner(asset, "custom_metadata").get("data level"),
    "custom_metadata": lambda asset: inner(asset, "custom_metadata") or None,
    "provenance": lambda asset: inner(asset, "provenance") or None,
}
_CELLS: Final[Mapping[str, Cell]] = {
    **{name: Cell((f"+{name}",), _text) for name in _MAKERS},
    **{name: Cell((f"+{name}",)) for name in ("sorter_name", "sorter_version")},
    **{name: as_json((f"+{name}",)) for name in ("custom_metadata", "provenance")},
    "asset_id": Cell("id"),
    "asset_name": Cell("name", _text),
    "asset_type": Cell("type", _text),
    "size_in_bytes": Cell("size", whole),
    "created_at": Cell("created", _moment),
    "state": Cell("state", _text),
    "tags": Cell("tags"),
    "mount": Cell("mount", _text),
    "files": Cell("files", whole),
    "last_used": Cell("last_used", _used),
}
