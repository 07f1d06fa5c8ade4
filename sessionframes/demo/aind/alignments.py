"""Where the channels of the demo world are in the brain, as curators told it to AIND's quality control."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.recordings import recordings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.demo.world import World

    Record = dict[str, Any]

_AXES = ("left_right", "anterior_posterior", "dorsal_ventral")
#: Towards which side of the brain the axes of the curations go, against those of the CCF.
_SIGNS = (-1, 1, -1)
#: Of every so many sessions one is in mm, the others are in um.
_IN_MM_EVERY, _IN_MM_FROM = 4, 1


def alignments(world: World) -> dict[int, Record]:
    """Return the curations of each probe of which something is known, the newest last.

    Parameters
    ----------
    world : World
        Whose channels they are of.

    Returns
    -------
    dict
        From a probe's id to "last", the texts of its curations, and, of the first session, "first": those of
        another alignment, which was thrown away.
    """
    acronyms = dict(zip(*(world.structures[name].to_pylist() for name in _STRUCTURE), strict=True))
    channels: defaultdict[int, list[Record]] = defaultdict(list)
    names = ["probe_id", "probe_channel_number", "probe_vertical_position", "probe_horizontal_position"]
    table = world.channels.select([*names, "structure_id", *(f"{axis}_ccf_coordinate" for axis in _AXES)])
    for row in table.to_pylist():
        if row["structure_id"] is not None:
            channels[row["probe_id"]].append(row)
    made: dict[int, Record] = {}
    for one in recordings(world):
        in_mm = one.at % _IN_MM_EVERY == _IN_MM_FROM
        for probe in one.probes:
            rows = channels[probe.number]
            if rows:
                good, bad = _text(rows, acronyms, in_mm=in_mm), _text(rows[:9], {}, in_mm=False)
                made[probe.number] = {"last": [bad, good] if one.at % 2 else [good]}
                if one.at == 0:
                    made[probe.number]["first"] = [bad]
    return made


_STRUCTURE = ("structure_id", "structure_acronym")


def _text(rows: Sequence[Record], acronyms: Mapping[int, str], *, in_mm: bool) -> str:
    """Return one curation; without acronyms, one in which all is root."""
    in_ccf = {f"channel_{row['probe_channel_number']}": _channel(row, acronyms, in_mm=in_mm) for row in rows}
    # In the GUI's own axes, and um from bregma: of no use without its atlas.
    of_gui = {name: {**told, "x": 0.0, "y": 0.0, "z": 0.0} for name, told in list(in_ccf.items())[:2]}
    return json.dumps({"channel_results": of_gui, "ccf_channel_results": in_ccf})


def _channel(row: Record, acronyms: Mapping[int, str], *, in_mm: bool) -> Record:
    places = {}
    for name, axis, sign in zip("xyz", _AXES, _SIGNS, strict=True):
        um = row[f"{axis}_ccf_coordinate"]
        places[name] = None if um is None else sign * um / (1000 if in_mm else 1)
    region = row["structure_id"]
    return {
        **places,
        "axial": float(row["probe_vertical_position"]),
        "lateral": float(row["probe_horizontal_position"]),
        "brain_region_id": region if acronyms else 997,
        "brain_region": acronyms[region] if acronyms else "root",
    }
