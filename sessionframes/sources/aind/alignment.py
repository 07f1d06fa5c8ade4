"""Where channels are in the brain: alignments that people made, kept among the quality control in DocDB."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.nwb_cells import times
from sessionframes.sources.aind.probe_names import probe_name
from sessionframes.sources.aind.times import made_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionframes.sources.aind.docdb import Record

__all__ = ["PROJECTION", "Alignment", "Place", "alignments", "of_device"]

#: What of a record tells of alignments.
PROJECTION = (
    "name",
    "created",
    "quality_control.evaluations.name",
    "quality_control.evaluations.created",
    "quality_control.evaluations.metrics.value.curations",
    "quality_control.evaluations.metrics.value.curation_history",
    "quality_control.metrics.name",
    "quality_control.metrics.value",
    "quality_control.metrics.curation_history",
)
_NAME = re.compile(r"(?:Probe|IBL) Alignment for (?P<what>.+)", re.DOTALL)
_SHANK = re.compile(r"(?P<device>.+)_(?P<shank>\d+)", re.DOTALL)
_CHANNEL = re.compile(r"channel_(\d+)")
#: The CCF is 13.2 mm long: what is larger than this is in um, and what is larger than that in neither.
_MOST_MM, _MOST_UM = 20.0, 20_000.0
#: Ids and acronyms where nothing is told, and those of no region.
_UNTOLD = (None, "")
_NOWHERE = ("void", "unknown", "None", 0, "0")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a channel is.

    Attributes
    ----------
    axial, lateral : float or None
        Position along and across the probe, in um.
    structure_id, structure_acronym : int, str or None
        Allen's; None outside the brain, and the id also where the acronym alone is told.
    ap, dv, lr : float or None
        CCF coordinates: from the front, from the top, from the left, in um.
    """

    axial: float | None
    lateral: float | None
    structure_id: int | None
    structure_acronym: str | None
    ap: float | None
    dv: float | None
    lr: float | None


@dataclass(frozen=True)
class Alignment:
    """The latest alignment of a probe, or of one of its shanks.

    Attributes
    ----------
    name : str
        Of the evaluation.
    device : str
        The probe, as it is written there: ``ProbeA``.
    shank : int or None
        Number of the shank, from 0.
    places : dict of int to Place
        By number of the channel, from 0.
    """

    name: str
    device: str
    shank: int | None
    places: dict[int, Place]


def alignments(records: Iterable[Record], session_id: str) -> list[Alignment]:
    """Return the latest alignment of each probe and shank of a session.

    Parameters
    ----------
    records : iterable of dict
        Those of the session, raw and derived, with :data:`PROJECTION`.
    session_id : str
        Of the session.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        An alignment is not as it should be.
    """
    latest: dict[str, tuple[datetime, str, str, Any]] = {}
    for record in sorted(records, key=lambda one: (_when(one.get("created")), str(one.get("_id")))):
        for name, created, curation in _curations(record):
            found = _NAME.fullmatch(name)
            _, marker, probe = (found["what"] if found else "").rpartition(f"{session_id}_")
            if not marker or not probe:
                continue
            if probe not in latest or created >= latest[probe][0]:
                latest[probe] = (created, str(record.get("name")), name, curation)
    return [_alignment(probe, *latest[probe][1:]) for probe in sorted(latest)]


def of_device(found: Iterable[Alignment], device: str) -> list[Alignment]:
    """Return the alignments of a device, by its name in an NWB file: one for each shank."""
    of_it = [one for one in found if probe_name(one.device) == probe_name(device)]
    exact = [one for one in of_it if one.device == device]
    return exact or of_it


