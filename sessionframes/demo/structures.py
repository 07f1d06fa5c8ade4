"""Real brain structures of the Allen Mouse Brain Atlas (CCFv3), and the paths of probes through them."""

from __future__ import annotations

from typing import NamedTuple

#: Acronym and id of the structures that the demo's LIMS knows. Facts of the Allen Institute's structure tree.
STRUCTURES: dict[str, int] = {
    "root": 997, "grey": 8, "CH": 567, "CTX": 688, "OLF": 698, "HPF": 1089, "HIP": 1080, "RHP": 822,
    "CNU": 623, "BS": 343, "IB": 1129, "TH": 549, "HY": 1097, "MB": 313, "HB": 1065, "CB": 512,
    "VIS": 669, "VISp": 385, "VISl": 409, "VISal": 402, "VISpm": 533, "VISam": 394, "VISrl": 417,
    "VISli": 312782574, "VISpl": 425, "VISpor": 312782628, "VISmma": 480149258, "VISmmp": 480149286,
    "VISp1": 593, "VISp2/3": 821, "VISp4": 721, "VISp5": 778, "VISp6a": 33, "VISp6b": 305,
    "RSPd": 879, "RSPv": 886, "RSPagl": 894, "SSp-bfd": 329, "SSp-tr": 361, "AUDd": 1011, "AUDp": 1002,
    "TEa": 541, "PTLp": 22, "CA1": 382, "CA2": 423, "CA3": 463, "DG": 726, "DG-mo": 10703,
    "DG-po": 10704, "DG-sg": 632, "ProS": 484682470, "SUB": 502, "POST": 1037, "PRE": 1084, "PAR": 843,
    "ENTl": 918, "COAa": 639, "COApm": 663, "CP": 672, "BMAa": 327, "RT": 262, "LP": 218, "LGd": 170,
    "LGv": 178, "IGL": 27, "IntG": 563807439, "VPM": 733, "VPL": 718, "VL": 81, "LD": 155, "PO": 1020,
    "POL": 1029, "PoT": 563807435, "SGN": 325, "MGd": 1072, "MGv": 1079, "MGm": 1088, "PP": 1044,
    "PIL": 560581563, "Eth": 560581551, "PF": 930, "ZI": 797, "PPT": 1061, "NOT": 628, "OP": 706,
    "APN": 215, "MRN": 128, "SCig": 10, "SCiw": 17, "SCop": 851, "SCsg": 842, "SCzo": 834,
    "RPF": 549009203, "LT": 66, "APr": 484682508, "MPT": 531,
}  # fmt: skip


class Entry(NamedTuple):
    """Where a probe of this name enters the brain, and which way it goes; CCFv3, um.

    Attributes
    ----------
    surface : tuple of float
        Anterior-posterior, dorsal-ventral and left-right coordinate at the surface, in um.
    direction : tuple of float
        Change of each of these per um of depth along the probe.
    """

    surface: tuple[float, float, float]
    direction: tuple[float, float, float]


PROBE_NAMES = ("probeA", "probeB", "probeC", "probeD", "probeE", "probeF")

ENTRIES: dict[str, Entry] = {
    "probeA": Entry((7300, 500, 7720), (0.26, 0.94, -0.13)),
    "probeB": Entry((7560, 430, 7470), (0.22, 0.95, -0.16)),
    "probeC": Entry((8690, 640, 8150), (0.28, 0.93, -0.06)),
    "probeD": Entry((8560, 1500, 9680), (0.19, 0.91, -0.32)),
    "probeE": Entry((7950, 1380, 9670), (0.15, 0.90, -0.36)),
    "probeF": Entry((7260, 820, 8770), (0.24, 0.95, -0.14)),
}

#: Below the surface, from the top: structures and how far each reaches along the probe, in um.
TRACKS: dict[str, tuple[tuple[tuple[str, float], ...], ...]] = {
    "probeA": (
        (("VISam", 850), ("CA1", 480), ("DG", 560), ("MB", 380), ("APN", 900)),
        (
            ("VISam", 820),
            ("CA1", 450),
            ("DG-mo", 200),
            ("DG-sg", 60),
            ("DG-po", 180),
            ("NOT", 150),
            ("APN", 900),
        ),
        (("VISmma", 780), ("CA1", 500), ("DG", 520), ("LP", 400), ("APN", 900)),
    ),
    "probeB": (
        (("VISpm", 860), ("CA1", 470), ("DG", 540), ("LP", 420), ("POL", 180), ("Eth", 120), ("TH", 800)),
        (
            ("VISpm", 840),
            ("CA1", 460),
            ("DG-mo", 210),
            ("DG-sg", 60),
            ("DG-po", 170),
            ("LP", 500),
            ("PO", 800),
        ),
    ),
    "probeC": (
        (("VISp", 880), ("CA1", 440), ("DG", 500), ("LP", 420), ("PO", 300), ("PoT", 600)),
        (("VISp", 860), ("SUB", 420), ("ProS", 160), ("DG", 380), ("MB", 260), ("NOT", 140), ("APN", 800)),
        (("VISp", 900), ("ProS", 180), ("CA1", 300), ("DG", 420), ("SCig", 300), ("MRN", 700)),
    ),
    "probeD": (
        (("VISl", 840), ("CA1", 420), ("CA3", 300), ("DG", 280), ("LGd", 420), ("LGv", 200), ("ZI", 600)),
        (("VISl", 820), ("CA1", 400), ("CA2", 120), ("CA3", 380), ("IGL", 100), ("LGv", 260), ("TH", 800)),
        (("VISli", 780), ("CA1", 430), ("DG", 400), ("SGN", 200), ("MGd", 240), ("MGv", 600)),
    ),
    "probeE": (
        (("VISal", 850), ("CA1", 450), ("CA3", 260), ("DG", 260), ("LGd", 380), ("LP", 260), ("VPM", 600)),
        (("VISal", 830), ("HPF", 120), ("CA1", 420), ("CA3", 320), ("LGd", 400), ("PO", 700)),
        (("VIS", 860), ("CA1", 460), ("DG", 300), ("LGd", 350), ("RT", 160), ("VPL", 600)),
    ),
    "probeF": (
        (("VISrl", 870), ("CA1", 500), ("DG", 420), ("CA3", 320), ("LP", 380), ("VL", 700)),
        (("VISrl", 850), ("CA1", 520), ("DG", 460), ("LP", 420), ("PO", 700)),
    ),
}
