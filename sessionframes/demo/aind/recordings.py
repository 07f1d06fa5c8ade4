"""The sessions of the demo world as AIND has them: their names, their forms, and what was sorted of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionframes.demo.world import World

    Row = dict[str, Any]

_NAMESPACE = UUID("0c1f4b6e-58d1-5c6f-9a8e-4d3b2a190706")
#: Beside the rigs.
ZONE: Final = ZoneInfo("America/Los_Angeles")
#: Code Ocean's own, with a folder by id each; the others have folders by name.
INTERNAL: Final = "codeocean-s3datasetsbucket-1u41qdg42ur9"
OPEN: Final = "aind-open-data"
EPHYS: Final = "aind-ephys-data"
#: Positions in the world of the sessions that are odd in a way of AIND's own, besides those of the cast.
STREAMS, OTHER_TIME, WITHOUT_OFFSET, ONLY_DOCDB = 0, 3, 4, 5
ODD_FOLDER, WITHOUT_RIG, TWO_RECORDS = 6, 7, 8
#: Forms of records, by position: of the cast, and then over and over.
_FORMS = ("modules", "probes", "second", "probes", "modules", "modules", "modules", "probes")
_FIRST_COPY, _FIRST_ANIMAL, _ANIMALS = datetime(2020, 1, 1, 17, tzinfo=UTC), 900_000, 40
#: None of the odd ones, sorted once.
_AT_OF_COPIES = 13
#: How old animals are, for names: these always have a time, even where the world knows none.
_AGE, _HOUR = timedelta(days=120), time(17, tzinfo=UTC)


@dataclass(frozen=True)
class Probe:
    """A probe in a session.

    Attributes
    ----------
    number : int
        Its id in the world.
    name : str
        ``probeA``.
    device : str
        How the record of the session calls it.
    sorted_device : str
        How NWB files call it.
    stream : int
        In which data stream it recorded, from 0.
    """

    number: int
    name: str
    device: str
    sorted_device: str
    stream: int

    @property
    def letter(self) -> str:
        """The last letter of its name."""
        return self.name[-1]


@dataclass(frozen=True)
class Sorting:
    """What was made of a session by a spike sorter.

    Attributes
    ----------
    name : str
        Of the record and of the asset.
    asset_id : str
        In Code Ocean; of what it does not know, the id of the record.
    docdb_id : str
        Of the record.
    bucket, folder : str
        Where its files are.
    made_at : datetime
        When.
    sorter, version : str
        Which one.
    form : str
        Of its NWB file: "hdf5" or "zarr".
    failure : str or None
        What the log tells if it came to nothing; "state" if Code Ocean tells so.
    is_older : bool
        There is a newer good one, of which the world tells.
    """

    name: str
    asset_id: str
    docdb_id: str
    bucket: str
    folder: str
    made_at: datetime
    sorter: str
    version: str
    form: str
    failure: str | None = None
    is_older: bool = False

    @property
    def location(self) -> str:
        """The URL of its folder."""
        return f"s3://{self.bucket}/{self.folder}"


@dataclass(frozen=True)
class Recording:
    """A session.

    Attributes
    ----------
    at, number : int
        Its position, and its id, in the world.
    row, subject : dict
        What the world knows of it, and of the animal.
    project : str
        Its name.
    session_id, subject_id : str
        How AIND calls it, and the animal.
    form : str
        Of its record: schema 1 with the assemblies of a rig ("modules") or with names of probes ("probes"),
        or schema 2 ("second").
    probes : tuple of Probe
        In the order of their names.
    sortings : tuple of Sorting
        The oldest first.
    """

    at: int
    number: int
    row: Mapping[str, Any]
    subject: Mapping[str, Any]
    project: str
    session_id: str
    subject_id: str
    form: str
    probes: tuple[Probe, ...]
    sortings: tuple[Sorting, ...]

    @property
    def started(self) -> datetime | None:
        """When it began."""
        found: datetime | None = self.row["start_time"]
        return found

    @property
    def created(self) -> datetime:
        """When its record was made."""
        return _named_after(self.row, self.subject) + timedelta(days=1, hours=3)

    @property
    def raw_id(self) -> str:
        """The id of its raw data in Code Ocean."""
        return made_id("asset", self.session_id)

    @property
    def raw_bucket(self) -> str:
        """Where its raw data are, in a folder of its name."""
        return EPHYS if self.at % 2 else OPEN

    @property
    def told(self) -> Sorting | None:
        """The sorting whose channels and units are those of the world; None without probes."""
        good = [one for one in self.sortings if one.failure is None]
        return good[-1] if good else None


def made_id(kind: str, *of: object) -> str:
    """Return the id of a thing of this kind that is made of these ids or names."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, (kind, *of)))))


def project_name(lab: str) -> str:
    """Return the name of the project of a lab."""
    return f"Demo survey, {lab}"


