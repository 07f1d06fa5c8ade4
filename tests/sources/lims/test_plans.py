"""What is sent for a question and what is left to us: columns, joins, order, limit, use of indexes."""

from __future__ import annotations

import psycopg
import pyarrow as pa
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.flatten import from_batch
from sessionframes.query import Query
from sessionframes.query.where import EVERY, Condition, Field
from sessionframes.sources.lims.joins import UNITS
from sessionframes.sources.lims.tables import LimsUnitMetrics, LimsUnits
from tests.conftest import at
from tests.sources.lims.asking import keys
from tests.sources.lims.expected import DTYPES, LEVELS, TABLES

LOOKED_UP = ("specimens", "donors", "genders", "ages", "structures")


def plan(db, table, **arguments):
    return db.read(table).compile(db.query(table, **arguments))


def sent(db, table, **arguments):
    """The SQL that a question becomes."""
    (request,) = plan(db, table, **arguments).requests
    return db.transport.render(request)


def selected(db, table, **arguments):
    (request,) = plan(db, table, **arguments).requests
    return list(request.selected_columns.keys())


@pytest.mark.parametrize("table", TABLES[:-1])
def test_only_the_columns_asked_for_are_selected(lims, table):
    key = LEVELS[table][-1]
    assert selected(lims, table) == [key, *DTYPES[table]]
    assert selected(lims, table, columns=[]) == [key]
    some = list(DTYPES[table])[::3]
    assert selected(lims, table, columns=some[::-1]) == [key, *some]
    # What the rows are filtered by is not needed here; what they are ordered by is, to put pages in order.
    first, *_, last = DTYPES[table]
    asked = {"where": Q(**{f"{last}__isnull": False}), "order_by": first}
    assert selected(lims, table, columns=some[1:2], **asked) == [key, first, *some[1:2]]
    page = next(iter(lims.transport.fetch(plan(lims, table, columns=some).requests[0])))
    flat = lims.read(table).flatten(lims.read(table).table, page)
    declared = lims.read(table).table.arrow_schema()
    assert flat.schema.equals(pa.schema([declared.field(name) for name in (key, *some)]))


def test_a_page_is_cast_by_the_columns_that_are_there():
    batch = pa.RecordBatch.from_pydict({"unit_id": pa.array([1], pa.int32()), "quality": ["good"]})
    table = from_batch(LimsUnits, batch)
    schema = LimsUnits.arrow_schema()
    assert table.schema.equals(
        pa.schema([schema.field("unit_id"), schema.field("quality")]), check_metadata=True
    )
    assert table.to_pylist() == [{"unit_id": 1, "quality": "good"}]


JOINS = [
    ("sessions", {"columns": ["session_type"]}, set()),
    ("sessions", {"columns": ["subject_id"]}, {"specimens"}),
    ("sessions", {"columns": ["genotype"]}, {"specimens", "donors"}),
    ("sessions", {"columns": [], "where": Q(sex="M")}, {"specimens", "donors", "genders"}),
    ("sessions", {"columns": [], "order_by": "age_in_days"}, {"specimens", "donors", "ages"}),
    ("sessions", {"columns": ["sex", "age_in_days"]}, {"specimens", "donors", "genders", "ages"}),
    ("probes", {}, set()),
    ("probes", {"where": ~Q(genotype__contains="Sst")}, {"specimens", "donors"}),
    ("channels", {}, {"structures"}),
    ("channels", {"columns": ["structure_id"]}, set()),
    ("units", {}, set()),
    ("units", {"where": Q(structure_acronym="VISp") | Q(snr__gt=1)}, {"structures"}),
    ("units", {"where": Q(structure_acronym="VISp") & Q(sex="F")}, set(LOOKED_UP) - {"ages"}),
    ("unit_metrics", {}, set()),
    ("unit_metrics", {"where": Q(age_in_days__gt=1)}, {"specimens", "donors", "ages"}),
]


@pytest.mark.parametrize(("table", "asked", "joins"), JOINS)
def test_tables_are_looked_up_only_where_they_are_needed(lims, table, asked, joins):
    sql = sent(lims, table, **asked)
    assert {name for name in LOOKED_UP if f"JOIN {name} ON" in sql} == joins
    # Left, so that no row goes where there is nothing to look up.
    assert sql.count("LEFT OUTER JOIN") == len(joins)


def test_a_row_without_what_is_looked_up_is_kept_unless_it_is_filtered_by(lims):
    for table in TABLES:
        everyone = keys(lims, table)
        for column in ("sex", "age_in_days", "genotype", "subject_id"):
            null, other = (
                keys(lims, table, where=Q(**{f"{column}__isnull": is_null})) for is_null in (True, False)
            )
            assert sorted(null + other) == everyone
    assert keys(lims, "channels", where=Q(structure_acronym__isnull=True))


