"""Analysis runs of the demo world, the files they left, and the stimulus templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.sessions import part_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionframes.demo.draws import Draws

    Row = dict[str, Any]

NAMESPACE = "brain_observatory_1.1"
_OTHER_NAMESPACE = "visual_behavior_1.0"
_STIMULI = (
    *((f"natural_movie_{number}", NAMESPACE, f"natural_movie_{number}.h5") for number in (1, 3)),
    *((f"natural_scene_{number}", NAMESPACE, f"natural_scene_{number}.tiff") for number in range(11)),
    ("natural_movie_1", _OTHER_NAMESPACE, "natural_movie_1_short.h5"),
)
_SESSION_FILES = "/allen/programs/demo/prod0/specimen_{specimen_id}/ecephys_session_{session_id}/"
_STIMULUS_FILES = "/allen/programs/demo/prod0/stimuli/"


def runs(draws: Draws, sessions: Sequence[Row]) -> list[Row]:
    """Draw the analysis runs of these sessions.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    sessions : list of dict
        All sessions of the world, the cast first.

    Returns
    -------
    list of dict
        One row per run: a "previous" one, which is not current any more, for some sessions; a "current" one
        for all; a "second" current one for the session of the cast that has it. ``packaged``: it owns an
        NWB file of the session.
    """
    previous, packaged = draws.chance(0.3, len(sessions)), draws.chance(0.94, len(sessions))
    made = []
    for at, session in enumerate(sessions):
        part = part_of(at)
        owners = part.packaged if part else ("current",) if packaged[at] else ()
        roles = [role for role in ("previous", "current", "second") if role in owners or role == "current"]
        if previous[at] and "previous" not in roles:
            roles.insert(0, "previous")
        made += [
            {
                "session_id": session["session_id"],
                "current": role != "previous",
                "role": role,
                "packaged": role in owners,
            }
            for role in roles
        ]
    return _numbered(made, "run_id", draws.ids(800_000_000, 3_001, len(made)).tolist())


def run_probes(draws: Draws, runs: Sequence[Row], probes: Sequence[Row]) -> list[Row]:
    """Return one row for each probe in each run of its session; `runs` and `probes` are all of the world."""
    of_session: dict[int, list[int]] = {}
    for probe in probes:
        of_session.setdefault(probe["session_id"], []).append(probe["probe_id"])
    made = [
        {"run_id": run["run_id"], "probe_id": probe_id}
        for run in runs
        for probe_id in of_session.get(run["session_id"], ())
    ]
    return _numbered(made, "run_probe_id", draws.ids(815_000_000, 503, len(made)).tolist())


def files(
    draws: Draws,
    sessions: Sequence[Row],
    probes: Sequence[Row],
    runs: Sequence[Row],
    run_probes: Sequence[Row],
) -> list[Row]:
    """Return the files that the runs left, and those of the stimuli.

    Parameters
    ----------
    draws : Draws
        Where the ids come from.
    sessions, probes, runs, run_probes : list of dict
        All of the world; the first session and the first probe carry the odd files.

    Returns
    -------
    list of dict
        ``owner_type`` is "run", "run_probe" or "stimulus"; a stimulus points to its file, not the other way.
    """
    directories = {session["session_id"]: _SESSION_FILES.format(**session) for session in sessions}
    of_run = {run["run_id"]: run for run in runs}
    of_probe = {probe["probe_id"]: probe for probe in probes}
    made = [file for run in runs for file in _run_files(run, directories, sessions[0]["session_id"])]
    for run_probe in run_probes:
        run, probe = of_run[run_probe["run_id"]], of_probe[run_probe["probe_id"]]
        if probe["has_lfp_data"] and run["packaged"]:
            made.append(_lfp_file(run_probe, "EcephysLfpNwb", directories[run["session_id"]], ""))
            if probe is probes[0] and run["current"]:
                made.append(_lfp_file(run_probe, "EcephysLfpNwbOld", directories[run["session_id"]], "_old"))
    made += [
        {"file_type": "Stimulus", "owner_type": "stimulus", "file_name": name, "directory": _STIMULUS_FILES}
        for _, _, name in _STIMULI
    ]
    return _numbered(made, "file_id", draws.ids(790_000_000, 1_009, len(made)).tolist())


def stimuli(draws: Draws, files: Sequence[Row]) -> list[Row]:
    """Return the stimuli, each with the file that holds its template."""
    templates = {file["file_name"]: file["file_id"] for file in files if file["owner_type"] == "stimulus"}
    made = [
        {"stimulus_name": name, "namespace_name": namespace, "file_id": templates[file_name]}
        for name, namespace, file_name in _STIMULI
    ]
    return _numbered(made, "stimulus_id", draws.ids(5_200_000, 173, len(made)).tolist())


def oddities(files: Sequence[Row]) -> dict[str, list[int]]:
    """Return the ids of the odd files, by the name of what is odd about them."""
    return {
        "file_odd_name": [file["file_id"] for file in files if not file["file_name"].isascii()],
        "file_old_lfp": [file["file_id"] for file in files if file["file_type"] == "EcephysLfpNwbOld"],
    }


def _run_files(run: Row, directories: dict[int, str], odd_session: int) -> Iterator[Row]:
    session = run["session_id"]
    owned = {"owner_type": "run", "owner_id": run["run_id"], "directory": directories[session]}
    odd = session == odd_session and run["current"]
    name = 'stimulus "β" 100%, it\'s.csv' if odd else f"ecephys_stimulus_table_{session}.csv"
    yield {"file_type": "EcephysStimulusTable", "file_name": name, **owned}
    if run["packaged"]:
        yield {"file_type": "EcephysNwb", "file_name": f"ecephys_session_{session}.nwb", **owned}


def _lfp_file(run_probe: Row, file_type: str, directory: str, suffix: str) -> Row:
    return {
        "file_type": file_type,
        "owner_type": "run_probe",
        "owner_id": run_probe["run_probe_id"],
        "file_name": f"ecephys_probe_{run_probe['probe_id']}_lfp{suffix}.nwb",
        "directory": directory,
    }


def _numbered(rows: Sequence[Row], key: str, ids: Sequence[int]) -> list[Row]:
    return [{key: number, **row} for number, row in zip(ids, rows, strict=True)]
