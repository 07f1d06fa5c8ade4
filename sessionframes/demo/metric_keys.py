"""What is in a bundle of analysis metrics: its keys by stimulus, and how their values are distributed."""

from __future__ import annotations

from dataclasses import dataclass

from sessionframes.demo.cast import BRAIN_OBSERVATORY, FUNCTIONAL_CONNECTIVITY
from sessionframes.demo.draws import Shape

#: Which stimuli were analysed: drifting gratings, static gratings, natural scenes, flashes, receptive field
#: mapping, dot motion.
FAMILIES = {
    BRAIN_OBSERVATORY: ("dg", "sg", "ns", "fl", "rf"),
    FUNCTIONAL_CONNECTIVITY: ("dg", "fl", "rf", "dm"),
}


@dataclass(frozen=True)
class Key:
    """How the values of one key are drawn; either `shape` or `texts` is given.

    Attributes
    ----------
    shape : Shape or None
        The distribution of a number.
    texts, weights : tuple
        The JSON texts to choose from, and how often each is chosen.
    of_rate : bool
        The number is multiplied by the firing rate of the unit.
    missing : float
        The share of units without a value.
    group : str or None
        Keys of one group are missing together.
    """

    shape: Shape | None = None
    texts: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    of_rate: bool = False
    missing: float = 0.0
    group: str | None = None


def _one_of(*values: float, weights: tuple[float, ...] = ()) -> Key:
    return Key(texts=tuple(str(value) for value in values), weights=weights or (1.0,) * len(values))


def _flag(share: float) -> Key:
    return Key(texts=("false", "true"), weights=(1 - share, share))


def _rate(*quantiles: float) -> Key:
    return Key(Shape(*quantiles), of_rate=True)


def _running(missing: float) -> dict[str, Key]:
    """Return the two keys about running: its effect, and the probability of that by chance."""
    return {
        "run_mod": Key(Shape(-1, -1, -0.9, -0.05, 0.28, 0.55, 0.9, 1, 1), missing=missing, group="run"),
        "run_pval": Key(
            Shape(1e-12, 1e-9, 1e-5, 0.012, 0.14, 0.42, 0.86, 0.97, 1, log=True, digits=12),
            missing=missing,
            group="run",
        ),
    }


_SPARSENESS = Shape(0.003, 0.015, 0.03, 0.085, 0.19, 0.4, 0.78, 0.95, 1)
_SELECTIVITY = Shape(0, 0.012, 0.03, 0.09, 0.175, 0.33, 0.69, 0.99, 1)
_FANO = Shape(0.09, 0.42, 0.65, 1.0, 1.48, 2.22, 4.7, 9.2, 80, log=True)
_TIME_TO_PEAK_S = Shape(5e-4, 5e-4, 0.005, 0.055, 0.09, 0.125, 0.21, 0.241, 0.2485)
_ORIENTATIONS = (0, 45, 90, 135, 180, 225, 270, 315)

