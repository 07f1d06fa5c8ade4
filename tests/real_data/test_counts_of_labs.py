"""Counts and cuts of published tables: those that the laboratories publish themselves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import sessionframes as sf
from sessionframes.frames.quality import quality_filter
from sessionframes.frames.summarize import summarize
from tests.real_data.ours import check_same

if TYPE_CHECKING:
    from tests.real_data.ours import Lab

#: The regions that IBL's laboratories aimed at, in Allen's acronyms: PPC is VISa and VISam, layer by layer.
REGIONS = {
    "PPC": r"VISam?[1-6]",
    "CA1": r"CA1$",
    "DG": r"DG-(mo|po|sg)$",
    "LP": r"LP$",
    "PO": r"PO$",
}


def test_sessions_have_as_many_probes_as_published(allen_lab: Lab) -> None:
    told = summarize(allen_lab.tables["sessions"], allen_lab.tables["probes"])
    check_same(told["probe_count"], allen_lab.raw["sessions"]["probe_count"])


def test_probes_have_as_many_channels_in_a_region_as_published(ibl_lab: Lab) -> None:
    channels, freeze = ibl_lab.tables["channels"], ibl_lab.raw["freeze"]
    probes = ibl_lab.tables["probes"]
    probes = probes[probes.index.isin(channels["probe_id"])]
    compared = 0
    for region, acronyms in REGIONS.items():
        there = channels[channels["structure_acronym"].str.match(acronyms, na=False)]
        counts = summarize(probes, there)["channel_count"]
        published = freeze[(freeze["region"] == region) & freeze["pid"].isin(probes.index)].set_index("pid")
        check_same(counts[published.index], published["n_channels"])
        compared += len(published)
    assert compared == 5 * 11


def test_no_probe_has_more_channels_or_structures_than_published(allen_lab: Lab) -> None:
    tables = allen_lab.tables
    told = summarize(tables["probes"], tables["channels"])
    published = allen_lab.raw["probes"].set_index("id")
    # Ours are the channels with units in visual cortex, of all that the probe has.
    assert (told["channel_count"] <= published["channel_count"]).all()
    assert told["channel_count"].sum() == 8093
    for probe, acronyms in told["structure_acronyms"].items():
        theirs = re.findall(r"'([^']+)'", published.loc[probe, "ecephys_structure_acronyms"])
        assert set(acronyms) <= set(theirs)
        assert list(acronyms) == sorted(set(acronyms))


def test_counts_are_those_of_the_files(labs: dict[str, Lab]) -> None:
    for lab in labs.values():
        units, channels, probes, sessions = lab.chain
        told = summarize(sessions, units, channels, probes)
        for name, below in {"unit": units, "channel": channels, "probe": probes}.items():
            counts = below["session_id"].value_counts().reindex(sessions.index, fill_value=0)
            check_same(told[f"{name}_count"], counts)
            assert told[f"{name}_count"].sum() == len(below)
        assert list(told) == [*sessions, "probe_count", "channel_count", "unit_count", "structure_acronyms"]


def test_counts_of_both_are_those_of_each(labs: dict[str, Lab]) -> None:
    united = [sf.union(**{name: lab.chain[level] for name, lab in labs.items()}) for level in range(4)]
    told = summarize(united[3], *united[:3])
    for name, lab in labs.items():
        own = summarize(lab.chain[3], *lab.chain[:3])
        for column in ("probe_count", "channel_count", "unit_count", "structure_acronyms"):
            assert told.loc[name, column].tolist() == own[column].tolist()


def test_units_of_probes_outside_the_table_count_nowhere_and_are_told(ibl_lab: Lab) -> None:
    probes, atlas = ibl_lab.tables["probes"], ibl_lab.tables["atlas"]
    told = summarize(probes, atlas)
    inside = atlas["probe_id"].isin(probes.index)
    assert told["channel_count"].sum() == inside.sum() == 448 * 384 - 2 * 10
    assert json.loads(told.attrs["sessionframes"])["elsewhere"] == {"channels": (~inside).sum()}


def test_the_cut_is_allensdks(allen_lab: Lab) -> None:
    units, channels, *_ = allen_lab.chain
    kept = quality_filter(sf.join(units, channels))
    raw = allen_lab.raw["units"]
    # AllenSDK's words, on the file as it is.
    wanted = raw[
        (raw["amplitude_cutoff"] <= 0.1)
        & (raw["presence_ratio"] >= 0.95)
        & (raw["isi_violations"] <= 0.5)
        & (raw["quality"] == "good")
    ]
    assert kept.index.tolist() == wanted["ecephys_unit_id"].tolist()
    assert len(kept) == 8301


def test_published_unit_counts_are_after_the_cut(allen_lab: Lab) -> None:
    units, channels, probes, _ = allen_lab.chain
    published = allen_lab.raw["probes"].set_index("id")["unit_count"]
    assert published.sum() == allen_lab.raw["sessions"]["unit_count"].sum() == 40010
    good = quality_filter(sf.join(units, channels))
    # The file has the units of visual cortex only, so no probe can have more than published; without the cut
    # half of the probes would.
    assert (summarize(probes, good)["unit_count"] <= published).all()
    assert (summarize(probes, units)["unit_count"] > published).sum() == 85


def test_the_cut_tells_what_each_rule_cost(allen_lab: Lab, ibl_lab: Lab) -> None:
    both = sf.union(
        allen=sf.join(*allen_lab.chain[:2]),
        ibl=sf.join(*ibl_lab.chain[:2]),
    )
    kept = quality_filter(both)
    # IBL does not publish these measures, and what is not known is not good.
    assert kept.index.unique("source").tolist() == ["allen"]
    told = json.loads(kept.attrs["sessionframes"])
    assert (told["rows"], told["kept"]) == (19318 + 137354, 8301)
    nulls = {rule["rule"]: rule["null"] for rule in told["rules"]}
    assert nulls == {
        "amplitude_cutoff <= 0.1": 137354,
        "presence_ratio >= 0.95": 137354,
        "isi_violations <= 0.5": 137354,
        'quality = "good"': 125278,
        "structure_acronym is not null": 1017,
    }


def test_units_can_be_cut_by_what_a_laboratory_knows(ibl_lab: Lab) -> None:
    joined = sf.join(*ibl_lab.chain[:2])
    off = {"amplitude_cutoff_maximum": None, "presence_ratio_minimum": None, "isi_violations_maximum": None}
    clusters = ibl_lab.raw["clusters"]
    good = (clusters["label"] == 1).to_numpy()
    in_brain = (clusters["acronym"] != "void").to_numpy()
    assert quality_filter(joined, **off, in_brain=False).index.tolist() == joined.index[good].tolist()
    kept = quality_filter(joined, **off)
    assert kept.index.tolist() == joined.index[good & in_brain].tolist()
    assert good.sum() == 12076
