"""Frames side by side, on the keys that their tables declare."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.keys import check_key, check_matching, listed
from sessionframes.frames.matching import differing, matched
from sessionframes.frames.parts import SOURCE, checked_whole, part_of, promising
from sessionframes.frames.places import check_meeting
from sessionframes.frames.provenance import attach, merged
from sessionframes.query.shown import shown
from sessionframes.tables.convert import in_threads
from sessionframes.tables.joined import depth, twin
from sessionframes.tables.validation import level_of_user

if TYPE_CHECKING:
    import numpy.typing as npt

    from sessionframes.frames.parts import Part

Orphans = Literal["raise", "keep", "drop"]
Cardinality = Literal["many_to_one", "one_to_one"]

_CHOICES = {"orphans": ("raise", "keep", "drop"), "cardinality": ("many_to_one", "one_to_one")}


class OrphanRowsWarning(UserWarning):
    """Rows of a join whose id has no row in another frame.

    Attributes
    ----------
    orphans : dict of str to pandas.Index
        For each other table the keys of the rows that found nothing there.
    """

    def __init__(self, message: str, orphans: dict[str, pd.Index[Any]]) -> None:
        # Both in args, so that the warning survives pickling between processes.
        super().__init__(message, orphans)
        self.orphans = orphans

    def __str__(self) -> str:
        return str(self.args[0])


def join(
    left: pd.DataFrame,
    *others: pd.DataFrame,
    orphans: Orphans = "raise",
    cardinality: Cardinality = "many_to_one",
) -> pd.DataFrame:
    """Put frames side by side on the keys that their tables declare: units with their channels, probes ...

    Parameters
    ----------
    left, *others : pandas.DataFrame
        As ``get_*`` returns them, filtered and with more columns as you like, in any order: the rows are
        those of the frame that carries the ids of all others. Where several do (units and their metrics),
        they are those of the first. Frames of :func:`sessionframes.union` go with their like.
    orphans : {"raise", "keep", "drop"}
        What to do about rows whose id has no row in another frame: refuse them; keep them, with nulls; or
        leave them out. Where they are kept or left out, an :class:`OrphanRowsWarning` tells how many there
        are, and which.
    cardinality : {"many_to_one", "one_to_one"}
        How many rows may share a row of another frame.

    Returns
    -------
    pandas.DataFrame
        One row for each of those rows, in their order, with their key as the index; their columns, then those
        of the others, the nearest first. Never a suffix: a column that two frames have must be the same in
        both, and is there once. Physical units and dtypes as they were; with ``orphans="keep"`` integers and
        flags that come from others are ``Int64`` and ``boolean``, whether or not there are orphans.

    Raises
    ------
    sessionframes.errors.JoinError
        No frame carries the ids of all others; frames are of different places; a key is of another dtype,
        null, or there twice; two frames disagree about a column that both have; or rows are orphans and not
        to be.
    sessionframes.errors.FrameValidationError
        The result breaks what its parts promise.
    sessionframes.errors.QueryError
        Something that is no frame, or an unknown choice.

    Examples
    --------
    >>> import sessionframes as sf
    >>> with sf.connect("demo", progress=False) as db:
    ...     units = db.get_units(session_ids=715540447)
    ...     located = sf.join(units, db.get_channels(session_ids=715540447), db.get_probes())
    >>> located["structure_acronym"].iloc[0], located["probe_name"].iloc[0]
    ('...', 'probe...')
    """
    check_orphans(orphans)
    _check_choice("cardinality", cardinality)
    base, above = arranged([part_of(frame) for frame in (left, *others)])
    joined = _Joined(base, orphans, cardinality)
    for part in above:
        joined.add(part)
    return joined.finished(above)


def arranged(parts: list[Part]) -> tuple[Part, list[Part]]:
    """Return the part whose rows a join has, and the others, each after those that carry its id.

    Raises
    ------
    sessionframes.errors.JoinError
        No part carries, by itself or through others, the ids of all others.
    """
    if len({part.is_union for part in parts}) > 1:
        message = "some of the frames have the source in their key, and some have not."
        raise JoinError(message, hint="Unite all of them by sf.union, or none.")
    for place, base in enumerate(parts):
        others = parts[:place] + parts[place + 1 :]
        found = _reached(base, others)
        if found is not None:
            return base, found
    keys = sorted({part.key for part in parts}, key=depth)
    told = "; ".join(
        f"{part.name} has {' and '.join(key for key in keys if key in _carried(part))}" for part in parts
    )
    message = f"no frame carries the ids of all others: {told}."
    raise JoinError(message, hint=_way_to_ids(parts))


def _way_to_ids(parts: list[Part]) -> str:
    """Return how the lowest of some frames could come to the ids that it lacks."""
    lowest = max(parts, key=lambda part: depth(part.key))
    lacking = [part.key for part in parts if part.key not in _carried(lowest)]
    made = [name for key in lacking for name in (f"{key}_x", f"{key}_y") if name in lowest.frame.columns]
    if made:
        return f"{' and '.join(made)} are of pandas.merge; join the frames as they were before, by sf.join."
    return f"{lowest.name} have no {' and '.join(lacking)}: get them with columns that name it."


def _reached(base: Part, others: list[Part]) -> list[Part] | None:
    """Return the others, nearest first, each after those that carry its id; None if one is out of reach."""
    waiting = sorted(others, key=lambda part: -depth(part.key))
    carried = _carried(base)
    found: list[Part] = []
    while waiting:
        part = next((part for part in waiting if part.key in carried), None)
        if part is None:
            return None
        waiting.remove(part)
        found.append(part)
        carried |= _carried(part)
    return found


def _carried(part: Part) -> set[Any]:
    return {part.key, *part.frame.columns}


class _Joined:
    """The rows of one frame, to which others are added one by one."""

    def __init__(self, base: Part, orphans: Orphans, cardinality: Cardinality) -> None:
        self._base = base
        self._frame = base.frame
        self._orphans = orphans
        self._cardinality = cardinality
        #: What came from the others, by name; the recipe tells who declared it.
        self._added: dict[Any, Any] = {}
        self._carriers: dict[Any, Part] = {}
        self._recipe: list[tuple[Any, Any, bool]] = [(name, base.form, False) for name in base.frame.columns]
        self._missing: dict[str, pd.Index[Any]] = {}
        check_key(base)

    def add(self, part: Part) -> None:
        """Add the columns of a frame.

        Raises
        ------
        sessionframes.errors.JoinError
            It does not fit.
        """
        check_key(part)
        check_meeting(self._base, part)
        ids = self._values(part.key)
        check_matching(self._carriers.get(part.key, self._base), ids, part)
        places = matched(ids, part, self._sources())
        places = self._without_orphans(places, part)
        self._check_cardinality(places, part)
        columns = [part.frame[name] for name in part.frame.columns]
        taken = in_threads(partial(self._taken, places), columns, rows=len(places))
        for name, values in zip(part.frame.columns, taken, strict=True):
            if name in self._added or name in self._frame.columns or name == self._base.key:
                self._check_agree(name, values, places, part)
            else:
                self._added[name] = values
                self._carriers[name] = part
                self._recipe.append((name, part.form, self._orphans == "keep"))

    def finished(self, above: list[Part]) -> pd.DataFrame:
        """Return what came of it, validated, with the origins of all parts."""
        index = self._frame.index
        # With its dtype told, text that is held as objects stays what it was.
        added = pd.DataFrame(
            {
                name: pd.Series(values, index, values.dtype, copy=False)
                for name, values in self._added.items()
            },
            index,
            copy=False,
        )
        frame = pd.concat([self._frame, added], axis=1) if self._added else self._frame.copy(deep=False)
        # Who renames the index of the result must not rename that of what was given.
        frame.index, frame.columns = frame.index.view(), frame.columns.view()
        form = promising(self._base.form, tuple(self._recipe))
        origins = [part.origin or {"table": part.name} for part in (self._base, *above)]
        told = {table: len(keys) for table, keys in self._missing.items()}
        origin = merged("join", form, origins, orphans=self._orphans, orphan_rows=told)
        self._tell()
        return attach(checked_whole(frame, form), origin)

    def _values(self, name: str) -> Any:
        if name == self._base.key:
            return self._frame.index.get_level_values(name)
        return self._added[name] if name in self._added else self._frame[name]

    def _sources(self) -> pd.Index[Any] | None:
        return self._frame.index.get_level_values(SOURCE) if self._base.is_union else None

    def _without_orphans(self, places: npt.NDArray[np.intp], part: Part) -> npt.NDArray[np.intp]:
        lost = places < 0
        if not lost.any():
            return places
        keys = self._frame.index[lost]
        if self._orphans == "raise":
            ids = pd.Index(self._values(part.key))[lost]
            message = (
                f"{len(keys)} of {len(lost)} rows have a {part.key} that {part.name} has no row of: "
                f"{listed(ids.unique())} ({self._base.key} {listed(keys)})."
            )
            hint = f'Get the missing {part.name}, or say orphans="keep" or orphans="drop".'
            raise JoinError(message, table=self._base.name, column=part.key, hint=hint)
        known = self._missing.get(part.name)
        # The same table may be there several times, in frames of different columns.
        self._missing[part.name] = keys if known is None else known.append(keys).unique()
        if self._orphans == "drop":
            self._frame = self._frame[~lost]
            self._added = {name: values[~lost] for name, values in self._added.items()}
            return places[~lost]
        return places

    def _check_cardinality(self, places: npt.NDArray[np.intp], part: Part) -> None:
        found = places[places >= 0]
        if self._cardinality == "many_to_one" or len(np.unique(found)) == len(found):
            return
        shared = pd.Index(found[pd.Index(found).duplicated()]).unique()
        message = f"{len(shared)} {part.name} belong to several rows: {listed(part.ids[shared])}."
        hint = 'Say cardinality="many_to_one" if they may.'
        raise JoinError(message, table=self._base.name, column=part.key, hint=hint)

    def _taken(self, places: npt.NDArray[np.intp], column: pd.Series[Any]) -> Any:
        if self._orphans == "keep":
            wider = twin(column.dtype)
            values = column.array if wider == column.dtype else column.astype(wider).array
            taken = values.take(places, allow_fill=True)
            return taken.to_numpy() if isinstance(wider, np.dtype) else taken
        if isinstance(column.dtype, np.dtype):
            return column.to_numpy().take(places)
        return column.array.take(places)

    def _check_agree(self, name: Any, values: Any, places: npt.NDArray[np.intp], part: Part) -> None:
        mine = self._values(name)
        wrong = differing(mine, values) & (places >= 0)
        if not wrong.any():
            return
        first = int(np.flatnonzero(wrong)[0])
        here, there = (shown(pd.Series(column).iloc[[first]].tolist()[0]) for column in (mine, values))
        message = (
            f"this column is in {part.name} too, and differs in {wrong.sum()} of {len(wrong)} rows: "
            f"{self._base.key} {listed(self._frame.index[[first]])} has {here} here, and {there} there."
        )
        hint = (
            "The frames are not of one state; get them anew."
            if str(name).endswith("_id")
            else f"Drop or rename {shown(name)} in one of the frames."
        )
        raise JoinError(message, table=self._base.name, column=str(name), hint=hint)

    def _tell(self) -> None:
        if not self._missing:
            return
        told = "; ".join(
            f"{len(keys)} rows found no {table} ({self._base.key} {listed(keys)})"
            for table, keys in self._missing.items()
        )
        what = "kept, with nulls" if self._orphans == "keep" else "left out"
        message = f"{self._base.name}: {told}. They are {what}."
        warnings.warn(OrphanRowsWarning(message, self._missing), stacklevel=level_of_user())


def check_orphans(orphans: object) -> None:
    """Refuse what is no choice of what to do about orphans.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none of "raise", "keep" and "drop".
    """
    _check_choice("orphans", orphans)


def _check_choice(name: str, value: object) -> None:
    if not isinstance(value, str) or value not in _CHOICES[name]:
        message = f"{name} is {shown(value)}."
        raise QueryError(message, hint=f"Say one of: {', '.join(_CHOICES[name])}.")
