"""Where LIMS keeps its files: a row of ``well_known_files``, and the web application that hands it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, cast, select

from sessionframes.errors import DownloadError
from sessionframes.source import FileKind
from sessionframes.sources.lims import schema as lims
from sessionframes.transports.files import FileRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.connection import Connection

    Locate = Callable[[Connection, int], FileRequest]

TEMPLATE_NAMESPACE = "brain_observatory_1.1"

_FILE: tuple[ColumnElement[Any], ...] = (
    cast(lims.files.c.id, BigInteger).label("file_id"),
    cast(lims.files.c.filename, Text).label("filename"),
)
_TYPE = (lims.file_types, lims.file_types.c.id == lims.files.c.well_known_file_type_id)
_OF_RUN = and_(
    lims.files.c.attachable_type == "EcephysAnalysisRun",
    lims.files.c.attachable_id == lims.analysis_runs.c.id,
)
_OF_RUN_PROBE = and_(
    lims.files.c.attachable_type == "EcephysAnalysisRunProbe",
    lims.files.c.attachable_id == lims.analysis_run_probes.c.id,
)


def _session_data(session_id: int) -> Select[Any]:
    return (
        select(*_FILE)
        .select_from(lims.analysis_runs.join(lims.files, _OF_RUN).join(*_TYPE))
        .where(
            lims.file_types.c.name == "EcephysNwb",
            lims.analysis_runs.c.ecephys_session_id == session_id,
            lims.analysis_runs.c.current.is_(True),
        )
    )


def _probe_lfp_data(probe_id: int) -> Select[Any]:
    rows = (
        lims.analysis_run_probes.join(
            lims.analysis_runs, lims.analysis_runs.c.id == lims.analysis_run_probes.c.ecephys_analysis_run_id
        )
        .join(lims.files, _OF_RUN_PROBE)
        .join(*_TYPE)
    )
    return (
        select(*_FILE)
        .select_from(rows)
        .where(
            # AllenSDK matches part of the name too: LIMS has had several such types.
            lims.file_types.c.name.contains("EcephysLfpNwb", autoescape=True),
            lims.analysis_run_probes.c.ecephys_probe_id == probe_id,
            lims.analysis_runs.c.current.is_(True),
        )
    )


def _template(kind: str) -> Callable[[int], Select[Any]]:
    def statement(number: int) -> Select[Any]:
        rows = lims.stimuli.join(
            lims.stimulus_namespaces, lims.stimulus_namespaces.c.id == lims.stimuli.c.stimulus_namespace_id
        ).join(lims.files, lims.files.c.id == lims.stimuli.c.well_known_file_id)
        return (
            select(*_FILE)
            .select_from(rows)
            .where(
                lims.stimuli.c.name == f"{kind}_{number}",
                lims.stimulus_namespaces.c.name == TEMPLATE_NAMESPACE,
            )
        )

    return statement


def _well_known_file(file_id: int) -> Select[Any]:
    return select(*_FILE).where(lims.files.c.id == file_id)


def _locate(kind: str, column: str, filename: str, statement: Callable[[int], Select[Any]]) -> Locate:
    def locate(connection: Connection, value: int) -> FileRequest:
        batches = connection.transport.fetch(statement(value))
        found = [row for batch in batches for row in batch.to_pylist()]
        if len(found) != 1:
            raise _not_one(kind, column, value, found)
        file_id = found[0]["file_id"]
        # LIMS tells neither size nor checksum; the web application's Content-Length is all there is.
        return FileRequest(
            url=f"well_known_files/download/{file_id}?wkf_id={file_id}",
            filename=filename.format(id=value, file=found[0]["filename"]),
        )

    return locate


_WHICH = {
    "session_data": "The column has_nwb of the sessions tells which have one.",
    "probe_lfp_data": "The column has_lfp_data of the probes tells which should have one.",
}


def _not_one(kind: str, column: str, value: int, found: list[dict[str, Any]]) -> DownloadError:
    if not found:
        return DownloadError(
            f"LIMS has no such file for {column} {value}.",
            source="lims",
            table=kind,
            hint=_WHICH.get(kind),
        )
    listed = ", ".join(f"{row['file_id']} ({row['filename']})" for row in found)
    return DownloadError(
        f"LIMS has {len(found)} such files for {column} {value}: {listed}.",
        source="lims",
        table=kind,
        hint="Take one of them by its own id: download('well_known_file', ID, path).",
    )


def _kind(
    kind: str, description: str, column: str, filename: str, statement: Callable[[int], Select[Any]]
) -> FileKind:
    return FileKind(description, column, _locate(kind, column, filename, statement))


FILES = {
    "session_data": _kind(
        "session_data",
        "NWB file of a session, by its session_id.",
        "session_id",
        "session_{id}.nwb",
        _session_data,
    ),
    "probe_lfp_data": _kind(
        "probe_lfp_data",
        "NWB file of a probe's field potential, by its probe_id.",
        "probe_id",
        "probe_{id}_lfp.nwb",
        _probe_lfp_data,
    ),
    "natural_movie_template": _kind(
        "natural_movie_template",
        "NPY file of a natural movie, by its number (3 for natural_movie_three).",
        "number",
        "natural_movie_{id}.npy",
        _template("natural_movie"),
    ),
    "natural_scene_template": _kind(
        "natural_scene_template",
        "TIFF file of a natural scene, by its number.",
        "number",
        "natural_scene_{id}.tiff",
        _template("natural_scene"),
    ),
    "well_known_file": _kind(
        "well_known_file", "Any file, by its own id in LIMS.", "file_id", "{file}", _well_known_file
    ),
}
