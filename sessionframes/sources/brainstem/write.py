"""Which tables are written, and how: rows are planned against what the server has, and sent one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sessionframes.errors import QueryError
from sessionframes.source import Write
from sessionframes.sources.brainstem.access import PUBLIC
from sessionframes.sources.brainstem.columns import TABLES
from sessionframes.sources.brainstem.forms import own_models
from sessionframes.sources.brainstem.models import MODELS
from sessionframes.sources.brainstem.plan import Planner
from sessionframes.sources.brainstem.rules import BrokenRuleError, uuid_text
from sessionframes.sources.brainstem.send import Sender

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.changes import Change, Fault, Outcome, Row
    from sessionframes.connection import Connection
    from sessionframes.sources.brainstem.walk import BrainstemTransport


def check_portal(transport: BrainstemTransport) -> None:
    """Refuse to write where nothing can be.

    Raises
    ------
    sessionframes.errors.QueryError
        The connection is to the public portal.
    """
    if transport.portal == PUBLIC:
        message = "the public portal is read-only."
        raise QueryError(message, source="brainstem", hint='Connect with portal="private" and a token.')


def _sender(db: Connection, model: str) -> Sender:
    return Sender(cast("BrainstemTransport", db.transport), MODELS[model])


def _plan(
    model: str, table: str, db: Connection, rows: Sequence[Row]
) -> tuple[Sequence[Change], Sequence[Fault]]:
    return Planner(db, _sender(db, model), table, rows).plan()


def _send(model: str, db: Connection, change: Change) -> Outcome:
    if change.id is None:
        return _sender(db, model).create(change.new)
    return _sender(db, model).change(change.id, change.new, change.old)


def _identify(model: str, key: str) -> str:
    try:
        return uuid_text(key)
    except BrokenRuleError as error:
        message = f"{key!r} is not {error}."
        raise QueryError(message, source="brainstem", column=f"{model}_id") from None


def _find(model: str, db: Connection, ids: Sequence[str]) -> Mapping[str, str]:
    records = _sender(db, model).records("id", ids)
    return {str(record["id"]): _label(model, record) for record in records}


def _remove(model: str, db: Connection, key: str) -> Outcome:
    return _sender(db, model).remove(key)


def _label(model: str, record: Mapping[str, Any]) -> str:
    """Return the name of a record, with how many others hang on it as far as it tells."""
    below = [
        f"{field.name}: {len(record[field.name])}"
        for field in MODELS[model].fields
        if field.kind == "ids" and field.read_only and isinstance(record.get(field.name) or None, list)
    ]
    name = str(record.get("name") or record["id"])
    return f"{name} ({', '.join(below)})" if below else name


def _write(table: str, model: str) -> Write:
    return Write(
        key=f"{model}_id",
        plan=partial(_plan, model, table),
        send=partial(_send, model),
        identify=partial(_identify, model),
        find=partial(_find, model),
        remove=partial(_remove, model),
    )


#: Every table that is one model.
WRITES: Mapping[str, Write] = {
    **{table: _write(table, model) for table, model in TABLES.items()},
    **{model: _write(model, model) for model in own_models()},
}
