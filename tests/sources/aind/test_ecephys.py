"""What a session object tells of electrophysiology: folders, and what spike sorting made."""

from __future__ import annotations

import copy
import pickle

import pytest

from sessionframes.errors import QueryError, SourceResponseError
from sessionframes.sources.aind.ecephys import NotThereError, Sorters, UnknownSorterError
from tests.sources.aind.served import INTERNAL, NAME, RAW, asset, folders, record, served, sorting

EARLY, LATE = "2024-06-13_23-06-45", "2025-01-02_03-04-05"


def both(*sortings, token=True, **options):
    """Serve a session with raw data and these sortings."""
    records = [record(), *(told for told, _, _ in sortings if told is not None)]
    assets = [asset(), *(made for _, made, _ in sortings if made is not None)]
    files = {name: content for _, _, held in sortings for name, content in held.items()}
    return served(records, assets, {**files, **options.pop("more", {})}, token=token, **options)


def place(made):
    return f"{INTERNAL}/{made['id']}"


def test_a_session_that_nobody_sorted_is_not_sorted():
    with both() as at:
        ecephys = at.session.ecephys
        assert not ecephys.is_sorted
        assert ecephys.sorted_data_assets == ()
        assert ecephys.sorter.names == ()
        assert ecephys.sorter.kilosort4.data_assets == ()
        for name in ("sorted_data_asset", "sorted_data_dir", "sorted_probes", "sorting_failure"):
            with pytest.raises(NotThereError, match="no sorted data asset"):
                getattr(ecephys, name)
            assert getattr(ecephys, name, None) is None


@pytest.mark.parametrize("token", [True, False])
def test_sorted_assets_are_told_by_code_ocean_or_else_by_docdb(token):
    early, late = sorting(EARLY), sorting(LATE, "kilosort4")
    with both(late, early, token=token) as at:
        ecephys = at.session.ecephys
        ids = [early[1]["id"], late[1]["id"]]
        assert [one.id for one in ecephys.sorted_data_assets] == ids
        assert [one.name for one in ecephys.sorted_data_assets] == [early[1]["name"], late[1]["name"]]
        assert ecephys.sorted_data_asset.id == ids[-1]
        assert ecephys.sorted_data_asset.state == ("ready" if token else None)
        assert ecephys.sorted_data_dir == f"s3://{INTERNAL}/{ids[-1]}"
        assert ecephys.is_sorted
        assert ecephys.sorting_failure is None
        assert ecephys.sorter.names == ("kilosort2_5", "kilosort4")
        assert [one.id for one in ecephys.sorter.kilosort2_5.data_assets] == ids[:1]
        assert ecephys.sorter.kilosort4.sorted_data_assets == ecephys.sorted_data_assets[1:]


def test_sortings_are_found_in_few_requests():
    with both(sorting(EARLY), sorting(LATE)) as at:
        session = at.session
        assert len(session.ecephys.sorter.kilosort2_5.data_assets) == 2
        assert session.ecephys.sorter.names == ("kilosort2_5",)
        assert sorted(at.asked()) == ["codeocean", "docdb", "docdb"]
        assert session.ecephys.is_sorted
        assert set(at.asked()) == {"s3"}
        assert session.ecephys.is_sorted
        assert at.asked() == []


def test_what_only_one_of_the_two_knows_is_there():
    (early, _, _), (_, late, files) = sorting(EARLY), sorting(LATE)
    name = f"{place(late)}/processing.json"
    told = b'{"data_processes": [{"name": "Spike sorting", "parameters": {"sorter_name": "mountainsort5"}}]}'
    with both((early, None, {}), (None, late, {**files, name: told})) as at:
        ecephys = at.session.ecephys
        assert [one.name for one in ecephys.sorted_data_assets] == [early["name"], late["name"]]
        assert ecephys.sorter.mountainsort5.data_assets == ecephys.sorted_data_assets[1:]


def test_a_sorting_that_does_not_tell_its_sorter_is_of_none():
    with both(sorting(EARLY, None), sorting(LATE)) as at:
        ecephys = at.session.ecephys
        assert ecephys.sorter.names == ("kilosort2_5",)
        assert len(ecephys.sorter.kilosort2_5.data_assets) == 1
        assert len(ecephys.sorted_data_assets) == 2


def test_a_file_that_is_no_json_is_told():
    told, made, files = sorting(EARLY, None)
    held = {**files, f"{place(made)}/processing.json": b"{cut"}
    with (
        both((told, made, held)) as at,
        pytest.raises(SourceResponseError, match=r"processing\.json is no JSON"),
    ):
        _ = at.session.ecephys.sorter.names


