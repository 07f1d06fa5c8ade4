"""When two values mean the same to the server, which writes the same thing in several ways.

An instant comes with an offset or with Z, nothing as an empty text or null, extra fields as an object or as a
list of names and values: values are compared in a normal form.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.query import json_values
from sessionframes.query.values import moment
from sessionframes.sources.brainstem.rules import BrokenRuleError, is_bare_date, is_empty, to_wire

if TYPE_CHECKING:
    from sessionframes.sources.brainstem.fields import ApiField

#: Whose order the server keeps; of other lists it is of no meaning.
_ORDERED = frozenset({"datastorage"})


def is_same(field: ApiField | None, one: Any, other: Any) -> bool:
    """Tell whether two values on the wire mean the same to the server.

    Parameters
    ----------
    field : ApiField or None
        Whose they are; None for one that is not documented.
    one, other : object
        Ours or the server's.
    """
    # Most cells of a frame are as they were.
    if isinstance(one, str) and one == other:
        return True
    if field is not None and field.kind == "instant" and _is_midnight(one, other):
        return True
    return bool(_normal(field, one) == _normal(field, other))


def _is_midnight(one: Any, other: Any) -> bool:
    """Tell whether one is a bare date and the other its midnight in the zone it is written in.

    The server makes that of a date, in its own zone, and writes all moments in that zone.
    """
    day, text = sorted((str(one), str(other)), key=len)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return False
    is_midnight = found.time() == time.min and not is_bare_date(text)
    return is_bare_date(day) and is_midnight and found.date().isoformat() == day


def is_of_that_day(day: Any, moment_there: Any) -> bool:
    """Tell whether a bare date is the day of a moment, other than midnight, in the zone that is written in.

    Parameters
    ----------
    day, moment_there : object
        Ours and the server's, on the wire.
    """
    if not is_bare_date(day) or not isinstance(moment_there, str) or is_bare_date(moment_there):
        return False
    try:
        found = datetime.fromisoformat(moment_there)
    except ValueError:
        return False
    days = {found.date().isoformat()}
    if found.tzinfo is not None:
        # Frames have moments in UTC, and so does who takes the dates from them.
        days.add(found.astimezone(UTC).date().isoformat())
    return day in days and found.time() != time.min


def _normal(field: ApiField | None, value: Any) -> Any:
    """Return something that is equal for values that mean the same."""
    if is_empty(value):
        return None
    if field is not None:
        # What the server has breaks the rules now and then; then only itself is the same.
        with suppress(BrokenRuleError):
            value = _as_meant(field, value)
    return json_values.identity(json_values.from_python(value))


def _as_meant(field: ApiField, value: Any) -> Any:
    if field.kind == "instant":
        try:
            # The server's own may lack a zone; reading takes it for UTC.
            return moment(value, field.name).isoformat()
        except QueryError:
            return value
    value = to_wire(field, value)
    if field.kind == "text":
        # The server cuts blanks off both ends.
        return value.strip()
    if field.kind == "ids" and field.name not in _ORDERED:
        return sorted(value)
    return value if not is_empty(value) else None
