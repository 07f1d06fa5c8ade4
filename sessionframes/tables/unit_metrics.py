"""Unit metrics: how each unit responded to the stimuli of its session."""

from __future__ import annotations

from typing import Any

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Key, MaybeCount, MaybeFlag, Number, Text, column, key, parent

_STIMULI = {
    "dg": "drifting gratings",
    "sg": "static gratings",
    "ns": "natural scenes",
    "fl": "flashes",
    "rf": "receptive field mapping",
    "dm": "dot motion",
}
#: stem of the name → meaning, physical unit
_METRICS: dict[str, tuple[str, str | None]] = {
    "area": ("Area of the receptive field", "deg^2"),
    "azimuth": ("Horizontal centre of the receptive field", "deg"),
    "c50": ("Contrast of half the largest response", "ratio"),
    "elevation": ("Vertical centre of the receptive field", "deg"),
    "f1_f0": ("First harmonic of the response over its mean", "ratio"),
    "fano": ("Fano factor of the spike count", "ratio"),
    "firing_rate": ("Mean rate during the stimulus", "Hz"),
    "g_dsi": ("Global direction selectivity index", "ratio"),
    "g_osi": ("Global orientation selectivity index", "ratio"),
    "height": ("Height of the receptive field", "deg"),
    "image_selectivity": ("Selectivity among the images", "ratio"),
    "lifetime_sparseness": ("Lifetime sparseness of the responses", "ratio"),
    "mod_idx": ("Modulation of the response by the temporal frequency", "ratio"),
    "on_off_ratio": ("Response to light flashes over response to dark ones", "ratio"),
    "on_screen": ("Whether the receptive field lies on the screen", None),
    "p_run_mod": ("P value of the modulation by running, as newer bundles name it", "ratio"),
    "p_value": ("P value of the receptive field", "ratio"),
    "pref_dir": ("Preferred direction of motion", "deg"),
    "pref_dir_multi": ("Whether several directions share the largest response", None),
    "pref_image": ("Number of the preferred image", None),
    "pref_images_multi": ("Whether several images share the largest response", None),
    "pref_ori": ("Preferred orientation", "deg"),
    "pref_ori_multi": ("Whether several orientations share the largest response", None),
    "pref_phase": ("Preferred spatial phase", "cycles"),
    "pref_phase_multi": ("Whether several phases share the largest response", None),
    "pref_sf": ("Preferred spatial frequency", "cycles/deg"),
    "pref_sf_multi": ("Whether several spatial frequencies share the largest response", None),
    "pref_speed": ("Preferred speed", "deg/s"),
    "pref_speed_multi": ("Whether several speeds share the largest response", None),
    "pref_tf": ("Preferred temporal frequency", "Hz"),
    "pref_tf_multi": ("Whether several temporal frequencies share the largest response", None),
    "run_mod": ("Modulation of the response by running", "ratio"),
    "run_pval": ("P value of the modulation by running, as older bundles name it", "ratio"),
    "sustained_idx": ("Sustained part of the response to a flash", "ratio"),
    "time_to_first_spike": ("Time from the stimulus to the first spike", "s"),
    "time_to_peak": ("Time from the stimulus to the peak of the response", "s"),
    "width": ("Width of the receptive field", "deg"),
}


def _metric(stem: str, stimulus: str) -> Any:
    meaning, unit = _METRICS[stem]
    return column(
        f"{meaning}: {_STIMULI[stimulus]}.",
        unit=unit,
        null="not computed, or the session did not show this stimulus",
    )