@lru_cache(maxsize=8)
def recordings(world: World) -> tuple[Recording, ...]:
    """Return the sessions of a world, in its order."""
    subjects = {row["subject_id"]: row for row in world.subjects.to_pylist()}
    labs = {row["lab_id"]: project_name(row["lab_name"]) for row in world.labs.to_pylist()}
    probes: defaultdict[int, list[Row]] = defaultdict(list)
    for row in world.probes.to_pylist():
        probes[row["session_id"]].append(row)
    return tuple(
        _recording(at, row, subjects[row["subject_id"]], labs[row["lab_id"]], probes[row["session_id"]])
        for at, row in enumerate(world.sessions.to_pylist())
    )


def copies(world: World, sessions: int | None) -> list[Recording]:
    """Return recordings of 40 other animals, so many that with those of the world there are `sessions`."""
    (first,), (animal,) = (table.slice(0, 1).to_pylist() for table in (world.sessions, world.subjects))
    probes = world.probes.slice(0, 2).to_pylist()
    made = []
    for number in range(max((sessions or 0) - world.sessions.num_rows, 0)):
        started = _FIRST_COPY + timedelta(hours=13 * number)
        row = {**first, "session_id": -number, "start_time": started}
        subject = {**animal, "subject_name": str(_FIRST_ANIMAL + number % _ANIMALS)}
        made.append(_recording(_AT_OF_COPIES, row, subject, project_name("copies"), probes))
    return made


def _recording(at: int, row: Row, subject: Row, project: str, probes: list[Row]) -> Recording:
    form = _FORMS[at % len(_FORMS)]
    animal = subject["subject_name"]
    moment = _named_after(row, subject)
    session_id = _session_id(at, form, animal, moment)
    return Recording(
        at=at,
        number=row["session_id"],
        row=row,
        subject=subject,
        project=project,
        session_id=session_id,
        subject_id=animal,
        form=form,
        probes=tuple(_probe(at, order, form, probe) for order, probe in enumerate(probes)),
        sortings=tuple(_sortings(at, session_id, moment, has_probes=bool(probes))),
    )


def _named_after(row: Mapping[str, Any], subject: Mapping[str, Any]) -> datetime:
    """Return the moment in the name of a session: when it began, as far as that is known."""
    found: datetime | None = row["start_time"]
    return found or datetime.combine(subject["date_of_birth"] + _AGE, _HOUR)


def _session_id(at: int, form: str, animal: str, moment: datetime) -> str:
    platform = "" if form == "second" else "ecephys_"
    local = moment.astimezone(ZONE)
    if at == OTHER_TIME:
        local += timedelta(hours=1)
    return f"{platform}{animal}_{stamp(local)}"


def stamp(moment: datetime) -> str:
    """Return a date and a time as names have them."""
    return f"{moment:%Y-%m-%d_%H-%M-%S}"


def _probe(at: int, order: int, form: str, row: Row) -> Probe:
    letter = row["probe_name"][-1]
    # Many sessions have a stream without probes before that with them.
    stream = int(order > 2) if at == STREAMS else int(at % 3 == 1)
    plain = form == "probes"
    device = f"Probe{letter}" if plain else f"Probe {letter}"
    return Probe(row["probe_id"], row["probe_name"], device, f"Probe{letter}", stream)


def _sortings(at: int, session_id: str, moment: datetime, *, has_probes: bool) -> Iterator[Sorting]:
    last = moment + timedelta(days=30, minutes=at)
    first = last - timedelta(days=20)
    form = "zarr" if at % 2 else "hdf5"
    if not has_probes:
        yield _sorting(at, session_id, first, "kilosort2_5", form, failure="log")
        return
    if at % 4 == 0:
        yield _sorting(at, session_id, first, "kilosort2_5", form, is_older=True)
    yield _sorting(at, session_id, last, "kilosort4" if at % 4 == 0 else "kilosort2_5", form)
    if at % 8 in (OTHER_TIME, WITHOUT_RIG):
        failure = "log" if at % 8 == OTHER_TIME else "state"
        yield _sorting(at, session_id, last + timedelta(days=9), "kilosort4", form, failure=failure)


def _sorting(at: int, session_id: str, made_at: datetime, sorter: str, form: str, **more: Any) -> Sorting:
    name = f"{session_id}_sorted_{stamp(made_at)}"
    docdb_id = made_id("record", name)
    asset_id = docdb_id if at == ONLY_DOCDB else made_id("asset", name)
    bucket, folder = (OPEN, name) if at % 2 else (INTERNAL, asset_id)
    if at == ODD_FOLDER:
        bucket, folder = OPEN, f"ephys rig #2/{name}"
    version = {"kilosort2_5": "2.5", "kilosort4": "4.0.12"}[sorter]
    return Sorting(name, asset_id, docdb_id, bucket, folder, made_at, sorter, version, form, **more)


@lru_cache(maxsize=8)
def cluster_numbers(world: World) -> Mapping[int, tuple[int, int]]:
    """Return, by the id of a unit in the world, its probe and the number that the sorter gave it there.

    Some numbers are of no unit: what was a double, or noise without doubt, was taken out.
    """
    found, last = {}, defaultdict[int, int](lambda: -1)
    columns: tuple[list[Any], ...] = tuple(world.units[name].to_pylist() for name in ("unit_id", "probe_id"))
    for unit, probe in zip(*columns, strict=True):
        last[probe] += 2 if unit % 7 == 0 else 1
        found[unit] = (probe, last[probe])
    return found
