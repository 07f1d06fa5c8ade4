"""Random draws that come out the same on every machine.

Only :meth:`numpy.random.Generator.random` is asked for numbers: its bits follow from PCG64 alone, whereas
other methods may change between NumPy versions. From there on only ``+ - * /``, comparisons and stable sorts
are used, each of which is defined to the bit; logarithms and exponentials, which differ in the last digit
between mathematical libraries, are taken once per distribution and rounded before use.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_CELLS = 1024
#: The percentiles at which a :class:`Shape` is told; the outermost stand for "hardly ever beyond".
_PERCENTILES = (0.0001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.9999)


class Draws:
    """A stream of random numbers of its own.

    Parameters
    ----------
    *key : int
        What names the stream: equal keys give equal draws, different keys independent ones.
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def uniform(self, count: int) -> Floats:
        """Return `count` numbers in [0, 1)."""
        return self._bits.random(count)

    def below(self, limit: int | Ints, count: int) -> Ints:
        """Return `count` whole numbers from 0 up to, not including, `limit` (one limit, or one each)."""
        return (self.uniform(count) * limit).astype(np.int64)

    def chance(self, probability: float, count: int) -> Flags:
        """Return `count` flags, each true with this probability."""
        return self.uniform(count) < probability

    def pick(self, weights: Sequence[float], count: int) -> Ints:
        """Return `count` positions in `weights`, each as often as its weight says."""
        edges = [sum(weights[: end + 1]) / sum(weights) for end in range(len(weights) - 1)]
        return np.searchsorted(np.array(edges), self.uniform(count), side="right").astype(np.int64)

    def order(self, count: int) -> Ints:
        """Return the numbers from 0 up to, not including, `count` in random order."""
        return np.argsort(self.uniform(count), kind="stable").astype(np.int64)

    def ids(self, start: int, gap: int, count: int) -> Ints:
        """Return `count` unique ids above `start`, `gap` apart on average, in no order."""
        return start + self.order(count) * gap + 1 + self.below(gap, count)

    def near(self, ranks: Floats, width: float) -> Floats:
        """Return numbers in [0, 1), uniform again, but within half of `width` of the given ones.

        What falls outside is reflected, which keeps a uniform distribution uniform: so two columns become
        correlated without either of them changing its distribution.
        """
        moved = np.abs(ranks + (self.uniform(len(ranks)) - 0.5) * width)
        return np.where(moved >= 1, np.maximum(2 - moved, 0) * (1 - 1e-12), moved)


class Shape:
    """A distribution told by nine of its quantiles, normal or lognormal in between.

    Parameters
    ----------
    *quantiles : float
        The values at the percentiles 0.01, 1, 5, 25, 50, 75, 95, 99 and 99.99. Equal values make a lump.
    log : bool
        Interpolate logarithms; every quantile must be positive.
    digits : int
        Decimals kept.
    """

    def __init__(self, *quantiles: float, log: bool = False, digits: int = 6) -> None:
        if len(quantiles) != len(_PERCENTILES):
            msg = f"a shape is told by {len(_PERCENTILES)} quantiles, not {len(quantiles)}"
            raise ValueError(msg)
        self.digits = digits
        self._table = _table(quantiles, log=log)

    def at(self, ranks: Floats) -> Floats:
        """Return the values at these ranks (0 to 1, 1 excluded)."""
        place = ranks * _CELLS
        cell = place.astype(np.int64)
        left = self._table[cell]
        return np.round(left + (self._table[cell + 1] - left) * (place - cell), self.digits)


def _table(quantiles: tuple[float, ...], *, log: bool) -> Floats:
    normal = NormalDist()
    lowest, highest = _PERCENTILES[0], _PERCENTILES[-1]
    scores = [normal.inv_cdf(min(max(cell / _CELLS, lowest), highest)) for cell in range(_CELLS + 1)]
    known = [math.log(value) if log else value for value in quantiles]
    between = np.interp(scores, [normal.inv_cdf(p) for p in _PERCENTILES], known).tolist()
    return np.array([float(f"{math.exp(value) if log else value:.9g}") for value in between])