class UnitMetrics(Table, name="unit_metrics"):
    """One row per unit that has stimulus metrics, ordered by its id.

    The columns are the same whatever the sessions showed: what a session did not show is null.
    """

    unit_id: Key = key("Id of the unit.")
    channel_id: Id = parent("Id of its peak channel.")
    probe_id: Id = parent("Id of its probe.")
    session_id: Id = parent("Id of its session.")
    c50_dg: Number = _metric("c50", "dg")
    f1_f0_dg: Number = _metric("f1_f0", "dg")
    fano_dg: Number = _metric("fano", "dg")
    firing_rate_dg: Number = _metric("firing_rate", "dg")
    g_dsi_dg: Number = _metric("g_dsi", "dg")
    g_osi_dg: Number = _metric("g_osi", "dg")
    lifetime_sparseness_dg: Number = _metric("lifetime_sparseness", "dg")
    mod_idx_dg: Number = _metric("mod_idx", "dg")
    pref_ori_dg: Number = _metric("pref_ori", "dg")
    pref_ori_multi_dg: MaybeFlag = _metric("pref_ori_multi", "dg")
    pref_tf_dg: Number = _metric("pref_tf", "dg")
    pref_tf_multi_dg: MaybeFlag = _metric("pref_tf_multi", "dg")
    run_mod_dg: Number = _metric("run_mod", "dg")
    run_pval_dg: Number = _metric("run_pval", "dg")
    p_run_mod_dg: Number = _metric("p_run_mod", "dg")
    fano_sg: Number = _metric("fano", "sg")
    firing_rate_sg: Number = _metric("firing_rate", "sg")
    g_osi_sg: Number = _metric("g_osi", "sg")
    lifetime_sparseness_sg: Number = _metric("lifetime_sparseness", "sg")
    pref_ori_sg: Number = _metric("pref_ori", "sg")
    pref_ori_multi_sg: MaybeFlag = _metric("pref_ori_multi", "sg")
    pref_phase_sg: Number = _metric("pref_phase", "sg")
    pref_phase_multi_sg: MaybeFlag = _metric("pref_phase_multi", "sg")
    pref_sf_sg: Number = _metric("pref_sf", "sg")
    pref_sf_multi_sg: MaybeFlag = _metric("pref_sf_multi", "sg")
    run_mod_sg: Number = _metric("run_mod", "sg")
    run_pval_sg: Number = _metric("run_pval", "sg")
    p_run_mod_sg: Number = _metric("p_run_mod", "sg")
    time_to_peak_sg: Number = _metric("time_to_peak", "sg")
    fano_ns: Number = _metric("fano", "ns")
    firing_rate_ns: Number = _metric("firing_rate", "ns")
    image_selectivity_ns: Number = _metric("image_selectivity", "ns")
    lifetime_sparseness_ns: Number = _metric("lifetime_sparseness", "ns")
    pref_image_ns: MaybeCount = _metric("pref_image", "ns")
    pref_images_multi_ns: MaybeFlag = _metric("pref_images_multi", "ns")
    run_mod_ns: Number = _metric("run_mod", "ns")
    run_pval_ns: Number = _metric("run_pval", "ns")
    p_run_mod_ns: Number = _metric("p_run_mod", "ns")
    time_to_peak_ns: Number = _metric("time_to_peak", "ns")
    fano_fl: Number = _metric("fano", "fl")
    firing_rate_fl: Number = _metric("firing_rate", "fl")
    lifetime_sparseness_fl: Number = _metric("lifetime_sparseness", "fl")
    on_off_ratio_fl: Number = _metric("on_off_ratio", "fl")
    run_mod_fl: Number = _metric("run_mod", "fl")
    run_pval_fl: Number = _metric("run_pval", "fl")
    p_run_mod_fl: Number = _metric("p_run_mod", "fl")
    sustained_idx_fl: Number = _metric("sustained_idx", "fl")
    time_to_first_spike_fl: Number = _metric("time_to_first_spike", "fl")
    time_to_peak_fl: Number = _metric("time_to_peak", "fl")
    area_rf: Number = _metric("area", "rf")
    azimuth_rf: Number = _metric("azimuth", "rf")
    elevation_rf: Number = _metric("elevation", "rf")
    width_rf: Number = _metric("width", "rf")
    height_rf: Number = _metric("height", "rf")
    fano_rf: Number = _metric("fano", "rf")
    firing_rate_rf: Number = _metric("firing_rate", "rf")
    lifetime_sparseness_rf: Number = _metric("lifetime_sparseness", "rf")
    on_screen_rf: MaybeFlag = _metric("on_screen", "rf")
    p_value_rf: Number = _metric("p_value", "rf")
    run_mod_rf: Number = _metric("run_mod", "rf")
    run_pval_rf: Number = _metric("run_pval", "rf")
    p_run_mod_rf: Number = _metric("p_run_mod", "rf")
    time_to_peak_rf: Number = _metric("time_to_peak", "rf")
    fano_dm: Number = _metric("fano", "dm")
    firing_rate_dm: Number = _metric("firing_rate", "dm")
    lifetime_sparseness_dm: Number = _metric("lifetime_sparseness", "dm")
    pref_dir_dm: Number = _metric("pref_dir", "dm")
    pref_dir_multi_dm: MaybeFlag = _metric("pref_dir_multi", "dm")
    pref_speed_dm: Number = _metric("pref_speed", "dm")
    pref_speed_multi_dm: MaybeFlag = _metric("pref_speed_multi", "dm")
    run_mod_dm: Number = _metric("run_mod", "dm")
    run_pval_dm: Number = _metric("run_pval", "dm")
    p_run_mod_dm: Number = _metric("p_run_mod", "dm")
    time_to_peak_dm: Number = _metric("time_to_peak", "dm")
    other_metrics: Text = column(
        "JSON object of what has no column here, or does not fit its column.",
        null="nothing else was given",
        json=True,
    )