def _curations(record: Record) -> Iterator[tuple[str, datetime, Any]]:
    """Yield name, time and the last curation of what may be alignments."""
    control = record.get("quality_control")
    if not isinstance(control, dict):
        return
    for evaluation in _objects(control.get("evaluations")):
        for metric in _objects(evaluation.get("metrics"))[:1]:
            value = metric.get("value")
            told = value if isinstance(value, dict) else {}
            yield from _last(evaluation.get("name"), told.get("curations"), evaluation.get("created"), told)
    # Schema 2 has metrics without evaluations around them.
    for metric in _objects(control.get("metrics")):
        value = metric.get("value")
        curations = value.get("curations") if isinstance(value, dict) else value
        yield from _last(metric.get("name"), curations, None, metric)


def _last(
    name: Any, curations: Any, created: Any, holder: Mapping[str, Any]
) -> Iterator[tuple[str, datetime, Any]]:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(curations, list):
        return
    # None yet.
    if not curations:
        return
    history = _objects(holder.get("curation_history"))
    told = created or (history[-1].get("timestamp") if history else None)
    yield name, _when(told), curations[-1]


def _alignment(probe: str, record: str, name: str, curation: Any) -> Alignment:
    where = f"record {record!r} has an alignment {name!r}"
    try:
        told = json.loads(curation) if isinstance(curation, str) else curation
        in_ccf = told.get("ccf_channel_results") or {}
        otherwise = told.get("channel_results") or {}
        scale = _scale(in_ccf)
        places = {
            _number(channel): _place(in_ccf.get(channel) or {}, otherwise.get(channel) or {}, scale)
            for channel in {**in_ccf, **otherwise}
        }
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        message = f"{where} that is not as it should be: {error}."
        raise SourceResponseError(message, source="aind", table="channels") from error
    found = _SHANK.fullmatch(probe)
    if found is None:
        return Alignment(name, probe, None, places)
    return Alignment(name, found["device"], int(found["shank"]), places)


def _number(channel: str) -> int:
    found = _CHANNEL.fullmatch(channel)
    if found is None:
        message = f"{channel!r} is no channel_<number>"
        raise ValueError(message)
    return int(found[1])


def _scale(in_ccf: Mapping[str, Any]) -> Decimal:
    """Return by what coordinates are to be multiplied to be in um: they come in mm or um, and do not tell."""
    sizes = [
        abs(value)
        for place in in_ccf.values()
        for value in (_float(place.get(axis)) for axis in "xyz")
        if value is not None
    ]
    largest = max(sizes, default=0.0)
    if largest >= _MOST_UM:
        message = f"a coordinate of {largest:g} is neither in mm nor in um"
        raise ValueError(message)
    return Decimal(1000 if largest < _MOST_MM else 1)


def _place(in_ccf: Mapping[str, Any], otherwise: Mapping[str, Any], scale: Decimal) -> Place:
    both = {**otherwise, **in_ccf}
    # They grow to the left, backwards and upwards; the CCF grows to the right, backwards and downwards.
    left, back, up = (_float(in_ccf.get(axis)) for axis in "xyz")
    number, acronym = both.get("brain_region_id"), both.get("brain_region")
    if acronym is not None and not isinstance(acronym, str):
        message = f"brain_region is {acronym!r}"
        raise TypeError(message)
    structure_id = None
    if number not in (*_UNTOLD, *_NOWHERE):
        whole = _float(number)
        if whole is None or not whole.is_integer():
            message = f"brain_region_id is {number!r}"
            raise ValueError(message)
        # Some write those of the left hemisphere as negative.
        structure_id = abs(int(whole))
    return Place(
        axial=_float(both.get("axial")),
        lateral=_float(both.get("lateral")),
        structure_id=structure_id,
        structure_acronym=None if acronym in (*_UNTOLD, *_NOWHERE) or number in _NOWHERE else acronym,
        ap=None if back is None else times(back, scale),
        dv=None if up is None else times(-up, scale),
        lr=None if left is None else times(-left, scale),
    )


def _float(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        message = f"{value!r} is no number"
        raise TypeError(message)
    number = float(value)
    return number if math.isfinite(number) else None


def _objects(told: Any) -> list[Mapping[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _when(told: Any) -> datetime:
    # Where nothing of it is told, it only decides between alignments of which none is later.
    return made_at(told) or _LONG_AGO
