"""One table from several sources: the columns that mean the same everywhere, and whose each row is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.keys import mending
from sessionframes.frames.parts import (
    SOURCE,
    Part,
    checked_whole,
    conversion,
    core_columns,
    part_of,
    promising,
)
from sessionframes.frames.places import UNTOLD, place_of, source_of
from sessionframes.frames.provenance import attach, leaves, merged, parts_of
from sessionframes.tables import core_tables
from sessionframes.tables.joined import twin
from sessionframes.tables.united import united_form
from sessionframes.tables.validation import level_of_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.tables import Table

_KEYS_TOLD = 3


class LackingColumnsWarning(UserWarning):
    """Frames were united of which some were got without columns that others have.

    Attributes
    ----------
    lacking : dict of str to list of str
        By frame, the columns that are null in its rows for that.
    """

    def __init__(self, message: str, lacking: dict[str, list[str]]) -> None:
        # Both in args, so that the warning survives pickling between processes.
        super().__init__(message, lacking)
        self.lacking = lacking

    def __str__(self) -> str:
        return str(self.args[0])


def union(*frames: pd.DataFrame, **named: pd.DataFrame) -> pd.DataFrame:
    """Put frames of one table from several sources below each other.

    Parameters
    ----------
    *frames : pandas.DataFrame
        As ``get_*`` returns them, filtered or joined as you like; each tells by its provenance whose it is.
        Unions may be united again.
    **named : pandas.DataFrame
        Frames by the name that their source is to have: those that lost their provenance, and those of two
        sources of the same name.

    Returns
    -------
    pandas.DataFrame
        The rows of all, in the order of the frames. Its index is (``source``, key), both text, as all ids
        are. Its columns are the core columns of the table, and of those joined to it, in one physical unit
        each as :func:`sessionframes.describe` tells; null where a source does not know, and not there where
        no frame has them. Columns of one
        source's own, and of the user's, are left out. Which columns a source lacks, and which were left out,
        stands in the provenance: :func:`sessionframes.provenance`. Where a frame was got without columns
        that others have, as after a forgotten join, a :class:`LackingColumnsWarning` tells it.

    Raises
    ------
    sessionframes.errors.JoinError
        The frames are of several tables, a frame does not tell whose it is, two sources have one name, a key
        comes twice, or a column is not of its dtype.
    sessionframes.errors.FrameValidationError
        Rows that break what the table promises.
    sessionframes.errors.QueryError
        Something that is no frame, or nothing at all.

    Examples
    --------
    >>> import sessionframes as sf
    >>> with sf.connect("demo", progress=False) as db:
    ...     both = sf.union(here=db.get_probes(limit=2), there=db.get_probes(limit=1))
    >>> list(both.index.names), both.loc["there"].shape
    (['source', 'probe_id'], (1, 4))
    """
    if not (frames or named):
        message = "there is nothing to unite."
        raise QueryError(message, hint="Give frames of one table.")
    parts = [part_of(frame) for frame in (*frames, *named.values())]
    core = _core_of(parts)
    labels = [*([None] * len(frames)), *named]
    names = [_source_of(part, label) for part, label in zip(parts, labels, strict=True)]
    _check_told_apart(parts, names)
    form = _form(core, parts)
    aligned = [_aligned(part, name, form) for part, name in zip(parts, names, strict=True)]
    frame = pd.concat(aligned)
    _check_unique(frame, core)
    _warn_of_lacking(parts, names, form)
    origins = [
        {**(part.origin or {"table": part.name}), **_called(part, name), **_compared(part, one)}
        for part, name, one in zip(parts, names, aligned, strict=True)
    ]
    return attach(checked_whole(frame, form), merged("union", form, origins))


def _core_of(parts: list[Part]) -> type[Table]:
    tables = {part.name for part in parts}
    if len(tables) > 1:
        message = f"the frames are of several tables: {', '.join(sorted(tables))}."
        raise JoinError(message, hint="Unite those of one; sf.join puts others beside it.")
    (table,) = tables
    if table not in core_tables():
        message = f"{table} is a table of one source's own; nothing is the same elsewhere."
        raise JoinError(message, table=table, hint=f"Unite {', '.join(core_tables())}.")
    return core_tables()[table]


def _source_of(part: Part, label: str | None) -> str | None:
    """Return whose rows a frame has; None for a union, whose rows tell by themselves."""
    if part.is_union:
        if label is not None:
            message = f"the frame given as {label} is a union, whose rows have their sources already."
            raise JoinError(message, table=part.name, hint="Give it without a name.")
        return None
    if label is not None and (not label.strip() or ":" in label):
        message = f"a frame is given under the name {label!r}."
        raise QueryError(message, table=part.name, hint="Give a name that is not empty, without a colon.")
    if label is not None:
        return label
    found = {source for source in map(source_of, leaves(part.origin)) if source}
    if len(found) == 1:
        return found.pop()
    why = f"it comes from {' and '.join(sorted(found))}" if found else "its provenance is lost"
    message = f"a frame does not tell which source its rows are of: {why}."
    raise JoinError(message, table=part.name, hint="Name it: sf.union(name_of_lab=frame, ...).")


def _called(part: Part, name: str | None) -> dict[str, str]:
    """Return under which name a frame goes in a union, as far as it does not tell so by itself."""
    if name is None or any(source_of(leaf) == name for leaf in leaves(part.origin)):
        return {}
    return {"named": name} if part.origin else {"source": name}


def _check_told_apart(parts: list[Part], names: list[str | None]) -> None:
    """Refuse two places of one name, whose ids could be the same by chance."""
    places: dict[str, str] = {}
    for part, name in zip(parts, names, strict=True):
        for own, place in _rows_of(part.origin, name):
            if places.setdefault(own, place) != place:
                message = f"two frames are of {own!r}, one at {places[own]} and one at {place}."
                hint = "Give each a name of its own: sf.union(first=frame, second=other)."
                raise JoinError(message, table=part.name, hint=hint)


def _rows_of(origin: dict[str, Any], name: str | None) -> Iterator[tuple[str, str]]:
    """Yield from whom the rows of a frame are, and from where."""
    parts = parts_of(origin)
    if origin.get("step") == "union":
        for part in parts:
            yield from _rows_of(part, part.get("named"))
    elif parts:
        # The rows of what is made of several are those of the first, wherever the others are from.
        yield from _rows_of(parts[0], name)
    else:
        yield name or source_of(origin) or UNTOLD, place_of(origin)


def _warn_of_lacking(parts: list[Part], names: list[str | None], form: type[Table]) -> None:
    """Tell of columns that some of the frames have and others were got without."""
    lacking = {}
    for number, (part, name) in enumerate(zip(parts, names, strict=True), start=1):
        missing = [column for column in form.to_schema().columns if column not in part.frame]
        if missing:
            lacking[name or f"frame {number}"] = missing
    if lacking:
        told = "; ".join(f"{name} without {', '.join(columns)}" for name, columns in lacking.items())
        message = f"not all frames have the same columns: {told}. They are null there."
        warnings.warn(LackingColumnsWarning(message, lacking), stacklevel=level_of_user())


def _form(core: type[Table], parts: list[Part]) -> type[Table]:
    """Return what the union promises: the core columns that are there, with room for rows that lack some."""
    given = {name for part in parts for name in part.frame.columns}
    owners = {**core_columns(), **dict.fromkeys(core.to_schema().columns, core)}
    recipe = []
    for name in dict.fromkeys([*core.to_schema().columns, *core_columns()]):
        if name not in given or name == core.key_name():
            continue
        promised = owners[name].facts()[name]["nullable"]
        lacks = any(name not in part.frame or part.form.facts()[name]["nullable"] for part in parts)
        recipe.append((name, united_form(owners[name]), lacks and not promised))
    return promising(united_form(core), tuple(recipe))


def _aligned(part: Part, source: str | None, form: type[Table]) -> pd.DataFrame:
    """Return the rows of a frame with the key, the columns and the dtypes of the union."""
    dtypes = form.dtypes()
    is_id = {name: facts["parent"] or name == part.key for name, facts in form.facts().items()}
    ids = _converted(part.ids.to_series(name=part.key), dtypes.pop(part.key), part, is_id=True)
    sources = part.frame.index.get_level_values(SOURCE) if source is None else pd.Index([source], dtype="str")
    if source is not None:
        sources = sources.repeat(len(ids))
    columns = {
        name: _converted(part.frame[name], dtype, part, is_id=is_id[name])
        if name in part.frame
        else pd.array([None] * len(ids), dtype=dtype)
        for name, dtype in dtypes.items()
    }
    index = pd.MultiIndex.from_arrays([sources, ids], names=[SOURCE, part.key])
    return pd.DataFrame(columns, index=index, columns=pd.Index(list(columns), dtype="str"))


def _converted(values: pd.Series[Any], dtype: Any, part: Part, *, is_id: bool) -> Any:
    is_number = str(values.dtype) in ("int64", "Int64")
    if values.dtype == dtype or twin(values.dtype) == dtype or (is_id and is_number and str(dtype) == "str"):
        return values.astype(dtype).array
    message = f"this column is {values.dtype} in a frame, and {dtype} in the table."
    hint = mending(part, str(values.name), str(dtype)) if is_id else conversion(str(values.name), dtype)
    raise JoinError(message, table=part.name, column=str(values.name), hint=hint)


def _compared(part: Part, aligned: pd.DataFrame) -> dict[str, list[str]]:
    """Return the core columns that a frame knows nothing of, and those of its own that were left out."""
    lacks = [str(name) for name, values in aligned.items() if len(values) and values.isna().all()]
    drops = [str(name) for name in part.frame.columns if name not in aligned.columns]
    return {"lacks": lacks, "drops": drops}


def _check_unique(frame: pd.DataFrame, core: type[Table]) -> None:
    if frame.index.is_unique:
        return
    twice = frame.index[frame.index.duplicated()].unique()
    shown_keys = ", ".join(":".join(key) for key in twice[:_KEYS_TOLD])
    message = f"{len(twice)} keys are there several times: {shown_keys}."
    hint = (
        "Of several states of one source give one; frames of several sources of one name are told apart by "
        "names: sf.union(first=frame, second=other)."
    )
    raise JoinError(message, table=core.table_name(), column=core.key_name(), hint=hint)
