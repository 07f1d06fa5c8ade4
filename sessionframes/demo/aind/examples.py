"""Sessions of AIND's own examples, and others that are odd as no session of the world can be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sessionframes.demo.aind.recordings import EPHYS, INTERNAL, OPEN, made_id
from sessionframes.demo.aind.sections import BEHAVIOR, DESCRIBED, ECEPHYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    Record = dict[str, Any]

#: The animal of ``aind-session``'s own examples; ids and names are public.
SUBJECT: Final = "676909"
SESSION: Final = f"ecephys_{SUBJECT}_2023-12-13_13-43-40"
_GENOTYPE = "Pvalb-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt"
_BEHAVIOR = f"behavior_{SUBJECT}_2023-10-24_15-15-50"
#: Name → id of the raw data, when that was made (s), and the offset of the rig's clock.
_RAW = {
    _BEHAVIOR: ("b0000000-0000-4000-8000-000000000001", 1698186000, "-07:00"),
    f"ecephys_{SUBJECT}_2023-12-11_14-24-35": ("b0000000-0000-4000-8000-000000000002", 1702400000, "-08:00"),
    SESSION: ("16d46411-540a-4122-b47f-8cb2a15d593a", 1702620828, "-08:00"),
    f"ecephys_{SUBJECT}_2023-12-14_12-43-11": ("b0000000-0000-4000-8000-000000000003", 1702710000, "-08:00"),
}
#: Name → id of what was sorted, when (s), and by what.
SORTED: Final = {
    f"{SESSION}_sorted_2023-12-17_03-16-51": (
        "1e11bdf5-b452-4fd9-bbb1-48383a9b0842",
        1702783011,
        "kilosort2_5",
    ),
    f"{SESSION}_sorted_2024-03-01_16-02-45": (
        "a2a54575-b5ca-4cf0-acd0-2933e18bcb2d",
        1709420992,
        "kilosort2_5",
    ),
}
LETTERS: Final = "ABCDEF"
_VIDEOS = {"name": "Behavior videos", "abbreviation": "behavior-videos"}
#: An animal of nobody's.
_OTHER = "702131"
_MOVED = f"ecephys_{_OTHER}_2024-05-08_09-30-15"
_UNTOLD = f"ecephys_{_OTHER}_2024-05-07_09-30-15"
_ONLY_CODE_OCEAN = f"ecephys_{_OTHER}_2024-05-06_09-30-15"
_BOTH = f"behavior_{_OTHER}_2024-05-09_10-00-00"
_IMAGED = f"SmartSPIM_{_OTHER}_2024-06-20_08-00-00"
_BY_NUMBER = "multiplane-ophys_702132_2024-05-08_08-05-54"
_LETTERED = "SmartSPIM_M2501_2025-04-03_17-50-21"
_NO_SESSION = "calibration of rig 323 #2"


def example_records() -> list[Record]:
    """Return their documents; of one of the sessions there is none."""
    return [
        *(_of_seed(name) for name in _RAW),
        *(_sorted_of_seed(name) for name in SORTED),
        _document(
            _UNTOLD, created=None, location=None, data_description=None, external_links=None, subject=None
        ),
        _document(_MOVED, session=_moved(), subject=_subject(_OTHER)),
        _document(
            _BOTH,
            session={"session_start_time": "2024-05-09T10:00:00-07:00", "session_type": "training"},
            acquisition={"session_start_time": "2024-05-09T10:00:00-07:00", "session_type": "imaging"},
            subject=_subject(_OTHER),
        ),
        _document(
            _IMAGED,
            acquisition={"session_start_time": "2024-06-20T08:00:00", "session_end_time": None},
            instrument={"instrument_id": "440_SmartSPIM1", "components": []},
            subject=_subject(_OTHER),
        ),
        _document(
            _BY_NUMBER,
            data_description={
                "data_level": "raw",
                "modality": [{"abbreviation": "laser-tag"}],
                "project_name": None,
            },
            subject={"subject_id": 702132, "genotype": "wt/wt", "sex": "Female"},
        ),
        _document(_LETTERED, subject=_subject("M2501"), external_links=[]),
        _document(_NO_SESSION, subject=None, data_description=None),
    ]


def example_assets() -> list[Record]:
    """Return their data assets, and some that are of no session."""
    raw = [
        _asset(asset_id, name, created, "dataset", ("raw", SUBJECT), EPHYS)
        for name, (asset_id, created, _) in _RAW.items()
    ]
    made = [
        _asset(asset_id, name, created, "result", ("sorted", SUBJECT))
        for name, (asset_id, created, _) in SORTED.items()
    ]
    day = 1715040000
    return [
        *raw,
        *made,
        _asset(made_id("asset", _ONLY_CODE_OCEAN), _ONLY_CODE_OCEAN, day, "dataset", ("raw", _OTHER), EPHYS),
        _asset(made_id("asset", _MOVED), _MOVED, day, "dataset", ("raw", _OTHER), OPEN),
        {
            **_asset(
                made_id("asset", "draft"), f"{_MOVED}_sorted_2024-05-10_01-02-03", day, "result", (_OTHER,)
            ),
            "state": "draft",
        },
        _asset(made_id("asset", "copy"), f"{_MOVED} copy #2", day, "dataset", ("raw", _OTHER), OPEN),
        # Put together of others: it has no folder.
        _asset(made_id("asset", "combined"), f"{SUBJECT} all sessions", day, "combined", (SUBJECT,)),
        _asset(made_id("asset", "atlas"), "Allen CCFv3 2017 template", day, "dataset", ()),
    ]


def _of_seed(name: str) -> Record:
    asset_id, created, offset = _RAW[name]
    is_ephys = name != _BEHAVIOR
    date, time = name.split("_")[2:]
    began = f"{date}T{time.replace('-', ':')}{offset}"
    letters = LETTERS if is_ephys else ""
    return _document(
        name,
        created=datetime.fromtimestamp(created + 900, UTC).isoformat(),
        external_links={"Code Ocean": [asset_id]},
        location=f"s3://{EPHYS}/{name}",
        data_description={
            "data_level": "raw",
            "name": name,
            "project_name": "Dynamic Routing",
            "subject_id": SUBJECT,
            "modality": [ECEPHYS, BEHAVIOR, _VIDEOS] if is_ephys else [BEHAVIOR, _VIDEOS],
            "platform": {"name": "Electrophysiology platform", "abbreviation": name.partition("_")[0]},
        },
        processing={"schema_version": "0.4.8", "processing_pipeline": {"data_processes": []}},
        rig={"rig_id": "NP3", "ephys_assemblies": [_assembly(letter) for letter in letters], "daqs": []},
        session={
            "session_start_time": began,
            "session_end_time": None,
            "session_type": "ephys session" if is_ephys else "training session",
            "rig_id": "NP3",
            "subject_id": SUBJECT,
            "data_streams": [{"stream_start_time": began, "ephys_modules": _modules(letters)}],
        },
        subject={
            "subject_id": SUBJECT,
            "sex": "Male",
            "date_of_birth": "2023-03-30",
            "genotype": _GENOTYPE,
            "species": {"name": "Mus musculus"},
        },
        procedures={"subject_id": SUBJECT, "subject_procedures": []},
    )


def _sorted_of_seed(name: str) -> Record:
    asset_id, created, sorter = SORTED[name]
    process = {
        "name": "Spike sorting",
        "software_version": "2.5",
        "parameters": {"sorter_name": sorter},
    }
    return _document(
        name,
        created=datetime.fromtimestamp(created + 900, UTC).isoformat(),
        external_links={"Code Ocean": [asset_id]},
        location=f"s3://{INTERNAL}/{asset_id}",
        data_description={"data_level": "derived", "name": name, "modality": [ECEPHYS]},
        processing={"schema_version": "0.4.8", "processing_pipeline": {"data_processes": [process]}},
        subject=_subject(SUBJECT),
    )


def _document(name: str, **sections: Any) -> Record:
    """Return a document of schema 1, its sections in the order of the alphabet, null if not told."""
    made: Record = {
        "_id": made_id("record", name),
        "acquisition": None,
        "created": "2024-07-01T12:00:00Z",
        "data_description": {
            "data_level": "raw",
            "name": name,
            "project_name": "Examples",
            "modality": [BEHAVIOR],
        },
        "describedBy": f"{DESCRIBED}/metadata.py",
        "external_links": {},
        "instrument": None,
        "last_modified": "2024-11-26T20:26:30.729780Z",
        "location": f"s3://{OPEN}/{name}",
        "metadata_status": "Missing" if sections.get("subject") is None else "Unknown",
        "name": name,
        "procedures": None,
        "processing": None,
        "rig": None,
        "schema_version": "0.2.19",
        "session": None,
        "subject": None,
    }
    return {**made, **sections}


def _subject(subject_id: str) -> Record:
    return {"subject_id": subject_id, "sex": "Female", "date_of_birth": "2023-12-01", "genotype": "wt/wt"}


def _moved() -> Record:
    """Return a session in which all probes were moved once: two streams of the same devices."""
    return {
        "session_start_time": "2024-05-08T09:30:15-07:00",
        "session_type": "two depths",
        "data_streams": [
            {"stream_start_time": f"2024-05-08T{hour}:30:15-07:00", "ephys_modules": _modules("AB")}
            for hour in ("09", "11")
        ],
    }


def _modules(letters: str) -> list[Record]:
    return [
        {
            "assembly_name": f"Ephys Assembly {letter}",
            "arc_angle": "5.2",
            "module_angle": "8.0",
            "angle_unit": "degrees",
            "ephys_probes": [{"name": f"Probe{letter}", "other_targeted_structures": None}],
            "primary_targeted_structure": "VISp",
            "manipulator_coordinates": {"x": "8422.0", "y": "4205.0", "z": "11087.5", "unit": "micrometer"},
        }
        for letter in letters
    ]


def _assembly(letter: str) -> Record:
    probe = {
        "name": f"Probe{letter}",
        "probe_model": "Neuropixels 1.0",
        "serial_number": f"1800{ord(letter)}",
    }
    return {"name": f"Ephys Assembly {letter}", "manipulator": None, "probes": [probe]}


def _asset(
    asset_id: str, name: str, created: int, kind: str, tags: Sequence[str], bucket: str | None = None
) -> Record:
    made: Record = {
        "id": asset_id,
        "created": created,
        "name": name,
        "mount": name,
        "state": "ready",
        "type": kind,
        "last_used": 0,
        "files": 12,
        "size": 123_456_789,
        "description": "",
        "tags": list(tags),
    }
    if bucket is not None:
        made["source_bucket"] = {"origin": "aws", "bucket": bucket, "prefix": name, "external": True}
    if "raw" in tags:
        made["custom_metadata"] = {"data level": "raw data", "subject id": tags[-1]}
    return made
