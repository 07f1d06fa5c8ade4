from __future__ import annotations

import json

import pytest

from sessionframes.errors import AuthenticationError, SourceResponseError
from sessionframes.sources.aind.alignment import Alignment, Place
from sessionframes.sources.aind.channels import channels, read_pages
from sessionframes.sources.aind.devices import Wanted
from sessionframes.sources.aind.storage import Storage
from sessionframes.sources.aind.tables_files import AindChannels
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.sources.aind.buckets import Buckets
from tests.sources.aind.nwb_files import ASSET, FORMATS, SESSION, asset, electrodes, name_of, write

ALL = tuple(AindChannels.dtypes())
every_format = pytest.mark.parametrize("kind", FORMATS)


def read(path, *, alignments=(), probes=None, columns=ALL, urls=None):
    place = asset(str(path.parent))
    wanted = Wanted(Storage(local=True), place, urls or [str(path)], probes or {}, columns)
    pages = read_pages(wanted, alignments)
    return [channels(AindChannels, page) for page in pages]


def rows(path, **options):
    (table,) = read(path, **options)
    return table.to_pylist()


def place(number=0, axial=None, lateral=None, region="VISp"):
    return Place(axial, lateral, 385, region, 1000.0 + number, 2000.0, 3000.0)


def aligned(places, device="ProbeA", shank=0):
    return Alignment(f"Probe Alignment for {SESSION}_{device}_{shank}", device, shank, places)


@every_format
def test_channels_are_what_they_are_in_the_file(tmp_path, kind):
    found = rows(write(tmp_path / name_of(kind), electrodes(), None))
    assert len(found) == 16
    assert found[1] == {
        "channel_id": f"{ASSET}:ProbeA:1",
        "probe_id": f"{SESSION}:0:ProbeA",
        "session_id": SESSION,
        "local_index": 1,
        "probe_vertical_position": 0.0,
        "probe_horizontal_position": 48.0,
        **dict.fromkeys(("structure_id", "structure_acronym", "channel_alignment")),
        "anterior_posterior_ccf_coordinate": None,
        "dorsal_ventral_ccf_coordinate": None,
        "left_right_ccf_coordinate": None,
        "asset_id": ASSET,
        "nwb_device_name": "ProbeA",
        "nwb_recording": None,
        "channel_name": "AP2",
        "channel_group_name": "ProbeA",
        "channel_targeted_structure": "VISp",
        "channel_reference": "tip",
        "channel_impedance": None,
        "channel_other_fields": None,
    }
    assert found[8]["channel_id"] == f"{ASSET}:ProbeB:0"
    assert found[8]["channel_targeted_structure"] is None


def test_channels_are_valid(tmp_path):
    (table,) = read(write(tmp_path / "a.nwb", electrodes(), None))
    frame = to_frame(table, AindChannels)
    assert len(validate(frame, AindChannels)) == 16


def test_probes_are_found_by_their_normalised_names(tmp_path):
    path = write(tmp_path / "a.nwb", electrodes(("Probe A", "46110")), None)
    found = rows(path, probes={"probeA": "the record's"})
    assert {one["probe_id"] for one in found} == {"the record's", f"{SESSION}:0:46110"}


def test_columns_that_are_not_wanted_are_not_there(tmp_path):
    path = write(tmp_path / "a.nwb", electrodes(), None)
    (table,) = read(path, columns=("structure_acronym", "channel_id", "local_index"))
    assert table.column_names == ["channel_id", "local_index", "structure_acronym"]


def test_several_files_have_keys_of_their_own(tmp_path):
    paths = [
        write(tmp_path / name_of("hdf5", f"experiment{number}_recording1"), electrodes(), None)
        for number in (1, 2)
    ]
    tables = read(paths[0], urls=[str(path) for path in paths])
    ids = [one for table in tables for one in table["channel_id"].to_pylist()]
    assert len(set(ids)) == 32
    assert ids[0] == f"{ASSET}:experiment1_recording1:ProbeA:0"
    assert tables[1]["nwb_recording"].to_pylist()[0] == "experiment2_recording1"


def test_where_channels_are_is_told_by_alignments_alone(tmp_path):
    path = write(tmp_path / "a.nwb", electrodes(), None)
    found = rows(path, alignments=[aligned({number: place(number) for number in range(8)})])
    assert [one["structure_acronym"] for one in found] == ["VISp"] * 8 + [None] * 8
    assert found[3]["structure_id"] == 385
    assert found[3]["anterior_posterior_ccf_coordinate"] == 1003.0
    assert found[3]["dorsal_ventral_ccf_coordinate"] == 2000.0
    assert found[3]["left_right_ccf_coordinate"] == 3000.0
    assert found[3]["channel_alignment"].endswith("ProbeA_0")
    assert found[8]["channel_alignment"] is None