def test_the_latest_sorting_decides_whether_it_is_sorted():
    told, made, _ = sorting(LATE)
    bad = {f"{place(made)}/output": b"...\nTraceback (most recent call last):\nMemoryError\n"}
    with both(sorting(EARLY), (told, made, bad)) as at:
        assert not at.session.ecephys.is_sorted
        assert "Traceback" in at.session.ecephys.sorting_failure
    told, made, _ = sorting(EARLY)
    bad = {f"{place(made)}/output": b"Out of memory."}
    with both((told, made, bad), sorting(LATE)) as at:
        assert at.session.ecephys.is_sorted
    with both((told, made, {})) as at:
        assert not at.session.ecephys.is_sorted
        assert "output" in at.session.ecephys.sorting_failure
    with both(sorting(LATE, state="failed")) as at:
        assert not at.session.ecephys.is_sorted
        assert "failed" in at.session.ecephys.sorting_failure


@pytest.mark.parametrize("folder", ["curated", "sorting_precurated"])
def test_the_probes_that_got_through_are_told_by_folders(folder):
    told, made, files = sorting(LATE)
    streams = [f"experiment1_Record Node 104#Neuropix-PXI-100.Probe{letter}-AP_recording1" for letter in "BA"]
    held = folders(*streams, of=f"{place(made)}/{folder}")
    with both((told, made, {**files, **held})) as at:
        assert at.session.ecephys.sorted_probes == ("ProbeA", "ProbeB")
    with both((told, made, files)) as at:
        assert at.session.ecephys.sorted_probes == ()


def test_an_unknown_sorter_is_an_error_that_lists_the_known_ones():
    with both(sorting(LATE, "our own sorter")) as at:
        sorter = at.session.ecephys.sorter
        with pytest.raises(UnknownSorterError, match="'kilosort2_6'") as caught:
            _ = sorter.kilosort2_6
        message = str(caught.value)
        for part in ("Did you mean", "'kilosort2_5'", "Used on this session: our own sorter.", "kilosort4"):
            assert part in message
        assert isinstance(caught.value, QueryError)
        assert isinstance(pickle.loads(pickle.dumps(caught.value)), AttributeError)
        with pytest.raises(UnknownSorterError, match="Known: combinato, hdsort"):
            _ = sorter.zzz
        assert not hasattr(sorter, "zzz")
        assert len(getattr(sorter, "our own sorter").data_assets) == 1


def test_looking_at_it_sends_nothing():
    with both(sorting(LATE)) as at:
        ecephys = at.session.ecephys
        shown = [repr(ecephys), repr(ecephys.sorter), repr(ecephys.sorter.kilosort4)]
        assert shown == [
            f"Session('{NAME}').ecephys",
            f"Session('{NAME}').ecephys.sorter",
            f"Session('{NAME}').ecephys.sorter.kilosort4",
        ]
        assert {"kilosort2_5", "names"} <= set(dir(ecephys.sorter))
        assert not hasattr(ecephys.sorter, "_repr_html_")
        copy.copy(ecephys.sorter)
        assert at.asked() == []
    # What goes wrong within is not looked for as a sorter.
    with pytest.raises(AttributeError, match="'names'"):
        _ = Sorters(None).names


def test_folders_of_recordings_are_in_that_of_the_modality_or_beside_it():
    inner = f"{RAW}/ecephys"
    new = folders("ecephys_clipped", "ecephys_compressed", of=inner)
    with both(more=new) as at:
        assert at.session.ecephys.clipped_dir == f"s3://{inner}/ecephys_clipped"
        assert at.session.ecephys.compressed_dir == f"s3://{inner}/ecephys_compressed"
    with both(more={**new, **folders("ecephys_clipped")}) as at:
        assert at.session.ecephys.clipped_dir.parent == f"s3://{inner}"
    with both(more=folders("ecephys", "ecephys_clipped")) as at:
        assert at.session.ecephys.clipped_dir == f"s3://{RAW}/ecephys_clipped"
        with pytest.raises(NotThereError, match="no folder ecephys_compressed"):
            _ = at.session.ecephys.compressed_dir
    with served() as at, pytest.raises(NotThereError, match="no folder of raw data"):
        _ = at.session.ecephys.compressed_dir


def test_what_was_asked_is_forgotten_with_the_session():
    with both(sorting(EARLY), token=False) as at:
        session = at.session
        ecephys = session.ecephys
        assert len(ecephys.sorted_data_assets) == 1
        at.server.records.append(sorting(LATE)[0])
        assert len(ecephys.sorted_data_assets) == 1
        session.refresh()
        assert len(ecephys.sorted_data_assets) == 2
