"""AIND: metadata from DocDB, data assets from Code Ocean, sorted units from S3."""

from __future__ import annotations

from sessionframes.source import Read, Source, texts_argument
from sessionframes.sources.aind import assets, channels, probes, reads, sessions, units
from sessionframes.sources.aind.access import OPTIONS
from sessionframes.sources.aind.connection import AindConnection, open_aind
from sessionframes.sources.aind.tables import AindAssets, AindProbes, AindSessions
from sessionframes.sources.aind.tables_files import AindChannels, AindUnits

__all__ = ["SOURCE", "AindConnection"]

_OF_SESSIONS = (
    texts_argument("platform", "platform", "Only sessions of these platforms, such as ecephys."),
    texts_argument("modalities", "modalities", "Only sessions with one of these modalities."),
    texts_argument("project", "project_name", "Only sessions of these projects."),
)
_SWITCHES = {
    reads.ONLY_DOCDB: "Ask DocDB alone, which needs no token: what only Code Ocean knows is left out."
}

SOURCE = Source(
    name="aind",
    description="Allen Institute for Neural Dynamics: DocDB, Code Ocean and S3.",
    options=OPTIONS,
    reads={
        "sessions": Read(AindSessions, reads.sessions, sessions.sessions, _OF_SESSIONS, _SWITCHES),
        "probes": Read(AindProbes, reads.probes, probes.probes, _OF_SESSIONS, _SWITCHES),
        "channels": Read(AindChannels, reads.channels, channels.channels, _OF_SESSIONS, _SWITCHES),
        "units": Read(AindUnits, reads.units, units.units, _OF_SESSIONS, _SWITCHES),
        "assets": Read(AindAssets, reads.assets, assets.assets, _OF_SESSIONS),
    },
    open=open_aind,
)