def test_positions_tell_channels_where_some_were_left_out(tmp_path):
    made = electrodes(("ProbeA",))
    path = write(tmp_path / "a.nwb", made, None)
    # Numbered without the first two.
    kept = {
        number: place(number, made["rel_y"][number + 2], made["rel_x"][number + 2]) for number in range(6)
    }
    found = rows(path, alignments=[aligned(kept)])
    coordinates = [one["anterior_posterior_ccf_coordinate"] for one in found]
    assert coordinates == [None, None, 1000.0, 1001.0, 1002.0, 1003.0, 1004.0, 1005.0]


def test_each_shank_has_an_alignment_of_its_own(tmp_path):
    made = electrodes(("ProbeA",))
    path = write(tmp_path / "a.nwb", made, None)
    first, second = (
        aligned(
            {
                number: place(number, made["rel_y"][row], made["rel_x"][row], region)
                for number, row in enumerate(rows_of)
            },
            shank=shank,
        )
        for shank, (rows_of, region) in enumerate(((range(4), "VISp"), (range(4, 8), "CA1")))
    )
    found = rows(path, alignments=[first, second])
    assert [one["structure_acronym"] for one in found] == ["VISp"] * 4 + ["CA1"] * 4


def test_shanks_that_do_not_fit_are_told_and_not_guessed(tmp_path, caplog):
    path = write(tmp_path / "a.nwb", electrodes(("ProbeA",)), None)
    wrong = [aligned({0: place(0, 1e4, 1e4)}, shank=shank) for shank in (0, 1)]
    found = rows(path, alignments=wrong)
    assert all(one["structure_acronym"] is None for one in found)
    assert "does not fit" in caplog.text


def test_an_alignment_of_channels_that_are_not_there_is_told(tmp_path, caplog):
    path = write(tmp_path / "a.nwb", electrodes(("ProbeA",)), None)
    found = rows(path, alignments=[aligned({99: place(99)})])
    assert all(one["structure_acronym"] is None for one in found)
    assert "does not fit" in caplog.text
    caplog.clear()
    found = rows(path, alignments=[aligned({2: place(2), 99: place(99)})])
    assert [one["structure_acronym"] for one in found].count("VISp") == 1
    assert not caplog.text


def test_two_files_of_one_recording_are_named(tmp_path):
    paths = [write(tmp_path / f"{name}_experiment1_recording1.nwb", electrodes(), None) for name in "ab"]
    with pytest.raises(
        SourceResponseError, match=r"b_experiment1_recording1\.nwb: .*a_experiment1_recording1\.nwb"
    ):
        read(paths[0], urls=[str(path) for path in paths])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["AP2", "AP1", "AP4"], [1, 0, 3]),
        (["CH1", "CH2", "CH9"], [0, 1, 8]),
        (["AP1", "AP1", "AP2"], [0, 1, 2]),
        (["imec0.a", "b", "c"], [0, 1, 2]),
        (["0", "1", "5"], [0, 1, 5]),
    ],
)
def test_the_number_on_the_probe_is_in_the_name_or_the_order(tmp_path, names, expected):
    made = {**electrodes(("ProbeA",), count=3), "channel_name": names}
    found = rows(write(tmp_path / "a.nwb", made, None))
    assert [one["local_index"] for one in found] == expected


def test_older_files_have_channel_in_place_of_the_name(tmp_path):
    made = electrodes(("ProbeA",), count=3)
    made["channel"] = [number + 4 for number in range(3)]
    del made["channel_name"]
    found = rows(write(tmp_path / "a.nwb", made, None))
    assert [one["local_index"] for one in found] == [4, 5, 6]
    assert [one["channel_name"] for one in found] == [None] * 3


def test_what_else_there_is_is_kept(tmp_path):
    made = electrodes(("ProbeA",), count=2)
    made["gain_to_uV"], made["note"] = [4.69, float("nan")], ["", "broken"]
    found = rows(write(tmp_path / "a.nwb", made, None))
    assert [json.loads(one["channel_other_fields"]) for one in found] == [
        {"gain_to_uV": 4.69},
        {"note": "broken"},
    ]


def test_positions_as_text_are_numbers(tmp_path):
    path = write(tmp_path / "a.nwb", electrodes(("ProbeA",), count=2), None)
    _texts(path, "rel_x", [b"16.5", b"nan"])
    assert [one["probe_horizontal_position"] for one in rows(path)] == [16.5, None]
    _texts(path, "rel_x", [b"16.5", b"left"])
    with pytest.raises(SourceResponseError) as caught:
        rows(path)
    for part in (ASSET, "a.nwb", "electrodes/rel_x", "'left' is no number"):
        assert part in str(caught.value)


def _texts(path, name, values):
    import h5py
    import numpy as np

    with h5py.File(path, "a") as file:
        column = f"general/extracellular_ephys/electrodes/{name}"
        del file[column]
        file[column] = np.array(values)


def test_a_private_bucket_is_told():
    with Buckets() as server:
        server.private.add("bucket-private")
        storage = server.storage()
        with pytest.raises(AuthenticationError):
            list(
                read_pages(
                    Wanted(storage, asset("s3://bucket-private"), ["s3://bucket-private/a.nwb"], {}, ALL), []
                )
            )
        storage.close()
