"""From a page of an answer to an Arrow table with the names and types that a table declares.

JSON records become columns by what a source declares of each: where in a record it is found, and what turns
it into a value of the column's type where that takes more than the type. For example ::

    SESSIONS = {
        "session_id": "id",
        "subject_name": "subject.nickname",
        "start_time": instant("date_time", zone=UTC),
        "ml_coordinate": scaled("coordinates.x", 1e6),
        "extra_fields": as_json("extra_fields"),
        "sex": Cell("sex", {"F": "female", "M": "male"}.__getitem__),
        "unknown_fields": others(KNOWN),
    }
    table = from_records(model.arrow_schema(), page.records, SESSIONS, source="lab", table="sessions")

A key that is not there is a null, as a null is. A value of another type than the column's is an error that
names it: nothing becomes null, text or a number by itself.
"""

from sessionframes.flatten.cells import (
    Cell,
    as_json,
    filled,
    instant,
    json_text,
    moment,
    number,
    others,
    scaled,
    unknown_keys,
)
from sessionframes.flatten.records import from_batch, from_records

__all__ = [
    "Cell",
    "as_json",
    "filled",
    "from_batch",
    "from_records",
    "instant",
    "json_text",
    "moment",
    "number",
    "others",
    "scaled",
    "unknown_keys",
]
