"""Friendly arguments: the named filters of Alyx, meaning what their documentation means.

Each is a condition on a column or on related rows, so that it goes with any other. The server's own filters
are left to what nothing else can do, which is regions with all below them, and sets of datasets. They differ
from what ONE's users know where the server does not do what it says:

- one text or several, any of which may fit, for all that name something; the server compares a list as one
  text. ``users`` are an exception as they are there: all of them took part.
- ``performance_gte`` and ``performance_lte`` are about the percentage itself; the server cuts it to a whole
  number, and fails where a session has no trials.
- ``exists=False`` is what has no copy on any server; to the server it is what lacks one.
- ``brain_region``, which the server ignores, keeps what has a channel in a region with that in its name.
- ``extended_qc`` and ``json`` take a dict, ``{"task": "FAIL", "behavior__gte": 1}``, or the server's pairs.
- ``histology=False`` are the sessions of subjects without histology; ``qc`` also takes several.
- ``model`` is the part number that frames show, or the model's name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sessionframes.source import Argument
from sessionframes.sources.alyx import parsers as by
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.named import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SESSION = {
    "probes": "session",
    "trajectories": "probe_insertion__session",
    "channels": "trajectory_estimate__probe_insertion__session",
    "assets": "session",
    "tasks": "session",
}
_REGION = {
    "sessions": "probe_insertion__trajectory_estimate__channels__brain_region__name",
    "probes": "trajectory_estimate__channels__brain_region__name",
    "trajectories": "channels__brain_region__name",
    "channels": "brain_region__name",
}


def arguments_of(table: str) -> tuple[Argument, ...]:
    """Return the friendly arguments of a table.

    Parameters
    ----------
    table : str
        Such as "sessions".
    """
    makers: Mapping[str, Callable[[], list[Argument]]] = {
        "sessions": _of_sessions,
        "probes": _of_probes,
        "trajectories": _of_trajectories,
        "channels": _of_channels,
        "assets": _of_assets,
        "tasks": _of_tasks,
        "subjects": _of_subjects,
        "structures": _of_structures,
    }
    return tuple(makers[table]()) if table in makers else ()


def _of_sessions() -> list[Argument]:
    own = partial(_column, "sessions")
    related = "data_dataset_session_related__tags__name"
    return [
        by.blind("subject", own("subject"), "Nickname of the subject, or several; without regard to case."),
        by.blind("lab", own("lab"), "Name of the lab, or several; without regard to case."),
        by.numbers("number", own("number"), "Number of the session on its day, or several."),
        by.part("task_protocol", own("task_protocol"), "What its task protocol has in it."),
        by.part("location", own("location"), "What the name of its location has in it."),
        by.part("projects", own("projects"), "What the name of one of its projects has in it."),
        by.part("project", own("projects"), "The same."),
        by.part("procedures", own("procedures"), "What the name of one of its procedures has in it."),
        by.blind("type", own("type"), "Its type, such as Experiment."),
        Argument("users", own("users"), "Names of users, all of whom took part.", by.all_users),
        Argument("date_range", own("start_time"), "First and last day, both included.", by.between),
        by.part("tag", related, "What the name of a tag on one of its datasets has in it."),
        by.label("qc", own("qc"), "qc", "Its QC, such as FAIL, or several."),
        by.pairs("extended_qc", own("extended_qc"), "What its extended QC holds: a dict, or key and value."),
        by.pairs("json", own("json"), "What its JSON holds: a dict, or key and value."),
        by.performance("performance_gte", "At least so many percent of its trials are correct."),
        by.performance("performance_lte", "At most so many percent of its trials are correct."),
        Argument(
            "histology",
            "subject__actions_sessions__procedures__name",
            "Whether its subject has a session of the procedure Histology.",
            by.histology,
        ),
        *_of_datasets(),
        *_atlas("sessions"),
    ]


def _of_probes() -> list[Argument]:
    own = partial(_column, "probes")
    return [
        *_above("probes"),
        by.exactly("name", own("name"), "Name of the insertion, such as probe00, or several."),
        by.exactly("serial", own("serial"), "Serial number of the probe, or several."),
        Argument("model", own("model"), "Part number or name of the probe's model, or several.", by.model),
        by.pairs("json", own("json"), "What its JSON holds: a dict, or key and value."),
        by.part("tag", "datasets__tags__name", "What the name of a tag on one of its datasets has in it."),
        *_of_datasets(),
        *_atlas("probes"),
    ]


def _of_trajectories() -> list[Argument]:
    own = partial(_column, "trajectories")
    return [
        *_above("trajectories"),
        Argument("provenance", own("provenance"), "How it is known: a label or its number.", by.provenance),
        by.exactly("probe", own("probe_name"), "Name of its insertion, such as probe00, or several."),
        *_atlas("trajectories"),
    ]


def _of_channels() -> list[Argument]:
    return [
        *_above("channels"),
        by.exactly("acronym", "structure_acronym", "Acronym of its structure, or several."),
        by.exactly(
            "probe", "trajectory_estimate__probe_insertion__name", "Name of its insertion, such as probe00."
        ),
        *_atlas("channels"),
    ]


def _of_assets() -> list[Argument]:
    own = partial(_column, "assets")
    return [
        *_above("assets"),
        by.exactly("name", own("name"), "Name of the file, or several."),
        by.exactly("collection", own("collection"), "Its collection, such as alf/probe00, or several."),
        by.exactly("dataset_type", own("dataset_type"), "Its type, such as spikes.times, or several."),
        by.exactly("revision", own("revision"), "Its revision, or several."),
        by.exactly("created_by", own("created_by"), "Who made it, or any of several."),
        by.exactly("tag", own("tags"), "One of its tags, or any of several."),
        by.label("qc", own("qc"), "qc", "Its QC, such as FAIL, or several."),
        by.exactly("probe", "probe_insertion__name", "Name of an insertion that it belongs to."),
        Argument("exists", f"{PREFIX}exists", "Whether a copy is on a server.", by.exists),
    ]


def _of_tasks() -> list[Argument]:
    own = partial(_column, "tasks")
    return [
        *_above("tasks"),
        by.label("status", own("status"), "status", "Its status, such as Errored, or several."),
        by.exactly("name", own("name"), "Its name, or several."),
        by.exactly("graph", own("graph"), "Its pipeline, or several."),
        by.exactly("executable", own("executable"), "What it runs, or several."),
        by.exactly("version", own("version"), "Version of its program, or several."),
        by.part("log", own("log"), "What its log has in it."),
        by.numbers("level", own("level"), "Its level in the pipeline, or several."),
        by.numbers("priority", own("priority"), "Its priority, or several."),
    ]


def _of_subjects() -> list[Argument]:
    own = partial(_column, "subjects")
    return [
        by.exactly("nickname", own("nickname"), "Its nickname, or several."),
        by.exactly("lab", own("lab"), "Its lab, or several."),
        by.exactly("project", own("projects"), "One of its projects, or any of several."),
        by.exactly("responsible_user", own("responsible_user"), "Who is responsible for it, or several."),
        Argument("stock", f"{PREFIX}stock", "Whether it is kept for breeding.", by.flag),
        Argument(
            "water_restricted", f"{PREFIX}water_restricted", "Whether its water is restricted.", by.flag
        ),
    ]


def _of_structures() -> list[Argument]:
    return [
        by.named("ancestors", "Id or acronym of a structure: it, and all above it."),
        by.named("descendants", "Id or acronym of a structure: it, and all below it."),
    ]


def _above(table: str) -> list[Argument]:
    """Return the arguments about the session of what is asked for."""
    prefix = _SESSION[table]
    return [
        by.blind("subject", f"{prefix}__subject__nickname", "Nickname of the subject, or several."),
        by.blind("lab", f"{prefix}__lab__name", "Name of the session's lab, or several."),
        by.part(
            "project",
            f"{prefix}__projects__name",
            "What the name of one of the session's projects has in it.",
        ),
        by.part("task_protocol", f"{prefix}__task_protocol", "What the session's task protocol has in it."),
        by.numbers("session_number", f"{prefix}__number", "Number of the session on its day, or several."),
    ]


def _atlas(table: str) -> list[Argument]:
    region = by.part(
        "brain_region", _REGION[table], "What the name of a region of one of its channels has in it."
    )
    of_server = table in ("sessions", "probes")
    return [
        region,
        *(
            by.named(name, described) if of_server else by.below(name, _REGION[table], described)
            for name, described in (
                ("atlas_id", "Id of a structure: a channel is in it, or below it."),
                ("atlas_acronym", "Acronym of a structure: a channel is in it, or below it."),
                ("atlas_name", "What the name of a structure has in it: a channel is in it, or below it."),
            )
        ),
    ]


def _of_datasets() -> list[Argument]:
    return [
        Argument("datasets", f"{PREFIX}datasets", "Names of files, all of which are on a server.", by.listed),
        Argument(
            "dataset_types", f"{PREFIX}dataset_types", "Types of datasets, all of which are there.", by.listed
        ),
        Argument(
            "dataset_qc_lte",
            f"{PREFIX}dataset_qc_lte",
            "The worst QC that those datasets may have.",
            by.one_label,
        ),
    ]


def _column(table: str, wire: str) -> str:
    column = OF_TABLE[table].fields[wire].column
    assert column is not None, wire  # noqa: S101  the tables of fields are ours
    return column
