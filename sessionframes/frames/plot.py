"""Pictures of frames; matplotlib is an extra, loaded when the first is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.errors import ConfigError, JoinError, QueryError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

UNTOLD = "outside or not localised"
#: Two of the Okabe-Ito colours, which stay apart for colour-blind readers and in print.
_BLUE, _GREY = "#0072B2", "#999999"
_WIDTH, _HEIGHT_PER_BAR, _HEIGHT_OF_REST = 6.4, 0.24, 1.2


def plot_units_by_structure(
    units: pd.DataFrame, channels: pd.DataFrame, *, top: int = 20, ax: Axes | None = None
) -> Axes:
    """Draw how many units lie in each brain structure, as horizontal bars, the largest on top.

    The structure is that of a unit's peak channel. Below the structures, in grey, stand the sum of those
    beyond `top`, and the units whose channel has no structure.

    Parameters
    ----------
    units : pandas.DataFrame
        Of the table units: with a column ``channel_id``.
    channels : pandas.DataFrame
        Of the table channels, with every channel of `units`: indexed by ``channel_id``, with a column
        ``structure_acronym``.
    top : int
        How many structures have a bar of their own, 1 or more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of pyplot if not given.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn: counts of units along x, Allen acronyms along y.

    Raises
    ------
    sessionframes.errors.JoinError
        A frame is not of its table, or `channels` lacks channels of `units`.
    sessionframes.errors.QueryError
        `top` is less than 1.
    sessionframes.errors.ConfigError
        matplotlib is not installed.
    """
    if top < 1:
        message = f"top is {top}; it must be 1 or more."
        raise QueryError(message)
    counts = _structures(units, channels).value_counts()
    # Equal counts by name, so that the same frames always make the same picture.
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    own = counts.head(top)
    rest = {
        f"{len(counts) - top} other structures": int(counts.iloc[top:].sum()),
        UNTOLD: len(units) - int(counts.sum()),
    }
    bars: dict[str, int] = dict(zip(own.index, own.tolist(), strict=True))
    bars |= {name: count for name, count in rest.items() if count}
    ax = ax or _new_axes(len(bars))
    drawn = ax.barh(
        list(bars), list(bars.values()), color=[_BLUE] * len(own) + [_GREY] * (len(bars) - len(own))
    )
    ax.bar_label(drawn, labels=[f"{count:,}" for count in bars.values()], padding=3, fontsize="small")
    _dress(ax, f"{len(units):,} units by brain structure")
    return ax


def _structures(units: pd.DataFrame, channels: pd.DataFrame) -> pd.Series[Any]:
    if "channel_id" not in units:
        message = "the first frame has no column channel_id."
        raise JoinError(message, table="units", hint="Give what get_units returned.")
    if channels.index.name != "channel_id" or "structure_acronym" not in channels:
        message = "the second frame has no index channel_id, or no column structure_acronym."
        raise JoinError(message, table="channels", hint="Give what get_channels returned.")
    lacking = ~units["channel_id"].isin(channels.index)
    if lacking.any():
        message = f"the channels of {lacking.sum()} of {len(units)} units are not there."
        raise JoinError(
            message, table="channels", column="channel_id", hint="Give get_channels(channel_ids=units)."
        )
    structures: pd.Series[Any] = units["channel_id"].map(channels["structure_acronym"])
    return structures


def _new_axes(bars: int) -> Axes:
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        message = "pictures need matplotlib, which is not installed."
        raise ConfigError(message, hint="Run: python -m pip install matplotlib") from error
    height = _HEIGHT_OF_REST + _HEIGHT_PER_BAR * bars
    _, ax = plt.subplots(figsize=(_WIDTH, height), layout="constrained")
    return ax


def _dress(ax: Axes, title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.invert_yaxis()
    ax.margins(x=0.1, y=0.02)
    ax.set_title(title)
    ax.set_xlabel("Units (count)")
    ax.set_ylabel("Structure of the peak channel (Allen acronym)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
