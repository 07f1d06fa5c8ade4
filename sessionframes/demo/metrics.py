"""The bundles of analysis metrics as JSON text: one object per unit, made column by column."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.demo.bundles import looked_up
from sessionframes.demo.columns import choice, column, either, joined, rows_at
from sessionframes.demo.draws import Draws
from sessionframes.demo.metric_keys import FAMILIES, KEYS, Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sessionframes.demo.columns import Column
    from sessionframes.demo.draws import Flags, Floats, Ints

    Data = dict[str, Any]

_BLOCK = 20_000
#: In this share of the bundles a metric without a value is left out; in the others it is there, as null.
_SPARSE = 0.25
_STREAM = 7


def blocks(
    seed: int,
    bundles: pa.Table,
    firing_rate: Floats,
    kinds: Mapping[int, tuple[str, bool]],
    odd: Mapping[str, Sequence[int]],
) -> Iterator[pa.Table]:
    """Make the data of the bundles, one block after another, so that memory stays flat.

    Parameters
    ----------
    seed : int
        Of the world.
    bundles : pyarrow.Table
        ``metric_bundle_id``, ``unit_id`` and ``run_id``; those of one unit follow each other.
    firing_rate : numpy.ndarray
        Of the unit of each bundle, in Hz.
    kinds : dict of int to (str, bool)
        By run: the session type, and whether the newer names of keys were in use.
    odd : dict of str to sequence of int
        The ids of the odd bundles.

    Yields
    ------
    pyarrow.Table
        The columns of `bundles`, and ``data``: JSON text, null in the oddity of that name.
    """
    names = sorted(set(kinds.values()))
    code = looked_up(bundles["run_id"].to_numpy(), {run: names.index(kind) for run, kind in kinds.items()})
    unit = bundles["unit_id"].to_numpy()
    again = np.append(False, unit[1:] == unit[:-1])
    bounds = _bounds(again)
    for number, (start, stop) in enumerate(pairwise(bounds)):
        draws = Draws(seed, _STREAM, number)
        later, part = again[start:stop], code[start:stop]
        rates = firing_rate[start:stop]
        texts = _texts(draws, rates[~later], part[~later], names)
        data = rows_at(texts, np.cumsum(~later) - 1)
        block = bundles.slice(start, stop - start)
        yield block.append_column("data", _edited(data, block["metric_bundle_id"].to_numpy(), later, odd))


def _bounds(again: Flags) -> list[int]:
    """Return where blocks begin and end: never between two bundles of one unit."""
    bounds = list(range(0, len(again), _BLOCK))
    return [*(bound - int(again[bound]) for bound in bounds), len(again)]


def _texts(draws: Draws, rates: Floats, code: Ints, names: Sequence[tuple[str, bool]]) -> Column:
    """Return one object per unit; `code` is the position in `names` of what its keys are."""
    parts = []
    for at, (session_type, newer) in enumerate(names):
        rows = np.flatnonzero(code == at)
        if len(rows):
            parts.append(_objects(draws, rates[rows], session_type, newer=newer))
    by_code = np.argsort(code, kind="stable")
    texts: Column = rows_at(pa.concat_arrays(parts), np.argsort(by_code, kind="stable"))
    return texts


def _objects(draws: Draws, rates: Floats, session_type: str, *, newer: bool) -> Column:
    sparse = column(draws.chance(_SPARSE, len(rates)))
    pieces: list[Any] = ["{"]
    separator = ""
    missing: dict[str, Flags] = {}
    for family in FAMILIES[session_type]:
        for stem, key in KEYS[family].items():
            name = f"p_run_mod_{family}" if newer and stem == "run_pval" else f"{stem}_{family}"
            label = f'{separator}"{name}": '
            values = _values(draws, key, rates)
            if key.missing:
                null = _null(draws, key, family, missing, len(rates))
                pieces.append(_optional(label, values, null, sparse))
            else:
                pieces += [label, values]
            separator = ", "
    return joined(*pieces, "}")


def _values(draws: Draws, key: Key, rates: Floats) -> Column:
    rows = len(rates)
    if key.shape is None:
        return choice(key.texts, draws.pick(key.weights, rows))
    numbers = key.shape.at(draws.uniform(rows))
    return _text(np.round(numbers * rates, 6) if key.of_rate else numbers)


def _text(numbers: Floats) -> Column:
    texts = column(numbers).cast(pa.string())
    # Arrow writes 1.0 as "1", which JSON readers take for an integer; these columns are floats in every row.
    return either(column(numbers == np.rint(numbers)), joined(texts, ".0"), texts)


def _null(draws: Draws, key: Key, family: str, missing: dict[str, Flags], rows: int) -> Flags:
    if key.group is None:
        return draws.chance(key.missing, rows)
    group = f"{key.group} of {family}"
    if group not in missing:
        missing[group] = draws.chance(key.missing, rows)
    return missing[group]


def _optional(label: str, values: Column, null: Flags, sparse: Column) -> Column:
    return either(column(null), either(sparse, "", f"{label}null"), joined(label, values))


def _edited(texts: Column, ids: Ints, later: Flags, odd: Mapping[str, Sequence[int]]) -> Column:
    new: dict[int, str | None] = {}
    for at in np.flatnonzero(later).tolist():
        new[at] = _changed(texts[at].as_py(), _computed_again)
    for name, edit in _EDITS.items():
        for at in np.flatnonzero(np.isin(ids, odd[name])).tolist():
            new[at] = _changed(texts[at].as_py(), edit)
    if not new:
        return texts
    # Past the end of the texts are the new ones, and each row is told which it is.
    place = np.arange(len(texts))
    place[list(new)] = len(texts) + np.arange(len(new))
    with_new = pa.concat_arrays([texts, pa.array(list(new.values()), pa.string())])
    edited: Column = rows_at(with_new, place)
    return edited


def _changed(text: str, edit: Callable[[Data], Data | None]) -> str | None:
    data = edit(json.loads(text))
    return None if data is None else json.dumps(data)


def _computed_again(data: Data) -> Data:
    """Return what a later run found: firing rates a little higher."""
    return {
        key: round(value * 1.001, 6) if key.startswith("firing_rate") else value
        for key, value in data.items()
    }


def _without_data(_: Data) -> None:
    return None


def _emptied(_: Data) -> Data:
    return {}


def _swapped(data: Data) -> Data:
    """Return what was released for years: each of two metrics under the name of the other."""
    return data | {"p_value_rf": data["on_screen_rf"], "on_screen_rf": data.get("p_value_rf") or 0.001}


def _extended(data: Data) -> Data:
    return data | {"novel_metric_xy": 1.5}


_EDITS: dict[str, Callable[[Data], Data | None]] = {
    "bundle_null_data": _without_data,
    "bundle_empty": _emptied,
    "bundle_swapped_rf": _swapped,
    "bundle_novel_key": _extended,
}
