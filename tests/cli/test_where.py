"""Filters, order and limit on the command line, and ``sessionframes explain``."""

import csv
import io
import re

import pandas as pd
import pytest

from sessionframes import Q
from sessionframes.cli import main

PASSWORD = "hunter2"


def _rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def _ids(text, name="unit_id"):
    return [int(row[name]) for row in _rows(text)]


@pytest.fixture
def explain(lims_url, capsys):
    """Runs ``sessionframes explain`` on the LIMS and returns what ``get`` does."""

    def run(*arguments):
        status = main(["explain", *map(str, arguments), "--source", lims_url])
        return status, *capsys.readouterr()

    return run


def test_where_keeps_what_fulfils_it(get, lims):
    where = "snr__gte=1.5 & ~structure_acronym__startswith=VIS"
    status, out, err = get("units", "--where", where, "--format", "csv")
    assert (status, err) == (0, "")
    expected = lims.get_units(where=Q(snr__gte=1.5) & ~Q(structure_acronym__startswith="VIS"))
    assert 0 < len(expected) < len(lims.get_units())
    assert _ids(out) == expected.index.tolist()


def test_where_said_several_times_must_all_hold(get, lims):
    status, out, _ = get(
        *("units", "--where", "quality=good | snr__gt=3", "--where", "~firing_rate__lt=1", "--format", "csv")
    )
    expected = lims.get_units(where=(Q(quality="good") | Q(snr__gt=3)) & ~Q(firing_rate__lt=1))
    assert (status, _ids(out)) == (0, expected.index.tolist())


def test_where_goes_with_the_other_filters(get, lims):
    session = lims.get_sessions().index[0]
    _, out, _ = get("units", "--where", "snr__gt=2", "--session-ids", session, "--format", "csv")
    assert _ids(out) == lims.get_units(session_ids=session, where=Q(snr__gt=2)).index.tolist()


def test_columns_are_those_asked_for_in_that_order(get, lims):
    status, out, _ = get("units", "--columns", "snr, quality,session_id", "--format", "csv")
    assert status == 0
    assert out.splitlines()[0] == "unit_id,snr,quality,session_id"
    assert len(_rows(out)) == len(lims.get_units())


@pytest.mark.parametrize(
    ("said", "order_by"),
    [("-snr", ["-snr"]), ("quality, -firing_rate", ["quality", "-firing_rate"]), ("-unit_id", ["-unit_id"])],
)
def test_order_and_limit(get, lims, said, order_by):
    status, out, err = get("units", f"--order-by={said}", "--limit", "7", "--format", "csv")
    assert (status, err) == (0, "")
    assert _ids(out) == lims.get_units(order_by=order_by, limit=7).index.tolist()
    assert len(_rows(out)) == 7


def test_a_limit_of_none_gives_the_header(get):
    status, out, _ = get("units", "--limit", "0", "--columns", "snr", "--format", "csv")
    assert (status, out) == (0, "unit_id,snr\n")


@pytest.mark.parametrize("table", ["sessions", "probes"])
@pytest.mark.parametrize("form", ["{:%Y-%m-%d}", "{:%Y%m%d}", "{:%Y/%m/%d}"])
def test_date_is_a_whole_day(get, lims, table, form):
    times = lims.get_sessions(lims.get_probes())["start_time"]
    when = times.dropna().sort_values().iloc[1]
    status, out, _ = get(table, "--date", form.format(when), "--format", "csv")
    expected = lims.get(table, date=when.date())
    assert status == 0
    assert _ids(out, expected.index.name) == expected.index.tolist()
    assert set(_ids(out, "session_id")) >= set(times.index[times.dt.date == when.date()])
    assert len(expected) < len(lims.get(table))


def test_start_and_end_date_are_closed(get, lims):
    times = lims.get_sessions()["start_time"].dropna().sort_values()
    first, last = times.iloc[1], times.iloc[3]
    _, out, _ = get(
        *("sessions", "--start-date", first.isoformat(), "--end-date", last.isoformat(), "--format", "csv")
    )
    assert _ids(out, "session_id") == sorted(times.index[(times >= first) & (times <= last)])
    _, out, _ = get("sessions", "--end-date", first.strftime("%Y-%m-%d_%H-%M-%S"), "--format", "csv")
    assert _ids(out, "session_id") == lims.get_sessions(end_date=first.floor("s")).index.tolist()


def test_subjects_filter_what_is_below(get, lims):
    subjects = lims.get_sessions()["subject_id"].dropna().unique().tolist()[:2]
    _, out, _ = get("probes", "--subject-id", ",".join(map(str, subjects)), "--format", "csv")
    assert _ids(out, "probe_id") == lims.get_probes(subject_id=subjects).index.tolist()
    assert _ids(out, "probe_id")