def test_a_filled_genotype_is_what_filters_see(lims):
    filled = lims.get_sessions(fill_genotype=True, include_unusable=True)["genotype"]
    wild = keys(lims, "sessions", fill_genotype=True, where=Q(genotype="wt"))
    assert wild == filled.index[filled == "wt"].tolist()
    assert set(keys(lims, "sessions", where=Q(genotype="wt"))) < set(wild)
    assert keys(lims, "sessions", fill_genotype=True, where=Q(genotype__isnull=True)) == []


def test_units_see_the_columns_of_all_that_they_belong_to(lims):
    assert (
        plan(lims, "units", where=Q(snr__gt=1) & ~Q(session_type="x") & Q(probe_phase="PXI")).residual
        == EVERY
    )
    for table in TABLES[:-1]:
        assert {LEVELS[table][-1], *DTYPES[table]} <= set(UNITS.columns)


def test_metrics_filter_by_themselves_here_and_by_the_rest_in_postgres(lims):
    own, above = Q(firing_rate_dg__gt=5), Q(structure_acronym__startswith="VIS")
    for where, here in (
        (above, EVERY),
        (own, own),
        (own & above, own),
        (own | above, own | above),
        (Q(other_metrics__x=1) & above, Q(other_metrics__x=1)),
    ):
        left = plan(lims, "unit_metrics", where=where).residual
        assert left == (here if here is EVERY else lims.query("unit_metrics", where=here).where)
    assert "structures" in sent(lims, "unit_metrics", where=own & above)
    assert "structures" not in sent(lims, "unit_metrics", where=own | above)


def test_no_metric_has_the_name_of_a_column_above_it():
    assert set(LimsUnitMetrics.dtypes()) & set(UNITS.columns) == set(LEVELS["unit_metrics"])


def test_bundles_are_read_only_for_metrics(lims):
    for columns in ([], ["probe_id"], ["session_id", "channel_id"]):
        assert "data AS TEXT" not in sent(lims, "unit_metrics", columns=columns)
        assert list(lims.get_unit_analysis_metrics(columns=columns)) == columns
    assert "data AS TEXT" in sent(lims, "unit_metrics", columns=["probe_id", "fano_dg"])
    assert "data AS TEXT" in sent(lims, "unit_metrics", columns=[], where=Q(fano_dg__gt=1))
    whole = lims.get_unit_analysis_metrics()
    found = lims.get_unit_analysis_metrics(columns=["session_id"])
    assert found.index.equals(whole.index)
    assert found["session_id"].equals(whole["session_id"])


ORDERS = [
    ("units", ["snr"]),
    ("units", ["-snr"]),
    ("units", ["quality", "-waveform_duration"]),
    ("units", ["-unit_id"]),
    ("units", ["-channel_id", "firing_rate"]),
    ("channels", ["-structure_acronym"]),
    ("channels", ["valid_data", "structure_id", "-local_index"]),
    ("sessions", ["-published_at"]),
    ("sessions", ["age_in_days"]),
    ("sessions", ["sex", "-genotype"]),
    ("probes", []),
]


def first(db, table, **asked):
    """The keys of the rows that come for a question with a limit, in the order in which they come."""
    planned = plan(db, table, include_unusable=True, columns=[], **asked)
    assert planned.limited
    pages = db.transport.fetch(planned.requests[0])
    return pa.Table.from_batches(pages)[LEVELS[table][-1]].to_pylist()


