"""The picture says what the frames say."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.plot import UNTOLD, plot_units_by_structure


def _axes():
    return Figure().subplots()


def _frames(**units_in):
    """One channel per structure, and as many units on it as the keyword says."""
    channels = pd.DataFrame(
        {"structure_acronym": pd.Series([None, *units_in], dtype="str")},
        index=pd.RangeIndex(len(units_in) + 1, name="channel_id"),
    )
    ids = [channel for channel, count in enumerate([0, *units_in.values()]) for _ in range(count)]
    return pd.DataFrame({"channel_id": pd.Series(ids, dtype="int64")}), channels


def _bars(ax):
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, [int(bar.get_width()) for bar in ax.patches], strict=True))


def test_bars_are_sorted_by_count_then_name():
    ax = plot_units_by_structure(*_frames(CA1=2, VISp=5, LP=2, APN=3), ax=_axes())
    assert list(_bars(ax).items()) == [("VISp", 5), ("APN", 3), ("CA1", 2), ("LP", 2)]
    assert ax.yaxis_inverted()


def test_what_is_beyond_the_top_is_summed_and_null_is_told_apart():
    units, channels = _frames(CA1=4, VISp=5, LP=2, APN=1)
    units = pd.concat([units, pd.DataFrame({"channel_id": [0, 0, 0]})], ignore_index=True)
    ax = plot_units_by_structure(units, channels, top=2, ax=_axes())
    assert list(_bars(ax).items()) == [("VISp", 5), ("CA1", 4), ("2 other structures", 3), (UNTOLD, 3)]
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert colours[0] == colours[1] != colours[2] == colours[3]


def test_axes_are_labelled():
    ax = plot_units_by_structure(*_frames(CA1=1200), ax=_axes())
    assert ax.get_xlabel() == "Units (count)"
    assert "acronym" in ax.get_ylabel()
    assert ax.get_title() == "1,200 units by brain structure"
    assert [text.get_text() for text in ax.texts] == ["1,200"]


def test_no_units_make_an_empty_picture(lims):
    ax = plot_units_by_structure(lims.get_units(unit_ids=[]), lims.get_channels(channel_ids=[]), ax=_axes())
    assert not ax.patches


def test_every_unit_of_a_real_answer_is_in_a_bar(lims):
    units = lims.get_units()
    ax = plot_units_by_structure(units, lims.get_channels(channel_ids=units), top=5, ax=_axes())
    bars = _bars(ax)
    assert sum(bars.values()) == len(units)
    assert len(bars) == 7


def test_without_axes_there_is_a_figure_that_fits_its_bars(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    import matplotlib.pyplot as plt

    few = plot_units_by_structure(*_frames(A=1))
    many = plot_units_by_structure(*_frames(**{f"S{number}": 1 for number in range(30)}), top=30)
    assert many.figure.get_figheight() > few.figure.get_figheight() + 3
    plt.close(few.figure)
    plt.close(many.figure)


def test_frames_that_do_not_fit_are_refused():
    units, channels = _frames(CA1=2, LP=1)
    with pytest.raises(JoinError, match="1 of 3 units are not there"):
        plot_units_by_structure(units, channels.drop(index=2), ax=_axes())
    with pytest.raises(JoinError, match="channel_id"):
        plot_units_by_structure(units.drop(columns="channel_id"), channels, ax=_axes())
    with pytest.raises(JoinError, match="structure_acronym"):
        plot_units_by_structure(units, channels.reset_index(), ax=_axes())


@pytest.mark.parametrize("top", [0, -1])
def test_a_top_of_nothing_is_refused(top):
    with pytest.raises(QueryError, match="1 or more"):
        plot_units_by_structure(*_frames(CA1=2), top=top, ax=_axes())