def test_export_takes_filters_too(lims_url, lims, tmp_path, capsys):
    path = tmp_path / "out"
    told = ["export", str(path), "--source", lims_url, "--quiet", "--tables", "sessions,probes"]
    kind = lims.get_sessions()["session_type"].iloc[0]
    assert main([*told, "--where", f"session_type='{kind}'"]) == 0
    capsys.readouterr()
    expected = lims.get_probes(where=Q(session_type=kind))
    assert 0 < len(expected) < len(lims.get_probes())
    pd.testing.assert_frame_equal(pd.read_parquet(path / "probes").sort_index(), expected)


@pytest.mark.parametrize("command", ["get", "explain"])
@pytest.mark.parametrize(
    ("where", "character"),
    [("snr__gte= & quality=good", "&"), ("snr>=1.5", ">"), ("(snr=1", ""), ("snr=1 and quality=good", "and")],
)
def test_a_fault_in_the_text_is_pointed_at(get, explain, command, where, character):
    status, out, err = {"get": get, "explain": explain}[command]("units", "--where", where)
    assert (status, out) == (2, "")
    first, text, mark = err.rstrip("\n").split("\n")
    assert first.startswith("sessionframes: ")
    assert text.strip() == where
    assert re.fullmatch(r" *\^", mark)
    assert text[mark.index("^") :].startswith(character)


def test_a_fault_in_the_text_is_told_before_anything_is_opened(capsys):
    nowhere = f"postgresql://reader:{PASSWORD}@127.0.0.1:1/lims"
    assert main(["get", "units", "--where", "snr=", "--source", nowhere]) == 2
    assert capsys.readouterr().err.rstrip().endswith("^")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--where", "srn__gt=1"],
            "lims.units.srn: there is no column 'srn' to filter by. Did you mean 'snr'",
        ),
        (["--where", "snr__gtt=1"], "lims.units.snr: snr has no lookup 'gtt'"),
        (["--where", "snr__gt=high"], "lims.units.snr: 'high' is text. Give a number."),
        (["--where", "quality__regex='(?=x)'"], "look-ahead"),
        (["--columns", "srn"], "columns names 'srn'"),
        (["--order-by=-srn"], "order_by names 'srn'"),
        (["--limit", "-1"], "limit is -1"),
        (["--date", "2019-1-2"], "'2019-1-2' is no date"),
        (["--date", "2019-01-02T10:00"], "date is a whole day"),
        (["--date", "20190102", "--end-date", "20190102"], "neither start_date nor end_date"),
        (["--start-date", "20190102", "--end-date", "20190101"], "is after end_date"),
        (["--subject-id", "mouse"], "'mouse' is no whole number"),
    ],
)
@pytest.mark.parametrize("command", ["get", "explain"])
def test_a_wrong_question_ends_with_2_and_one_line(get, explain, command, arguments, said):
    status, out, err = {"get": get, "explain": explain}[command]("units", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("sessionframes: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--limit", "few"], ["--limit", "1.5"], ["--order-by"], ["--order-by", "-snr"]]
)
def test_wrong_usage_ends_with_2(arguments, lims_url, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["get", "units", "--source", lims_url, *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: sessionframes")


def test_explain_shows_the_statement_and_what_is_done_where(explain, lims):
    status, out, err = explain("units", "--where", "snr__gte=1.5 & session_type__contains=o", "--limit", "3")
    assert (status, err) == (0, "")
    told = lims.explain("units", where="snr__gte=1.5 & session_type__contains=o", limit=3)
    assert out == f"{told}\n"
    assert re.search(r"^filtered by the source +snr__gte=1\.5 & session_type__contains=o$", out, re.MULTILINE)
    assert re.search(r"^filtered here +nothing$", out, re.MULTILINE)
    assert "SELECT" in out.upper()
    assert "LIMIT 3" in out.upper()


def test_explain_shows_the_residual(explain):
    status, out, _ = explain("unit_metrics", "--where", "firing_rate_dg__lt=0.01 & snr__gt=1")
    assert status == 0
    assert re.search(r"^filtered by the source +snr__gt=1\.0$", out, re.MULTILINE)
    assert re.search(r"^filtered here +firing_rate_dg__lt=0\.01$", out, re.MULTILINE)


def test_explain_shows_no_password(lims_url, capsys):
    # The server asks for none, and takes any.
    url = lims_url.replace("postgres@", f"postgres:{PASSWORD}@")
    assert url != lims_url
    assert main(["explain", "units", "--source", url, "--unit-ids", "1,2"]) == 0
    out, err = capsys.readouterr()
    assert (err, PASSWORD in out) == ("", False)


def test_explain_of_what_is_not_there(explain):
    assert explain("unitz")[0] == 2
    status, out, _ = explain("units", "--unit-ids", ",")
    assert (status, "none: no row can be an answer" in out) == (0, True)
