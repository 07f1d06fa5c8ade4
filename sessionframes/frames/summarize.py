"""What rows tell of those below them: how many probes, channels and units, and in which structures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.keys import check_key, check_matching
from sessionframes.frames.matching import matched
from sessionframes.frames.parts import SOURCE, checked_whole, part_of, promising
from sessionframes.frames.places import check_meeting
from sessionframes.frames.provenance import attach, merged
from sessionframes.tables.joined import depth
from sessionframes.tables.summaries import COUNTS, STRUCTURE, STRUCTURES, Summaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sessionframes.frames.parts import Part

_TYPES = Summaries.dtypes()
_LISTS = _TYPES[STRUCTURES].pyarrow_dtype


@dataclass(frozen=True)
class Tally:
    """What the rows of one table below tell, for each row of a frame.

    Parameters
    ----------
    key : str
        The key of the rows that were counted.
    counts : numpy.ndarray of int64
        How many there are.
    structures : pyarrow.Array, optional
        Lists of the acronyms of their structures.
    origin : dict
        Where they came from.
    elsewhere : int
        How many more there were that belong to none of the frame's rows.
    """

    key: str
    counts: npt.NDArray[np.int64]
    structures: pa.Array[Any] | None
    origin: dict[str, Any]
    elsewhere: int


def summarize(frame: pd.DataFrame, *below: pd.DataFrame) -> pd.DataFrame:
    """Tell how many probes, channels and units each session, probe or channel has, and in which structures.

    Parameters
    ----------
    frame : pandas.DataFrame
        Sessions, probes or channels, as ``get_*`` returns them.
    *below : pandas.DataFrame
        Frames of what is below them, in any order, one of each table at most: probes, channels, units. Rows
        count as they are there: filter them first to count good units only, as
        :func:`sessionframes.quality_filter` does. Frames of :func:`sessionframes.union` go with their like.

    Returns
    -------
    pandas.DataFrame
        The frame with these columns after its own, for the tables that are given: ``probe_count``,
        ``channel_count``, ``unit_count`` (int64, 0 where there is none); and ``structure_acronyms``, where
        channels are given that tell their ``structure_acronym``, and the frame is of probes or sessions: each
        acronym once, in the order of code points, without nulls, ``[]`` where there is none. Rows, their
        order and their index are as they were. Rows below that belong to no row of the frame count nowhere;
        how many they are stands in the provenance, as ``elsewhere``. Lists that ``DataFrame.to_parquet``
        wrote, ``pandas.read_parquet`` reads with ``dtype_backend="pyarrow"`` only.

    Raises
    ------
    sessionframes.errors.JoinError
        A frame is not below the first, or does not carry its id, or that id is of another dtype; a key is
        null, or there twice; two frames are of the same table; or such a column is there already.
    sessionframes.errors.QueryError
        Something that is no frame, or no frame below at all.
    sessionframes.errors.FrameValidationError
        The result breaks what its parts promise.

    Examples
    --------
    >>> import sessionframes as sf
    >>> from sessionframes.frames.summarize import summarize
    >>> with sf.connect("demo", progress=False) as db:
    ...     told = summarize(db.get_sessions(), db.get_probes(), db.get_channels())
    >>> told[["probe_count", "channel_count"]].iloc[0].tolist()
    [..., ...]
    """
    base, parts = part_of(frame), [part_of(one) for one in below]
    if not parts:
        message = "there is nothing to count."
        raise QueryError(
            message, table=base.name, hint="Give frames of what is below: probes, channels, units."
        )
    check_key(base)
    for place, part in enumerate(parts):
        _check_below(base, part)
        if any(part.key == other.key for other in parts[:place]):
            message = f"two frames have one row per {part.key}."
            raise JoinError(message, table=base.name, hint="Give one of them.")
    return summarized(base, [tallied(base, part) for part in parts])


def tallied(base: Part, part: Part) -> Tally:
    """Return what the rows of a frame below tell.

    Parameters
    ----------
    base : Part
        The frame that is told about.
    part : Part
        One below it, which carries its id.
    """
    sources = part.frame.index.get_level_values(SOURCE) if part.is_union else None
    places = matched(part.frame[base.key], base, sources)
    has_row = places >= 0
    counts = np.bincount(places[has_row], minlength=len(base.frame)).astype(np.int64)
    structures = None
    if tells_structures(base.key, part.key) and STRUCTURE in part.frame:
        acronyms = part.frame[STRUCTURE]
        _check_acronyms(part, acronyms)
        structures = _listed_by_place(places[has_row], acronyms[has_row], len(base.frame))
    return Tally(part.key, counts, structures, part.origin or {"table": part.name}, int((~has_row).sum()))


def tells_structures(above: str, below: str) -> bool:
    """Tell whether rows of a key get the structures of the rows of another: those above channels do."""
    return below == "channel_id" and depth(above) < depth(below)


def summarized(base: Part, tallies: Sequence[Tally]) -> pd.DataFrame:
    """Return a frame with what the rows below it tell, validated, with the origins of all.

    Parameters
    ----------
    base : Part
        The frame.
    tallies : sequence of Tally
        What the tables below it tell, in any order.

    Raises
    ------
    sessionframes.errors.JoinError
        The frame has such a column already.
    """
    by_key = {tally.key: tally for tally in tallies}
    added: dict[str, Any] = {COUNTS[key]: by_key[key].counts for key in COUNTS if key in by_key}
    for tally in tallies:
        if tally.structures is not None:
            added[STRUCTURES] = _TYPES[STRUCTURES].__from_arrow__(tally.structures)
    for name in added:
        if name in base.frame:
            message = "this column is there already."
            hint = f"Drop it first, by drop(columns={name!r}), or count from the frame without it."
            raise JoinError(message, table=base.name, column=name, hint=hint)
    columns = pd.DataFrame(
        added, index=base.frame.index, columns=pd.Index(list(added), dtype="str"), copy=False
    )
    frame = pd.concat([base.frame, columns], axis=1)
    recipe = [(name, base.form, False) for name in base.frame.columns]
    recipe += [(name, Summaries, False) for name in added]
    form = promising(base.form, tuple(recipe))
    elsewhere = {_table(tally.key): tally.elsewhere for tally in tallies if tally.elsewhere}
    origins = [base.origin or {"table": base.name}, *(tally.origin for tally in tallies)]
    return attach(checked_whole(frame, form), merged("summarize", form, origins, elsewhere=elsewhere))


def _table(key: str) -> str:
    return f"{key.removesuffix('_id')}s"


def _check_below(base: Part, part: Part) -> None:
    if part.key not in COUNTS or depth(part.key) <= depth(base.key):
        below = [_table(key) for key in COUNTS if depth(key) > depth(base.key)]
        message = f"{part.name} are not below {base.name}."
        hint = f"Give {' or '.join(below)}." if below else "Give the frame of what is above first."
        raise JoinError(message, table=base.name, hint=hint)
    if part.is_union != base.is_union:
        message = "some of the frames have the source in their key, and some have not."
        raise JoinError(message, table=base.name, hint="Unite all of them by sf.union, or none.")
    if base.key not in part.frame:
        message = f"this frame does not carry {base.key}, so its rows cannot be told apart by {base.name}."
        raise JoinError(
            message,
            table=part.name,
            column=base.key,
            hint=f"Get it with this column: columns=[{base.key!r}].",
        )
    check_key(part)
    check_meeting(base, part)
    check_matching(part, part.frame[base.key], base)


def _check_acronyms(part: Part, acronyms: pd.Series[Any]) -> None:
    wanted = part.form.dtypes()[STRUCTURE]
    if acronyms.dtype != wanted:
        message = f"this column is {acronyms.dtype}, not {wanted}."
        hint = f"Convert it by astype({str(wanted)!r}), or drop it."
        raise JoinError(message, table=part.name, column=STRUCTURE, hint=hint)


def _listed_by_place(places: npt.NDArray[np.intp], texts: pd.Series[Any], count: int) -> pa.Array[Any]:
    """Return for each of so many places the texts that are there, each once and in order, without nulls."""
    codes, distinct = pd.factorize(texts, sort=True)
    known = codes >= 0
    # A place and a text as one number: NumPy is far quicker over those than pandas over groups.
    pairs = np.unique(places[known] * max(len(distinct), 1) + codes[known])
    there, which = np.divmod(pairs, max(len(distinct), 1))
    ends = np.cumsum(np.bincount(there, minlength=count))
    offsets = pa.array(np.append(0, ends), type=pa.int32())
    values = pa.array(distinct.tolist(), type=_LISTS.value_type).take(pa.array(which))
    lists: pa.Array[Any] = pa.ListArray.from_arrays(offsets, values)
    return lists
