"""The first sessions of every demo world: between them they have every oddity that real sessions have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

BRAIN_OBSERVATORY = "brain_observatory_1.1"
FUNCTIONAL_CONNECTIVITY = "functional_connectivity"
#: The session type for which nobody computed unit metrics.
WITHOUT_METRICS = "spontaneous_activity"

PVALB = "Pvalb-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt"
SST = "Sst-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt"
VIP = "Vip-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt"

FIRST_RELEASE = datetime(2019, 10, 3, tzinfo=UTC)
SECOND_RELEASE = datetime(2020, 6, 11, tzinfo=UTC)
THIRD_RELEASE = datetime(2021, 2, 15, tzinfo=UTC)


class Part(NamedTuple):
    """What one session of the cast plays: whatever is not said here is drawn as for any other session.

    Attributes
    ----------
    session_type : str
        Which stimuli were shown.
    session, subject : dict
        Columns that differ from what would have been drawn.
    packaged : tuple of str
        The runs that own an NWB file of the session: "current", "second" (current too) and "previous".
    session_oddities, subject_oddities : tuple of str
        Under which names the ids are listed in ``World.oddities``.
    """

    session_type: str
    session: dict[str, Any]
    subject: dict[str, Any]
    packaged: tuple[str, ...] = ("current",)
    session_oddities: tuple[str, ...] = ()
    subject_oddities: tuple[str, ...] = ()


#: Its position in :data:`CAST` is the position of the session in the world. The first carries all odd probes.
CAST: tuple[Part, ...] = (
    Part(BRAIN_OBSERVATORY, {"published_at": FIRST_RELEASE}, {"genotype": SST}, ("current", "previous"),
         ("session_ordinary", "session_of_shared_subject"), ("subject_with_two_sessions",)),
    Part(FUNCTIONAL_CONNECTIVITY, {"published_at": SECOND_RELEASE}, {},
         session_oddities=("session_of_shared_subject",)),
    Part(BRAIN_OBSERVATORY, {"is_habituation": True}, {"genotype": PVALB},
         session_oddities=("session_habituation",)),
    Part(BRAIN_OBSERVATORY, {"workflow_state": "failed"}, {"genotype": VIP},
         session_oddities=("session_failed",)),
    Part(FUNCTIONAL_CONNECTIVITY, {"workflow_state": None}, {},
         session_oddities=("session_null_workflow_state",)),
    Part(BRAIN_OBSERVATORY, {"is_habituation": None}, {},
         session_oddities=("session_null_habituation",)),
    Part(BRAIN_OBSERVATORY, {"published_at": SECOND_RELEASE.replace(hour=8, minute=30)},
         {"age_in_days": None, "genotype": "wt"},
         session_oddities=("session_published_at_0830",),
         subject_oddities=("subject_without_age", "subject_wt")),
    Part(BRAIN_OBSERVATORY, {}, {"sex": None, "genotype": "wt/wt"}, ("current", "second"),
         ("session_two_current_runs",), ("subject_without_sex", "subject_wt_wt")),
    Part(FUNCTIONAL_CONNECTIVITY, {"published_at": None}, {"genotype": None},
         session_oddities=("session_unpublished",), subject_oddities=("subject_without_genotype",)),
    Part(BRAIN_OBSERVATORY, {"start_time": None}, {"genotype": "Gad2-IRES-Cre/wt;\"μ-Opioid\" 100%/wt's"},
         ("previous",),
         ("session_without_start_time", "session_packaged_in_previous_run_only"), ("subject_odd_text",)),
    Part(FUNCTIONAL_CONNECTIVITY, {}, {}, session_oddities=("session_without_probes",)),
    Part(WITHOUT_METRICS, {}, {}, (), ("session_type_without_metrics", "session_not_packaged")),
)  # fmt: skip

ODD_PROBES = 0
WITHOUT_PROBES = 10
SHARES_SUBJECT_OF_PREVIOUS = 1

#: Of the six probes of the session at :data:`ODD_PROBES`, by position: name of the oddity, and what differs.
ODD_PROBE_PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("probe_with_two_lfp_files", {}),
    ("probe_failed", {"workflow_state": "failed"}),
    ("probe_null_subsampling_factor", {"lfp_temporal_subsampling_factor": None}),
    ("probe_null_lfp", {"has_lfp_data": None}),
    ("probe_null_workflow_state", {"workflow_state": None}),
    ("probe_without_histology", {"histology": "none", "air_channel_index": None}),
)
