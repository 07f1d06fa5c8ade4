"""The demo world as documents of DocDB."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.alignments import alignments
from sessionframes.demo.aind.examples import example_records
from sessionframes.demo.aind.recordings import (
    ODD_FOLDER,
    ONLY_DOCDB,
    TWO_RECORDS,
    WITHOUT_RIG,
    Recording,
    Sorting,
    copies,
    made_id,
    recordings,
)
from sessionframes.demo.aind.sections import (
    DESCRIBED,
    MODALITIES,
    acquisition,
    description,
    instrument,
    rig,
    session,
    subject,
    written,
)
from sessionframes.demo.aind.videos import videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionframes.demo.aind.videos import Video
    from sessionframes.demo.world import World

    Record = dict[str, Any]


def make_records(world: World, sessions: int | None = None, *, examples: bool = True) -> list[Record]:
    """Return all documents.

    What the world knows is told exactly, but for what AIND has no place for. Beside that the documents differ
    in their form as the real ones do: in their schema, in how a moment, a number and an id of an asset are
    written, and in which sections there are.

    Parameters
    ----------
    world : World
        Whose facts they tell.
    sessions : int, optional
        At least so many sessions, the missing ones being copies of 40 other animals.
    examples : bool
        Whether to add the subject of AIND's own examples, and sessions that are odd in more ways than a
        session of the world can be.

    Returns
    -------
    list of dict
        Schema 1, and a few of schema 2.
    """
    of_probes = alignments(world)
    made = [record for one in recordings(world) for record in _of_session(one, of_probes)]
    # Copies are of no use to anybody but for their number.
    made += [record for one in copies(world, sessions) for record in _of_session(one, {})]
    return [*made, *example_records()] if examples else made


def raw_location(one: Recording) -> str:
    """Return where the raw data of a session are."""
    return f"s3://{one.raw_bucket}/{one.session_id}"


def _of_session(one: Recording, of_probes: Mapping[int, Record]) -> Iterator[Record]:
    main = _second(one) if one.form == "second" else _first(one)
    yield main
    if one.at == TWO_RECORDS:
        yield _forgotten(main)
    for sorting in one.sortings:
        if sorting.failure != "state":
            yield _sorted(one, sorting, of_probes)
    for video in videos(one):
        yield _of_video(one, video)


def _first(one: Recording) -> Record:
    """Return the document of a session in schema 1, its sections in the order of the alphabet."""
    hardware = None if one.at == WITHOUT_RIG else rig(one)
    return {
        "_id": made_id("record", one.session_id),
        "acquisition": None,
        # Of some the zone is left out.
        "created": written(one.created, 3).removesuffix("Z") if one.at % 4 == 1 else written(one.created, 3),
        "data_description": description(one, one.session_id, "raw"),
        "describedBy": f"{DESCRIBED}/metadata.py",
        "external_links": _links(one),
        "instrument": None,
        "last_modified": written(one.created + timedelta(days=100)),
        "location": raw_location(one),
        "metadata_status": ("Valid", "Invalid", "Unknown")[one.at % 3],
        "name": one.session_id,
        "procedures": {"subject_id": one.subject_id, "subject_procedures": []} if one.at % 2 else None,
        "processing": None,
        "rig": hardware,
        "schema_version": "1.0.2" if one.form == "modules" else "0.2.19",
        "session": session(one),
        "subject": subject(one),
    }


def _second(one: Recording) -> Record:
    """Return the document of a session in schema 2."""
    return {
        "_id": made_id("record", one.session_id),
        "_created": written(one.created),
        "_last_modified": written(one.created + timedelta(days=100)),
        "object_type": "Metadata",
        "schema_version": "2.7.6",
        "name": one.session_id,
        "location": raw_location(one),
        "other_identifiers": {"Code Ocean": [one.raw_id]},
        "subject": {
            "object_type": "Subject",
            "schema_version": "2.3.3",
            "subject_id": one.subject_id,
            "subject_details": {"object_type": "Mouse subject", **_animal(one)},
        },
        "data_description": {
            **description(one, one.session_id, "raw"),
            "object_type": "Data description",
            "modalities": MODALITIES,
        },
        "acquisition": acquisition(one),
        "instrument": instrument(one),
        "processing": None,
        "procedures": None,
        "quality_control": None,
        "model": None,
    }


def _animal(one: Recording) -> Record:
    told = subject(one)
    return {name: told[name] for name in ("sex", "date_of_birth", "genotype", "species")}


def _links(one: Recording) -> Any:
    """Return the ids of assets in one of the forms that there were."""
    if one.at == ODD_FOLDER:
        return []
    if one.at == ONLY_DOCDB:
        return {}
    forms: tuple[Any, ...] = (
        {"Code Ocean": [one.raw_id]},
        [{"Code Ocean": one.raw_id}],
        {"Code Ocean": [one.raw_id], "Dandi": []},
    )
    return forms[one.at % len(forms)]


def _forgotten(record: Record) -> Record:
    """Return an older document of the same session, of which nothing is to be told."""
    return {
        **record,
        "_id": made_id("record", record["name"], "forgotten"),
        "created": "2017-01-01T00:00:00Z",
        "session": {**record["session"], "session_type": "to be filled in"},
        "subject": None,
        "metadata_status": "Invalid",
    }


def _sorted(one: Recording, sorting: Sorting, of_probes: Mapping[int, Record]) -> Record:
    """Return the document of what a sorter made, with the alignments of its probes."""
    told = [
        evaluation
        for probe in one.probes
        for evaluation in _evaluations(one, sorting, of_probes.get(probe.number, {}), probe.letter)
    ]
    record = _derived(one, sorting.name, sorting.docdb_id, written(sorting.made_at), sorting.location)
    known = [] if one.at == ONLY_DOCDB else [sorting.asset_id]
    return {
        **record,
        "external_links": {"Code Ocean": known} if known else {},
        "processing": processing(sorting, one.at),
        "quality_control": {"schema_version": "1.2.2", "evaluations": told, "notes": None} if told else None,
    }


def _evaluations(one: Recording, sorting: Sorting, told: Record, letter: str) -> Iterator[Record]:
    """Yield how a probe was aligned: in what was sorted first, badly."""
    curations = told.get("first" if sorting.is_older else "last")
    if curations is None or sorting.failure is not None:
        return
    yield {
        "name": f"Probe Alignment for {one.session_id}_Probe{letter}_0",
        "modality": MODALITIES[0],
        "stage": "Processing",
        "created": written(sorting.made_at + timedelta(days=2)),
        "latest_status": "Pass",
        "metrics": [
            {
                "name": f"Probe Alignment for {one.session_id}_Probe{letter}_0",
                "value": {
                    "type": "curation",
                    "curations": curations,
                    "curation_history": [{"curator": "demo", "timestamp": written(sorting.made_at)}],
                },
                "status_history": [
                    {"evaluator": "demo", "status": "Pass", "timestamp": written(sorting.made_at)}
                ],
                "description": "Where the channels are in the CCF.",
                "reference": None,
            }
        ],
    }


def processing(sorting: Sorting, at: int) -> Record | None:
    """Return what was run: in one of the layouts that there were, or not told.

    Parameters
    ----------
    sorting : Sorting
        What was made.
    at : int
        The position of its session, on which the layout depends.
    """
    parameters = {"sorter_name": sorting.sorter, "sorter_params": {"batch_size": 60000}}
    begun = sorting.made_at - timedelta(hours=3)
    process = {
        "name": "Spike sorting",
        "software_version": sorting.version,
        "start_date_time": written(begun),
        "end_date_time": written(sorting.made_at),
        "input_location": "../data",
        "output_location": "../results",
        "code_url": f"https://github.com/AllenNeuralDynamics/aind-ephys-spikesort-{sorting.sorter}",
        "code_version": None,
    }
    before = {**process, "name": "Ephys preprocessing", "parameters": {"denoising_strategy": "cmr"}}
    if at % 4 == 0:
        whole = [before, {**process, "parameters": parameters}]
        return {"schema_version": "1.1.4", "processing_pipeline": {"data_processes": whole}}
    if at % 4 == 1:
        return {"schema_version": "0.2.5", "data_processes": [{**process, "parameters": parameters}]}
    if at % 4 == 2:
        code = {"object_type": "Code", "version": sorting.version, "parameters": parameters}
        newer = {"object_type": "Data process", "process_type": "Spike sorting", "code": code}
        return {"object_type": "Processing", "schema_version": "2.2.0", "data_processes": [newer]}
    return None


def _of_video(one: Recording, video: Video) -> Record:
    made = _derived(one, video.name, video.docdb_id, written(video.made_at), video.location)
    return {**made, "external_links": {"Code Ocean": [video.asset_id]}}


def _derived(one: Recording, name: str, docdb_id: str, created: str, location: str) -> Record:
    """Return the document of something that was made of a session: schema 1, whatever that of the session."""
    return {
        "_id": docdb_id,
        "acquisition": None,
        "created": created,
        "data_description": {**description(one, name, "derived"), "input_data_name": one.session_id},
        "describedBy": f"{DESCRIBED}/metadata.py",
        "external_links": {},
        "instrument": None,
        "last_modified": created,
        "location": location,
        "metadata_status": "Valid",
        "name": name,
        "procedures": None,
        "processing": None,
        "rig": None,
        "schema_version": "1.1.1",
        "session": None if one.form == "second" else {**session(one), "data_streams": []},
        "subject": subject(one),
        "quality_control": None,
    }