@pytest.mark.parametrize(("table", "order_by"), ORDERS, ids=str)
def test_the_first_rows_are_found_in_postgres(lims, table, order_by):
    whole = lims.get(table, include_unusable=True)
    ordered = whole.reset_index()
    key = whole.index.name
    # Stable sorts from the last column to the first, so that each has its own place for nulls.
    for name in [key, *order_by[::-1]]:
        ordered = ordered.sort_values(
            name.removeprefix("-"), ascending=not name.startswith("-"), kind="stable", na_position="last"
        )
    for limit in (1, 3, len(whole) // 2, len(whole) - 1, len(whole) + 5, 10**30):
        found = first(lims, table, order_by=order_by, limit=limit)
        assert found == ordered[key].head(limit).tolist(), limit


def test_nan_comes_last_and_text_goes_by_code_points(own_lims_url, change):
    texts = ["a", "B", "_", "é", "Z", "ab", "a b", "A", "", "\U0001f42d", "\ue000"]
    with sf.connect("lims", url=own_lims_url) as db:
        units = keys(db)[: len(texts) + 3]
        change(
            "delete from ecephys_unit_metric_bundles",
            f"delete from ecephys_units where id > {units[-1]}",
            "update ecephys_units set quality = null, snr = null",
            *(
                f"update ecephys_units set quality = '{text}', snr = {number} where id = {unit}"
                for number, (unit, text) in enumerate(zip(units, texts, strict=False))
            ),
            f"update ecephys_units set snr = 'NaN' where id = {units[-2]}",
            f"update ecephys_units set snr = 'infinity' where id = {units[-3]}",
        )
        wanted = {
            "quality": [units[texts.index(text)] for text in sorted(texts)] + units[-3:],
            "-quality": [units[texts.index(text)] for text in sorted(texts)[::-1]] + units[-3:],
            "snr": units,
            "-snr": [*units[:-2][::-1], *units[-2:]],
        }
        for order, ids in wanted.items():
            assert first(db, "units", order_by=order, limit=100) == ids, order


def test_a_limit_is_ours_where_postgres_cannot_know_which_rows_count(lims):
    # Of several bundles of a unit the newest counts, and rows that fail our part of a filter do not.
    for asked in ({}, {"where": Q(fano_dg__gt=1)}, {"order_by": "fano_dg"}):
        assert not plan(lims, "unit_metrics", limit=3, **asked).limited
        assert "LIMIT" not in sent(lims, "unit_metrics", limit=3, **asked)
    for asked in ({}, {"order_by": "-snr"}):
        assert not plan(lims, "units", **asked).limited
        assert "ORDER BY" not in sent(lims, "units", **asked)
    ours = Condition(Field("tags", "texts", "units"), "exact", "x")
    planned = lims.read("units").compile(Query(LimsUnits, ours, limit=3))
    assert (planned.residual, planned.limited) == (ours, False)
    assert "LIMIT" not in lims.transport.render(planned.requests[0])


# What indexes serve, with no hint to the planner: units and channels are many enough at the tests' scale.


def used(url, sql, *settings):
    """The indexes that a statement is planned with, and the tables that it reads whole."""
    indexes, whole = set(), set()
    with psycopg.connect(url) as connection:
        for setting in settings:
            connection.execute(setting)
        ((found,),) = connection.execute(f"explain (format json) {sql}").fetchall()
    nodes = [found[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Index Cond" in node:
            indexes.add(node["Index Name"])
        if node["Node Type"] == "Seq Scan":
            whole.add(node["Relation Name"])
    return indexes, whole


@pytest.mark.parametrize("table", ["channels", "units", "unit_metrics"])
def test_lookups_of_ids_go_by_the_primary_key(lims, lims_url, table):
    ids = keys(lims, table)
    key = LEVELS[table][-1]
    name = f"ecephys_{key.removesuffix('_id')}s"
    for asked in (
        {f"{key}s": ids[:20]},
        {"where": Q(**{key: ids[7]})},
        {"where": Q(**{f"{key}__in": ids[::1000]})},
        {"where": Q(**{key: ids[7]}) & ~Q(session_type="x")},
        {"where": Q(**{key: ids[7]}) | Q(**{f"{key}__in": ids[:3]})},
        {"where": Q(**{f"{key}__lt": ids[5]})},
    ):
        indexes, whole = used(lims_url, sent(lims, table, **asked))
        assert f"{name}_pkey" in indexes, asked
        assert name not in whole, asked


@pytest.mark.parametrize("table", ["channels", "units", "unit_metrics"])
def test_ids_of_parents_go_by_the_indexes_of_foreign_keys(server_url, table):
    # Of our making, since the other has no such index. Sessions and probes are one page each here, best
    # read whole; and one session is so large a part of the units that reading them whole may be best too.
    url = at(server_url, "ours")
    of_units = {"ix_ecephys_units_ecephys_channel_id"}
    of_bundles = {"ix_ecephys_unit_metric_bundles_ecephys_unit_id"}
    with sf.connect("lims", url=url) as db:
        for level, number, by in (
            ("session_id", 1, {"ix_ecephys_channels_ecephys_probe_id"}),
            ("probe_id", 1, {"ix_ecephys_channels_ecephys_probe_id"}),
            ("channel_id", 5, {"units": of_units, "unit_metrics": of_units | of_bundles}.get(table, set())),
        ):
            ids = keys(db, f"{level.removesuffix('_id')}s")[:number]
            for asked in (
                {f"{level}s": ids},
                {"where": Q(**{level: ids[0]})},
                {"where": Q(**{f"{level}__in": ids})},
            ):
                indexes, whole = used(url, sent(db, table, **asked))
                assert by <= indexes, asked
                assert "ecephys_channels" not in whole, asked


@pytest.mark.parametrize("table", ["sessions", "probes"])
def test_ids_of_tables_of_one_page_could_go_by_the_primary_key(lims, lims_url, table):
    # No planner takes an index for a single page, so it is told to, if it can at all.
    key = LEVELS[table][-1]
    ids = keys(lims, table)[:2]
    for asked in ({f"{key}s": ids}, {"where": Q(**{key: ids[0]})}):
        indexes, _ = used(lims_url, sent(lims, table, **asked), "set enable_seqscan = off")
        assert f"ecephys_{table}_pkey" in indexes, asked
