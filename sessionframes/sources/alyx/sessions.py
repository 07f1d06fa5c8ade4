"""From sessions of Alyx to the columns of their table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sessionframes.flatten import Cell, instant, moment
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, made, measure, rest_cell, text
from sessionframes.sources.alyx.groups import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed, Subjects
    from sessionframes.tables import Table

__all__ = ["DEAR", "genotype_of", "sessions", "sex_of"]

_SESSIONS = OF_TABLE["sessions"]
#: The columns that lists of sessions lack; what they come from.
DEAR: Final[Mapping[str, str]] = {
    field.column: field.name
    for field in _SESSIONS.fields.values()
    if field.column is not None and field.place == "read"
}
#: As AllenSDK's tables part the alleles of a genotype.
_BETWEEN = ";"
#: Sex that is told to be unknown is not recorded.
_NO_SEX = "U"
#: A date without a time of day: 2020-02-21.
_LENGTH_OF_DATE = 10
_MIDNIGHT = "T00:00:00Z"


def sessions(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of sessions.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of sessions, as lists or reads have them; around them "subjects", the animals.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_SESSIONS, page.zone)
    cells |= {
        # A read has no id but its address.
        "session_id": made(lambda record: record.get("id") or key_of(record.get("url"))),
        "start_time": Cell("start_time", convert_all=partial(_times, zone=page.zone)),
        "start_time_is_date": made(_is_date),
        "performance": made(_performance),
        "other_fields": rest_cell(_SESSIONS, "date"),
    }
    subjects: Subjects | None = page.around.get("subjects")
    if subjects is not None:
        cells |= _of_subject(subjects, page.zone)
    return flattened(model, page, cells, _SESSIONS)


def genotype_of(subject: Mapping[str, Any]) -> Any:
    """Return the genotype of an animal as one text, None where it is not told."""
    told = subject.get("genotype")
    return text(_BETWEEN.join(told)) if isinstance(told, list) else text(told)


def sex_of(subject: Mapping[str, Any]) -> Any:
    """Return the sex of an animal, None where it is not known."""
    return None if subject.get("sex") in ("", _NO_SEX) else subject.get("sex")


def _of_subject(subjects: Subjects, zone: ZoneInfo) -> dict[str, Cell]:
    def of(find: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> Cell:
        def make(record: Mapping[str, Any]) -> Any:
            subject = subjects.of(record.get("subject"), record.get("lab"))
            return None if subject is None else find(subject, record)

        return made(make)

    def age(subject: Mapping[str, Any], record: Mapping[str, Any]) -> float | None:
        born, began = subject.get("birth_date"), record.get("start_time")
        if not born or not began:
            return None
        days = (_day(began, zone) - _day(born, zone)).days
        # A day of birth that was mistyped is no age.
        return None if days < 0 else float(days)

    return {
        "subject_id": of(lambda subject, _: subject.get("id")),
        "genotype": of(lambda subject, _: genotype_of(subject)),
        "sex": of(lambda subject, _: sex_of(subject)),
        "age_in_days": of(age),
    }


def _day(told: str, zone: ZoneInfo) -> Any:
    # By the clock that wrote it.
    return moment(told, zone).astimezone(zone).date()


def _times(told: Sequence[Any], zone: ZoneInfo) -> Any:
    read = instant("start_time", zone=zone).convert_all
    # A day is no time of any clock.
    whole = [f"{one}{_MIDNIGHT}" if isinstance(one, str) and _is_day(one) else one for one in told]
    return read(whole) if read else whole


def _is_day(told: str) -> bool:
    return len(told) == _LENGTH_OF_DATE


def _performance(record: Mapping[str, Any]) -> float | None:
    trials, correct = measure(record, "n_trials"), measure(record, "n_correct_trials")
    return 100 * correct / trials if trials and correct is not None else None


def _is_date(record: Mapping[str, Any]) -> bool | None:
    told = record.get("start_time")
    return None if told is None else _is_day(told)
