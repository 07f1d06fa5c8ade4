"""Attacks through every argument of every call, and texts that look like one."""

from __future__ import annotations

import psycopg
import pytest

import sessionframes as sf
from sessionframes.errors import QueryError, SessionFramesError
from tests.sources.lims.attacks import ATTACKS, NASTY, fingerprint
from tests.sources.lims.expected import expected

CALLS = {
    "get_sessions": ("session_ids",),
    "get_probes": ("probe_ids", "session_ids"),
    "get_channels": ("channel_ids", "probe_ids", "session_ids"),
    "get_units": ("unit_ids", "channel_ids", "probe_ids", "session_ids"),
    "get_unit_analysis_metrics": ("unit_ids", "ecephys_session_ids"),
}
STREAMS = (
    "get_session_data",
    "get_probe_lfp_data",
    "get_natural_movie_template",
    "get_natural_scene_template",
)


@pytest.fixture(scope="module")
def before(lims_url):
    return fingerprint(lims_url)


def answered(call, **arguments):
    """The rows that an attack got, or None where it was refused."""
    try:
        return call(**arguments)
    except QueryError:
        return None


@pytest.mark.parametrize("call", CALLS)
def test_no_argument_lets_sql_through(lims, lims_url, before, call):
    get = getattr(lims, call)
    for attack in ATTACKS:
        for argument in (*CALLS[call], "published_at", "include_unusable", "on_invalid"):
            assert answered(get, **{argument: attack}) is None, (argument, attack)
        for argument in CALLS[call]:
            assert answered(get, **{argument: ["1", attack]}) is None, (argument, attack)
        with pytest.raises(QueryError):
            get(**{attack: 1})
    assert fingerprint(lims_url) == before


def test_no_session_type_lets_sql_through(lims, lims_url, before):
    def rows(**arguments):
        # Without pandas, because there are many of these.
        query = lims.query("unit_metrics", **arguments)
        return lims.fetch_arrow(lims.read("unit_metrics"), query).num_rows

    for attack in ATTACKS:
        for types in (attack, [attack], ["functional_connectivity_", attack]):
            assert not answered(rows, session_types=types), attack
    assert fingerprint(lims_url) == before


def test_no_file_id_lets_sql_through(lims, lims_url, before):
    for attack in ATTACKS:
        for call in STREAMS:
            with pytest.raises(SessionFramesError):
                next(getattr(lims, call)(attack))
        with pytest.raises(SessionFramesError):
            next(lims.stream(attack, 1))
    assert fingerprint(lims_url) == before


def test_text_filters_take_every_text_literally(own_lims_url, world):
    metrics = expected(world, "unit_metrics")
    session = metrics["session_id"].iloc[0]
    units = metrics.index[metrics["session_id"] == session].tolist()[:5]
    with sf.connect("lims", url=own_lims_url) as db, psycopg.connect(own_lims_url, autocommit=True) as writer:

        def found(types):
            # Without pandas, because there are many of these.
            query = db.query("unit_metrics", session_types=types, unit_ids=units)
            return sorted(db.fetch_arrow(db.read("unit_metrics"), query)["unit_id"].to_pylist())

        for text in NASTY:
            writer.execute("update ecephys_sessions set stimulus_name = %s where id = %s", (text, session))
            assert found(text) == units, text
            assert found([text, "nobody's"]) == units, text
            assert found([nasty for nasty in NASTY if nasty != text]) == [], text
        writer.execute("update ecephys_sessions set stimulus_name = null where id = %s", (session,))
        assert found(NASTY) == []
