"""Whether ids can be matched; where they cannot, which line of code mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.errors import JoinError
from sessionframes.query.shown import shown
from sessionframes.tables.joined import depth, twin
from sessionframes.tables.kinds import ID_DTYPES, LEVELS

if TYPE_CHECKING:
    from sessionframes.frames.parts import Part

_IDS = {kind: always for kind, (always, _) in ID_DTYPES.items()}
_KEYS_TOLD = 3
_NO_IDS = "Ids are whole numbers (int64) or text (str)."


def check_key(part: Part) -> None:
    """Refuse the key of a frame that is null, there twice, or of a dtype that no id has.

    Raises
    ------
    sessionframes.errors.JoinError
        It is; how to mend it is told.
    """
    where = {"table": part.name, "column": part.key}
    index = part.frame.index
    nulls = np.asarray(part.ids.isna())
    if nulls.any():
        message = f"{nulls.sum()} rows have no {part.key}: it is null."
        raise JoinError(message, **where, hint="Drop these rows.")
    if part.is_union:
        _check_union(part)
    elif index.dtype not in _IDS.values() or str(index.dtype) != (_promised(part, part.key) or index.dtype):
        message = f"{part.key} is of dtype {index.dtype}."
        raise JoinError(message, **where, hint=mending(part, part.key, _target(part, part.key)))
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        message = f"{len(twice)} keys are there several times: {listed(twice)}."
        raise JoinError(message, **where, hint=_once(part))


def check_matching(carrier: Part, ids: Any, part: Part) -> None:
    """Refuse ids that have another dtype than the key that they are to find.

    Parameters
    ----------
    carrier : Part
        Whose ids they are.
    ids : array-like
        Values of its column, or of its key.
    part : Part
        Its key passed :func:`check_key`.

    Raises
    ------
    sessionframes.errors.JoinError
        They have; how to mend it is told.
    """
    wanted, dtype = part.ids.dtype, ids.dtype
    if dtype in (wanted, twin(wanted)):
        return
    key = part.key
    message = f"{key} is {dtype} in {carrier.name} and {wanted} in {part.name}."
    promised = {_promised(one, key) for one in (carrier, part)} - {None}
    if len(promised) > 1:
        hint = "They are of different sources, whose ids do not meet; unite each table by sf.union first."
    elif dtype not in {*_IDS.values(), *map(twin, _IDS.values())}:
        hint = mending(carrier, key, str(wanted))
    else:
        # One is whole numbers, the other text: what was promised counts, else numbers if all of them are.
        target = next(iter(promised), None) or ("int64" if _can_be(_texts(ids, part), "int64") else "str")
        hint = mending(part if str(wanted) != target else carrier, key, target)
    raise JoinError(message, table=carrier.name, column=key, hint=hint)


def listed(values: Any) -> str:
    """Return the first few of an array of keys as messages show them, and how many more there are."""
    told = ", ".join(map(_shown, values[:_KEYS_TOLD].tolist()))
    return f"{told} and {len(values) - _KEYS_TOLD} more" if len(values) > _KEYS_TOLD else told


def _shown(key: Any) -> str:
    if isinstance(key, tuple):  # of a union: source and id
        return ":".join(map(_shown, key))
    return "null" if pd.isna(key) else shown(key).strip("'")


def _once(part: Part) -> str:
    below = [name for name in LEVELS if depth(name) > depth(part.key) and name in part.frame.columns]
    if below:
        return f"The rows look like those of another table: say set_index({below[-1]!r})."
    return "Each may have one row; frames of several sources are put together by sf.union, not by pandas."


def _check_union(part: Part) -> None:
    where = {"table": part.name, "column": part.key}
    for place, name in enumerate(part.frame.index.names):
        level = part.frame.index.get_level_values(place)
        if level.dtype != _IDS["str"]:
            message = f"{name} is of dtype {level.dtype} in a key that begins with the source."
            raise JoinError(message, **where, hint="Make such frames by sf.union, whose keys are text (str).")
    nulls = np.asarray(part.frame.index.get_level_values(0).isna())
    if nulls.any():
        raise JoinError(f"{nulls.sum()} rows have no source: it is null.", **where, hint="Drop these rows.")


def _promised(part: Part, name: str) -> str | None:
    """Return the dtype that the source of a frame gives an id; None where it is not known."""
    dtype = part.form.dtypes().get(name)
    return None if dtype is None else str(dtype).lower()


def _target(part: Part, name: str) -> str | None:
    """Return the dtype that ids of any other are to have: what was promised, else what they look like."""
    promised = _promised(part, name)
    return promised or next((kind for kind in _IDS if _can_be(_values(part, name), kind)), None)


def mending(part: Part, name: str, target: str | None) -> str:
    """Return what a user can do to give an id another dtype.

    Parameters
    ----------
    part : Part
        Whose id it is.
    name : str
        Its column, or the key.
    target : str or None
        The dtype; None where no dtype of ids would do.
    """
    values = _values(part, name)
    if target is None or not _can_be(values, target):
        return f"{_NO_IDS} These are not: {listed(pd.Index(values.dropna().unique()))}."
    way = [target]
    if target == "str" and not _can_be(values, "text"):
        # By themselves, floats would become texts such as "12.0".
        way = ["Int64", "str"]
    if target == "int64" and values.isna().any():
        way = ["Int64"]
    steps = "".join(f".astype({step!r})" for step in way)
    column = f"{part.name}.index" if name == part.key else f"{part.name}[{name!r}]"
    return f"Say {column} = {column}{steps}."


def _values(part: Part, name: str) -> pd.Series[Any]:
    ids = part.ids if name == part.key else part.frame[name]
    return pd.Series(ids).reset_index(drop=True)


def _texts(ids: Any, part: Part) -> pd.Series[Any]:
    return pd.Series(ids if ids.dtype == _IDS["str"] else part.ids).reset_index(drop=True)


def _can_be(values: pd.Series[Any], kind: str) -> bool:
    """Tell whether all values become ids of a kind ("int64", "str"), or are "text" already."""
    known = values.dropna()
    if kind == "text":
        return all(isinstance(value, str) for value in known)
    if pd.api.types.is_bool_dtype(known):
        return False
    try:
        numbers = known.astype("int64")
        return bool((numbers.astype("float64") == known.astype("float64")).all())
    except (TypeError, ValueError, OverflowError):
        return kind == "str" and _can_be(values, "text")