#: By stimulus, then by stem: the key in the bundle is the stem, an underscore and the stimulus.
#: Physical units: ``firing_rate`` Hz; ``time_to_peak`` s; ``azimuth``, ``elevation``, ``width``, ``height``
#: and orientations degrees; ``area`` square degrees; ``pref_tf`` Hz; ``pref_sf`` cycles per degree.
KEYS: dict[str, dict[str, Key]] = {
    "dg": {
        "pref_ori": _one_of(*_ORIENTATIONS),
        "pref_tf": _one_of(1, 2, 4, 8, 15, weights=(42, 18, 11, 12, 17)),
        "c50": Key(Shape(0.009, 0.01, 0.018, 0.077, 0.227, 0.514, 1.05, 1.066, 1.074), missing=0.86),
        "f1_f0": Key(Shape(0.03, 0.15, 0.22, 0.42, 0.71, 1.12, 1.83, 2, 2), missing=0.005, group="dg"),
        "mod_idx": Key(Shape(0, 0.001, 0.06, 0.38, 0.8, 1.34, 5.3, 9.4, 15)),
        "g_osi": Key(_SELECTIVITY, missing=0.005, group="dg"),
        "g_dsi": Key(Shape(0, 0.008, 0.019, 0.053, 0.099, 0.188, 0.485, 0.924, 1), missing=0.005, group="dg"),
        "firing_rate": _rate(0, 0.04, 0.22, 0.59, 0.84, 1.1, 1.73, 2.6, 5),
        "fano": Key(
            Shape(0.13, 0.67, 0.93, 2.07, 3.68, 6.72, 17.3, 35.7, 400, log=True), missing=0.005, group="dg"
        ),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.005, group="dg"),
        "pref_ori_multi": _flag(0.021),
        "pref_tf_multi": _flag(0.019),
        **_running(0.236),
    },
    "sg": {
        "pref_sf": _one_of(0.02, 0.04, 0.08, 0.16, 0.32, weights=(38, 18, 20, 10, 14)),
        "pref_ori": _one_of(0, 30, 60, 90, 120, 150),
        "pref_phase": _one_of(0.0, 0.25, 0.5, 0.75),
        "g_osi": Key(_SELECTIVITY, missing=0.004, group="sg"),
        "time_to_peak": Key(_TIME_TO_PEAK_S),
        "firing_rate": _rate(0, 0.1, 0.41, 0.85, 1.11, 1.41, 2.07, 3, 6),
        "fano": Key(_FANO, missing=0.004, group="sg"),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.004, group="sg"),
        "pref_sf_multi": _flag(0.005),
        "pref_ori_multi": _flag(0.005),
        "pref_phase_multi": _flag(0.004),
        **_running(0.033),
    },
    "ns": {
        "pref_image": _one_of(*range(4908, 5027)),
        "image_selectivity": Key(Shape(-0.37, -0.058, 0.045, 0.254, 0.444, 0.646, 0.845, 0.926, 0.983)),
        "time_to_peak": Key(_TIME_TO_PEAK_S),
        "firing_rate": _rate(0, 0.08, 0.38, 0.92, 1.24, 1.63, 2.47, 3.5, 7),
        "fano": Key(_FANO, missing=0.004, group="ns"),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.004, group="ns"),
        "pref_images_multi": _flag(0.074),
        **_running(0.094),
    },
    "fl": {
        "on_off_ratio": Key(Shape(-1, -0.9, -0.7, -0.3, 0, 0.3, 0.7, 0.9, 1), missing=0.3),
        "sustained_idx": Key(
            Shape(0.004, 0.004, 0.008, 0.034, 0.072, 0.124, 0.221, 0.29, 0.5), missing=0.125, group="fl"
        ),
        "time_to_peak": Key(_TIME_TO_PEAK_S),
        "firing_rate": _rate(0, 0, 0, 0.17, 0.55, 1.08, 2.63, 4, 9),
        "fano": Key(_FANO, missing=0.125, group="fl"),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.125, group="fl"),
        **_running(0.324),
    },
    "rf": {
        "on_screen": _flag(0.42),
        "p_value": Key(Shape(0, 0, 0, 0, 0, 0.023, 0.592, 0.862, 0.999, digits=3), missing=0.108, group="rf"),
        "area": Key(Shape(0, 0, 0, 300, 500, 800, 1700, 2800, 6000, digits=-2), missing=0.108, group="rf"),
        "azimuth": Key(Shape(10, 10, 10, 28.1, 48.7, 70, 90, 90, 90, digits=3), missing=0.156, group="place"),
        "elevation": Key(
            Shape(-30, -30, -26.7, -5, 10, 28.3, 50, 50, 50, digits=3), missing=0.156, group="place"
        ),
        "width": Key(
            Shape(-442, -17.5, 6.1, 19.3, 46.4, 179, 2150, 6750, 22000, digits=4), missing=0.113, group="fit"
        ),
        "height": Key(
            Shape(-629, -20.6, 7.1, 24.5, 58.1, 259, 2155, 6950, 21000, digits=4), missing=0.113, group="fit"
        ),
        "time_to_peak": Key(_TIME_TO_PEAK_S),
        "firing_rate": _rate(0, 0, 0.01, 0.19, 0.54, 0.96, 2.1, 3.4, 8),
        "fano": Key(_FANO, missing=0.059, group="few"),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.059, group="few"),
        **_running(0.335),
    },
    "dm": {
        "pref_dir": _one_of(*_ORIENTATIONS),
        "pref_speed": _one_of(0.001, 0.005, 0.01),
        "time_to_peak": Key(_TIME_TO_PEAK_S),
        "firing_rate": _rate(0, 0.08, 0.35, 0.8, 1.0, 1.3, 2.1, 3, 6),
        "fano": Key(_FANO, missing=0.004, group="dm"),
        "lifetime_sparseness": Key(_SPARSENESS, missing=0.004, group="dm"),
        "pref_dir_multi": _flag(0.02),
        "pref_speed_multi": _flag(0.01),
        **_running(0.12),
    },
}
