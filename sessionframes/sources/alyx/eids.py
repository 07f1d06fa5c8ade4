"""Session ids of anything that tells a session: ids, addresses, paths, references, records, frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown
from sessionframes.sources.alyx.slices import query_of
from sessionframes.sources.alyx.wire_json import NotTakenError, uuid_text

if TYPE_CHECKING:
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.workers import Stop

__all__ = ["Reference", "eids_of", "reference_of"]

_SEVERAL = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)
_REFERENCE = re.compile(r"(\d{4}-\d\d-\d\d)_(\d+)_(.+)")
_PATH = re.compile(
    r"(?:(?:^|.*/)(?P<lab>[^/]+)/Subjects/|.*?)(?P<subject>[^/]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<number>\d{1,3})(?:/.*)?"
)
_HINT = "Give a UUID, an address, a path, a reference such as '2019-12-10_1_KS022', a record, or several."


@dataclass(frozen=True)
class Reference:
    """What tells a session without its id.

    Parameters
    ----------
    subject : str
        Its nickname, which may be one of several labs.
    date : str
        Of the start, in the server's zone.
    number : int
        Which of that day.
    lab : str, optional
        Where it was, as far as told.
    """

    subject: str
    date: str
    number: int
    lab: str | None = None


def reference_of(text: str) -> Reference | None:
    """Return the session that a reference or a path is about, None if it is neither.

    Examples
    --------
    >>> reference_of("2019-12-10_1_KS022")
    Reference(subject='KS022', date='2019-12-10', number=1, lab=None)
    >>> reference_of("/data/cortexlab/Subjects/KS022/2019-12-10/001/alf/spikes.times.npy").lab
    'cortexlab'
    """
    text = text.strip()
    if (found := _REFERENCE.fullmatch(text)) is not None:
        return _checked(found[3], found[1], found[2], None)
    if (found := _PATH.fullmatch(text.replace("\\", "/"))) is not None:
        return _checked(found["subject"], found["date"], found["number"], found["lab"])
    return None


def eids_of(value: Any, transport: AlyxTransport) -> Any:
    """Return the session ids of anything that tells a session; see ``to_eid`` of an open Alyx.

    Parameters
    ----------
    value : object
        One, or several.
    transport : AlyxTransport
        What looks references up, each once and several at a time.

    Raises
    ------
    sessionframes.errors.QueryError
        Something that tells no session, or more than one.
    """
    if isinstance(value, pd.DataFrame):
        return _in_frame(value)
    is_many = isinstance(value, _SEVERAL)
    meant = [_meant(one) for one in value] if is_many else [_meant(value)]
    wanted = list(dict.fromkeys(one for one in meant if isinstance(one, Reference)))
    with closing(transport.rest.at_once([partial(_found, transport, one) for one in wanted])) as answers:
        known = dict(zip(wanted, answers, strict=True))
    found = [known[one] if isinstance(one, Reference) else one for one in meant]
    return found if is_many else found[0]


def _in_frame(frame: pd.DataFrame) -> list[str | None]:
    """Return the ids that a frame carries, one for each row; None for rows of no session."""
    if frame.index.name != "session_id" and "session_id" not in frame:
        message = f"the frame carries no session_id, only {shown(list(frame.columns))}."
        raise QueryError(message, source="alyx", hint=_HINT)
    ids = frame.index if frame.index.name == "session_id" else frame["session_id"]
    return [None if pd.isna(one) else str(one) for one in ids.tolist()]


def _meant(value: Any) -> str | Reference:
    """Return the id that a value tells, or what it can be looked up by."""
    if isinstance(value, Mapping):
        return _in_record(value)
    if isinstance(value, PurePath):
        value = value.as_posix()
    if isinstance(value, str | UUID):
        try:
            if not isinstance(value, str) or "://" not in value or "/sessions/" in value:
                return uuid_text(value)
        except NotTakenError:
            pass
        reference = reference_of(value) if isinstance(value, str) else None
        if reference is not None:
            return reference
    message = f"{shown(value)} tells no session."
    raise QueryError(message, source="alyx", hint=_HINT)


def _in_record(record: Mapping[Any, Any]) -> str | Reference:
    # What belongs to a session names it; a session itself does not.
    for name in ("session_id", "eid", "session"):
        if record.get(name) is not None:
            return _meant(record[name])
    if isinstance(record.get("session_info"), Mapping):
        return _meant(record["session_info"])
    number = record.get("number", record.get("sequence"))
    if record.get("id") is not None and {"subject", "start_time", "number"} & record.keys():
        return _meant(record["id"])
    if isinstance(record.get("url"), str) and "/sessions/" in record["url"]:
        return _meant(record["url"])
    day = record.get("date", record.get("start_time"))
    day = day.isoformat() if isinstance(day, date | datetime) else day
    if isinstance(record.get("subject"), str) and isinstance(day, str) and number is not None:
        return _checked(record["subject"], day[:10], str(number), record.get("lab"))
    message = f"the record {shown(dict(record))} tells no session."
    raise QueryError(message, source="alyx", hint=_HINT)


def _checked(subject: str, day: str, number: str, lab: Any) -> Reference:
    checked_text(subject, "subject")
    try:
        date.fromisoformat(day)
        return Reference(subject, day, int(number), lab if isinstance(lab, str) else None)
    except ValueError:
        message = f"{day!r} and {number!r} are no date and number of a session."
        raise QueryError(message, source="alyx", hint=_HINT) from None


def _found(transport: AlyxTransport, wanted: Reference, stop: Stop) -> str | None:
    params = (
        ("subject", wanted.subject),
        ("date_range", f"{wanted.date},{wanted.date}"),
        ("number", str(wanted.number)),
        ("limit", "1000"),
    )
    records = transport.rest.ask(f"sessions?{query_of(params)}", _results, stop=stop)
    # The server does not look at capitals.
    exact = [one for one in records if one.get("subject") == wanted.subject]
    of_lab = [one for one in exact if wanted.lab is None or one.get("lab") == wanted.lab]
    ids = {str(one["id"]) for one in of_lab}
    if len(ids) > 1:
        name = f"{wanted.date}_{wanted.number}_{wanted.subject}"
        message = f"{len(ids)} sessions are {name}: {', '.join(sorted(ids))}."
        raise QueryError(message, source="alyx", hint="Give a path with the lab, or one of these ids.")
    return next(iter(ids), None)


def _results(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        message = "it is no page of a list"
        raise ValueError(message)
    found: list[dict[str, Any]] = body["results"]
    return found
